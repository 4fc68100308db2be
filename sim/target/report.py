"""The tables that `python -m sim.target` prints."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from sim.target.budgets import Check
from sim.target.measure import Measured
from sim.target.mpy import Arch
from sim.target.weight import Weight

# So many of each role's modules are named.
_HEAVIEST = 10
_WITHOUT_PSRAM = (
    "Beside Wi-Fi and TLS an ESP32 without PSRAM has 112,000 bytes for this and for all that runs, "
    "a C3 or C6 128,000: docs/boards.md."
)
_TITLE = {Arch.RV32IMC: "RV32IMC (ESP32-C3)", Arch.XTENSAWIN: "Xtensa (ESP32, S3)"}


def print_functions(console: Console, measured: Measured) -> None:
    """What each viper function costs on one instruction set."""
    table = Table(title=f"{_TITLE[measured.arch]}: instructions a call", title_justify="left")
    table.add_column("function")
    for column in ("calls", "mean", "worst", "code bytes", "stack bytes"):
        table.add_column(column, justify="right")
    for name, cost in sorted(measured.functions.items()):
        table.add_row(
            name.removeprefix("doorknock."),
            f"{cost.calls:,}",
            f"{cost.instructions / cost.calls:,.0f}" if cost.calls else "not called",
            f"{cost.worst:,}" if cost.calls else "",
            f"{cost.code_bytes:,}",
            f"{cost.stack_bytes:,}" if cost.calls else "",
        )
    total = sum(cost.code_bytes for cost in measured.functions.values())
    table.add_section()
    table.add_row("all", "", "", "", f"{total:,}", "")
    console.print(table)


def print_units(console: Console, measured: Sequence[Measured]) -> None:
    """Instructions a sample, a report, a byte: mean and worst, each instruction set beside it."""
    table = Table(title="Instructions", title_justify="left")
    table.add_column("of")
    for one in measured:
        table.add_column(f"{one.arch} mean", justify="right")
        table.add_column("worst", justify="right")
    rows = {
        "detector, a phase sample": [one.samples for one in measured],
        "detector, an engineering report": [one.engineering for one in measured],
    }
    for name, spents in rows.items():
        table.add_row(name, *(f"{n:,.0f}" for s in spents for n in (s.mean, s.worst)))
    for radar in sorted({radar for one in measured for radar in one.parsers}):
        parsers = [one.parsers[radar] for one in measured]
        table.add_row(
            f"parser {radar}, a byte (worst: a whole read)",
            *(text for p in parsers for text in (f"{p.mean:,.1f}", f"{p.worst:,}")),
        )
    console.print(table)


def print_weights(console: Console, weights: Sequence[Weight]) -> None:
    """What the firmware takes of the heap: the heaviest modules of each role, and all of it."""
    table = Table(title="Heap that the firmware takes, bytes", title_justify="left")
    table.add_column("of")
    for weight in weights:
        table.add_column(weight.role.name, justify="right")
    heaviest = {name for weight in weights for name, _ in weight.largest(_HEAVIEST)}
    most = {name: max(weight.modules.get(name, 0) for weight in weights) for name in heaviest}
    for name in sorted(heaviest, key=lambda name: -most[name]):
        found = [weight.modules.get(name) for weight in weights]
        table.add_row(
            name.removeprefix("doorknock."),
            *("not loaded" if taken is None else f"{taken:,}" for taken in found),
        )
    others = [
        [taken for name, taken in weight.modules.items() if name not in heaviest]
        for weight in weights
    ]
    table.add_row("other modules", *(f"{sum(taken):,} ({len(taken)})" for taken in others))
    table.add_row("tables of names", *(f"{one.tables:,} ({one.names:,})" for one in weights))
    table.add_section()
    table.add_row("all code", *(f"{weight.code:,}" for weight in weights))
    table.add_row("objects made of it", *(f"{weight.objects:,}" for weight in weights))
    console.print(table)
    console.print(_WITHOUT_PSRAM + "\n")


def print_checks(console: Console, checks: Sequence[Check]) -> None:
    """Every budget, and whether it is kept."""
    table = Table(title="Budgets (sim/target/budgets.toml)", title_justify="left")
    table.add_column("what")
    table.add_column("where")
    for column in ("measured", "at most", ""):
        table.add_column(column, justify="right")
    for check in checks:
        exact = check.measured == int(check.measured)
        table.add_row(
            check.what,
            check.where,
            f"{check.measured:,.0f}" if exact else f"{check.measured:,.1f}",
            f"{check.most:,}",
            "kept" if check.kept else "[bold red]EXCEEDED[/]",
        )
    console.print(table)
