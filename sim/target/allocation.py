"""Does a report allocate? Asked of the real interpreter and of one with the chip's small integers.

On a 64-bit PC small integers have 63 bits, on the chip 31: a value of 2^30 and more is an
allocation there alone. MicroPython's WebAssembly build has the chip's; it has no viper, so there
the viper functions run as bytecode, unwatched, and everything around them is watched.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim import interpreter
from sim.target import webassembly
from sim.target.errors import TargetError
from sim.target.feeds import Feed
from sim.target.recording import Source, write_feed

DEVICE = Path(__file__).parent / "device"
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
        write_feed(folder / "feed", feed.chunks)
        weigh = f"allocate.weigh({feed.radar!r})"
        steps = ["import allocate", weigh, weigh, f"allocate.main({feed.radar!r}, 'feed')"]
        return _told(webassembly.run(folder, steps, feed.name), feed)


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
    if done.returncode:
        raise TargetError(f"{feed.name} on {command[0]}: {done.stdout}{done.stderr}")
    return _told(done.stdout.strip().splitlines(), feed)


def _told(lines: list[str], feed: Feed) -> Allocation:
    """What allocate.py has printed: a traceback where there is a fault, and its line of JSON."""
    *before, last = lines or [""]
    if not last.startswith("{"):
        raise TargetError(f"{feed.name}: allocate.py has come to no result: {' '.join(lines)}")
    said = json.loads(last)
    fault = " ".join([said["fault"], *(line.strip() for line in before)]).strip()
    return Allocation(feed.name, feed.radar, said["held_bytes"], fault)
