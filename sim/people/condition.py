"""What somebody can do in which condition, and what becomes of them by it."""

import enum
from dataclasses import dataclass, replace

from sim.people import doings
from sim.people.doings import Doing


class Posture(enum.Enum):
    """How somebody holds themselves; away is out of the room."""

    AWAY = "away"
    STANDING = "standing"
    SITTING = "sitting"
    LYING = "lying"
    FALLEN = "fallen"


@dataclass(frozen=True)
class Condition:
    """How somebody is."""

    posture: Posture = Posture.AWAY
    conscious: bool = True
    breathing: bool = True
    asleep: bool = False


class ImpossibleError(ValueError):
    """This cannot be done now. `str()` is one sentence."""


# What takes a will.
_WILLED = (
    *(doings.Move, doings.Sit, doings.Lie, doings.Stand, doings.Sleep, doings.NodOff),
    *(doings.HoldBreath, doings.Use, doings.Leave, doings.Fidget, doings.Cough),
    *(doings.BeRestless, doings.Rest, doings.Wake),
)
_RESTING = (Posture.SITTING, Posture.LYING)


def after(now: Condition, doing: Doing, who: str) -> Condition:
    """How somebody is after this doing. Raises ImpossibleError."""

    def refuse(why: str) -> ImpossibleError:
        return ImpossibleError(f"{who} cannot {doing.called.replace('_', ' ')}: {why}.")

    away = now.posture is Posture.AWAY
    if isinstance(doing, doings.Enter):
        if not away:
            raise refuse("they are in the room already")
        return replace(now, posture=Posture.STANDING)
    if away:
        raise refuse("they are not in the room; let them enter first")
    if isinstance(doing, _WILLED) and not now.conscious:
        raise refuse("they are unconscious; let them revive first")
    match doing:
        case doings.Move() | doings.Stand():
            return replace(now, posture=Posture.STANDING, asleep=False)
        case doings.Sit():
            return replace(now, posture=Posture.SITTING, asleep=False)
        case doings.Lie():
            return replace(now, posture=Posture.LYING, asleep=False)
        case doings.Leave():
            return replace(now, posture=Posture.AWAY, asleep=False)
        case doings.Sleep():
            if now.posture not in _RESTING:
                raise refuse(f"they are {now.posture.value}; let them sit or lie first")
            return replace(now, asleep=True)
        case doings.NodOff():
            if now.posture is Posture.FALLEN:
                raise refuse("they lie on the floor")
            return replace(now, asleep=True)
        case doings.Wake():
            if not now.asleep:
                raise refuse("they are awake")
            return replace(now, asleep=False)
        case doings.HoldBreath() | doings.Breathe() | doings.Use() | doings.StopBreathing():
            if not now.breathing:
                raise refuse("they do not breathe; let them revive first")
            if isinstance(doing, doings.StopBreathing):
                return replace(now, breathing=False, conscious=False)
            return now
        case doings.PassOut():
            return replace(now, conscious=False)
        case doings.Collapse():
            if now.posture is Posture.FALLEN:
                raise refuse("they lie on the floor already")
            breathing = now.breathing and doing.breathes
            return replace(now, posture=Posture.FALLEN, conscious=False, breathing=breathing)
        case doings.Revive():
            if now.conscious and now.breathing:
                raise refuse("they are conscious and breathe")
            return replace(now, conscious=True, breathing=True, asleep=False)
    return now
