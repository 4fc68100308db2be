"""`doorknock device wifi`: a device's Wi-Fi over Bluetooth, from the gateway's own computer."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from gateway.bluetooth import at_the_gateway
from gateway.bluetooth.adapter import Adapter
from gateway.bluetooth.air import Air, BluetoothError
from gateway.bluetooth.change import Network, Step
from gateway.errors import DeviceError
from gateway.options import Config
from gateway.settings import load
from gateway.store import Store
from gateway.typed_in import typed_in

PROGRESS = {
    Step.ASKING: "Asking the device …",
    Step.PRESS_FIRST: "Press its button once, within two minutes: its light asks (two long ones "
    "and a gap). Then it turns to Bluetooth …",
    Step.LOOKING: "Looking for it over Bluetooth. Where it is not found: switch its power off and "
    "on; after a minute and a half without Wi-Fi its light blinks twice, again and again …",
    Step.PRESS: "Found. Press its button once: its light asks (two long ones and a gap) …",
    Step.SENDING: "Sending …",
    Step.TRYING: "The device tries the new Wi-Fi; that takes a minute or two …",
    Step.CHANGED: "The device is on the new Wi-Fi, and has reached this gateway over it.",
}


def wifi(
    device: Annotated[str, typer.Argument(help="Its id, as on its label, or the unit it is in.")],
    config: Config,
    ssid: Annotated[str, typer.Option(help="The name of the new Wi-Fi.")],
    password_file: Annotated[
        Path | None,
        typer.Option(help="A file whose first line is its password; without it you are asked."),
    ] = None,
    open_network: Annotated[
        bool, typer.Option("--open", help="The new Wi-Fi has no password.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, one object a line.")] = False,
) -> None:
    """Change its Wi-Fi over Bluetooth, without a cable. It takes one press in the room."""
    from gateway.care.cli import who
    from gateway.care.view import find
    from gateway.store import open_store

    if open_network and password_file is not None:
        raise typer.BadParameter("--open and --password-file exclude each other; write one")
    settings = load(config)
    store = open_store(settings.gateway_database)
    known = find(store, device)
    password = "" if open_network else _password(password_file)
    network = Network(ssid, password)
    network.check()

    def say(step: Step) -> None:
        typer.echo(
            json.dumps({"device": known.device, "step": step}) if as_json else PROGRESS[step]
        )

    try:
        change_now(store, known.device, network, Adapter(), who(), say)
    except BluetoothError as error:
        if as_json:
            typer.echo(json.dumps({"device": known.device, "trouble": error.trouble}))
        raise


def change_now(
    store: Store, device: str, network: Network, air: Air, by: str, say: Callable[[Step], None]
) -> None:
    """The same for other commands: blocks until it is done. Raises BluetoothError, DeviceError."""
    asyncio.run(
        at_the_gateway.change(
            store, device, network, air, by=by, say=say, clock_ms=lambda: int(time.time() * 1000)
        )
    )


def _password(path: Path | None) -> str:
    return typed_in(
        "password of the Wi-Fi",
        path,
        None,
        DeviceError,
        new=False,
        shortest=0,
        option="--password-file",
    )
