"""What a gateway says of itself in its heartbeats: told when it lasts, and once. Pure.

One bad heartbeat is a blink: a broker that restarts, an event under way at that very moment. Two
in a row are trouble, and two good ones in a row are its end.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

_BEATS = 2
# As with devices: what comes and goes is on the page each time, and in a message once an hour.
_TOLD_AGAIN_AFTER = timedelta(hours=1)


class Trouble(StrEnum):
    """What a gateway can report of itself."""

    DEAF = "deaf"  # it hears no device
    STORE = "store"  # it cannot write to its store
    WAITING = "waiting"  # events have not come through to the backend
    SET_ASIDE = "set_aside"  # events that the backend has refused for good


@dataclass(frozen=True, slots=True)
class Change:
    """After a heartbeat. known: to be kept; begun, over: what staff are to be told."""

    known: dict[str, dict[str, Any]]
    begun: tuple[Trouble, ...]
    over: tuple[Trouble, ...]


def now_so(known: dict[str, dict[str, Any]] | None) -> list[Trouble]:
    """What is wrong with the gateway at present, worst first."""
    return [one for one in Trouble if (known or {}).get(one, {}).get("so")]


def after_heartbeat(
    known: dict[str, dict[str, Any]] | None, reported: Iterable[Trouble], now: datetime
) -> Change:
    """known: as kept after the heartbeat before, JSON values; None: there was none."""
    reported = set(reported)
    after: dict[str, dict[str, Any]] = {}
    begun, over = [], []
    for one in Trouble:
        # so: it is on the page. beats: how many in a row have said the contrary. told: staff are
        # waiting to hear that it is over.
        state: dict[str, Any] = {"so": False, "beats": 0, "told": False, "told_at": None}
        state.update((known or {}).get(one, {}))
        bad = one in reported
        state["beats"] = state["beats"] + 1 if bad is not state["so"] else 0
        if state["beats"] >= _BEATS:
            state.update(so=bad, beats=0)
        if not state["so"] and state["told"]:
            state["told"] = False
            over.append(one)
        elif state["so"] and not state["told"] and _may_be_told(state["told_at"], now):
            state.update(told=True, told_at=now.isoformat())
            begun.append(one)
        if state["so"] or state["beats"] or not _may_be_told(state["told_at"], now):
            after[one.value] = state
    return Change(after, tuple(begun), tuple(over))


def _may_be_told(told_at: str | None, now: datetime) -> bool:
    # A time ahead of us was written by a clock that has been corrected since.
    return told_at is None or not (
        now - _TOLD_AGAIN_AFTER <= datetime.fromisoformat(told_at) <= now
    )
