"""`doorknock provision`. Exit 0: every device is ready; 1: one is not; 2: wrong use."""

import dataclasses
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway import answers, devices
from gateway.care.cli import who
from gateway.care.view import find
from gateway.errors import DeviceError, GatewayError
from gateway.options import Config
from gateway.provision import boards
from gateway.provision.flash import cli as flash_cli
from gateway.provision.flash.esptool import Way
from gateway.provision.flash.job import Recipe
from gateway.provision.flash.ports import candidates, chosen
from gateway.provision.flash.target import target_of
from gateway.provision.setup import batch, on_board, shown
from gateway.provision.setup.ask import Ask, Said
from gateway.provision.setup.cable import Cable
from gateway.provision.setup.job import Desk, Flash, Made, SetUp
from gateway.provision.setup.steps import Step
from gateway.provision.setup.trouble import Unfit, in_words
from gateway.provision.setup.wanted import Wanted
from gateway.secret_file import make_data_directory
from gateway.settings import Settings, load
from gateway.store import Store, open_store, setups

FAILED = 1
_LOOK_EVERY_S = 0.5

Value = Annotated[
    list[str] | None, typer.Option("--set", help="NAME=VALUE of a sensor; may be given again.")
]


def provision(
    config: Config,
    unit: Annotated[str | None, typer.Option(help="The room that it is for, such as 204.")] = None,
    device_type: Annotated[str | None, typer.Option("--type", help="button or sensor.")] = None,
    board: Annotated[str | None, typer.Option(help="The board, as in docs/boards.md.")] = None,
    first: Annotated[
        str | None, typer.Option(help="Who comes first: ids of people, or team.")
    ] = None,
    ambulance: Annotated[
        str | None,
        typer.Option(help="After so many minutes unanswered an ambulance; or never."),
    ] = None,
    mode: Annotated[str | None, typer.Option(help="Of a sensor: home or washroom.")] = None,
    values: Value = None,
    radar: Annotated[str | None, typer.Option(help="A sensor's module; the board's own.")] = None,
    battery: Annotated[
        bool | None, typer.Option("--battery/--usb", help="What a button runs on.")
    ] = None,
    port: Annotated[
        list[str] | None, typer.Option(help="The port it is on; may be given more than once.")
    ] = None,
    table: Annotated[
        str | None, typer.Option("--from", help="A CSV, a line for each device; - for stdin.")
    ] = None,
    replace: Annotated[
        str,
        typer.Option(help="The device, or its room, whose place it takes; it is retired then."),
    ] = "",
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Give it a fresh key; the old one works no more.")
    ] = False,
    wifi: Annotated[bool, typer.Option("--wifi", help="Ask for the Wi-Fi anew.")] = False,
    wifi_file: Annotated[
        Path | None,
        typer.Option(help="The Wi-Fi: its name on the first line, its password on the second."),
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="This gateway's address in that Wi-Fi; found by itself.")
    ] = None,
    with_flash: Annotated[
        bool, typer.Option("--flash", help="Put MicroPython and Doorknock onto it first.")
    ] = False,
    image: Annotated[
        Path | None, typer.Option(help="With --flash: the MicroPython image, without network.")
    ] = None,
    unpinned: Annotated[
        bool, typer.Option("--unpinned", help="Let --image be another release than the known one.")
    ] = False,
    by_hand: Annotated[
        bool, typer.Option("--by-hand", help="With --flash: you hold BOOT.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, last the summary.")
    ] = False,
) -> None:
    """Make a board a device of this gateway: key, settings, checks, test press. Run it again at
    any time: it goes on where it was."""
    settings = load(config)
    make_data_directory(settings.data)
    ask = Ask(settings, somebody=sys.stdin.isatty() and not as_json)
    said = Said(
        unit=unit,
        device_type=device_type,
        board=board,
        radar=radar,
        battery=battery,
        mode=mode,
        settings=_named(values or []),
        first=first,
        ambulance=ambulance,
    )
    if table is not None and (replace or said != Said()):
        raise typer.BadParameter("with --from, everything about devices is in the file")
    lines = _lines(table, settings) if table is not None else None
    network = ask.network(anew=wifi, file=wifi_file, host=host)
    store = open_store(settings.gateway_database)
    desk = Desk(
        settings=settings,
        store=store,
        network=network,
        tell_broker=lambda: _tell_broker(settings, store),
        by=who(),
        clock_ms=lambda: int(datetime.now(UTC).timestamp() * 1000),
    )
    screen = shown.Shown(as_json=as_json)

    def flash(one: Wanted) -> Flash | None:
        if not with_flash:
            return None
        recipe = Recipe(
            targets=[target_of(known) for known in boards.every()],
            images=flash_cli.images(image, unpinned),
            board=one.board,
            way=Way(by_hand=by_hand),
        )
        return Flash(recipe, flash_cli.journals(), screen.flash)

    signal.signal(signal.SIGTERM, _end)
    run = _Run(desk, screen, flash, renew=new_key, as_json=as_json)
    if lines is None:
        named = _the_port(port)
        known = None if with_flash else _known(store, named)
        if replace:
            said = dataclasses.replace(said, replaces=find(store, replace).device)
            known = _set_up_as(store, said.replaces) or known
        run.one(named, ask.wanted(said, known))
    else:
        run.many(lines, port or [])
    store.close()
    if run.failed:
        raise typer.Exit(FAILED)


