"""An alert as JSON, for the `body` column of its row, and back."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from gateway.backend.alert import Alert, State
from gateway.backend.escalation import Asking
from gateway.backend.happenings import Kind, Light

_TIMES = ("raised_at", "called_at", "follow_up_at", "ok_at", "closed_at")

# What from_body() raises at the body of another version, or a damaged one.
UNREADABLE = (ValueError, KeyError, TypeError, IndexError, AttributeError)


def to_body(alert: Alert) -> dict[str, Any]:
    """Plain JSON values; times as ISO 8601 with their offset."""
    return {name: _plain(value) for name, value in asdict(alert).items()}


def from_body(body: dict[str, Any]) -> Alert:
    """The alert that to_body() was given. Fields of a later version are left out."""
    values = {name: body[name] for name in Alert.__dataclass_fields__ if name in body}
    for name in _TIMES:
        values[name] = _time(values.get(name))
    asking = values["asking"]
    if asking is not None:
        values["asking"] = Asking(
            asking["step"],
            datetime.fromisoformat(asking["step_since"]),
            datetime.fromisoformat(asking["next_at"]),
            # An alert of an earlier version has only the other.
            datetime.fromisoformat(asking.get("since") or asking["step_since"]),
        )
    for name in ("asked", "attending", "arrived"):
        values[name] = tuple(values[name])
    values["on_the_way"] = tuple(
        (person, datetime.fromisoformat(until)) for person, until in values.get("on_the_way", ())
    )
    for name in ("devices", "calls"):
        values[name] = tuple((one[0], one[1], one[2]) for one in values[name])
    values["kind"] = Kind(values["kind"])
    values["state"] = State(values["state"])
    values["light"] = Light(values["light"]) if values["light"] else None
    return Alert(**values)


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value
