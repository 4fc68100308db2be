"""What the devices of a fleet do, and when: a plan in order of time, the same for the same chance.

How often people press is the caller's; what follows from it is an assumption, chosen so that every
kind of event is on the way at once: far more than any house makes. Pure.
"""

import heapq
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from doorknock import wire
from doorknock.health import HEARTBEAT_S

# Boards' clocks do not agree, nor do their starts: no two devices stay in step.
HEARTBEAT_JITTER = 0.05
# Sensors ask half as often as people press, of which one question in five stays unanswered.
PROMPTS_A_PRESS = 0.5
ANSWERED = 0.7
WITHDRAWN = 0.1
# From question to answer; a sensor calls after 15 s. (firmware/doorknock/config.py)
ANSWER_S = (2.0, 10.0)
UNANSWERED_S = 15.0
FAULTS_A_PRESS = 0.1
FAULT_LASTS_S = (5.0, 20.0)
# One tap; two or three; a hold.
TAPS = ((1, 0), (2, 0), (3, 0), (1, 1))
TAPS_WEIGHTS = (60, 20, 10, 10)


@dataclass(frozen=True)
class Doing:
    """Event `kind` of the device with this number in the fleet, at_s after the fleet was up."""

    at_s: float
    device: int
    kind: str
    details: dict[str, int | str] = field(default_factory=dict)


def type_of(number: int) -> str:
    """Every unit has a button and a sensor; in a fleet of an odd number the last has a button."""
    return "sensor" if number % 2 else "button"


def tier_of(number: int) -> str:
    """Sensors of both tiers."""
    if type_of(number) == "button":
        return "none"
    return wire.TIERS[1 + number // 2 % 2]


def plan(
    devices: int, length_s: float, presses_a_minute: float, chance: random.Random
) -> Iterator[Doing]:
    """What *devices* devices do in length_s seconds, in order of time."""
    # Each by a chance of its own: more devices change nothing in what the others do.
    streams = [
        _heartbeats(number, length_s, random.Random(chance.getrandbits(64)))
        for number in range(devices)
    ]
    rates = (
        (_presses, range(devices), presses_a_minute),
        (_questions, range(1, devices, 2), presses_a_minute * PROMPTS_A_PRESS),
        (_faults, range(devices), presses_a_minute * FAULTS_A_PRESS),
    )
    for makes, numbers, a_minute in rates:
        own = random.Random(chance.getrandbits(64))
        a_second = a_minute / 60
        # What is next to never may be never, to a float.
        if numbers and a_second:
            streams.append(_in_order(_groups(makes, numbers, a_second, length_s, own)))
    merged = heapq.merge(*streams, key=lambda doing: doing.at_s)
    return itertools.takewhile(lambda doing: doing.at_s < length_s, merged)


def _groups(
    makes: Callable[[float, Sequence[int], random.Random], list[Doing]],
    numbers: Sequence[int],
    a_second: float,
    length_s: float,
    chance: random.Random,
) -> Iterator[list[Doing]]:
    """What *makes* makes of each moment of a Poisson process: nobody presses in turn."""
    at_s = chance.expovariate(a_second)
    while at_s < length_s:
        yield makes(at_s, numbers, chance)
        at_s += chance.expovariate(a_second)


def _in_order(groups: Iterator[list[Doing]]) -> Iterator[Doing]:
    """The doings of all groups by time. A group begins at its first doing, and groups come in
    order of their beginnings."""
    waiting: list[tuple[float, int, Doing]] = []
    tie = itertools.count()
    for group in groups:
        while waiting and waiting[0][0] <= group[0].at_s:
            yield heapq.heappop(waiting)[2]
        for doing in group:
            heapq.heappush(waiting, (doing.at_s, next(tie), doing))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _heartbeats(number: int, length_s: float, chance: random.Random) -> Iterator[Doing]:
    every_s = HEARTBEAT_S[type_of(number)]
    # They have been in service for long: anywhere between two heartbeats.
    at_s = chance.uniform(0, every_s)
    while at_s < length_s:
        yield Doing(at_s, number, "heartbeat")
        at_s += every_s * (1 + chance.uniform(-HEARTBEAT_JITTER, HEARTBEAT_JITTER))


def _presses(at_s: float, numbers: Sequence[int], chance: random.Random) -> list[Doing]:
    taps, held = chance.choices(TAPS, TAPS_WEIGHTS)[0]
    return [Doing(at_s, chance.choice(numbers), "press", {"taps": taps, "held": held})]


def _questions(at_s: float, numbers: Sequence[int], chance: random.Random) -> list[Doing]:
    """A sensor asks; it is answered, withdrawn, or becomes a call."""
    number = chance.choice(numbers)
    causes = ("no_movement",) if tier_of(number) == "presence" else wire.CAUSES[1:5]
    cause = chance.choice(causes)
    doings = [Doing(at_s, number, "prompt", {"state": "asked", "cause": cause})]
    becomes = chance.random()
    later_s = at_s + chance.uniform(*ANSWER_S)
    if becomes < ANSWERED:
        doings.append(Doing(later_s, number, "prompt", {"state": "answered", "cause": cause}))
        doings.append(Doing(later_s, number, "ok", {"during": "prompt"}))
    elif becomes < ANSWERED + WITHDRAWN:
        doings.append(Doing(later_s, number, "prompt", {"state": "withdrawn", "cause": cause}))
    else:
        call: dict[str, int | str] = {
            "cause": cause,
            "urgency": "urgent",
            "for_s": int(UNANSWERED_S),
        }
        doings.append(Doing(at_s + UNANSWERED_S, number, "stillness", call))
    return doings


def _faults(at_s: float, numbers: Sequence[int], chance: random.Random) -> list[Doing]:
    number = chance.choice(numbers)
    what = "radar_silent" if type_of(number) == "sensor" else "storage"
    over_s = at_s + chance.uniform(*FAULT_LASTS_S)
    return [
        Doing(at_s, number, "fault", {"what": what, "state": "raised", "count": 1}),
        Doing(over_s, number, "fault", {"what": what, "state": "cleared", "count": 1}),
    ]
