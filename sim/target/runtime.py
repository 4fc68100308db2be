"""MicroPython's function table, by which viper code calls the runtime (py/nativeglue.h, 1.29)."""

from collections.abc import Callable

from sim.target.errors import UnplayableCall

ENTRIES = 80

FROM_OBJECT = 3
TO_OBJECT = 4
FLOOR_DIVIDE = 46
MODULO = 47

DIVISIONS: dict[int, Callable[[int, int], int]] = {
    FLOOR_DIVIDE: lambda left, right: left // right,
    MODULO: lambda left, right: left % right,
}

# What a function asks for when it is not plain integer code, in the words of its source.
_ASKED_FOR = {
    5: "a global or another function",
    7: "a global or another function",
    9: "an attribute of an object",
    10: "a method of an object",
    14: "an attribute of an object",
    15: "an item of an object",
    18: "arithmetic between objects",
    19: "a tuple",
    27: "a call of another function",
    28: "a call of a method",
    32: "an exception handler",
    34: "an exception",
    44: "a different number of arguments",
    FLOOR_DIVIDE: "a division by zero",
    MODULO: "a division by zero",
}


def unplayable(function: str, entry: int) -> UnplayableCall:
    """Why a call of table entry *entry* ends the call."""
    asked = _ASKED_FOR.get(entry, f"entry {entry} of the runtime's table")
    return UnplayableCall(
        f"{function} asks the runtime for {asked}: the hot path has integers, buffers and const() "
        "alone; every such call costs hundreds of instructions and may allocate"
    )
