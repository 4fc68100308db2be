// Runs lines of Python in MicroPython's WebAssembly build, whose small integers have the chip's 31
// bits, and whose objects the chip's size. A collection after each: it collects between calls only.
// node steps.mjs PACKAGE FOLDER HEAP STEP…: FOLDER is copied to /firmware, where the steps begin;
// HEAP: of so many bytes.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packageFolder, folder, heap, ...steps] = process.argv.slice(2);
const { loadMicroPython } = await import(pathToFileURL(join(packageFolder, "micropython.mjs")));
const interpreter = await loadMicroPython({
  heapsize: Number(heap),
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
const begin = 'import gc, os, sys\nos.chdir("/firmware")\nsys.path.insert(0, "/firmware")';
try {
  for (const step of [begin, ...steps]) {
    interpreter.runPython(step);
    interpreter.runPython("gc.collect()");
  }
} catch (error) {
  // What is thrown is one line of 100 KB of JavaScript, unless only its message is shown.
  console.error(error.message);
  process.exit(1);
}
