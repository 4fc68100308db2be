"""Plays recordings on a machine: the same to the last bit, and at what cost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sim.target.calls import Call, Machine, Played
from sim.target.mpy import Arch
from sim.target.recording import Recorded, Recording, Source
from sim.target.rv32 import Rv32
from sim.target.viper import ViperFunction, compile_viper
from sim.target.xtensa import Xtensa

MACHINES: Mapping[Arch, type[Rv32] | type[Xtensa]] = {
    Arch.RV32IMC: Rv32,
    Arch.XTENSAWIN: Xtensa,
}
# What each mark of a recording counts: for the detector, the calls up to the next such mark.
SAMPLE, ENGINEERING, OTHER_REPORT = "S", "E", "P"


@dataclass(frozen=True)
class Disagreement:
    """A call that came to something else than on the PC."""

    arch: Arch
    function: str
    number: int  # of the call in its recording
    what: str

    def __str__(self) -> str:
        return f"{self.function} on {self.arch}, call {self.number}: {self.what}"


@dataclass
class Spent:
    """Instructions, one figure for each unit (a sample, a report, a read of the UART)."""

    of_each: list[int] = field(default_factory=list)
    units: int = 0  # what the mean is over, where it is not the count: bytes

    @property
    def mean(self) -> float:
        return sum(self.of_each) / (self.units or len(self.of_each) or 1)

    @property
    def worst(self) -> int:
        return max(self.of_each, default=0)


@dataclass
class Cost:
    """What one function costs on one machine."""

    code_bytes: int
    calls: int = 0
    instructions: int = 0
    worst: int = 0
    stack_bytes: int = 0

    def add(self, played: Played) -> None:
        self.calls += 1
        self.instructions += played.instructions
        self.worst = max(self.worst, played.instructions)
        self.stack_bytes = max(self.stack_bytes, played.stack_bytes)


@dataclass
class Measured:
    """One instruction set, all recordings."""

    arch: Arch
    functions: dict[str, Cost]
    samples: Spent = field(default_factory=Spent)
    engineering: Spent = field(default_factory=Spent)
    parsers: dict[str, Spent] = field(default_factory=dict)
    disagreements: list[Disagreement] = field(default_factory=list)
    allocating: set[str] = field(default_factory=set)  # functions whose result is no small integer


def compile_all(sources: Iterable[Source], arch: Arch) -> dict[str, ViperFunction]:
    """Every viper function of the firmware, by its dotted name."""
    return {
        function.name: function
        for source in sources
        for function in compile_viper(source.path, arch, source.module)
    }


def measure(
    arch: Arch, functions: Mapping[str, ViperFunction], recordings: Sequence[Recording]
) -> Measured:
    """Plays every call of the recordings on *arch*, compares, and adds up."""
    machine: Machine = MACHINES[arch]()
    measured = Measured(
        arch, {name: Cost(len(function.code)) for name, function in functions.items()}
    )
    for recording in recordings:
        played = list(_play(machine, functions, recording, measured))
        _add_up(recording, played, measured)
    return measured


def _play(
    machine: Machine,
    functions: Mapping[str, ViperFunction],
    recording: Recording,
    measured: Measured,
) -> Iterator[Played]:
    recorded = recording.calls
    calls: list[Call] = [call.call(functions[call.name]) for call in recorded]
    for number, (expected, played) in enumerate(zip(recorded, machine.play(calls), strict=True)):
        if what := difference(expected, played):
            measured.disagreements.append(Disagreement(measured.arch, expected.name, number, what))
        if played.allocates:
            measured.allocating.add(expected.name)
        measured.functions[expected.name].add(played)
        yield played


def difference(expected: Recorded, played: Played) -> str:
    """How a call differs from what the PC made of it; empty when it does not."""
    if expected.result != played.result:
        return f"returns {played.result}, on the PC {expected.result}"
    for region, (want, got) in enumerate(zip(expected.after, played.memory, strict=True)):
        if want != got:
            at = next(i for i, (a, b) in enumerate(zip(want, got, strict=True)) if a != b)
            return f"leaves {got[at]:#04x} at byte {at} of buffer {region}, the PC {want[at]:#04x}"
    return ""


def _add_up(recording: Recording, played: Sequence[Played], measured: Measured) -> None:
    """Gives each call's instructions to the sample, the report or the read that it served.

    The parsers' calls belong to the read of the UART, and the detector's to the newest phase
    sample or engineering report: what time makes it do up to the next one is part of its price.
    """
    parser = measured.parsers.setdefault(recording.radar, Spent())
    unit: list[int] | None = None
    at = 0
    for step in recording.steps:
        if step.mark == "F":
            parser.of_each.append(0)
            parser.units += step.fed_bytes
        elif step.mark == SAMPLE:
            unit = measured.samples.of_each
            unit.append(0)
        elif step.mark == ENGINEERING:
            unit = measured.engineering.of_each
            unit.append(0)
        for call in step.calls:
            instructions = played[at].instructions
            at += 1
            if call.module.startswith("doorknock.radar."):
                parser.of_each[-1] += instructions
            elif unit is not None:
                unit[-1] += instructions
