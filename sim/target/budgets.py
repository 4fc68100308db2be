"""What radar code and firmware may cost, and whether they keep to it."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.target.allocation import Allocation
from sim.target.measure import Measured
from sim.target.weight import Weight

# How the interpreters are named in the table.
REAL, SMALL = "x64 MicroPython", "32-bit MicroPython"

FILE = Path(__file__).parent / "budgets.toml"


@dataclass(frozen=True)
class Budgets:
    """The most of each; names and reasons in budgets.toml."""

    phase_sample_worst: int
    engineering_frame_worst: int
    byte_mean: int
    state_bytes: int
    allocations: int
    button_code_bytes: int
    sensor_code_bytes: int


def load(path: Path = FILE) -> Budgets:
    """Reads the budgets. Raises KeyError, TypeError where one is missing or unknown."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return Budgets(**{name: value for table in tables.values() for name, value in table.items()})


@dataclass(frozen=True)
class Check:
    """One budget, and what was measured against it."""

    what: str
    where: str  # the instruction set, or the interpreter
    measured: float
    most: int

    @property
    def kept(self) -> bool:
        return self.measured <= self.most


def checks(
    budgets: Budgets,
    measured: Sequence[Measured],
    allocations: Sequence[tuple[str, Allocation]],
    weights: Sequence[Weight] = (),
) -> Iterator[Check]:
    """Each budget against each measurement. *allocations*: the interpreter's name, and its word."""
    for one in measured:
        yield Check(
            "instructions a phase sample, worst",
            one.arch,
            one.samples.worst,
            budgets.phase_sample_worst,
        )
        yield Check(
            "instructions an engineering report, worst",
            one.arch,
            one.engineering.worst,
            budgets.engineering_frame_worst,
        )
        for radar, parser in one.parsers.items():
            yield Check(
                f"instructions a byte of {radar}, mean", one.arch, parser.mean, budgets.byte_mean
            )
        yield Check(
            "viper functions whose result allocates",
            one.arch,
            len(one.allocating),
            budgets.allocations,
        )
    # Pointers have twice the size on a PC: the chip's own word where it can be had.
    names = {name for name, _ in allocations}
    weighed = SMALL if SMALL in names else REAL
    for name in sorted(names):
        faults = sum(bool(told.fault) for interpreter, told in allocations if interpreter == name)
        yield Check("inputs at which something allocates", name, faults, budgets.allocations)
    held = {
        told.radar: told.held_bytes for interpreter, told in allocations if interpreter == weighed
    }
    for radar, held_bytes in held.items():
        yield Check(f"bytes of state, {radar}", weighed, held_bytes, budgets.state_bytes)
    for weight in weights:
        button = weight.role.board == "button"
        most = budgets.button_code_bytes if button else budgets.sensor_code_bytes
        yield Check(f"bytes of code, {weight.role.name}", SMALL, weight.code, most)
