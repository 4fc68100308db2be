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


class Pointer:
    """A view of a buffer as viper's ptr8, ptr16 (unsigned) or ptr32 (signed, as on the chip).

    Unlike the chip's, it refuses to read or write outside the buffer.
    """

    def __init__(self, buffer: Any, width: int) -> None:
        whole = memoryview(buffer).cast("B")
        self._view: memoryview[int] = (
            whole if width == 1 else whole.cast("H") if width == 2 else whole.cast("i")
        )
        self._mask = (1 << (8 * width)) - 1
        self._signed = width == 4

    def _at(self, index: int) -> int:
        if not 0 <= index < len(self._view):
            raise IndexError(f"index {index} of a buffer of {len(self._view)}")
        return int(index)

    def __getitem__(self, index: int) -> Int32:
        return Int32(self._view[self._at(index)])

    def __setitem__(self, index: int, value: int) -> None:
        stored = int(value) & self._mask
        if self._signed and stored > _HIGH:
            stored -= 1 << 32
        self._view[self._at(index)] = stored


class ptr8:
    """Bytes."""

    width = 1


class ptr16:
    """Half words, unsigned."""

    width = 2


class ptr32:
    """Words. Portable code reads them masked: zero-extended on x64, signed on the chip."""

    width = 4


class uint:
    """viper's unsigned int. Not checked: the firmware does not use it."""


def viper(function: Callable[..., Any]) -> Callable[..., Any]:
    """Runs a viper function in plain Python on checked numbers and buffers."""
    kinds = [parameter.annotation for parameter in inspect.signature(function).parameters.values()]

    def convert(argument: Any, kind: Any) -> Any:
        width = getattr(kind, "width", None)
        if width is not None:
            return Pointer(argument, width)
        return Int32(argument) if kind is int else argument

    @functools.wraps(function)
    def twin(*arguments: Any) -> Any:
        if len(arguments) != len(kinds):
            raise TypeError(f"{function.__name__} takes {len(kinds)} arguments")
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
