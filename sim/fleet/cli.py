"""`doorknock sim fleet`: what may be asked for, and what is shown while it runs.

Exit 0: nothing was lost and nothing came twice. 1: something was, or it could not go on. 2: wrong
use, told in one sentence.
"""

import asyncio
import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from gateway.errors import GatewayError
from sim.fleet.errors import FleetError, WrongUse
from sim.fleet.order import Order, Watcher
from sim.gateway_process import GatewayWillNotRun

FAILED = 1
WRONG_USE = 2
# Ten times what one gateway is made for.
MOST_DEVICES = 10_000
# A day: what is meant to run longer is a gateway.
MOST_MINUTES = 1440.0
# Seventy times what 1,000 people who all press once an hour come to.
MOST_PRESSES_A_MINUTE = 1200.0


def fleet(
    devices: Annotated[int, typer.Option(help=f"How many, up to {MOST_DEVICES:,}.")] = 100,
    minutes: Annotated[float, typer.Option(help="How long it runs once all are connected.")] = 1.0,
    presses_per_minute: Annotated[
        float, typer.Option(help="Of the whole fleet; questions and faults come in proportion.")
    ] = 30.0,
    gateway: Annotated[
        Path | None,
        typer.Option(
            metavar="CONFIG",
            help="Use the gateway that runs with this configuration.",
            show_default="start one for this",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="The same seed makes the same plan.", show_default="random")
    ] = None,
    kill_gateway_at: Annotated[
        float | None,
        typer.Option(metavar="S", help="kill -9 the gateway so many seconds into the run."),
    ] = None,
    kill_broker_at: Annotated[
        float | None,
        typer.Option(metavar="S", help="kill -9 the broker then, and wipe what it has stored."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, last the summary.")
    ] = False,
) -> None:
    """Load a real gateway, broker and backend with many light-weight devices."""
    try:
        from sim.fleet.run import run  # the other commands need not load all this
    except ModuleNotFoundError as missing:
        typer.echo(
            f"A fleet needs the package {missing.name}; install it with: pip install "
            "'doorknock[fleet]'",
            err=True,
        )
        raise typer.Exit(WRONG_USE) from None
    # What goes wrong is in the report; the gateway's log is its own.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    say = Console(stderr=True, highlight=False)
    try:
        order = Order(
            devices=devices,
            minutes=minutes,
            presses_a_minute=presses_per_minute,
            seed=random.SystemRandom().getrandbits(32) if seed is None else seed,
            gateway=gateway,
            kill_gateway_at_s=kill_gateway_at,
            kill_broker_at_s=kill_broker_at,
        )
        _check(order)
        say.print(f"seed {order.seed}")
        if gateway is not None:
            say.print(f"The people of {gateway} are asked, on their own phones.", soft_wrap=True)
        with _Shown(say, as_json=as_json) as shown:
            report = asyncio.run(run(order, shown))
    except (WrongUse, GatewayError) as trouble:
        typer.echo(str(trouble), err=True)
        raise typer.Exit(WRONG_USE) from None
    except FleetError as trouble:
        typer.echo(str(trouble), err=True)
        raise typer.Exit(FAILED) from None
    except asyncio.CancelledError:
        typer.echo("The fleet was ended before it was over; nothing is reckoned.", err=True)
        raise typer.Exit(FAILED) from None
    except GatewayWillNotRun as trouble:
        typer.echo(f"The fleet's gateway does not run; it said:\n{trouble}", err=True)
        raise typer.Exit(FAILED) from None
    if as_json:
        typer.echo(json.dumps({"summary": report.as_json()}))
    else:
        report.show(Console(highlight=False))
    if not report.ok:
        raise typer.Exit(FAILED)


def _check(order: Order) -> None:
    """Raises WrongUse where the order cannot be carried out."""
    _within("--devices", order.devices, 1, MOST_DEVICES)
    _within("--minutes", order.minutes, 0.01, MOST_MINUTES)
    _within("--presses-per-minute", order.presses_a_minute, 0, MOST_PRESSES_A_MINUTE)
    length_s = order.minutes * 60
    for name, at_s in (
        ("--kill-gateway-at", order.kill_gateway_at_s),
        ("--kill-broker-at", order.kill_broker_at_s),
    ):
        if at_s is None:
            continue
        if order.gateway is not None:
            raise WrongUse(
                f"{name} is for a gateway that the fleet starts itself; leave it or --gateway out."
            )
        if not 0 <= at_s <= length_s:
            raise WrongUse(
                f"{name} is {at_s:g} s and the run takes {length_s:g} s; write 0 to {length_s:g}."
            )


def _within(name: str, value: float, low: float, high: float) -> None:
    # So that NaN is outside.
    if not low <= value <= high:
        raise WrongUse(f"{name} is {value:g}; write {low:g} to {high:,.10g}.")


class _Shown(Watcher):
    """A progress bar on a terminal; with --json each happening as a line."""

    def __init__(self, say: Console, *, as_json: bool) -> None:
        self._as_json = as_json
        self._task: TaskID | None = None
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=say,
            transient=True,
            disable=not say.is_terminal,
        )

    def __enter__(self) -> "_Shown":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def stage(self, name: str, total: float) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(name, total=total)

    def at(self, steps: float) -> None:
        if self._task is not None:
            self._bar.update(self._task, completed=steps)

    def line(self, line: Mapping[str, object]) -> None:
        if self._as_json:
            typer.echo(json.dumps(line))
