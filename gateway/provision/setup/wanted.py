"""What a device shall be: its room, its kind, and what was answered for the room. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from gateway.answers import AMBULANCE_MIN
from gateway.devices import DEVICE_TYPES, unit_name
from gateway.errors import DeviceError
from gateway.orders import read_settings
from gateway.provision.setup.trouble import Unfit

NEVER = "never"
# As the programme has it: nobody in particular comes first.
TEAM = "team"
HOME, WASHROOM = "home", "washroom"


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a device.

    board: its id in boards/. radar: a sensor's module, "" for the board's own. battery: None where
    the board decides. from_afar: settings that are ordered once it is there (mode, limits …), by
    name. first: ids of people, none for the programme's own order; ambulance_min: None is never.
    replaces: the device whose place it takes, "" for none.
    """

    unit: str
    device_type: str
    board: str
    first: tuple[str, ...]
    ambulance_min: int | None
    radar: str = ""
    battery: bool | None = None
    from_afar: Mapping[str, int | str] = field(default_factory=dict)
    replaces: str = ""

    @property
    def is_sensor(self) -> bool:
        """Whether it has a radar."""
        return self.device_type == "sensor"

    def to_json(self) -> dict[str, Any]:
        """For the store."""
        return {**asdict(self), "first": list(self.first), "from_afar": dict(self.from_afar)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Wanted":
        """What to_json() was. Fields of a later version are left out."""
        known = {name: kept[name] for name in cls.__dataclass_fields__ if name in kept}
        return cls(**{**known, "first": tuple(known["first"])})


def read_unit(text: str) -> str:
    """The name of a room. Raises Unfit."""
    try:
        return unit_name(text)
    except DeviceError as wrong:
        raise Unfit(str(wrong)) from None


def read_type(text: str) -> str:
    """button or sensor. Raises Unfit."""
    if text not in DEVICE_TYPES:
        raise Unfit(f"A device is a button or a sensor, not {text!r}; write one of both.")
    return text


def read_first(text: str, people: Mapping[str, str]) -> tuple[str, ...]:
    """Who comes first: ids with blanks or commas between them, or "team". people: id to name.
    Raises Unfit."""
    ids = tuple(dict.fromkeys(text.replace(",", " ").split()))
    if ids == (TEAM,):
        return ()
    if not ids:
        raise Unfit(
            f"Nobody has said who comes first; write an id of [[people]], or {TEAM} for the order "
            "that the programme has."
        )
    for one in ids:
        if one not in people:
            known = ", ".join(people) or "nobody"
            raise Unfit(
                f"There is no {one!r} in [[people]], where there is {known}; write one of these, "
                f"or {TEAM} for the order that the programme has."
            )
    return ids


def read_ambulance(text: str, *, somebody_calls: bool) -> int | None:
    """After how many minutes; None for "never", which has to be said. Raises Unfit."""
    low, high = AMBULANCE_MIN
    text = text.strip()
    if text == NEVER:
        return None
    if not text:
        raise Unfit(
            "Nobody has said whether an ambulance is to be called; write after how many minutes "
            f"without an answer, or {NEVER}."
        )
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise Unfit(
            f"An ambulance comes after {low} to {high} minutes without an answer, or {NEVER}, not "
            f"{text!r}; write one of these."
        )
    if not somebody_calls:
        raise Unfit(
            "Nobody is set up to call an ambulance; name somebody as 'ambulance' under "
            f"[escalation] of the configuration, or answer {NEVER}."
        )
    return int(text)


def read_from_afar(device_type: str, given: Mapping[str, str]) -> dict[str, int | str]:
    """Settings that a sensor shall have, as people write them. Raises Unfit or DeviceError."""
    if given and device_type != "sensor":
        raise Unfit(f"A button has no setting {next(iter(given))!r}; only a sensor has settings.")
    return read_settings(given)
