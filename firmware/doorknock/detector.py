"""What the room is like, from a radar's Readings. One detector a tier, one face.

    take(reading, ticks)   after each report of the radar
    tick(ticks)            at least four times a second, whatever comes
    forget()               the radar gets power: what it said before is of another time
    expect_somebody()      somebody is known to be in there (a watch resumed after a reset)
    room                   UNKNOWN, EMPTY, MOVING, BREATHING, STILL; see below
    still_ms               how long the person in there has been still, 0 … 2^29, else 0
    cause                  why stillness is worrying: an index of wire.CAUSES
    noise_floor            for the heartbeat, so that staff see a bad place for a sensor
    blind                  True while nothing can be said: no readings come

Nothing here allocates, raises, or reads a clock. Integers only; the range of each is said where
it is computed, and stays within 31 bits.

The rule both tiers share: **a room is empty when nobody was ever there, or when somebody was seen
to go** (moved largely, and then was no longer seen). Somebody who vanishes without having moved
is still in there: radars give up on people who do not move or breathe.
"""

UNKNOWN = 0  # no reading yet
EMPTY = 1  # nobody: never was, or was seen to go
MOVING = 2  # somebody moves, more than breath does
BREATHING = 3  # breathing tier: a chest moves as in breathing, nothing else does
STILL = 4  # somebody is there, and nothing of what this radar can see of life goes on

NAMES = ("unknown", "empty", "moving", "breathing", "still")

# Indices of wire.CAUSES.
NO_MOVEMENT = 0
NO_BREATHING = 1
VANISHED = 4

# Every age is capped here: 6 days, and the sum of two fits 31 bits.
LONGEST_MS = 0x1FFFFFFF


def make(tier: str, settings: dict):
    """The detector of this tier, "breathing" or "presence"."""
    if tier == "breathing":
        from .breathing import BreathingDetector

        return BreathingDetector(settings)
    from .presence import PresenceDetector

    return PresenceDetector(settings)
