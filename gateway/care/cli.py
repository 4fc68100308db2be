"""`doorknock device list, show, set, test, identify, restart, logs`.

Orders are rows in the gateway's store; the gateway that runs sees them within a second. So it
works, and waits, also while the device sleeps or the gateway is down.
"""

import getpass
import json
import sys
import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from gateway import orders
from gateway.bluetooth.cli import wifi
from gateway.care import view, waiting
from gateway.options import Config
from gateway.secret_file import make_data_directory
from gateway.settings import load
from gateway.store import Store, open_store

_WAIT_S = 60.0
# Two minutes for the press, and the restart behind it.
_WAIT_FOR_SETTINGS_S = 180.0
# A minute for the press.
_WAIT_FOR_PRESS_S = 90.0

Device = Annotated[str, typer.Argument(help="Its id, as on its label, or the unit it is in.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, one object a line.")]
Wait = Annotated[
    float | None,
    typer.Option(min=0, max=86400, help="Wait so many seconds at most for the device's answer."),
]


def add_to(app: typer.Typer) -> None:
    """Puts these commands under `doorknock device`."""
    app.command("list")(list_devices)
    app.command("show")(show)
    app.command("set")(set_settings)
    app.command("test")(send_test)
    app.command("identify")(identify)
    app.command("restart")(restart)
    app.command("logs")(logs)
    app.command("wifi")(wifi)


def list_devices(config: Config, as_json: AsJson = False) -> None:
    """Show the devices in service."""
    for one in view.all_in_service(_store(config)):
        if as_json:
            typer.echo(json.dumps(one.as_json()))
            continue
        more = "  ".join(filter(None, (_heard(one), _volts(one), one.firmware)))
        typer.echo(f"{one.device}  {one.device_type:<6}  {one.unit:<12}  {more}")


def show(device: Device, config: Config, as_json: AsJson = False) -> None:
    """Show one device: how it is, what is in force, what was ordered of it and by whom."""
    found = view.find(_store(config), device)
    if as_json:
        whole: dict[str, Any] = {
            **found.as_json(),
            "health": found.health,
            "settings": found.settings,
            "orders": [one.as_json() for one in found.orders],
        }
        typer.echo(json.dumps(whole))
        return
    typer.echo(f"{found.device}  {found.device_type}  in {found.unit}")
    if found.retired_at is not None:
        typer.echo(f"retired {found.retired_at:%Y-%m-%d}")
    typer.echo(_heard(found))
    for name, value in found.health.items():
        typer.echo(f"  {name}: {value}")
    if found.settings:
        typer.echo("in force, as it last said:")
        for name, value in found.settings.items():
            typer.echo(f"  {name} = {value}")
    elif found.device_type == "sensor":
        typer.echo(f"its settings are not known yet; ask: doorknock device set {device}")
    if found.orders:
        typer.echo("ordered:")
    for order in found.orders:
        typer.echo(
            f"  {order.ordered_at:%Y-%m-%d %H:%M} UTC  {order.ordered_by}: {order.what}: "
            f"{order.state.replace('_', ' ')}" + (f" ({order.wrong})" if order.wrong else "")
        )


def set_settings(
    device: Device,
    config: Config,
    values: Annotated[
        list[str] | None, typer.Argument(help="NAME=VALUE …; none: ask what is in force.")
    ] = None,
    wait: Wait = None,
    as_json: AsJson = False,
) -> None:
    """Change settings of a sensor, all of them or none. What widens takes a press in the room."""
    given: dict[str, str] = {}
    for text in values or []:
        name, equals, value = text.partition("=")
        if not equals or name in given:
            raise typer.BadParameter(f"{text!r}: write NAME=VALUE, each name once")
        given[name] = value
    details = orders.read_settings(given)
    store = _store(config)
    order = _order(store, device, "set", details, wait, _WAIT_FOR_SETTINGS_S, as_json)
    if not as_json and order.state == "in_force":
        for name, now in (view.find(store, device).settings or {}).items():
            typer.echo(f"  {name} = {now}")
    _end(order)


def send_test(
    device: Device,
    config: Config,
    press: Annotated[
        bool, typer.Option("--press", help="The next single press within a minute is the test.")
    ] = False,
    wait: Wait = None,
    as_json: AsJson = False,
) -> None:
    """Send a test the way of a press: to the backend, and back to the light. It wakes nobody."""
    details: dict[str, int | str] = {"what": "test_press" if press else "test"}
    within_s = _WAIT_FOR_PRESS_S if press else _WAIT_S
    _end(_order(_store(config), device, "act", details, wait, within_s, as_json))


def identify(device: Device, config: Config, wait: Wait = None, as_json: AsJson = False) -> None:
    """Let it blink and sound for half a minute."""
    _act(device, config, "identify", wait, as_json)


def restart(device: Device, config: Config, wait: Wait = None, as_json: AsJson = False) -> None:
    """Start it anew; refused while it looks after somebody, asks, or a call is open."""
    _act(device, config, "restart", wait, as_json)


def logs(device: Device, config: Config, wait: Wait = None, as_json: AsJson = False) -> None:
    """Fetch its last lines. They say nothing of who pressed or is looked after."""
    order = _order(_store(config), device, "act", {"what": "log"}, wait, _WAIT_S, as_json, end="")
    if order.log is not None:
        if as_json:
            typer.echo(json.dumps({"device": device, "lines": order.log.splitlines()}))
        else:
            typer.echo(order.log)
    else:
        _tell(order, as_json)
    _end(order)


def _act(device: str, config: Any, what: str, wait: float | None, as_json: bool) -> None:
    _end(_order(_store(config), device, "act", {"what": what}, wait, _WAIT_S, as_json))


def _order(
    store: Store,
    device: str,
    kind: str,
    details: dict[str, int | str],
    wait: float | None,
    within_s: float,
    as_json: bool,
    end: str = "tell",
) -> view.Order:
    found = view.find(store, device)
    given = orders.give(store, found.device, kind, details, by=who(), now_ms=_now_ms())
    patience = waiting.Patience(time.monotonic, time.sleep, _progress)
    order = waiting.until_settled(store, given, within_s if wait is None else wait, patience)
    if end:
        _tell(order, as_json)
    return order


def _tell(order: view.Order, as_json: bool) -> None:
    typer.echo(json.dumps(order.as_json()) if as_json else waiting.sentence(order))


def _end(order: view.Order) -> None:
    if not waiting.is_good(order):
        raise typer.Exit(1)


def who() -> str:
    """Who orders by the command line, for the audit."""
    try:
        return getpass.getuser() + orders.BY_COMMAND_LINE
    except (OSError, KeyError):
        return "command line"


def _progress(_state: str, text: str) -> None:
    sys.stderr.write(text + "\n")


def _store(config: Any) -> Store:
    settings = load(config)
    make_data_directory(settings.data)
    return open_store(settings.gateway_database)


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def _heard(one: view.View) -> str:
    if one.last_heard_at is None:
        return "never heard"
    return f"last heard {one.last_heard_at:%Y-%m-%d %H:%M:%S} UTC"


def _volts(one: view.View) -> str:
    return f"{one.battery_millivolts / 1000:.1f} V" if one.battery_millivolts else ""