class _Run:
    """What becomes of one board, or many."""

    def __init__(
        self,
        desk: Desk,
        screen: shown.Shown,
        flash: Callable[[Wanted], Flash | None],
        *,
        renew: bool,
        as_json: bool,
    ) -> None:
        self._desk = desk
        self._screen = screen
        self._flash = flash
        self._renew = renew
        self._as_json = as_json
        self.made: list[Made] = []
        self.failed: list[shown.Failed] = []

    def one(self, port: str, wanted: Wanted) -> None:
        """The board on this port."""
        with self._ended_in_order([]):
            self._set_up(port, wanted, lambda device, chip, one: one)

    def many(self, lines: list[batch.Line], ports: list[str]) -> None:
        """A board for each line that has none yet."""
        ready, begun = self._before()
        remaining = batch.left(lines, ready)
        before = [line.wanted.unit for line in lines if line not in remaining]
        with self._ended_in_order(before):
            for port in _boards_that_come(ports, lambda: remaining, self._screen.say):
                current = remaining[0]

                def claim(device: str, chip: str, wanted: Wanted) -> Wanted:
                    nonlocal current
                    current = self._line_for(device, chip, wanted, remaining, begun)
                    self._screen.board(port, current.wanted.unit)  # noqa: B023 - called within
                    return current.wanted

                if self._set_up(port, current.wanted, claim):
                    remaining.remove(current)
                    # What failed before for this line has been mended.
                    self.failed = [one for one in self.failed if one.wanted != current.wanted]
            told = [one.wanted for one in self.failed]
            for line in remaining:
                if line.wanted not in told:
                    self.failed.append(shown.Failed(line.wanted, "no board was there for it"))

    def _before(self) -> tuple[list[tuple[str, Wanted]], dict[str, Wanted]]:
        """What is ready, and what was begun, by earlier runs."""
        with self._desk.store.read() as connection:
            rows = setups.every(connection)
        wanted = {row.device: Wanted.from_json(row.wanted) for row in rows}
        ready = [(row.device, wanted[row.device]) for row in rows if row.ready_at is not None]
        return ready, {row.device: wanted[row.device] for row in rows if row.ready_at is None}

    def _line_for(
        self,
        device: str,
        chip: str,
        wanted: Wanted,
        remaining: list[batch.Line],
        begun: dict[str, Wanted],
    ) -> batch.Line:
        # What is being flashed is the board that was named; of one that is flashed only the chip
        # can be seen.
        flashes = self._flash(wanted) is not None

        def fits(one: Wanted) -> bool:
            if flashes:
                return one.board == wanted.board
            return self._desk.board(one.board).chip.esptool == chip

        fitting = [line for line in remaining if fits(line.wanted)]
        line = batch.line_for(device, fitting, begun)
        if line is None:
            raise Unfit(
                f"No line that is left in the file is for device {device}, which has the chip "
                f"{chip}; take it off."
            )
        try:
            known = devices.get(self._desk.store, device)
        except DeviceError:
            return line
        in_use = known.retired_at_ms is None and device not in begun
        if in_use and line.device != device:
            raise Unfit(
                f"Device {device} is the {known.device_type} of {known.unit} already: take it off, "
                "or write its number into the column device to set it up anew."
            )
        return line

    def _set_up(
        self, port: str, wanted: Wanted, claim: Callable[[str, str, Wanted], Wanted]
    ) -> bool:
        self._screen.board(port, wanted.unit)
        setup = SetUp(
            self._desk,
            port,
            wanted,
            self._screen.tell,
            flash=self._flash(wanted),
            renew=self._renew,
            claim=claim,
        )
        try:
            self.made.append(setup.run())
        except GatewayError as trouble:
            why = in_words(trouble)
            self._screen.failed(why)
            self.failed.append(shown.Failed(setup.wanted, why))
            return False
        return True

    def _ended_in_order(self, before: list[str]) -> "_Ending":
        return _Ending(self, before)

    def end(self, before: list[str]) -> None:
        """The list at the end."""
        shown.summary(self.made, self.failed, before, as_json=self._as_json)


