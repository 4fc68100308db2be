"""One call of a viper function: what goes in, what comes out.

Memory is handed over in *regions*, one for each buffer; a pointer argument names a region and an
offset in it. A machine plays a call on a copy and gives the regions back as the call left them.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from sim.target.errors import UnplayableCall
from sim.target.viper import Kind, ViperFunction

# A small integer on the chip; a result outside of it is an allocation.
SMALL_INT = range(-(2**30), 2**30)


@dataclass(frozen=True)
class Pointer:
    """A buffer argument: *length* bytes at *offset* of a region. Accesses must stay within."""

    region: int
    offset: int
    length: int


@dataclass(frozen=True)
class Call:
    """A function, its arguments in the order of its signature, and memory before the call."""

    function: ViperFunction
    arguments: tuple[int | Pointer, ...]
    memory: tuple[bytes, ...]

    def check(self) -> None:
        """Raises UnplayableCall where arguments and signature do not meet."""
        name, kinds = self.function.name, self.function.signature.arguments
        if Kind.OBJECT in (*kinds, self.function.signature.result):
            raise UnplayableCall(
                f"{name} takes or returns Python objects: only int, uint, bool and ptr8, ptr16, "
                "ptr32 can be played outside of a whole MicroPython; pass buffers and integers"
            )
        if len(kinds) != len(self.arguments):
            raise UnplayableCall(f"{name} takes {len(kinds)} arguments, not {len(self.arguments)}")
        for kind, argument in zip(kinds, self.arguments, strict=True):
            if isinstance(argument, Pointer):
                if not kind.align:
                    raise UnplayableCall(f"{name}: a buffer where it takes {kind}")
                if argument.offset % kind.align:
                    raise UnplayableCall(
                        f"{name}: a {kind} to an odd address traps on the ESP32; align the buffer"
                    )
            elif kind.align:
                raise UnplayableCall(f"{name}: the number {argument} where it takes {kind}")


@dataclass(frozen=True)
class Played:
    """What a call came to on the target."""

    result: int | None
    memory: tuple[bytes, ...]
    instructions: int  # the function's own; the bodies of the runtime's helpers are not in it
    stack_bytes: int  # the function's frame

    @property
    def allocates(self) -> bool:
        """Whether the chip must allocate to hand the result back."""
        return self.result is not None and self.result not in SMALL_INT


class Machine(Protocol):
    """Something that executes target code."""

    def play(self, calls: Iterable[Call]) -> Iterator[Played]:
        """Plays the calls one after another, each on its own memory."""


Buffer: TypeAlias = "bytearray | array[int]"


def run(machine: Machine, function: ViperFunction, *arguments: "int | Buffer") -> Played:
    """Calls *function* once; the buffers are changed in place, as on the chip.

    The same object given twice is the same memory.
    """
    buffers: list[Buffer] = []
    placed: list[int | Pointer] = []
    for argument in arguments:
        if isinstance(argument, int):
            placed.append(argument)
            continue
        region = next((i for i, known in enumerate(buffers) if known is argument), len(buffers))
        if region == len(buffers):
            buffers.append(argument)
        placed.append(Pointer(region, 0, len(bytes(argument))))
    call = Call(function, tuple(placed), tuple(bytes(buffer) for buffer in buffers))
    (played,) = machine.play([call])
    for buffer, after in zip(buffers, played.memory, strict=True):
        memoryview(buffer).cast("B")[:] = after
    return played


def result_from_word(function: ViperFunction, word: int) -> int | None:
    """The 32-bit word that the function returned, as Python sees it."""
    match function.signature.result:
        case None:
            return None
        case Kind.INT:
            return word - (1 << 32) if word >> 31 else word
        case Kind.BOOL:
            return word & 1
        case _:
            return word
