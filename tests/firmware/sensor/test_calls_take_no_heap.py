"""What runs at each report keeps its names on the stack.

MicroPython puts a call's names and intermediate values on the stack while they are 11 words or
fewer (py/objfun.c, VM_MAX_STATE_ON_STACK), else on the heap, and gives them back at the end. That
leaves no garbage, so no count of allocations shows it; but a fragmented heap is searched each time.
"""

import re
import subprocess
from pathlib import Path

import doorknock
import pytest

from sim.interpreter import micropython

FIRMWARE = Path(doorknock.__path__[0])
MOST_WORDS = 11
# An exception handler takes three words more.
HANDLER_WORDS = 3
ROOMS = (
    *("sensor", "detector", "breathing", "presence", "chest", "walk", "spread", "leaving"),
    *("strength", "pace", "watch", "door", "clock", "radar/__init__", "radar/framed"),
    *("radar/mr60", "radar/ld2410"),
)
# Those that take the heap, and how often they are called.
MAY = {
    "radar/framed._complete": "at a frame that a read has cut",
    "spread.stays": "when somebody is lost",
    "strength._end_block": "once in 6 s",
    "strength._learn": "once in 6 s",
    "pace._judged": "at a turning point of a breath",
    "watch.tick": "while somebody is still, asked, or called for",
}

_BLOCK = re.compile(
    r"code block '(?P<name>[^']+)'.*?"
    r"\(N_STATE (?P<state>\d+)\)\s+\(N_EXC_STACK (?P<handlers>\d+)\)",
    re.DOTALL,
)


def words_of(room: str) -> dict[str, int]:
    """By function: words of its state, as MicroPython itself counts them."""
    done = subprocess.run(
        [micropython(), "-v", "-v", "-X", "compile-only", str(FIRMWARE / f"{room}.py")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return {
        f"{room}.{one['name']}": int(one["state"]) + HANDLER_WORDS * int(one["handlers"])
        for one in _BLOCK.finditer(done.stdout)
        if one["name"] != "<module>"
    }


@pytest.mark.parametrize("room", ROOMS)
def test_its_calls_take_no_heap(room):
    words = words_of(room)
    large = {name for name, many in words.items() if many > MOST_WORDS}
    assert large == {name for name in MAY if name.rpartition(".")[0] == room}


def test_the_count_is_of_functions():
    words = words_of("sensor")
    assert {"sensor.feed", "sensor.tick", "sensor._look_at_radar"} <= words.keys()
    assert words["sensor.feed"] > words["sensor._power_on"]
