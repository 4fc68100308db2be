// Runs allocate.py in MicroPython's WebAssembly build, whose small integers have the chip's 31 bits.
// node allocate.mjs PACKAGE FOLDER RADAR INPUT: FOLDER is copied in and is the module path.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packageFolder, folder, radar, input] = process.argv.slice(2);
const { loadMicroPython } = await import(pathToFileURL(join(packageFolder, "micropython.mjs")));
const interpreter = await loadMicroPython({
  heapsize: 16 * 1024 * 1024,
  linebuffer: true,
  stdout: (line) => console.log(line),
});

function copyIn(from, to) {
  if (statSync(from).isDirectory()) {
    interpreter.FS.mkdir(to);
    for (const name of readdirSync(from)) copyIn(join(from, name), `${to}/${name}`);
  } else {
    interpreter.FS.writeFile(to, readFileSync(from));
  }
}

copyIn(folder, "/firmware");
copyIn(input, "/input");
const run = (line) => interpreter.runPython(line);
run('import gc, sys\nsys.path.append("/firmware")\nimport allocate');
// This interpreter collects between calls from outside only, so each step is one.
for (let time = 0; time < 2; time++) {
  run(`allocate.weigh(${JSON.stringify(radar)})`);
  run("gc.collect()");
}
run(`allocate.main(${JSON.stringify(radar)}, "/input")`);
