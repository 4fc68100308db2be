"""`python -m sim.target`: what the firmware costs on the chip, and whether it is right there.

Exit 0: every budget kept and every call the same as on the PC. 1: not so. 2: a tool is missing,
or the firmware cannot be measured.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from sim.interpreter import InterpreterMissing
from sim.target import allocation, budgets, feeds, ordinary, report, weight
from sim.target.errors import TargetError, ToolMissing
from sim.target.listing import listing
from sim.target.measure import Measured, compile_all, measure
from sim.target.mpy import Arch
from sim.target.recording import Recording, Source, record, viper_sources

# The recordings that the tests have, replayed whole; the module's full traffic for half a minute.
TRACES = Path(__file__).parents[2] / "tests" / "data"
WHOLE_TRAFFIC_S = 30


def inputs(traces: Path = TRACES) -> list[feeds.Feed]:
    """What the measurement is made on."""
    return [
        feeds.breathing(
            "adult at 60 cm, all frames",
            traces / "mr60bha2_human_60cm.csv",
            whole=True,
            seconds=WHOLE_TRAFFIC_S,
        ),
        feeds.breathing("asleep", traces / "a111_sleep_breathing.csv"),
        feeds.breathing("sitting", traces / "a121_breathing_sitting.csv"),
        feeds.breathing("nobody", traces / "a121_breathing_sitting_no_presence.csv"),
        feeds.hostile(seed=1),
        feeds.presence(seed=1),
    ]


def main() -> int:
    """The command. Returns its exit code."""
    options = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 110)
    began = time.monotonic()
    try:
        sources, given = viper_sources(), inputs()
        recordings = [record(feed.radar, feed.chunks, sources) for feed in given]
        if options.listing:
            print(listing(options.listing, sources, recordings))
            return 0
        measured = [
            measure(arch, compile_all(sources, arch), recordings)
            for arch in Arch
            if arch not in options.without
        ]
        allocations = _allocations(console, given, sources)
        weights = _weights(console)
    except (TargetError, InterpreterMissing) as error:
        print(error, file=sys.stderr)
        return 2
    good = _print(console, measured, recordings, allocations, weights)
    console.print(f"{time.monotonic() - began:.0f} s")
    return 0 if good else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sim.target", description=__doc__)
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        type=Arch,
        choices=list(Arch),
        help="leave an instruction set out",
    )
    parser.add_argument(
        "--listing",
        metavar="FUNCTION",
        help="print a function's RV32 instructions and how often each ran",
    )
    return parser.parse_args()


def _allocations(
    console: Console, given: Sequence[feeds.Feed], sources: Sequence[Source]
) -> list[tuple[str, allocation.Allocation]]:
    done = [(budgets.REAL, allocation.on_this_machine(feed)) for feed in given]
    try:
        done += [
            (budgets.SMALL, allocation.with_small_integers_of_the_chip(feed, sources))
            for feed in given
        ]
    except ToolMissing as missing:
        console.print(f"[bold]Not checked[/]: allocations of wide integers. {missing}.")
    return done


def _weights(console: Console) -> list[weight.Weight]:
    try:
        return [weight.weigh(role) for role in ordinary.ROLES]
    except ToolMissing as missing:
        console.print(f"[bold]Not checked[/]: the heap that the firmware takes. {missing}.")
        return []


def _print(
    console: Console,
    measured: Sequence[Measured],
    recordings: Sequence[Recording],
    allocations: Sequence[tuple[str, allocation.Allocation]],
    weights: Sequence[weight.Weight] = (),
) -> bool:
    good = True
    for one in measured:
        report.print_functions(console, one)
        calls = sum(len(recording.calls) for recording in recordings)
        console.print(
            f"{calls:,} recorded calls played; {len(one.disagreements)} differ from the PC.\n"
        )
        for disagreement in one.disagreements[:10]:
            console.print(f"[bold red]{disagreement}[/]")
        good = good and not one.disagreements
    report.print_units(console, measured)
    for interpreter, told in allocations:
        if told.fault:
            console.print(f"[bold red]{interpreter}, {told.radar}, {told.feed}[/]: {told.fault}")
    if weights:
        report.print_weights(console, weights)
    checks = list(budgets.checks(budgets.load(), measured, allocations, weights))
    report.print_checks(console, checks)
    return good and all(check.kept for check in checks)


if __name__ == "__main__":
    sys.exit(main())
