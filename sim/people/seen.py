"""What there is to know of somebody: one moment in full, many moments as a radar needs them."""

from dataclasses import dataclass

from sim.people.chest import Flags, Floats


@dataclass(frozen=True)
class PersonState:
    """One moment of somebody. Place in m; rate a minute, depth against one's own breath."""

    name: str
    here: bool
    x: float
    y: float
    z: float
    posture: str
    walking: bool
    conscious: bool
    asleep: bool
    breathing: bool
    rate: float
    depth: float
    displacement_mm: float
    doing: str


@dataclass(frozen=True)
class Seen:
    """What there is to see of somebody at many moments.

    where: m, (n, 3). here: in the room. walks: the whole body goes. moves: it moves by more than
    breath. breathes: a chest moves. stops: breath has stopped. mm: towards the radar.
    """

    where: Floats
    here: Flags
    walks: Flags
    moves: Flags
    breathes: Flags
    stops: Flags
    stands: Flags
    sleeps: Flags
    mm: Floats
