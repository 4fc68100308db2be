"""What the room is like, from a radar's Readings. One detector a tier, one face.

    take(reading, ticks)   after each report of the radar
    tick(ticks)            at least four times a second, whatever comes
    forget()               the radar gets power: what it said before is of another time
    expect_somebody(ticks) somebody is known to be in there (a watch resumed after a reset)
    await_somebody(ticks)  a resident has just asked for a watch: whoever shows is somebody
    answered()             a press of B: whoever is in there is well, as they are now
    room                   UNKNOWN, EMPTY, MOVING, BREATHING, STILL …; see below
    still_ms               how long the person in there has been still, 0 … 2^29, else 0
    cause                  why this room is worrying: an index of wire.CAUSES
    urgent                 whether a call for that cause is an urgent one
    confidence()           0 … 100: how far the room can be believed to be what it seems
    cannot_see             True after a minute in which nothing could be said of anybody
    noise_floor()          for the heartbeat, so that staff see a bad place for a sensor
    blind                  True while nothing can be said: no readings come
    done_at                a tick at which nothing is left for tick() to do; -1 for none
    lessons, learn(bytes)  what the place has taught, to be kept over a reset; lessons_version
                           rises when it has changed

Nothing here allocates, raises, or reads a clock. Integers only; the range of each is
said where it is computed, and stays within 31 bits.

The rule both tiers share: **a room is empty when nobody was ever there, or when somebody was seen
to go** (walked, and then was no longer seen). Somebody who vanishes without having walked is still
in there: radars give up on people who do not move or breathe.
"""

UNKNOWN = 0  # no reading yet
EMPTY = 1  # nobody: never was, or was seen to go
MOVING = 2  # somebody moves, more than breath does
BREATHING = 3  # breathing tier: a chest moves as in breathing, nothing else does
STILL = 4  # somebody is there, and nothing of what this radar can see of life goes on
SLOW = 5  # breathing tier: eight breaths a minute or fewer
WEAK = 6  # breathing tier: breaths far smaller than this person's own
UNSEEN = 7  # somebody may be there, and what comes from the radar says nothing of them

NAMES = ("unknown", "empty", "moving", "breathing", "still", "slow", "weak", "cannot_see")

# Indices of wire.CAUSES.
NO_MOVEMENT = 0
NO_BREATHING = 1
SLOW_BREATHING = 2
WEAK_BREATHING = 3
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