class _Ending:
    """Shows the list at the end, also after Ctrl-C."""

    def __init__(self, run: _Run, before: list[str]) -> None:
        self._run = run
        self._before = before

    def __enter__(self) -> None:
        self._run._screen.__enter__()

    def __exit__(self, kind: Any, *_: object) -> bool:
        self._run._screen.__exit__()
        ended = kind is not None and issubclass(kind, KeyboardInterrupt)
        if ended:
            why = "ended before it was ready; run this again, and it goes on"
            self._run.failed.append(shown.Failed(None, why))
        if ended or kind is None:
            self._run.end(self._before)
        return ended


def _boards_that_come(
    named: list[str], remaining: Callable[[], list[batch.Line]], say: Callable[[str], None]
) -> Iterator[str]:
    """Ports, each as often as a board is plugged in there, until every line has one."""
    if named:
        for port in dict.fromkeys(named):
            if remaining():
                yield port
        return
    used: set[str] = set()
    told = None
    while remaining():
        there = {one.name for one in candidates(flash_cli.vendors())}
        used &= there
        if fresh := sorted(there - used):
            used.add(fresh[0])
            yield fresh[0]
            continue
        wanted = remaining()[0].wanted
        if told != (wanted.unit, len(used)):
            told = (wanted.unit, len(used))
            name = boards.load(wanted.board).name
            say(
                f"Plug in the next board, a {name}: the {wanted.device_type} of {wanted.unit}. "
                "(Ctrl-C ends.)"
            )
        time.sleep(_LOOK_EVERY_S)


def _the_port(port: list[str] | None) -> str:
    if port and len(port) > 1:
        raise typer.BadParameter("give one --port, or a file of devices with --from")
    try:
        there = [] if port else candidates(flash_cli.vendors())
        if len(there) > 1:
            names = ", ".join(f"{one.name} ({one.description})" for one in there)
            raise Unfit(
                f"{len(there)} boards are plugged in, {names}: leave one in, or name its port with "
                "--port; many are set up from a table, with --from."
            )
        return chosen(port or [], False, there)[0]
    except GatewayError as trouble:
        typer.echo(in_words(trouble), err=True)
        raise typer.Exit(FAILED) from None


def _known(store: Store, port: str) -> Wanted | None:
    """What the board on this port was set up as, where it was; so that nothing is asked twice."""
    try:
        with Cable(port) as cable:
            device = str(cable.run(on_board.WHO)["device"])
    except GatewayError:
        return None  # said in full when it is set up
    known = _set_up_as(store, device)
    if known is not None:
        typer.echo(f"It is the {known.device_type} of {known.unit}, device {device}.", err=True)
    return known


def _set_up_as(store: Store, device: str) -> Wanted | None:
    """What this device was, or is being, set up as. Whose place it has taken is over, and what was
    answered for its room is as it was answered last."""
    with store.read() as connection:
        row = setups.find(connection, device)
    if row is None:
        return None
    known = Wanted.from_json(row.wanted)
    now = answers.of_unit(store, known.unit)
    if now is not None and (row.ready_at is not None or Step.ANSWERS in row.done):
        known = dataclasses.replace(known, first=now.first, ambulance_min=now.ambulance_min)
    return known if row.ready_at is None else dataclasses.replace(known, replaces="")


def _lines(table: str, settings: Settings) -> list[batch.Line]:
    known = batch.Known(
        people={one.id: one.name for one in settings.people},
        boards=boards.ids(),
        somebody_calls=bool(settings.escalation.ambulance),
    )
    try:
        content = sys.stdin.buffer.read() if table == "-" else Path(table).read_bytes()
    except OSError as error:
        raise typer.BadParameter(
            f"{table} cannot be read: {error.strerror}; hand it in with `--from - < {table}`"
        ) from None
    try:
        return batch.read("stdin" if table == "-" else table, content, known)
    except batch.BadTable as bad:
        typer.echo(str(bad), err=True)
        raise typer.Exit(2) from None


def _named(values: list[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or name in given:
            raise typer.BadParameter(f"{text!r}: write NAME=VALUE, each name once")
        given[name] = value
    return given


def _tell_broker(settings: Settings, store: Store) -> None:
    from gateway.broker import write_keys

    if settings.broker.manage:
        write_keys(settings, devices.in_service(store))


def _end(*_: object) -> None:
    raise KeyboardInterrupt
