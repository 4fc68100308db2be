"""An alert: where it is, whom it has asked, who comes."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.backend.escalation import Asking
from gateway.backend.happenings import DeviceEvent, Kind, Light


class State(StrEnum):
    """Where an alert is. The last two are its ends."""

    RAISED = "raised"  # nobody has been told yet
    NOTIFIED = "notified"  # a notice has gone out, nobody has answered
    ATTENDING = "attending"  # somebody is on the way
    ARRIVED = "arrived"  # somebody is there
    RESOLVED = "resolved"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Alert:
    """Somebody should come to *unit*.

    asking: None while somebody attends and nothing new has happened. follow_up_at: when those who
    attend are looked after in their turn. asked, attending, arrived: ids of people, in order.
    on_the_way: those who have said so and are not there, and until when that is believed.
    devices: device to (boot, seq) of its newest event here: what its light is told about.
    calls: the same, of the newest press or stillness; called_at: when the newest of all occurred.
    ok_at: the resident has said "I'm OK" and has not called since; not ok_exact: then, or before.
    checked: those who have arrived were asked once how it stands.
    """

    id: str
    gateway: str
    unit: str
    kind: Kind
    state: State
    raised_at: datetime
    called_at: datetime
    asking: Asking | None
    follow_up_at: datetime | None = None
    asked: tuple[str, ...] = ()
    attending: tuple[str, ...] = ()
    arrived: tuple[str, ...] = ()
    on_the_way: tuple[tuple[str, datetime], ...] = ()
    devices: tuple[tuple[str, int, int], ...] = ()
    calls: tuple[tuple[str, int, int], ...] = ()
    light: Light | None = None
    ok_at: datetime | None = None
    ok_exact: bool = True
    ok_closes: bool = False
    checked: bool = False
    closed_at: datetime | None = None
    closed_by: str | None = None
    outcome: str | None = None

    @property
    def is_open(self) -> bool:
        return self.state not in (State.RESOLVED, State.CANCELLED)

    @property
    def calls_seen(self) -> str:
        """Which calls somebody knows of who sees the alert as it is now; for a form to carry."""
        return " ".join(sorted(f"{device}.{boot}.{seq}" for device, boot, seq in self.calls))

    @property
    def due_at(self) -> datetime | None:
        """When it must do something by itself; None only once it is closed."""
        times = [self.asking.next_at] if self.asking else []
        if self.follow_up_at:
            times.append(self.follow_up_at)
        return min(times, default=None)


def after_clock_set(alert: Alert, by: timedelta) -> Alert:
    """The same after the clock was set forward by so much (negative: back): what it waits for is as
    far away as before, and it has been unanswered no longer. An hour that nobody has waited must
    not bring an ambulance."""
    asking, follow_up_at = alert.asking, alert.follow_up_at
    if asking is not None:
        asking = replace(
            asking,
            step_since=asking.step_since + by,
            next_at=asking.next_at + by,
            since=asking.since + by,
        )
    return replace(
        alert,
        asking=asking,
        follow_up_at=None if follow_up_at is None else follow_up_at + by,
        on_the_way=tuple((person, until + by) for person, until in alert.on_the_way),
    )


def kind_called(event: DeviceEvent) -> Kind | None:
    """The kind of alert this event calls for; None: it calls for none.

    A detail that could not be read never makes less of a call: a press without its taps is a
    press, a stillness without its urgency is urgent.
    """
    if event.kind == "press":
        taps = event.details.get("taps", 1)
        many = isinstance(taps, int) and taps >= 2
        return Kind.URGENT if many or event.details.get("held") else Kind.CHECK_IN
    if event.kind == "stillness":
        return Kind.CHECK_IN if event.details.get("urgency") == "check_in" else Kind.URGENT
    return None
