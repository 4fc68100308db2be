"""The simulator's commands: `doorknock sim …`."""

import asyncio
import enum
from pathlib import Path
from typing import Annotated

import typer

from sim.devices.cli import board
from sim.evaluate.cli import evaluate
from sim.fleet.cli import fleet
from sim.replay_cli import replay
from sim.scenario.cli import run as run_scenarios
from sim.studio.cli import studio

sim = typer.Typer(
    help="The firmware under a real interpreter, without hardware.", no_args_is_help=True
)
sim.command("run")(run_scenarios)
sim.command("replay")(replay)
sim.command("evaluate")(evaluate)
sim.command("fleet")(fleet)
sim.command("studio")(studio)
sim.command("board")(board)


@sim.callback()
def _commands() -> None:
    """Keeps `sim` a group of commands, however few there are."""


class BrokerChoice(enum.StrEnum):
    """Which broker the demo runs."""

    AUTO = "auto"
    MOSQUITTO = "mosquitto"
    AMQTT = "amqtt"


def demo(
    once: Annotated[bool, typer.Option("--once", help="End when the script is over.")] = False,
    headless: Annotated[
        bool, typer.Option("--headless", help="Open no browser, wait for no viewer.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, last a summary.")
    ] = False,
    broker: Annotated[
        BrokerChoice, typer.Option(help="auto: mosquitto where it is installed.")
    ] = BrokerChoice.AUTO,
    folder: Annotated[
        Path, typer.Option(help="Where everything is kept; emptied at each start.")
    ] = Path("demo-data"),
) -> None:
    """Run the main job on this machine: broker, gateway, backend, a button, a sensor, the page."""
    from sim.demo.run import run  # the other commands need not load all this

    code = asyncio.run(
        run(once=once, headless=headless, as_json=as_json, broker=broker.value, folder=folder)
    )
    raise typer.Exit(code)
