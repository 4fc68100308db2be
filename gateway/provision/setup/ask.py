"""What nobody has said on the command line is asked, where somebody sits there; else it is wrong
use. Two questions have no default and cannot be passed over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import typer

from gateway.errors import DeviceError
from gateway.provision import boards
from gateway.provision.setup import network
from gateway.provision.setup.network import Network
from gateway.provision.setup.trouble import Unfit
from gateway.provision.setup.wanted import (
    HOME,
    NEVER,
    TEAM,
    Wanted,
    read_ambulance,
    read_first,
    read_from_afar,
    read_type,
    read_unit,
)
from gateway.settings import Settings
from gateway.typed_in import NO_TEXT, why_no_text

T = TypeVar("T")


@dataclass(frozen=True)
class Said:
    """What was said on the command line; None, or nothing in it: not said."""

    unit: str | None = None
    device_type: str | None = None
    board: str | None = None
    radar: str | None = None
    battery: bool | None = None
    mode: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    first: str | None = None
    ambulance: str | None = None
    replaces: str = ""


class Ask:
    """Asks. somebody: sits at the terminal. known: of this device, from an earlier set-up."""

    def __init__(self, settings: Settings, *, somebody: bool) -> None:
        self._people = {one.id: one.name for one in settings.people}
        self._calls = [self._people[one] for one in settings.escalation.ambulance]
        self._settings = settings
        self._somebody = somebody

    def wanted(self, said: Said, known: Wanted | None) -> Wanted:
        """All that is wanted of a device. Raises typer.BadParameter."""
        unit = said.unit or (known.unit if known else None)
        unit = self._answer("unit", "Which room is it for, such as 204?", unit, read_unit)
        kind = said.device_type or (known.device_type if known else None)
        kind = self._answer("type", "Is it a button or a sensor?", kind, read_type)
        # Answers are the room's: another room is asked anew.
        same_room = known if known is not None and known.unit == unit else None
        board = said.board or (known.board if known else None)
        fitting = [one.id for one in boards.every() if kind in one.file.may_be]
        return Wanted(
            unit=unit,
            device_type=kind,
            board=self._answer(
                "board", f"Which board is it ({', '.join(fitting)})?", board, self._board
            ),
            first=self._first(unit, said, same_room),
            ambulance_min=self._ambulance(unit, said, same_room),
            radar=said.radar or (known.radar if known else ""),
            battery=_either(said.battery, known),
            from_afar=self._from_afar(kind, said, known),
            replaces=said.replaces or (known.replaces if known else ""),
        )

    def answers(
        self, unit: str, first: str | None, ambulance: str | None
    ) -> tuple[tuple[str, ...], int | None]:
        """The two questions alone."""
        said = Said(first=first, ambulance=ambulance)
        return self._first(unit, said, None), self._ambulance(unit, said, None)

    def _first(self, unit: str, said: Said, known: Wanted | None) -> tuple[str, ...]:
        if said.first is None and known is not None:
            return known.first
        people = ", ".join(f"{one} ({name})" for one, name in self._people.items())
        question = (
            f"Who comes first when somebody calls in {unit}? One or more of {people}; "
            f"or {TEAM}: the order that the programme has."
        )
        return self._answer(
            "first", question, said.first, lambda text: read_first(text, self._people)
        )

    def _ambulance(self, unit: str, said: Said, known: Wanted | None) -> int | None:
        if said.ambulance is None and known is not None:
            return known.ambulance_min
        who = (
            f"{' and '.join(self._calls)} shall be asked to call one"
            if self._calls
            else f"nobody is set up to call one, so that only {NEVER} can be answered"
        )
        question = (
            f"A call from {unit} that nobody has answered, also a single press: after how many "
            f"minutes an ambulance ({who})? A number, or {NEVER}."
        )
        return self._answer(
            "ambulance",
            question,
            said.ambulance,
            lambda text: read_ambulance(text.lower(), somebody_calls=bool(self._calls)),
        )

    def _from_afar(self, kind: str, said: Said, known: Wanted | None) -> dict[str, int | str]:
        given = dict(said.settings)
        if said.mode is not None:
            given["mode"] = said.mode
        if kind != "sensor" and not given:
            return {}
        if kind == "sensor" and "mode" not in given and known is None:
            question = (
                "Does it look after somebody who asks for it at home, or everybody in a washroom "
                "(home, washroom)? A washroom takes a press in the room."
            )
            given["mode"] = self._answer("mode", question, None, _mode) if self._somebody else HOME
        try:
            read = read_from_afar(kind, given)
        except (Unfit, DeviceError) as wrong:
            raise typer.BadParameter(str(wrong)) from None
        before = dict(known.from_afar) if known is not None and known.is_sensor else {}
        whole = before | read
        # Home is what a device is by itself; but one that was a washroom's is to be told.
        return whole if whole != {"mode": HOME} or before else {}

    @staticmethod
    def _board(text: str) -> str:
        if text not in boards.ids():
            raise Unfit(f"There is no board {text!r}; there are {', '.join(boards.ids())}.")
        return text

    def network(self, *, anew: bool, file: Path | None, host: str | None) -> Network:
        """The Wi-Fi: as it was kept, or as it is asked for now, and kept. Raises BadParameter."""
        known = network.known(self._settings)
        try:
            # Before anything is asked: without it the answers would be for nothing.
            where = host or (known.host if known else "") or network.address_of_here(self._settings)
            if not where:
                raise Unfit("This computer is in no network; say its address with --host.")
            if file is not None:
                ssid, key = network.from_file(file)
            elif known is not None and not anew:
                ssid, key = known.ssid, known.key
            elif self._somebody:
                ssid = _typed("The name of the Wi-Fi that devices join").strip()
                key = _typed("Its password (nothing is shown; none for an open one)", hidden=True)
            else:
                raise typer.BadParameter(
                    "no Wi-Fi is known yet: name a file with --wifi-file, its name on the first "
                    "line and its password on the second"
                )
            found = network.checked(ssid, key, where)
            if found != known:
                network.keep(self._settings, found)
        except Unfit as wrong:
            raise typer.BadParameter(str(wrong)) from None
        return found

    def _answer(self, option: str, question: str, given: str | None, read: Callable[[str], T]) -> T:
        """What was given, read; or asked for, again and again until it can be read."""
        if given is not None:
            try:
                return read(given)
            except Unfit as wrong:
                raise typer.BadParameter(f"--{option}: {wrong}") from None
        if not self._somebody:
            raise typer.BadParameter(f"say --{option}; nobody is here to be asked")
        while True:
            try:
                if text := _typed(question).strip():
                    return read(text)
            except Unfit as wrong:
                typer.echo(str(wrong), err=True)


def _typed(question: str, *, hidden: bool = False) -> str:
    """What is typed; "" for Enter alone. Raises Unfit."""
    try:
        text: str = typer.prompt(
            question, default="", show_default=False, hide_input=hidden, err=True
        )
    except UnicodeDecodeError:
        raise Unfit(NO_TEXT) from None
    if why := why_no_text(text):
        raise Unfit(f"{why}.")
    return text


def _mode(text: str) -> str:
    if text not in ("home", "washroom"):
        raise Unfit(f"It is home or washroom, not {text!r}; write one of both.")
    return text


def _either(said: bool | None, known: Wanted | None) -> bool | None:
    return said if said is not None or known is None else known.battery
