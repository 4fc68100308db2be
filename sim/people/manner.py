"""How often people move a little: an assumption, all of it.

Awake and seated every minute or two and every six minutes, asleep every five and every fifteen.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Manner:
    """Seconds between fidgets, between shifts of posture."""

    fidget_every_s: float
    shift_every_s: float


AWAKE = Manner(75, 360)
ASLEEP = Manner(300, 900)
RESTLESS = Manner(8, 40)
QUIET = Manner(1e9, 1e9)

# Fidgets: there and back by so many mm within so many s. Shifts: to another place, and they stay.
FIDGET_MM, FIDGET_S = (0.5, 8.0), (0.4, 2.0)
SHIFT_MM, SHIFT_S = (10.0, 80.0), (0.8, 3.0)
