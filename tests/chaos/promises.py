"""What a house owes the people in it, whatever has broken: looked for in what was recorded."""

from collections import defaultdict
from collections.abc import Sequence

from doorknock import wire

from sim.scenario.record import Record

_OVER = ("resolved", "cancelled")
_UNDER_WAY = ("attending", "arrived")
# A button tells a series of taps 600 ms after the last of them, and at once after waking.
_TOLD_WITHIN_MS = 6_000
_STARTS_WITHIN_MS = 3_000
_BITTEN_WITHIN_MS = 25_000
# What has just changed is still on its way; so is "coming", when the alert has moved on already.
_ON_ITS_WAY_MS = 90_000


def broken(records: Sequence[Record], length_ms: int) -> list[str]:
    """A sentence for each promise that was not kept."""
    return [
        *_calls_that_nobody_heard(records),
        *_presses_that_made_nothing(records),
        *_coming_of_nobody(records),
        *_lights_at_the_end(records, length_ms),
    ]


def _calls_that_nobody_heard(records: Sequence[Record]) -> list[str]:
    """What the gateway has taken, the backend has as well, once."""
    accepted = [(one.data["board"], one.data["id"]) for one in records if one.event == "accepted"]
    return [
        f"{one.t_ms}: {one.data['board']} {one.data['kind']} {one.data['id']}"
        f" was accepted {times} times"
        for one in records
        if one.event == "committed" and one.data["kind"] in wire.ALARM_KINDS
        if (times := accepted.count((one.data["board"], one.data["id"]))) != 1
    ]


def _presses_that_made_nothing(records: Sequence[Record]) -> list[str]:
    """A press of a board that has power, keeps it, and does not hang becomes an event."""
    made = [
        (one.t_ms, one.device)
        for one in records
        if one.event == "made" and one.data["kind"] in ("press", "ok", "watch")
    ]
    # When each board may not have heard it: without power, hung until its watchdog bites, starting.
    deaf = [
        (one.t_ms - _TOLD_WITHIN_MS, one.t_ms + _STARTS_WITHIN_MS, one.device)
        for one in records
        if one.event in ("off", "start", "reset")
    ] + [
        (one.t_ms - _TOLD_WITHIN_MS, one.t_ms + _BITTEN_WITHIN_MS, one.data["board"])
        for one in records
        if (one.device, one.event) == ("cue", "hang")
    ]
    return [
        f"{one.t_ms}: a press of {board} made nothing"
        for one in records
        if (one.device, one.event) == ("cue", "press")
        for board in [one.data["board"]]
        if _has_power(records, board, one.t_ms)
        and not any(
            name == board and abs(at_ms - one.t_ms) <= _TOLD_WITHIN_MS for at_ms, name in made
        )
        and not any(name == board and begin <= one.t_ms <= end for begin, end, name in deaf)
    ]


def _has_power(records: Sequence[Record], board: str, at_ms: int) -> bool:
    last = [
        one.event
        for one in records
        if one.device == board and one.event in ("off", "start") and one.t_ms <= at_ms
    ]
    return last[-1:] == ["start"]


def _coming_of_nobody(records: Sequence[Record]) -> list[str]:
    """A light says "coming" only where somebody has said so."""
    states = _states(records)
    missed = []
    for one in records:
        if one.event != "light" or one.data["state"] != "coming":
            continue
        of_unit = states[one.unit]
        ends = [at_ms for at_ms, _ in of_unit[1:]] + [1 << 60]
        if not any(
            state in _UNDER_WAY and begins <= one.t_ms < end + _ON_ITS_WAY_MS
            for (begins, state), end in zip(of_unit, ends, strict=True)
        ):
            missed.append(f"{one.t_ms}: {one.device} says that somebody comes, and nobody does")
    return missed


def _lights_at_the_end(records: Sequence[Record], length_ms: int) -> list[str]:
    """With all well again, a light that is on says what has become of the call."""
    states = _states(records)
    missed = []
    for board, unit, light in _last_lights(records):
        changed_ms, state = states[unit][-1] if states[unit] else (0, "")
        if changed_ms > length_ms - _ON_ITS_WAY_MS or not _has_power(records, board, length_ms):
            continue
        if not state or state in _OVER:
            may = ("none", "prompt")
        elif state in _UNDER_WAY:
            # Asked again: whoever said so has not come.
            may = ("none", "prompt", "coming", "asked_again")
        else:
            may = ("none", "prompt", "delivered", "asked_again")
        if light not in may:
            missed.append(f"at the end {board} says {light}, and its alert is {state or 'none'}")
    return missed


def _states(records: Sequence[Record]) -> dict[str, list[tuple[int, str]]]:
    """What each unit's alerts have been, and since when."""
    states: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for one in records:
        if one.event == "alert":
            states[one.unit].append((one.t_ms, one.data["state"]))
    return states


def _last_lights(records: Sequence[Record]) -> list[tuple[str, str, str]]:
    """Of each board: its name, its unit, and what its light says at last. A start is dark."""
    last: dict[str, tuple[str, str]] = {}
    for one in records:
        if one.event == "start":
            last[one.device] = (one.unit, "none")
        elif one.event == "light":
            last[one.device] = (one.unit, one.data["state"])
    return [(board, *rest) for board, rest in last.items()]
