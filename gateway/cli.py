"""The command line. Exit 0 done, 1 failed, 2 wrong use.

Other parts bring commands of their own by the entry-point group `doorknock.commands`: each entry
is a typer app, under whose name its commands stand, or a function, which is a command.
"""

import asyncio
import contextlib
import errno
import functools
import os
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer
from doorknock import wire

from gateway import devices, log
from gateway.backend.person_cli import person_app
from gateway.backup.cli import backup, restore
from gateway.care import rooms
from gateway.care.acts import retire
from gateway.care.cli import add_to, who
from gateway.doctor.cli import doctor
from gateway.errors import DeviceError, GatewayError
from gateway.options import Config
from gateway.release.cli import release_app
from gateway.secret_file import make_data_directory, write_private
from gateway.settings import Settings, load
from gateway.typed_in import why_no_text
from gateway.updates.cli import update

COMMANDS = "doorknock.commands"

# What whoever called can mend: room, rights, a disk. Any other error of the system is a fault of
# ours, and its traceback is wanted.
_MENDABLE = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS),
    *(errno.EACCES, errno.EPERM, errno.EIO),
}

app = typer.Typer(
    name="doorknock",
    help="A button and a radar sensor that ask somebody nearby to knock.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
device_app = typer.Typer(help="Add, look after and retire devices.", no_args_is_help=True)
app.add_typer(device_app, name="device")
add_to(device_app)
device_app.command("update")(update)
app.add_typer(release_app, name="release")
rooms.add_to(device_app)
app.add_typer(person_app, name="person")

JsonLog = Annotated[bool, typer.Option("--json-log", help="Log JSON, one object a line.")]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", help="Log what a developer needs: it is a diary of each room."),
]
for _command in (doctor, backup, restore):
    app.command()(_command)


@app.command()
def gateway(config: Config, json_log: JsonLog = False, verbose: Verbose = False) -> None:
    """Run the gateway, until Ctrl-C."""
    from gateway.run import run_gateway  # the other commands need not load all this

    log.configure(as_json=json_log, verbose=verbose)
    asyncio.run(run_gateway(load(config)))


@app.command()
def backend(config: Config, json_log: JsonLog = False) -> None:
    """Run the reference alert backend alone, until Ctrl-C."""
    from gateway.serving import run_backend

    log.configure(as_json=json_log)
    asyncio.run(run_backend(load(config)))


@device_app.command("add")
def device_add(
    device: Annotated[str, typer.Argument(help="The id on its label, 12 hex digits.")],
    config: Config,
    unit: Annotated[str, typer.Option(help="The room it is in, such as 204.")],
    device_type: Annotated[str, typer.Option("--type", help="button or sensor.")],
    secret_file: Annotated[
        Path,
        typer.Option(help="Its secret, 64 hex digits; made where there is no such file."),
    ],
) -> None:
    """Add a device. A running gateway lets it in at once."""
    settings = load(config)
    store = _store(settings)
    there = secret_file.exists()
    secret = _secret(secret_file)
    try:
        added = devices.register(store, device, secret, unit, device_type, now_ms=_now_ms())
    except DeviceError:
        if not there:
            secret_file.unlink()
        raise
    _tell_broker(settings, store)
    typer.echo(f"{added.device}  {added.device_type}  {added.unit}")


@device_app.command("retire")
def device_retire(
    device: Annotated[str, typer.Argument(help="Its id, as on its label, or the unit it is in.")],
    config: Config,
) -> None:
    """Take a device out of service: what it sends is refused, its key never works again."""
    settings = load(config)
    store = _store(settings)
    gone = retire(store, device, by=who(), now_ms=_now_ms())
    _tell_broker(settings, store)
    typer.echo(
        f"{gone.device}  {gone.device_type}  {gone.unit}: retired, what it sends is refused from "
        "now on; look in on the unit, and make a new backup (an older one lets it in again)."
    )


def main() -> None:
    """The program `doorknock`."""
    try:
        _add_what_is_asked("".join(sys.argv[1:2]))
        _take_text_alone(app)
        app()
    except GatewayError as error:
        typer.echo(str(error), err=True)
        sys.exit(1)
    except OSError as error:
        if error.errno not in _MENDABLE:
            raise
        _cannot_write(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(1)


def _cannot_write(error: OSError) -> None:
    """Says so. What is still to be written to standard output is dropped: Python would try again
    when it ends."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    reason = (error.strerror or "input or output error").lower()
    what = error.filename or "The output"
    with contextlib.suppress(OSError):
        typer.echo(
            f"{what} cannot be written: {reason}; make room, or name another place.", err=True
        )


def _add_what_is_asked(first: str) -> None:
    """Commands of other parts: the one with this name. Only the list of all commands needs them
    all: to load the simulator takes longer than most of what is done here."""
    for entry in entry_points(group=COMMANDS):
        if first == entry.name or first[:1] in ("", "-"):
            _add(entry.name, entry.load)


def _add(name: str, load_entry: Callable[[], Any]) -> None:
    """Adds a command of another part; without that part's extras it is only missing."""
    try:
        found = load_entry()
    except (ImportError, AttributeError) as error:
        why = (
            f"The command {name!r} is not installed here ({error}); on a gateway run `sudo sh "
            "install/install.sh --boards` in the project's folder, elsewhere install doorknock "
            "with its extras."
        )

        def missing() -> None:
            raise GatewayError(why)

        # Whatever is written behind it: not that is what is wrong.
        anything = {"ignore_unknown_options": True, "allow_extra_args": True}
        app.command(name, help="(not installed)", hidden=True, context_settings=anything)(missing)
        return
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=name)
    else:
        app.command(name)(found)


def _take_text_alone(commands: typer.Typer) -> None:
    """Each command refuses what is no text before it does anything: no store, board or page takes
    it. A path may be any bytes."""
    for group in commands.registered_groups:
        if group.typer_instance is not None:
            _take_text_alone(group.typer_instance)
    for command in commands.registered_commands:
        if command.callback is not None:
            command.callback = _of_text(command.callback)


def _of_text(run: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(run)
    def checked(**given: Any) -> Any:
        for value in given.values():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str) and (why := why_no_text(one)):
                    raise typer.BadParameter(why)
        return run(**given)

    return checked


def _store(settings: Settings) -> Any:
    from gateway.store import open_store

    make_data_directory(settings.data)
    return open_store(settings.gateway_database)


def _tell_broker(settings: Settings, store: Any) -> None:
    from gateway.broker import write_keys

    if settings.broker.manage:
        write_keys(settings, devices.in_service(store))


def _secret(path: Path) -> bytes:
    if not path.exists():
        made = secrets.token_bytes(wire.SECRET_BYTES)
        try:
            write_private(path, made.hex() + "\n")
        except OSError as error:
            raise DeviceError(
                f"The secret cannot be written to {path}: {error.strerror}; name another file."
            ) from None
        return made
    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        raise DeviceError(
            f"The file {path} does not hold a secret; put 64 hex digits there, or name a new file."
        ) from None


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
