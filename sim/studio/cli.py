"""`doorknock sim studio`: serves the page until Ctrl-C."""

import contextlib
import ipaddress
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
import uvicorn

from gateway.address import listen
from gateway.errors import AddressInUse
from sim import interpreter
from sim.scenario.errors import WrongScenario
from sim.studio.pace import FASTEST, SLOWEST
from sim.studio.server import Studio
from sim.studio.situations import situations
from sim.studio.visits import Visits, Wish

FAILED, WRONG_USE = 1, 2
LOOPBACK = ("localhost", "127.0.0.1", "::1", "[::1]")
_GRACE_S = 2


def studio(
    scenario: Annotated[
        Path | None,
        typer.Argument(
            metavar="[SCENARIO.toml]",
            help="To begin with; without it, a washroom.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[int, typer.Option(help="0: any that is free.", min=0, max=65535)] = 8790,
    host: Annotated[
        str, typer.Option(help="Others than 127.0.0.1 let others in; there is no password.")
    ] = "127.0.0.1",
    speed: Annotated[
        float, typer.Option(help="Times real time, to begin with.", min=SLOWEST, max=FASTEST)
    ] = 4.0,
) -> None:
    """Serve a page to try it all: drag somebody through a room, stop their breath, watch."""
    try:
        offered = situations(scenario)
        interpreter.micropython()
        listening = listen(host, port, key="--port")
        # Before the address is told: whoever opens it at once waits, and is not turned away.
        listening.listen()
    except (WrongScenario, AddressInUse) as trouble:
        typer.echo(str(trouble), err=True)
        raise typer.Exit(WRONG_USE) from None
    except interpreter.InterpreterMissing as trouble:
        typer.echo(str(trouble), err=True)
        raise typer.Exit(FAILED) from None
    address = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/"
    typer.echo(f"The studio: {address}   Ctrl-C ends it.")
    if not _is_loopback(host):
        typer.echo("Whoever reaches this machine can open it: there is no password.", err=True)
    visits = Visits(command, time.monotonic)
    hosts = LOOPBACK if _is_loopback(host) else ("*",)
    config = uvicorn.Config(
        Studio(offered, visits, speed).application(hosts),
        log_level="warning",
        timeout_graceful_shutdown=_GRACE_S,
        server_header=False,
    )
    with contextlib.suppress(KeyboardInterrupt):
        _Server(config, visits).run([listening])


class _Server(uvicorn.Server):
    """Lets the open pages go as soon as it is to end; they would hold it up."""

    def __init__(self, config: uvicorn.Config, visits: Visits) -> None:
        super().__init__(config)
        self._visits = visits

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._visits.hang_up()
        super().handle_exit(sig, frame)


def command(wish: Wish) -> Sequence[str]:
    """The program that plays the world of this wish, in a process of its own."""
    return [
        *(sys.executable, "-m", "sim.studio.world_process", wish.scenario),
        *("--seed", str(wish.seed), "--speed", str(wish.speed), "--language", wish.language),
    ]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
