"""MicroPython's WebAssembly build, in node: objects of 32 bits and heap blocks of 16 bytes, as on
the chip. It has no viper and no machine code, and collects only between calls from outside.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sim.target.errors import TargetError, ToolMissing

# Where `make bench-target` has npm put it.
PACKAGE = "@micropython/micropython-webassembly-pyscript"
MODULES = Path(sys.prefix) / "node" / "node_modules"
_STEPS = Path(__file__).parent / "device" / "steps.mjs"
LONGEST_S = 60
# A whole recording and what is made of it, without a collection.
HEAP = 16 * 1024 * 1024


def missing() -> str:
    """What is not on this machine, and what to do; empty where all is there."""
    if not shutil.which("node"):
        return "node is missing; install Node.js 18 or later with its npm"
    if not (MODULES / PACKAGE / "micropython.mjs").exists():
        return f"npm's {PACKAGE} is missing; run `make bench-target`, which gets it"
    return ""


def run(folder: Path, steps: Sequence[str], what: str, heap: int = HEAP) -> list[str]:
    """Runs lines of Python, a collection after each; the lines that they have printed.

    folder: copied to /firmware, which is the current folder and the first to import from. what:
    for the sentence where it fails. heap: bytes; a collection takes as long as it is large. Raises
    ToolMissing, TargetError.
    """
    if lacking := missing():
        raise ToolMissing(lacking)
    command = ["node", str(_STEPS), str(MODULES / PACKAGE), str(folder), str(heap), *steps]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise TargetError(
            f"{what} on the 32-bit MicroPython has not come to an end within {LONGEST_S} s: try "
            "again on a machine that has less to do."
        ) from None
    if done.returncode:
        raise TargetError(f"{what} on the 32-bit MicroPython: {done.stdout}{done.stderr}".strip())
    return done.stdout.splitlines()
