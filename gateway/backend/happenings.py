"""What can happen to an alert, and what follows from it. Plain data, shared by the rooms here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """How soon somebody should come."""

    CHECK_IN = "check_in"  # within five minutes
    URGENT = "urgent"  # at once


class Light(StrEnum):
    """What the light in the room says of the alert (wire.LIGHTS, those a backend may ask for)."""

    DELIVERED = "delivered"
    ASKED_AGAIN = "asked_again"
    COMING = "coming"
    NONE = "none"


class Reason(StrEnum):
    """Why a person is written to about an alert."""

    ASK = "ask"  # the first time
    REMIND = "remind"  # nobody has answered yet
    RAISED = "raised"  # it has become urgent
    CALLED_AGAIN = "called_again"  # a new call in an alert that somebody had answered
    FOLLOW_UP = "follow_up"  # somebody was on the way and has not arrived
    STILL_OPEN = "still_open"  # you are there: how does it stand?
    AMBULANCE = "ambulance"  # nobody has answered for as long as was agreed: call one
    ATTENDED = "attended"  # somebody else is on the way
    CLOSED = "closed"


# These want an answer; the others only tell.
ASKING = frozenset(
    (
        Reason.ASK,
        Reason.REMIND,
        Reason.RAISED,
        Reason.CALLED_AGAIN,
        Reason.FOLLOW_UP,
        Reason.STILL_OPEN,
        Reason.AMBULANCE,
    )
)


# --- what happens --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """What a device said, as the gateway reported it.

    id: the webhook-id, the same for ever. kind: as in wire.py. details: only what could be read.
    occurred_at: the best estimate of when; `exact` False: some time before it. age_s: 0 …, how
    old it was when the gateway got it.
    """

    id: str
    gateway: str
    unit: str
    device: str
    boot: int
    seq: int
    kind: str
    details: dict[str, int | str]
    occurred_at: datetime
    exact: bool = True
    age_s: float = 0


@dataclass(frozen=True, slots=True)
class SaidOk:
    """The resident says "I'm OK" on their page.

    calls: the alert's calls_seen as their page showed it; after a newer call it says nothing.
    """

    calls: str


@dataclass(frozen=True, slots=True)
class OnMyWay:
    """A responder goes."""

    person: str


@dataclass(frozen=True, slots=True)
class CannotGo:
    """A responder who was on the way is not, after all."""

    person: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A responder is at the door."""

    person: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """A responder says what it was, and closes it. outcome: from the programme's own list.

    calls: the alert's calls_seen when they were asked; after a newer call it closes nothing.
    None: whatever they have seen.
    """

    person: str
    outcome: str
    calls: str | None = None


@dataclass(frozen=True, slots=True)
class TimeIsUp:
    """The alert's timer has come due."""


@dataclass(frozen=True, slots=True)
class NoticeSent:
    """A channel has taken a notice that asks for an answer. Sent, not delivered."""

    person: str


@dataclass(frozen=True, slots=True)
class NobodyReached:
    """Every notice of the present step has failed at its first attempt."""


Happening = (
    DeviceEvent
    | SaidOk
    | OnMyWay
    | CannotGo
    | Arrived
    | Resolved
    | TimeIsUp
    | NoticeSent
    | NobodyReached
)


# --- what follows --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Notify:
    """Write to these people."""

    people: tuple[str, ...]
    reason: Reason


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Notices that ask for an answer and have not gone out yet need not go out any more."""


@dataclass(frozen=True, slots=True)
class Show:
    """Have the devices of the alert show this; device, boot, seq: one of its events each."""

    light: Light
    devices: tuple[tuple[str, int, int], ...]


Effect = Notify | Withdraw | Show
