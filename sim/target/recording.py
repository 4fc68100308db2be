"""What the firmware really calls: a recording of every viper call, made under MicroPython.

The reader and the detector run as they are in the real interpreter, on a radar's bytes; each call
of a viper function is kept with its arguments, the memory behind them before and after, and its
result. A machine of another instruction set can then play each call and must come to the same.
"""

import itertools
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sim import interpreter
from sim.target.calls import Call, Pointer
from sim.target.errors import TargetError
from sim.target.viper import Signature, ViperFunction, signatures

RECORDER = Path(__file__).parent / "device" / "record.py"
# A run feeds some hundred thousand bytes; it takes seconds.
LONGEST_S = 120


@dataclass(frozen=True)
class Fed:
    """Bytes from the UART at a tick (ms); none: time alone passes. At most 512."""

    ticks: int
    data: bytes


@dataclass(frozen=True)
class Source:
    """A file of the firmware that has viper functions."""

    module: str  # "doorknock.radar.mr60"
    path: Path
    signatures: tuple[Signature, ...]


@dataclass(frozen=True)
class Recorded:
    """One call as it happened on the PC. Memory: one region for each buffer."""

    module: str
    function: str
    arguments: tuple[int | Pointer, ...]
    before: tuple[bytes, ...]
    after: tuple[bytes, ...]
    result: int | None

    @property
    def name(self) -> str:
        return f"{self.module}.{self.function}"

    def call(self, function: ViperFunction) -> Call:
        """The same call, of the function as compiled for another machine."""
        return Call(function, self.arguments, self.before)


@dataclass
class Step:
    """The calls from one mark to the next. Mark: F bytes fed, S a phase sample, P another report,
    E a report with gate energies, T a tick."""

    mark: str
    fed_bytes: int = 0
    calls: list[Recorded] = field(default_factory=list)


@dataclass
class Recording:
    """All of a run, in order."""

    radar: str
    steps: list[Step]

    @property
    def calls(self) -> list[Recorded]:
        return [call for step in self.steps for call in step.calls]


def viper_sources(firmware: Path | None = None) -> list[Source]:
    """Every firmware file with viper functions in it."""
    root = firmware or interpreter.firmware_folder()
    found = []
    for path in sorted(root.rglob("*.py")):
        if "micropython.viper" not in path.read_text(encoding="utf-8"):
            continue
        if functions := signatures(path):
            module = ".".join(path.relative_to(root).with_suffix("").parts)
            found.append(Source(module, path, tuple(functions)))
    return found


def record(radar: str, feed: Iterable[Fed], sources: Sequence[Source]) -> Recording:
    """Runs the firmware's reader and detector for *radar* on *feed* under MicroPython."""
    named = [(s.module, one.name) for s in sources for one in s.signatures if "." not in one.name]
    with tempfile.TemporaryDirectory(prefix="doorknock-record-") as folder:
        given, taken = Path(folder) / "given", Path(folder) / "taken"
        write_feed(given, feed)
        names = [f"{module}:{function}" for module, function in named]
        done = subprocess.run(
            [
                interpreter.micropython(),
                *("-X", "heapsize=64M"),  # it holds a copy of every buffer that was seen
                *(str(RECORDER), radar, str(given), str(taken), *names),
            ],
            env=interpreter.environment(),
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        if done.returncode:
            raise TargetError(f"recording the {radar} failed: {done.stdout}{done.stderr}")
        return _Tape(taken.read_bytes(), named).read(radar)


def write_feed(path: Path, feed: Iterable[Fed]) -> Path:
    """Writes the input as the scripts in device/ read it."""
    path.write_bytes(b"".join(struct.pack("<IH", f.ticks, len(f.data)) + f.data for f in feed))
    return path


class _Tape:
    """Reads what device/record.py wrote."""

    def __init__(self, data: bytes, named: Sequence[tuple[str, str]]) -> None:
        self._data = data
        self._named = named
        self._at = 0
        self._seen: dict[tuple[int, int], bytes] = {}

    def read(self, radar: str) -> Recording:
        steps = [Step("T")]
        while (mark := self._take(1)) != b"Z":
            if mark == b"C":
                steps[-1].calls.append(self._call())
            elif mark == b"F":
                steps.append(Step("F", fed_bytes=self._unpack("<H")[0]))
            else:
                steps.append(Step(mark.decode("ascii")))
        return Recording(radar, steps)

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def _unpack(self, form: str) -> tuple[int, ...]:
        return struct.unpack(form, self._take(struct.calcsize(form)))

    def _call(self) -> Recorded:
        number, count = self._unpack("<BB")
        given: list[int | tuple[int, int]] = []
        before: dict[tuple[int, int], bytes] = {}
        for _ in range(count):
            if self._take(1) == b"i":
                given.append(self._unpack("<q")[0])
            else:
                address, length = self._unpack("<QI")
                before[address, length] = self._content(address, length)
                given.append((address, length))
        after = {b: self._content(*b) for b in given if isinstance(b, tuple)}
        result = self._unpack("<q")[0] if self._take(1) == b"i" else None
        module, function = self._named[number]
        buffers = list(before)
        _refuse_overlap(f"{module}.{function}", buffers)
        return Recorded(
            module,
            function,
            tuple(
                Pointer(buffers.index(one), 0, one[1]) if isinstance(one, tuple) else one
                for one in given
            ),
            tuple(before.values()),
            tuple(after[buffer] for buffer in buffers),
            result,
        )

    def _content(self, address: int, length: int) -> bytes:
        if self._take(1) == b"#":
            self._seen[address, length] = self._take(length)
        return self._seen[address, length]


def _refuse_overlap(name: str, buffers: Sequence[tuple[int, int]]) -> None:
    ordered = sorted(buffers)
    for (low, length), (high, _) in itertools.pairwise(ordered):
        if low + length > high:
            raise TargetError(f"{name} was given two buffers that overlap; give it one, and places")
