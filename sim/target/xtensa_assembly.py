"""As much of an Xtensa assembler as the trampoline needs.

Encodings: Xtensa Instruction Set Architecture Reference Manual, chapter 6 and appendix A.
Every instruction made here is 24 bits long. Registers are 0 … 15, addresses absolute.
"""

# Special registers.
WINDOW_START, PS, EXCEPTION_CAUSE, CYCLE_COUNT = 73, 230, 232, 234


class Assembly:
    """Code that grows from *origin*; a label is the address where it stands."""

    def __init__(self, origin: int) -> None:
        self.origin = origin
        self._code = bytearray()
        self._later: list[tuple[int, str, str, int]] = []
        self._labels: dict[str, int] = {}

    @property
    def here(self) -> int:
        return self.origin + len(self._code)

    def label(self, name: str) -> None:
        self._labels[name] = self.here

    def align(self) -> None:
        self._code += bytes(-len(self._code) % 4)

    def word(self, value: int) -> int:
        """Lays a constant down (aligned); its address, for `load_constant`."""
        self.align()
        at = self.here
        self._code += (value & 0xFFFF_FFFF).to_bytes(4, "little")
        return at

    def emit(self, instruction: int) -> None:
        self._code += instruction.to_bytes(3, "little")

    def load_constant(self, to: int, at: int) -> None:
        """l32r: the word at *at*, which lies before this instruction."""
        distance = (at - (self.here + 3 & ~3)) >> 2
        self.emit(0x01 | to << 4 | (distance & 0xFFFF) << 8)

    def jump(self, label: str) -> None:
        self._later.append((len(self._code), label, "jump", 0))
        self.emit(0)

    def branch_if_zero(self, register: int, label: str) -> None:
        self._later.append((len(self._code), label, "beqz", register))
        self.emit(0)

    def finished(self) -> bytes:
        """The code, every jump at its label."""
        for at, label, kind, register in self._later:
            distance = self._labels[label] - (self.origin + at) - 4
            if kind == "jump":
                instruction = 0x06 | (distance & 0x3FFFF) << 6
            else:
                instruction = 0x16 | register << 8 | (distance & 0xFFF) << 12
            self._code[at : at + 3] = instruction.to_bytes(3, "little")
        return bytes(self._code)


def movi(to: int, value: int) -> int:
    """A constant of -2048 … 2047."""
    return 0x00A002 | to << 4 | (value >> 8 & 0xF) << 8 | (value & 0xFF) << 16


def load(to: int, base: int, offset: int) -> int:
    return 0x002002 | to << 4 | base << 8 | (offset // 4) << 16


def store(value: int, base: int, offset: int) -> int:
    return 0x006002 | value << 4 | base << 8 | (offset // 4) << 16


def add_constant(to: int, source: int, value: int) -> int:
    return 0x00C002 | to << 4 | source << 8 | (value & 0xFF) << 16


def _three(operation: int, to: int, left: int, right: int) -> int:
    return operation << 16 | to << 12 | left << 8 | right << 4


def move(to: int, source: int) -> int:
    return _three(0x20, to, source, source)


def exclusive_or(to: int, left: int, right: int) -> int:
    return _three(0x30, to, left, right)


def add(to: int, left: int, right: int) -> int:
    return _three(0x80, to, left, right)


def subtract(to: int, left: int, right: int) -> int:
    return _three(0xC0, to, left, right)


def quotient(to: int, left: int, right: int) -> int:
    return _three(0xD2, to, left, right)


def remainder(to: int, left: int, right: int) -> int:
    return _three(0xF2, to, left, right)


def move_if_zero(to: int, source: int, condition: int) -> int:
    return _three(0x83, to, source, condition)


def move_if_not_negative(to: int, source: int, condition: int) -> int:
    return _three(0xB3, to, source, condition)


def read_special(to: int, register: int) -> int:
    return 0x030000 | register << 8 | to << 4


def write_special(source: int, register: int) -> int:
    return 0x130000 | register << 8 | source << 4


def entry(frame_bytes: int) -> int:
    return 0x000136 | (frame_bytes // 8) << 12


def call_window(target: int) -> int:
    """callx8: the caller's a10 … a15 are the callee's a2 … a7."""
    return 0x0000E0 | target << 8


def jump_to(register: int) -> int:
    return 0x0000A0 | register << 8


RETURN = 0x000090  # retw
NOTHING = 0x0020F0  # nop
SYNCHRONISE = 0x002010  # rsync
CALL_HOST = 0x005100  # simcall: a2 what, a3 … its arguments
