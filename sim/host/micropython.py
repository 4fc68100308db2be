"""CPython's stand-in for the module `micropython`, and the plain-Python twin of viper.

The firmware writes `import micropython`, `@micropython.viper`, `p: ptr8`; CPython has none of
them. Here `ptr8`, `ptr16`, `ptr32` and `uint` become builtins, and `viper` hands the function
views that read and write with the right width, and whole numbers that **check every operation
for 32-bit range**: on the chip it would wrap in silence, on a 64-bit PC it would not, so a test
against the real interpreter alone can show neither. `doorknock.…` modules that use viper are
imported on the host only after `sim.host.install()`.
"""

import builtins
import functools
import inspect
from collections.abc import Callable
from typing import Any, SupportsInt

_LOW, _HIGH = -(1 << 31), (1 << 31) - 1


class OutOfRange(ArithmeticError):
    """A viper function's intermediate does not fit 32 bits: on the chip it would be wrong."""


class Int32(int):
    """A viper `int`: 32 bits, signed. Every operation on it is checked."""

    def __new__(cls, value: SupportsInt) -> "Int32":
        plain = int(value)
        if not _LOW <= plain <= _HIGH:
            raise OutOfRange(f"{plain} does not fit 32 bits")
        return super().__new__(cls, plain)


def _checked(name: str) -> Callable[[Int32, Any], Any]:
    plain = getattr(int, name)

    def operation(self: Int32, other: Any) -> Any:
        result = plain(self, other)
        return result if result is NotImplemented else Int32(result)

    return operation


def _checked_shift(name: str, reverse: bool) -> Callable[[Int32, Any], Any]:
    plain = getattr(int, name)

    def operation(self: Int32, other: Any) -> Any:
        distance = int(self) if reverse else int(other)
        if not 0 <= distance <= 31:
            # Undefined on the chip: some shift by the distance modulo 32, some give 0.
            raise OutOfRange(f"a shift by {distance}")
        return Int32(plain(self, other))

    return operation


for _name in ("add", "sub", "mul", "and", "or", "xor", "floordiv", "mod"):
    setattr(Int32, f"__{_name}__", _checked(f"__{_name}__"))
    setattr(Int32, f"__r{_name}__", _checked(f"__r{_name}__"))
for _name in ("lshift", "rshift"):
    setattr(Int32, f"__{_name}__", _checked_shift(f"__{_name}__", reverse=False))
    setattr(Int32, f"__r{_name}__", _checked_shift(f"__r{_name}__", reverse=True))
Int32.__neg__ = lambda self: Int32(-int(self))  # type: ignore[method-assign]
Int32.__invert__ = lambda self: Int32(~int(self))  # type: ignore[method-assign]


class Memory:
    """The buffers handed to a viper function, each at an address of its own, far apart."""

    # As on the chips: more than half of what 32 bits hold, yet no negative number.
    _FIRST = 0x3FC00000
    _APART = 0x100000

    def __init__(self) -> None:
        self._buffers: list[Any] = []

    def address(self, buffer: Any) -> int:
        """Where *buffer* begins: a multiple of four. Given twice, it is at one place."""
        for number, known in enumerate(self._buffers):
            if known is buffer:
                return self._FIRST + number * self._APART
        self._buffers.append(buffer)
        return self._FIRST + (len(self._buffers) - 1) * self._APART

    def pointer(self, address: int, width: int) -> "Pointer":
        """A pointer to *address*, which lies in a buffer or just behind it, and is aligned."""
        number, place = divmod(int(address) - self._FIRST, self._APART)
        if not 0 <= number < len(self._buffers):
            raise IndexError(f"{int(address):#x} is the address of no buffer")
        size = memoryview(self._buffers[number]).nbytes
        if place > size:
            raise IndexError(f"byte {place} of a buffer of {size} bytes")
        if place % width:
            raise IndexError(f"byte {place} is no address of {width} bytes: the ESP32 traps there")
        return Pointer(self._buffers[number], width, place // width, int(address))


class Pointer:
    """A view of a buffer as viper's ptr8, ptr16 (unsigned) or ptr32 (signed, as on the chip).

    Unlike the chip's, it refuses to read or write outside the buffer. `start` is what index 0
    means, in items; `address` what `int()` makes of it.
    """

    def __init__(self, buffer: Any, width: int, start: int = 0, address: int = 0) -> None:
        whole = memoryview(buffer).cast("B")
        if width > 1:
            whole = whole[: len(whole) - len(whole) % width]
        self._view: memoryview[int] = (
            whole if width == 1 else whole.cast("H" if width == 2 else "i")
        )
        self._mask = (1 << (8 * width)) - 1
        self._signed = width == 4
        self._start = start
        self._address = address

    def __int__(self) -> int:
        return self._address

    def _at(self, index: int) -> int:
        place = self._start + int(index)
        if not 0 <= place < len(self._view):
            raise IndexError(f"index {place} of a buffer of {len(self._view)}")
        return place

    def __getitem__(self, index: int) -> Int32:
        return Int32(self._view[self._at(index)])

    def __setitem__(self, index: int, value: int) -> None:
        stored = int(value) & self._mask
        if self._signed and stored > _HIGH:
            stored -= 1 << 32
        self._view[self._at(index)] = stored


# That of the viper function that runs now. Viper functions do not call each other.
_memory = Memory()


class _PointerType(type):
    """ptr8(…) gives a Pointer: of an address, or of another pointer, as in viper code."""

    width: int

    def __call__(cls, address: SupportsInt) -> Pointer:
        return _memory.pointer(int(address), cls.width)


class ptr8(metaclass=_PointerType):
    """Bytes."""

    width = 1


class ptr16(metaclass=_PointerType):
    """Half words, unsigned."""

    width = 2


class ptr32(metaclass=_PointerType):
    """Words. Portable code reads them masked: zero-extended on x64, signed on the chip."""

    width = 4


class uint:
    """viper's unsigned int. Not checked: the firmware does not use it."""


def viper(function: Callable[..., Any]) -> Callable[..., Any]:
    """Runs a viper function in plain Python on checked numbers and buffers."""
    kinds = [parameter.annotation for parameter in inspect.signature(function).parameters.values()]

    def convert(argument: Any, kind: Any) -> Any:
        if isinstance(kind, _PointerType):
            return kind(_memory.address(argument))
        return Int32(argument) if kind is int else argument

    @functools.wraps(function)
    def twin(*arguments: Any) -> Any:
        global _memory
        if len(arguments) != len(kinds):
            raise TypeError(f"{function.__name__} takes {len(kinds)} arguments")
        _memory = Memory()
        result = function(*map(convert, arguments, kinds))
        return int(result) if isinstance(result, int) else result

    return twin


def native(function: Callable[..., Any]) -> Callable[..., Any]:
    """Machine code on the chip; the function itself here."""
    return function


def const(value: Any) -> Any:
    """Folded at compile time on the chip; the value itself here."""
    return value


def heap_lock() -> int:
    """Nothing to lock here: allocation is tested under the real interpreter."""
    return 0


def heap_unlock() -> int:
    """See heap_lock."""
    return 0


def expose_types() -> None:
    """Puts ptr8 … into builtins, where viper's annotations look for them."""
    for kind in (ptr8, ptr16, ptr32, uint):
        setattr(builtins, kind.__name__, kind)
