"""Executes viper functions compiled for Xtensa (ESP32, ESP32-S3) in qemu-system-xtensa.

One run of qemu plays any number of calls: the trampoline inside reads memory and commands from
standard input and writes what came of them to standard output. Instructions are counted by the
core's own clock, which `-icount` ties to the instructions executed.
"""

import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sim.target import runtime
from sim.target import trampoline as t
from sim.target.calls import Call, Played, Pointer, result_from_word
from sim.target.errors import EndlessCall, MemoryFault, TargetError, ToolMissing, UnplayableCall
from sim.target.mpy import Arch
from sim.target.viper import ViperFunction

PROGRAM = "qemu-system-xtensa"
# An instruction takes 2^10 ns of the emulated time; the sim machine's clock runs at 40 MHz.
ICOUNT_SHIFT = 10
CLOCK_TICKS_AN_INSTRUCTION = (1 << ICOUNT_SHIFT) * 40 / 1000
# Nothing we play takes so long; an endless loop must end the test.
LONGEST_S = 120
# Known bytes before and after every buffer: a write over the edge shows.
FENCE = b"\xa5" * 64

_TRAPS = {
    0: "an illegal instruction",
    2: "an instruction outside of memory",
    3: "memory that is not there",
    5: "a register window too many",
    6: "a division by zero",
    9: "a misaligned address",
    28: "memory that is not there",
    29: "memory that is not there",
}


def program() -> str:
    """The emulator's path. Raises ToolMissing."""
    found = shutil.which(PROGRAM)
    if not found:
        raise ToolMissing(f"{PROGRAM} is missing; on Debian: apt install qemu-system-misc")
    return found


def frame_bytes(code: bytes) -> int:
    """The stack frame that a windowed function claims in its `entry` instruction.

    The function starts with a jump over its constants where it has any.
    """
    at = 0
    if code[0] & 0x3F == 0x06:
        distance = int.from_bytes(code[:3], "little") >> 6
        at = 4 + distance
    instruction = int.from_bytes(code[at : at + 3], "little")
    if instruction & 0xFF != 0x36:
        raise TargetError(f"no entry instruction at byte {at} of an Xtensa function")
    return (instruction >> 12) * 8


class Xtensa:
    """An emulated Xtensa core with register windows."""

    def play(self, calls: Iterable[Call]) -> Iterator[Played]:
        """Plays the calls in one run, each on its own memory.

        Raises MemoryFault where a call wrote beside its buffers or the core trapped.
        """
        listed = list(calls)
        orders = _Orders()
        for call in listed:
            orders.add(call)
        answers, exit_code = _execute(orders.finished())
        yield from _read_answers(listed, answers)
        if exit_code:
            raise _failure(listed, answers, exit_code)


class _Orders:
    """The stream of commands for the trampoline."""

    def __init__(self) -> None:
        self._stream = bytearray()
        self._placed: dict[bytes, int] = {}
        self._next_code = t.CODE
        self._table_at = -1
        self._take(t.FUN_TABLE, t.build().table)
        self._take(t.FUNCTION_OBJECT, struct.pack("<2I", 0, t.CONTEXT))
        self._take(t.CONTEXT, struct.pack("<4I", 0, 0, 0, t.OBJECTS))

    def add(self, call: Call) -> None:
        call.check()
        function = call.function
        if function.arch != Arch.XTENSAWIN:
            raise UnplayableCall(f"{function.name} is compiled for {function.arch}, not for Xtensa")
        entry = self._place(function)
        if function.fun_table != self._table_at:
            self._table_at = function.fun_table
            self._take(t.OBJECTS + 4 * function.fun_table, struct.pack("<I", t.FUN_TABLE))
        fenced, where = _fenced(call)
        self._take(t.DATA, fenced)
        words = [
            (t.DATA + where[a.region] + a.offset if isinstance(a, Pointer) else a) & 0xFFFF_FFFF
            for a in call.arguments
        ]
        if words:
            self._take(t.ARGUMENTS, struct.pack(f"<{len(words)}I", *words))
        self._stream += t.COMMAND_WORDS.pack(t.CALL, entry, len(words), 0)
        self._stream += t.COMMAND_WORDS.pack(t.GIVE, t.DATA, len(fenced), 0)

    def finished(self) -> bytes:
        return bytes(self._stream) + t.COMMAND_WORDS.pack(t.END, 0, 0, 0)

    def _place(self, function: ViperFunction) -> int:
        if function.code not in self._placed:
            self._placed[function.code] = self._next_code
            self._take(self._next_code, function.code)
            self._next_code += len(function.code) + 15 & ~15
        return self._placed[function.code]

    def _take(self, at: int, data: bytes) -> None:
        self._stream += t.COMMAND_WORDS.pack(t.TAKE, at, len(data), 0)
        self._stream += data


