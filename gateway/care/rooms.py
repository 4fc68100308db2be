"""`doorknock device move, answers`: which room a device is in, and what was answered for a room."""

import json
import sys
import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway import answers, devices, orders
from gateway.care import view
from gateway.errors import DeviceError
from gateway.options import Config
from gateway.provision.setup.ask import Ask
from gateway.provision.setup.wanted import NEVER, TEAM
from gateway.secret_file import make_data_directory
from gateway.settings import load
from gateway.store import Store, open_store, setups

# The gateway looks every second; a backend elsewhere may take a moment.
_TOLD_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.25

First = Annotated[str | None, typer.Option(help="Who comes first: ids of people, or team.")]
Ambulance = Annotated[
    str | None, typer.Option(help="After so many minutes unanswered an ambulance; or never.")
]


def add_to(app: typer.Typer) -> None:
    """Puts these commands under `doorknock device`."""
    app.command("move")(move)
    app.command("answers")(tell_answers)


def move(
    device: Annotated[str, typer.Argument(help="Its id, as on its label, or the unit it is in.")],
    config: Config,
    unit: Annotated[str, typer.Option(help="The room that it is in from now on.")],
    first: First = None,
    ambulance: Ambulance = None,
) -> None:
    """Move a device to another room, with its key. The two questions are that room's."""
    from gateway.care.cli import who

    unit = devices.unit_name(unit)
    settings = load(config)
    make_data_directory(settings.data)
    store = open_store(settings.gateway_database)
    found = view.find(store, device)
    now_ms = _now_ms()
    given = None
    if answers.of_unit(store, unit) is None or first is not None or ambulance is not None:
        ask = Ask(settings, somebody=sys.stdin.isatty())
        given = ask.answers(unit, first, ambulance)
    devices.put_into(store, found.device, unit, found.device_type, now_ms=now_ms)
    # Not before: of a room that it could not be moved to nothing is kept.
    if given is not None:
        answers.give(store, unit, *given, now_ms=now_ms)
    answered = answers.of_unit(store, unit)
    with store.write() as connection:
        orders.note(connection, found.device, "move", by=who(), now_ms=now_ms)
        row = setups.find(connection, found.device)
        if row is not None and answered is not None:
            new = {"unit": unit, "first": list(answered.first)}
            wanted = {**row.wanted, **new, "ambulance_min": answered.ambulance_min}
            setups.want(connection, found.device, wanted)
    typer.echo(f"{found.device}  {found.device_type}  {unit} (was in {found.unit})")
    _until_told(store, unit)


def tell_answers(
    unit: Annotated[str, typer.Argument(help="The room.")],
    config: Config,
    first: First = None,
    ambulance: Ambulance = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, one object.")] = False,
) -> None:
    """Show, or change, who comes first to a room, and when an ambulance, if ever."""
    settings = load(config)
    make_data_directory(settings.data)
    store = open_store(settings.gateway_database)
    if first is not None or ambulance is not None:
        if all(one.unit != unit for one in devices.in_service(store)):
            raise DeviceError(
                f"No device is in {unit!r}; `doorknock device list` shows in which rooms there are."
            )
        ask = Ask(settings, somebody=False)
        people, minutes = ask.answers(unit, first, ambulance)
        answers.give(store, unit, people, minutes, now_ms=_now_ms())
        _until_told(store, unit)
    now = answers.of_unit(store, unit)
    if now is None:
        typer.echo(
            f"Nobody was asked about {unit}: say --first and --ambulance, or set a device up for "
            "it with `doorknock provision`.",
            err=True,
        )
        raise typer.Exit(1)
    if as_json:
        said = {"first": list(now.first), "ambulance_min": now.ambulance_min}
        typer.echo(json.dumps({"unit": unit, **said, "told": now.told, "refused": now.refused}))
        return
    typer.echo(f"first: {', '.join(now.first) or TEAM}")
    typer.echo(
        f"ambulance: {NEVER}"
        if now.ambulance_min is None
        else f"ambulance: after {now.ambulance_min} min without an answer"
    )
    typer.echo("the backend has it" if now.told else now.refused or "the backend has it not yet")


def _until_told(store: Store, unit: str) -> None:
    """Waits a moment for the backend; says what is the matter where it has not taken it."""
    until = time.monotonic() + _TOLD_WITHIN_S
    while True:
        now = answers.of_unit(store, unit)
        if now is None or now.told:
            return
        if now.refused:
            typer.echo(f"The backend refuses what was answered for {unit}: {now.refused}", err=True)
            raise typer.Exit(1)
        if time.monotonic() >= until:
            typer.echo(
                "It is written down; the backend is told as soon as gateway and backend run.",
                err=True,
            )
            return
        time.sleep(_LOOK_EVERY_S)


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
