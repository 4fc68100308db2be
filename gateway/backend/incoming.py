"""Reads the body of a webhook: an event of a device, or the heartbeat of a gateway.

What is needed to act is demanded; everything else may be missing or odd, and is then left out: a
press that lacks its battery reading is a press.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.backend.trouble import Trouble

_TEXT_LENGTH = 80
_LARGEST = 0xFFFFFFFF

DEVICE_KINDS = (
    "press",
    "ok",
    "prompt",
    "stillness",
    "stirring",
    "fault",
    "battery",
    "tamper",
    "boot",
    "test",
)

# A date of the far past or future is a broken clock, not a time.
_OLDEST = datetime(2020, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)


# An ambulance sooner is a call of one's own, and later than a day is never.
AMBULANCE_MIN = (1, 1440)
_MOST_FIRST = 10


class NotAcceptable(Exception):
    """This body will never be accepted, however often it is sent. str(): why, in one sentence."""


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """One device in a gateway's heartbeat. last_heard_at: None: never."""

    device: str
    unit: str
    device_type: str
    tier: str
    last_heard_at: datetime | None
    battery_millivolts: int | None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a gateway says every 60 s. at: by its own clock. refused: reason to count.

    troubles: what it says of itself.
    """

    gateway: str
    at: datetime
    devices: tuple[DeviceReport, ...]
    refused: dict[str, int]
    troubles: frozenset[Trouble] = frozenset()


@dataclass(frozen=True, slots=True)
class UnitAnswers:
    """What was answered for a unit. first: ids of people, none for the programme's own order; None:
    nothing is answered any more. ambulance_min: None: never."""

    gateway: str
    unit: str
    first: tuple[str, ...] | None
    ambulance_min: int | None
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event as the webhook carried it; its id comes from the header."""

    gateway: str
    unit: str
    device: str
    boot: int
    seq: int
    kind: str
    details: dict[str, int | str]
    occurred_at: datetime
    exact: bool
    age_s: float


def read(body: Any, now: datetime) -> Incoming | Heartbeat | UnitAnswers:
    """What *body*, parsed JSON, says. Raises NotAcceptable."""
    if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
        raise NotAcceptable('The body is not {"type": …, "timestamp": …, "data": {…}}.')
    what = body.get("type")
    if what == "gateway.heartbeat":
        return _heartbeat(body["data"], _time(body.get("timestamp"), now) or now, now)
    if what == "unit.answers":
        return _answers(body["data"], _time(body.get("timestamp"), now) or now)
    if isinstance(what, str) and what.removeprefix("device.") in DEVICE_KINDS:
        return _event(what.removeprefix("device."), body, now)
    raise NotAcceptable(f"This backend does not know the type {str(what)[:40]!r}.")


def _event(kind: str, body: dict[str, Any], now: datetime) -> Incoming:
    data = body["data"]
    device = _text(data, "device")
    arrived = _time(data.get("received_at"), now) or _time(body.get("timestamp"), now) or now
    details = data.get("details")
    age = data.get("age_s")
    return Incoming(
        gateway=_text(data, "gateway"),
        # A device that nobody has given a unit yet must not press in vain.
        unit=_text(data, "unit", device),
        device=device,
        boot=_count(data, "boot"),
        seq=_count(data, "seq"),
        kind=kind,
        details={
            name: value
            for name, value in (details if isinstance(details, dict) else {}).items()
            if isinstance(value, int | str)
        },
        occurred_at=min(_time(data.get("occurred_at"), now) or arrived, now),
        exact=data.get("occurred") != "before",
        age_s=float(age) if isinstance(age, int | float) and 0 <= age < 1e9 else 0.0,
    )


def _heartbeat(data: dict[str, Any], at: datetime, now: datetime) -> Heartbeat:
    reports = data.get("devices")
    refused = data.get("refused")
    return Heartbeat(
        gateway=_text(data, "gateway"),
        at=at,
        devices=tuple(
            report
            for one in (reports if isinstance(reports, list) else [])
            if isinstance(one, dict) and (report := _report(one, now)) is not None
        ),
        refused={
            str(why)[:_TEXT_LENGTH]: count
            for why, count in (refused if isinstance(refused, dict) else {}).items()
            if isinstance(count, int)
        },
        troubles=frozenset(_troubles(data)),
    )


def _answers(data: dict[str, Any], at: datetime) -> UnitAnswers:
    """Unlike an event, all of it must be right: what is half understood here is about an
    ambulance."""
    if "first" not in data or "ambulance_min" not in data:
        raise NotAcceptable("data.first and data.ambulance_min must both be said; null is never.")
    first, minutes = data["first"], data["ambulance_min"]
    people = first if first is not None else []
    if not isinstance(people, list) or not all(isinstance(one, str) for one in people):
        raise NotAcceptable("data.first is not a list of people's ids, or null.")
    if len(people) > _MOST_FIRST:
        raise NotAcceptable(f"data.first names over {_MOST_FIRST} people.")
    if minutes is not None and (
        not isinstance(minutes, int)
        or isinstance(minutes, bool)
        or not AMBULANCE_MIN[0] <= minutes <= AMBULANCE_MIN[1]
    ):
        low, high = AMBULANCE_MIN
        raise NotAcceptable(f"data.ambulance_min is not null or a number from {low} to {high}.")
    return UnitAnswers(
        gateway=_text(data, "gateway"),
        unit=_text(data, "unit"),
        first=None if first is None else tuple(people),
        ambulance_min=minutes,
        answered_at=at,
    )


def _troubles(data: dict[str, Any]) -> Iterator[Trouble]:
    # Only what is said counts: a gateway of another make may say nothing of itself.
    if data.get("hears") is False:
        yield Trouble.DEAF
    if data.get("store_works") is False:
        yield Trouble.STORE
    for name, trouble in (("waiting", Trouble.WAITING), ("set_aside", Trouble.SET_ASIDE)):
        number = data.get(name)
        if isinstance(number, int) and number > 0:
            yield trouble


def _report(data: dict[str, Any], now: datetime) -> DeviceReport | None:
    try:
        device = _text(data, "device")
        battery = data.get("battery_millivolts")
        return DeviceReport(
            device=device,
            unit=_text(data, "unit", device),
            device_type=_text(data, "device_type", "button"),
            tier=_text(data, "tier", "none"),
            last_heard_at=_time(data.get("last_heard_at"), now),
            battery_millivolts=battery if isinstance(battery, int) else None,
        )
    except NotAcceptable:
        return None  # one unreadable device must not hide the others


def _text(data: dict[str, Any], name: str, default: str | None = None) -> str:
    value = data.get(name)
    if isinstance(value, str) and 0 < len(value.strip()) <= _TEXT_LENGTH:
        return value.strip()
    if default is not None:
        return default
    raise NotAcceptable(f"data.{name} is missing, or is not a text of 1 to {_TEXT_LENGTH} letters.")


def _count(data: dict[str, Any], name: str) -> int:
    value = data.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST:
        return value
    raise NotAcceptable(f"data.{name} is missing, or is not a whole number from 0 to {_LARGEST}.")


def _time(value: Any, now: datetime) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    time = time.astimezone(UTC)
    return time if _OLDEST <= time <= now + _AHEAD else None