def _fenced(call: Call) -> tuple[bytes, list[int]]:
    """The regions of a call one after another, fences between; the offset of each."""
    memory, where = bytearray(FENCE), []
    for region in call.memory:
        where.append(len(memory))
        memory += region
        memory += bytes(-len(region) % 16)
        memory += FENCE
    return bytes(memory), where


def _read_answers(calls: Sequence[Call], answers: bytes) -> Iterator[Played]:
    at = 0
    for call in calls:
        fenced, where = _fenced(call)
        if at + t.REPORT_WORDS.size + len(fenced) > len(answers):
            return
        word, clock, divisions = t.REPORT_WORDS.unpack_from(answers, at)
        at += t.REPORT_WORDS.size
        after = answers[at : at + len(fenced)]
        at += len(fenced)
        regions = tuple(
            after[start : start + len(region)]
            for start, region in zip(where, call.memory, strict=True)
        )
        if _fenced(Call(call.function, call.arguments, regions))[0] != after:
            raise MemoryFault(f"{call.function.name} writes beside its buffers")
        yield Played(
            result=result_from_word(call.function, word),
            memory=regions,
            instructions=_instructions(call.function, clock, divisions),
            stack_bytes=frame_bytes(call.function.code),
        )


def _instructions(function: ViperFunction, clock: int, divisions: int) -> int:
    conversions = len(function.signature.arguments) + (function.signature.result is not None)
    return (
        round(clock / CLOCK_TICKS_AN_INSTRUCTION)
        - t.CALL_INSTRUCTIONS
        - conversions * t.CONVERSION_INSTRUCTIONS
        - divisions * t.DIVISION_INSTRUCTIONS
    )


def _failure(calls: Sequence[Call], answers: bytes, exit_code: int) -> TargetError:
    finished = sum(1 for _ in _read_answers(calls, answers))
    name = calls[min(finished, len(calls) - 1)].function.name
    if exit_code >= t.ASKED:
        return runtime.unplayable(name, exit_code - t.ASKED)
    cause = _TRAPS.get(exit_code - t.TRAP, f"cause {exit_code - t.TRAP}")
    return MemoryFault(f"{name} traps in call {finished + 1}: {cause}")


def _execute(stream: bytes) -> tuple[bytes, int]:
    with tempfile.TemporaryDirectory(prefix="doorknock-xtensa-") as folder:
        kernel, orders, answers = (Path(folder) / name for name in ("elf", "orders", "answers"))
        kernel.write_bytes(_elf(t.build().segments))
        orders.write_bytes(stream)
        with orders.open("rb") as standard_input, answers.open("wb") as standard_output:
            try:
                done = subprocess.run(
                    [
                        program(),
                        *("-M", "sim", "-cpu", "de212", "-semihosting", "-nographic"),
                        *("-monitor", "none", "-serial", "none"),
                        *("-icount", f"shift={ICOUNT_SHIFT}", "-kernel", str(kernel)),
                    ],
                    stdin=standard_input,
                    stdout=standard_output,
                    stderr=subprocess.PIPE,
                    timeout=LONGEST_S,
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                raise EndlessCall(f"an Xtensa call did not end within {LONGEST_S} s") from error
        if done.returncode < 0 or done.returncode == 1:
            raise TargetError(f"{PROGRAM} failed: {done.stderr.decode(errors='replace').strip()}")
        return answers.read_bytes(), done.returncode


def _elf(segments: Sequence[tuple[int, bytes]]) -> bytes:
    """A 32-bit little-endian executable for Xtensa (machine 94) of these segments."""
    head, segment_head = struct.Struct("<16sHHIIIIIHHHHHH"), struct.Struct("<8I")
    at = head.size + segment_head.size * len(segments)
    heads, contents = b"", b""
    for address, data in segments:
        heads += segment_head.pack(
            1, at + len(contents), address, address, len(data), len(data), 7, 4
        )
        contents += data
    identity = b"\x7fELF\x01\x01\x01".ljust(16, b"\0")
    return (
        head.pack(
            *(identity, 2, 94, 1, segments[0][0], head.size, 0, 0),
            *(head.size, segment_head.size, len(segments), 0, 0, 0),
        )
        + heads
        + contents
    )
