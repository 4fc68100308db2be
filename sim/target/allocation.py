"""Does a report allocate? Asked of the real interpreter and of one with the chip's small integers.

On a 64-bit PC small integers have 63 bits, on the chip 31: a value of 2^30 and more is an
allocation there alone. MicroPython's WebAssembly build has the chip's; it has no viper, so there
the viper functions run as bytecode, unwatched, and everything around them is watched.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim import interpreter
from sim.target.errors import TargetError, ToolMissing
from sim.target.feeds import Feed
from sim.target.recording import Source, write_feed

DEVICE = Path(__file__).parent / "device"
# Where `make bench-target` has npm put MicroPython's WebAssembly build.
NODE_PACKAGE = "@micropython/micropython-webassembly-pyscript"
NODE_MODULES = Path(sys.prefix) / "node" / "node_modules"
LONGEST_S = 60


@dataclass(frozen=True)
class Allocation:
    """What a run with the locked heap came to. fault: empty when nothing allocated."""

    feed: str
    radar: str
    held_bytes: int  # heap that reader and detector take, on the interpreter that was asked
    fault: str


def on_this_machine(feed: Feed) -> Allocation:
    """The firmware as it is, viper and all, under the real interpreter."""
    with tempfile.TemporaryDirectory(prefix="doorknock-allocation-") as folder:
        given = write_feed(Path(folder) / "feed", feed.chunks)
        command = [interpreter.micropython(), DEVICE / "allocate.py", feed.radar, given]
        return _run([str(word) for word in command], feed)


def with_small_integers_of_the_chip(feed: Feed, sources: Sequence[Source]) -> Allocation:
    """The firmware's bytecode where an integer of 2^30 and more is an object.

    Raises ToolMissing where node or MicroPython's WebAssembly build is missing.
    """
    node = shutil.which("node")
    package = NODE_MODULES / NODE_PACKAGE
    if not node:
        raise ToolMissing("node is missing; install Node.js 18 or later with its npm")
    if not (package / "micropython.mjs").exists():
        raise ToolMissing(
            f"npm's {NODE_PACKAGE} is missing; run `make bench-target`, which gets it"
        )
    with tempfile.TemporaryDirectory(prefix="doorknock-allocation-") as temporary:
        folder = Path(temporary) / "firmware"
        shutil.copytree(
            interpreter.firmware_folder() / "doorknock",
            folder / "doorknock",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        for source in sources:
            copied = folder / Path(*source.module.split(".")).with_suffix(".py")
            copied.write_text(without_viper(source), encoding="utf-8")
        for name in ("allocate.py", "plain_viper.py"):
            shutil.copy(DEVICE / name, folder)
        given = write_feed(Path(temporary) / "feed", feed.chunks)
        command = [node, DEVICE / "allocate.mjs", package, folder, feed.radar, given]
        return _run([str(word) for word in command], feed)


def without_viper(source: Source) -> str:
    """The source with its viper functions as plain ones, the heap unlocked while they run."""
    text = source.path.read_text(encoding="utf-8").replace("@micropython.viper\n", "")
    wrappers = [
        *("", "", "import plain_viper as _plain_viper"),
        "from plain_viper import integer as int, ptr8, ptr32",
    ]
    for signature in source.signatures:
        if "." in signature.name:
            continue
        name = signature.name
        arguments = ", ".join(f"a{number}" for number in range(len(signature.arguments)))
        wrappers += [
            f"_plain{name} = {name}",
            f"def {name}({arguments}):",
            "    _plain_viper.enter()",
            f"    return _plain_viper.leave(_plain{name}({arguments}))",
        ]
    return text + "\n".join(wrappers) + "\n"


def _run(command: list[str], feed: Feed) -> Allocation:
    done = subprocess.run(
        command,
        env=interpreter.environment(),
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    *before, last = done.stdout.strip().splitlines() or [""]
    if done.returncode or not last.startswith("{"):
        raise TargetError(f"{feed.name} on {command[0]}: {done.stdout}{done.stderr}")
    said = json.loads(last)
    fault = " ".join([said["fault"], *(line.strip() for line in before)]).strip()
    return Allocation(feed.name, feed.radar, said["held_bytes"], fault)
