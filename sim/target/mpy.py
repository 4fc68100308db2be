"""Reads the .mpy files of MicroPython, version 6: takes the viper machine code out.

The format as mpy-cross 1.29 writes it: "M", version 6, a byte of sub-version and instruction set,
the bits of a small integer; then the counts and contents of a table of names and one of objects;
then a tree of code, parents first. Numbers are base 128, most significant part first.
"""

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from sim.target.errors import CompileError

VERSION = 6
# Bit 6 of the third byte: a number with the flags of the instruction set follows the header.
ARCH_FLAGS_FOLLOW = 0x40

# The kinds of code, in the lowest two bits of its length.
BYTECODE, NATIVE, VIPER = 0, 1, 2
# Of viper code that `natmod` C modules make: data sections of their own. Ours has none.
SECTIONS_FOLLOW = 0x70

# The kinds of objects in the table.
FUN_TABLE, NONE, FALSE, TRUE, ELLIPSIS, STRING, BYTES, TUPLE = 0, 1, 2, 3, 4, 5, 6, 10


class Arch(enum.StrEnum):
    """The instruction sets of the boards, named as mpy-cross names them."""

    RV32IMC = "rv32imc"  # ESP32-C3
    XTENSAWIN = "xtensawin"  # ESP32, ESP32-S3


# How the header numbers them.
_NUMBER = {Arch.XTENSAWIN: 10, Arch.RV32IMC: 11}


@dataclass(frozen=True)
class NativeCode:
    """One function's machine code, and where it finds the runtime's function table."""

    code: bytes
    fun_table: int


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            raise CompileError(f".mpy: ends at byte {len(self._data)}, more was announced")
        self._at += count
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        value = 0
        while True:
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value


def read_viper_code(data: bytes, arch: Arch) -> list[NativeCode]:
    """The viper functions of a .mpy for *arch*, parents before children, in source order."""
    reader = _Reader(data)
    magic, version, features, _small_int_bits = reader.take(4)
    if magic != ord("M") or version != VERSION:
        raise CompileError(f".mpy: not version {VERSION}; use the mpy-cross of pyproject.toml")
    if features >> 2 & 0xF != _NUMBER[arch]:
        raise CompileError(f".mpy: not compiled for {arch}")
    if features & ARCH_FLAGS_FOLLOW:
        reader.number()
    names, objects = reader.number(), reader.number()
    for _ in range(names):
        length = reader.number()
        if not length & 1:  # odd: a name that every MicroPython knows, by number
            reader.take((length >> 1) + 1)
    kinds = [_skip_object(reader) for _ in range(objects)]
    # Bytecode alone needs no table; then there is no viper code either.
    fun_table = kinds.index(FUN_TABLE) if FUN_TABLE in kinds else -1
    return [NativeCode(code, fun_table) for code in _viper_code(reader)]


def _skip_object(reader: _Reader) -> int:
    kind = reader.byte()
    if kind == TUPLE:
        for _ in range(reader.number()):
            _skip_object(reader)
    elif kind > ELLIPSIS:
        reader.take(reader.number() + (kind in (STRING, BYTES)))
    return kind


def _viper_code(reader: _Reader) -> Iterator[bytes]:
    head = reader.number()
    kind, has_children, length = head & 3, head & 4, head >> 3
    code = reader.take(length)
    if kind == NATIVE:
        reader.number()
    elif kind == VIPER:
        if reader.number() & SECTIONS_FOLLOW:
            raise CompileError(".mpy: made from C, not by mpy-cross from Python")
        yield code
    elif kind != BYTECODE:
        raise CompileError(".mpy: inline assembler: use viper, which runs on every board")
    if has_children:
        for _ in range(reader.number()):
            yield from _viper_code(reader)
