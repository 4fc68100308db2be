"""The program inside the emulated Xtensa: takes commands from standard input and obeys.

A command is four words: what, address, length or count, nothing. TAKE copies bytes from the input
to memory, GIVE from memory to the output; CALL enters a viper function and writes a REPORT of
three words: its result, the clock that passed, the divisions it asked for. END stops.

It runs from ROM, where the core starts after a reset. The runtime's function table points at the
stubs below; they are as long as they say, whatever their arguments, so that their instructions
can be taken off again.
"""

import struct
from dataclasses import dataclass

from sim.target import runtime
from sim.target import xtensa_assembly as x

# The memory of qemu's `sim` machine with the de212 core.
ROM, VECTORS, RAM = 0x5000_0000, 0x6000_0000, 0x6000_1000

COMMAND, REPORT, DIVISIONS = RAM, RAM + 0x20, RAM + 0x40
FUNCTION_OBJECT, CONTEXT, OBJECTS, ARGUMENTS = RAM + 0x60, RAM + 0x80, RAM + 0x100, RAM + 0x300
FUN_TABLE = RAM + 0x400
CODE, DATA, STACK_TOP = 0x6010_0000, 0x6030_0000, 0x6100_0000

END, TAKE, GIVE, CALL = range(4)
COMMAND_WORDS = struct.Struct("<4I")
REPORT_WORDS = struct.Struct("<3I")

# What the host's calls are numbered, and the descriptors of its standard streams.
_EXIT, _READ, _WRITE = 1, 3, 4
_INPUT, _OUTPUT = 0, 1
# Windowed calls on, every interrupt masked.
_PS_WINDOWED = 0x4002F
# Exit codes: a trap is told by its cause, a stub of the table by its entry.
TRAP, ASKED = 50, 100

CONVERSION_INSTRUCTIONS = 2
DIVISION_INSTRUCTIONS = 12
# Between the two looks at the clock: the call itself, and the second look.
CALL_INSTRUCTIONS = 2


@dataclass(frozen=True)
class Trampoline:
    """The program, and what must lie in memory for it."""

    segments: list[tuple[int, bytes]]
    table: bytes  # of the runtime's functions, for FUN_TABLE


def build() -> Trampoline:
    """Assembles the trampoline."""
    code = x.Assembly(ROM)
    code.jump("start")
    constants = {
        value: code.word(value) for value in (_PS_WINDOWED, STACK_TOP, RAM, FUNCTION_OBJECT)
    }
    table = _stubs(code, constants[RAM])
    code.label("start")
    code.emit(x.movi(2, 1))
    code.emit(x.write_special(2, x.WINDOW_START))
    code.load_constant(2, constants[_PS_WINDOWED])
    code.emit(x.write_special(2, x.PS))
    code.emit(x.SYNCHRONISE)
    code.load_constant(1, constants[STACK_TOP])
    code.load_constant(7, constants[RAM])
    code.label("next")
    _copy(code, _READ, _INPUT, COMMAND, COMMAND_WORDS.size)
    for name, what in (("end", END), ("take", TAKE), ("give", GIVE)):
        code.emit(x.load(6, 7, 0))
        code.emit(x.add_constant(6, 6, -what))
        code.branch_if_zero(6, name)
    _call(code, constants[FUNCTION_OBJECT])
    for name, host_call, stream in (("take", _READ, _INPUT), ("give", _WRITE, _OUTPUT)):
        code.label(name)
        code.emit(x.movi(2, host_call))
        code.emit(x.movi(3, stream))
        code.emit(x.load(4, 7, 4))
        code.emit(x.load(5, 7, 8))
        code.emit(x.CALL_HOST)
        code.jump("next")
    code.label("end")
    code.emit(x.movi(2, _EXIT))
    code.emit(x.movi(3, 0))
    code.emit(x.CALL_HOST)
    return Trampoline([(ROM, code.finished()), (VECTORS, _vectors())], table)


def _copy(code: x.Assembly, host_call: int, stream: int, at: int, length: int) -> None:
    code.emit(x.movi(2, host_call))
    code.emit(x.movi(3, stream))
    code.emit(x.add_constant(4, 7, at - RAM))
    code.emit(x.movi(5, length))
    code.emit(x.CALL_HOST)


def _call(code: x.Assembly, function_object: int) -> None:
    code.emit(x.load(8, 7, 4))
    code.load_constant(10, function_object)
    code.emit(x.load(11, 7, 8))
    code.emit(x.movi(12, 0))
    code.emit(x.movi(13, ARGUMENTS - RAM))
    code.emit(x.add(13, 13, 7))
    code.emit(x.store(12, 7, DIVISIONS - RAM))
    code.emit(x.read_special(4, x.CYCLE_COUNT))
    code.emit(x.call_window(8))
    code.emit(x.read_special(5, x.CYCLE_COUNT))
    code.emit(x.subtract(5, 5, 4))
    code.emit(x.load(6, 7, DIVISIONS - RAM))
    for word, register in enumerate((10, 5, 6)):
        code.emit(x.store(register, 7, REPORT - RAM + 4 * word))
    _copy(code, _WRITE, _OUTPUT, REPORT, REPORT_WORDS.size)
    code.jump("next")


def _stubs(code: x.Assembly, ram: int) -> bytes:
    """The stubs of the runtime's functions; the table of their addresses."""
    at: dict[int, int] = {}
    code.align()
    at[runtime.FROM_OBJECT] = at[runtime.TO_OBJECT] = code.here
    code.emit(x.entry(32))
    code.emit(x.RETURN)
    for table_entry, by_floor in ((runtime.FLOOR_DIVIDE, True), (runtime.MODULO, False)):
        code.align()
        at[table_entry] = code.here
        _division(code, ram, by_floor=by_floor)
    for table_entry in range(runtime.ENTRIES):
        if table_entry not in at:
            code.align()
            at[table_entry] = code.here
            code.emit(x.entry(32))
            code.emit(x.movi(2, _EXIT))
            code.emit(x.movi(3, ASKED + table_entry))
            code.emit(x.CALL_HOST)
    return struct.pack(f"<{runtime.ENTRIES}I", *(at[entry] for entry in range(runtime.ENTRIES)))


def _division(code: x.Assembly, ram: int, *, by_floor: bool) -> None:
    """Python's // or %: the core's own round towards nought. Twelve instructions either way."""
    code.emit(x.entry(32))
    code.load_constant(8, ram)
    code.emit(x.load(4, 8, DIVISIONS - RAM))
    code.emit(x.add_constant(4, 4, 1))
    code.emit(x.store(4, 8, DIVISIONS - RAM))
    code.emit(x.remainder(5, 2, 3))
    # Of unlike signs, and something left over: one less, or one divisor more.
    code.emit(x.exclusive_or(6, 5, 3))
    code.emit(x.quotient(4, 2, 3) if by_floor else x.move(4, 5))
    code.emit(x.add_constant(2, 4, -1) if by_floor else x.add(2, 4, 3))
    code.emit(x.move_if_not_negative(2, 4, 6))
    code.emit(x.move_if_zero(2, 4, 5))
    code.emit(x.RETURN)


def _vectors() -> bytes:
    """Every trap ends the run with its cause."""
    vectors = bytearray(0x400)
    for at in range(0, len(vectors), 0x40):
        trap = x.Assembly(VECTORS + at)
        trap.emit(x.movi(2, _EXIT))
        trap.emit(x.read_special(3, x.EXCEPTION_CAUSE))
        trap.emit(x.add_constant(3, 3, TRAP))
        trap.emit(x.CALL_HOST)
        vectors[at : at + 12] = trap.finished()
    return bytes(vectors)
