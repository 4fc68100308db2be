"""Executes viper functions compiled for RV32IMC (ESP32-C3) in the unicorn emulator.

A viper function is entered as MicroPython enters it: a0 the function object, a1 and a2 the counts
of arguments, a3 the array of them. The object leads to the module's context, from there to the
table of objects, and so to the runtime's function table. Here that table leads to one-instruction
stubs. Conversions from and to objects are identities, since the arguments are laid down as plain
words; floor division and modulo are done in Python; anything else the function asks for ends the
call with UnplayableCall.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from unicorn import (
    UC_ARCH_RISCV,
    UC_HOOK_BLOCK,
    UC_HOOK_CODE,
    UC_HOOK_MEM_VALID,
    UC_MEM_WRITE,
    UC_MODE_RISCV32,
    UC_PROT_EXEC,
    UC_PROT_READ,
    UC_PROT_WRITE,
    Uc,
    UcError,
)
from unicorn.riscv_const import (
    UC_RISCV_REG_A0,
    UC_RISCV_REG_A1,
    UC_RISCV_REG_A2,
    UC_RISCV_REG_A3,
    UC_RISCV_REG_PC,
    UC_RISCV_REG_RA,
    UC_RISCV_REG_SP,
)

from sim.target import runtime
from sim.target.calls import Call, Played, Pointer, result_from_word
from sim.target.errors import EndlessCall, MemoryFault, UnplayableCall
from sim.target.mpy import Arch
from sim.target.viper import ViperFunction

# Where things lie; any addresses would do that are apart from each other.
CODE, CODE_SIZE = 0x4000_0000, 0x10_0000
STUBS, STUBS_SIZE = 0x4800_0000, 0x1000
TABLES, TABLES_SIZE = 0x3C00_0000, 0x1000
DATA, DATA_SIZE = 0x3D00_0000, 0x10_0000
STACK, STACK_SIZE = 0x3E00_0000, 0x4000

# Inside the page of tables.
FUNCTION_OBJECT, CONTEXT, FUN_TABLE, OBJECTS = TABLES, TABLES + 0x40, TABLES + 0x100, TABLES + 0x800
ARGUMENTS = TABLES + 0xC00
# The two conversions lie apart from the other stubs, which are watched.
CONVERSION, WATCHED_STUBS, FINISH = STUBS, STUBS + 0x100, STUBS + 0x800

RETURN = b"\x82\x80"  # c.jr ra
# Straight pieces of code in one call: far more than any may take. A loop without end must end.
MOST_BLOCKS = 1_000_000
# Between buffers, so that a step over the edge of one is never a step into the next.
GAP = 64


class Rv32:
    """An emulated RV32IMC core, and the functions it has been given so far."""

    def __init__(self) -> None:
        self._core = Uc(UC_ARCH_RISCV, UC_MODE_RISCV32)
        self._placed: dict[bytes, int] = {}
        self._next_code = CODE
        self._lengths: dict[tuple[int, int], int] = {}
        self._frames: Counter[int] = Counter()
        self._allowed: list[tuple[int, int]] = []
        self._blocks: Counter[tuple[int, int]] = Counter()
        self._entry = CODE
        self._ran = 0
        self._fault: Exception | None = None
        self._name = ""
        self._lay_out()

    def _lay_out(self) -> None:
        core = self._core
        core.mem_map(CODE, CODE_SIZE, UC_PROT_READ | UC_PROT_EXEC)
        core.mem_map(STUBS, STUBS_SIZE, UC_PROT_READ | UC_PROT_EXEC)
        core.mem_map(TABLES, TABLES_SIZE, UC_PROT_READ)
        core.mem_map(DATA, DATA_SIZE, UC_PROT_READ | UC_PROT_WRITE)
        core.mem_map(STACK, STACK_SIZE, UC_PROT_READ | UC_PROT_WRITE)
        core.mem_write(STUBS, RETURN * (STUBS_SIZE // len(RETURN)))
        _write_words(core, FUNCTION_OBJECT, [0, CONTEXT])
        table = [WATCHED_STUBS + 4 * entry for entry in range(runtime.ENTRIES)]
        table[runtime.FROM_OBJECT] = table[runtime.TO_OBJECT] = CONVERSION
        _write_words(core, FUN_TABLE, table)
        # The context: the module (type, globals), its names, its objects.
        _write_words(core, CONTEXT, [0, 0, 0, OBJECTS])
        core.hook_add(UC_HOOK_BLOCK, self._on_block, begin=CODE, end=CODE + CODE_SIZE)
        core.hook_add(UC_HOOK_CODE, self._on_helper, begin=WATCHED_STUBS, end=FINISH - 1)
        core.hook_add(UC_HOOK_MEM_VALID, self._on_access, begin=DATA, end=DATA + DATA_SIZE)

    def play(self, calls: Iterable[Call]) -> Iterator[Played]:
        """Plays the calls, each on its own memory.

        Raises MemoryFault at an access outside of the arguments' buffers.
        """
        for call in calls:
            yield self._play(call)

    def profile(self) -> Counter[tuple[int, int]]:
        """How often each block (offset in the function, length in bytes) ran in the last call."""
        return Counter({(at - self._entry, size): n for (at, size), n in self._blocks.items()})

    def _play(self, call: Call) -> Played:
        call.check()
        core, function = self._core, call.function
        self._entry = self._place(function)
        _write_words(core, OBJECTS + 4 * function.fun_table, [FUN_TABLE])
        where = self._write_memory(call)
        arguments = [
            where[a.region] + a.offset if isinstance(a, Pointer) else a for a in call.arguments
        ]
        _write_words(core, ARGUMENTS, arguments)
        core.reg_write_batch(
            [
                (UC_RISCV_REG_A0, FUNCTION_OBJECT),
                (UC_RISCV_REG_A1, len(arguments)),
                (UC_RISCV_REG_A2, 0),
                (UC_RISCV_REG_A3, ARGUMENTS),
                (UC_RISCV_REG_RA, FINISH),
                (UC_RISCV_REG_SP, STACK + STACK_SIZE),
            ]
        )
        self._blocks.clear()
        self._ran = 0
        self._fault, self._name = None, function.name
        try:
            core.emu_start(self._entry, FINISH)
        except UcError as error:
            self._fault = self._fault or MemoryFault(
                f"{function.name}: {error} at {core.reg_read(UC_RISCV_REG_PC) - self._entry:#x}"
            )
        if self._fault:
            raise self._fault
        return Played(
            result=result_from_word(function, core.reg_read(UC_RISCV_REG_A0)),
            memory=tuple(
                bytes(core.mem_read(at, len(region)))
                for at, region in zip(where, call.memory, strict=True)
            ),
            instructions=sum(self._length(*block) * n for block, n in self._blocks.items()),
            stack_bytes=self._frames[self._entry],
        )

    def _place(self, function: ViperFunction) -> int:
        """Where the function's code lies; written there the first time."""
        if function.arch != Arch.RV32IMC:
            raise UnplayableCall(f"{function.name} is compiled for {function.arch}, not for RV32")
        if function.code not in self._placed:
            self._placed[function.code] = self._next_code
            self._core.mem_write(self._next_code, function.code)
            self._next_code += len(function.code) + 15 & ~15
        return self._placed[function.code]

    def _write_memory(self, call: Call) -> list[int]:
        where, at = [], DATA + GAP
        for region in call.memory:
            self._core.mem_write(at, region)
            where.append(at)
            at += (len(region) + 15 & ~15) + GAP
        self._allowed = [
            (where[a.region] + a.offset, where[a.region] + a.offset + a.length)
            for a in call.arguments
            if isinstance(a, Pointer)
        ]
        return where

    def _length(self, at: int, size: int) -> int:
        """Instructions in a block: two bytes each, or four where the lowest two bits are set."""
        if (at, size) not in self._lengths:
            code, offset, count = self._core.mem_read(at, size), 0, 0
            while offset < size:
                offset += 4 if code[offset] & 3 == 3 else 2
                count += 1
            self._lengths[at, size] = count
        return self._lengths[at, size]

    def _on_block(self, core: Uc, at: int, size: int, _user: object) -> None:
        # The stack pointer moves in a function's first and last blocks only, so that it is enough
        # to look at it when a block is met for the first time.
        if (at, size) not in self._lengths:
            depth = STACK + STACK_SIZE - core.reg_read(UC_RISCV_REG_SP)
            self._frames[self._entry] = max(self._frames[self._entry], depth)
            self._length(at, size)
        self._blocks[at, size] += 1
        self._ran += 1
        if self._ran > MOST_BLOCKS:
            self._fault = EndlessCall(
                f"{self._name} runs without end: {MOST_BLOCKS} jumps and more"
            )
            core.emu_stop()

    def _on_helper(self, core: Uc, at: int, _size: int, _user: object) -> None:
        entry = (at - WATCHED_STUBS) // 4
        left, right = (_signed(core.reg_read(r)) for r in (UC_RISCV_REG_A0, UC_RISCV_REG_A1))
        if entry in runtime.DIVISIONS and right:
            core.reg_write(UC_RISCV_REG_A0, runtime.DIVISIONS[entry](left, right) & 0xFFFF_FFFF)
        else:
            self._fault = runtime.unplayable(self._name, entry)
            core.emu_stop()

    def _on_access(
        self, core: Uc, access: int, at: int, size: int, _value: int, _user: object
    ) -> None:
        if not any(low <= at and at + size <= high for low, high in self._allowed):
            verb = "writes" if access == UC_MEM_WRITE else "reads"
            nearest = min(self._allowed, key=lambda span: abs(span[0] - at), default=(DATA, DATA))
            self._fault = MemoryFault(
                f"{self._name} {verb} {size} bytes at {at - nearest[0]} of a buffer of "
                f"{nearest[1] - nearest[0]} bytes"
            )
        elif at % size:
            self._fault = MemoryFault(
                f"{self._name} uses a misaligned address: a trap on the ESP32"
            )
        else:
            return
        core.emu_stop()


def _signed(word: int) -> int:
    return word - (1 << 32) if word >> 31 else word


def _write_words(core: Uc, at: int, words: list[int]) -> None:
    core.mem_write(at, b"".join((word & 0xFFFF_FFFF).to_bytes(4, "little") for word in words))
