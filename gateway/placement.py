"""Places an event in time, from a device that has no clock.

An event carries the device's uptime. Of each boot the gateway keeps one *anchor*: a message whose
arrival is held against its uptime. A message can only be late, never early, so:

- arrived as the anchor foretells    it was on its way at once; it is the new anchor
- arrived later than foretold        it waited; it occurred when the anchor foretells
- arrived sooner than foretold       the anchor itself had waited; this message is the new anchor

Two late messages in a row that came as far apart as they were sent did not wait for the same way
to come back: it is the anchor that is wrong, because this computer's clock was set forward since.
The second of them is the new anchor. (A step that happens while the gateway runs is noticed, and
all anchors forgotten: see gateway/clock_step.py.)

One message alone may have waited for hours, and so may all of a journal sent in one go; but those
that waited arrive closer together than they happened. An anchor is therefore *confirmed*, and
times read from it are called "at", once a second message, APART_MS or more away from it, has
agreed with it. Before that an event is known to have occurred "before" its arrival, no more.

An uptime that no device can have (LONGEST_UPTIME_MS) says nothing of the time, and is held against
nothing: whoever has a device's key may write any, and one message with such a one must not put the
next press of that boot into a year that there is not.

Pure: no I/O, no clock. All times Unix ms, uptimes ms since the boot.
"""

from dataclasses import dataclass, replace

from gateway.happened import Occurred, Placement

# Wi-Fi reconnects, retries and our own queue; below it nobody cares.
ON_TIME_MS = 2_000
# The ESP32's RC clock, which counts through deep sleep, wanders this much with temperature
# (ESP32 datasheet: the 150 kHz oscillator is calibrated at wake, and 1–2 % off after that).
DRIFT_PER_MILLE = 20
# Two messages closer than this prove nothing: a flushed journal could look the same.
APART_MS = 5_000
# Twenty years without a start. Times that far from now are still dates.
LONGEST_UPTIME_MS = 20 * 365 * 86_400_000


@dataclass(frozen=True)
class Clock:
    """What is known of one boot's clock: its anchor, whether a second message agreed, and the
    newest message if that was late."""

    arrival_ms: int
    uptime_ms: int
    confirmed: bool = False
    late_arrival_ms: int | None = None
    late_uptime_ms: int | None = None


def place(clock: Clock | None, arrival_ms: int, uptime_ms: int) -> tuple[Placement, Clock | None]:
    """Where a message of this boot belongs in time, and what is known of the boot's clock now."""
    if uptime_ms > LONGEST_UPTIME_MS:
        return _before(arrival_ms), clock
    now = Clock(arrival_ms, uptime_ms)
    if clock is None or clock.uptime_ms > LONGEST_UPTIME_MS:
        return _before(arrival_ms), now
    apart_ms = uptime_ms - clock.uptime_ms
    foretold_ms = clock.arrival_ms + apart_ms
    tolerance_ms = ON_TIME_MS + abs(apart_ms) * DRIFT_PER_MILLE // 1000
    late_ms = arrival_ms - foretold_ms
    if late_ms < -tolerance_ms:
        return _before(arrival_ms), now
    if late_ms > tolerance_ms:
        if _agrees_with_the_last_late_one(clock, now):
            return Placement(Occurred.AT, arrival_ms, ON_TIME_MS), replace(now, confirmed=True)
        doubted = replace(clock, late_arrival_ms=arrival_ms, late_uptime_ms=uptime_ms)
        if not clock.confirmed:
            return _before(min(arrival_ms, foretold_ms)), doubted
        return Placement(Occurred.AT, foretold_ms, tolerance_ms), doubted
    clock = replace(clock, late_arrival_ms=None, late_uptime_ms=None)
    confirmed = clock.confirmed or abs(apart_ms) >= APART_MS
    # An anchor moves on only with what is newer, and an unconfirmed one waits for a far witness.
    anchor = replace(now, confirmed=True) if confirmed and apart_ms > 0 else clock
    if not confirmed:
        return _before(min(arrival_ms, max(foretold_ms, clock.arrival_ms))), anchor
    return Placement(Occurred.AT, min(arrival_ms, foretold_ms), tolerance_ms), anchor


def _agrees_with_the_last_late_one(clock: Clock, now: Clock) -> bool:
    if clock.late_arrival_ms is None or clock.late_uptime_ms is None:
        return False
    apart_ms = now.uptime_ms - clock.late_uptime_ms
    off_ms = now.arrival_ms - clock.late_arrival_ms - apart_ms
    return apart_ms >= APART_MS and abs(off_ms) <= ON_TIME_MS + apart_ms * DRIFT_PER_MILLE // 1000


def _before(ms: int) -> Placement:
    return Placement(Occurred.BEFORE, ms, 0)
