"""An update in stages: one device, ten, all; and when to stop. Pure: what is seen in, what is to be
done out, time as an argument.

A device in an update is

    queued    its stage, or its turn in it, has not come
    ordered   it has been ordered to take the release, and has not begun to try it
    trying    it starts into it
    watched   it runs it, and is looked at for a while
    good      it does as well as before
    already   it ran this release before
    passed    it is passed over, and `why`; nothing was done to it
    late      it has not come round to it within a day: others do not wait for it, it goes on by
              itself
    worse     it runs it, and does worse than before; `why`
    back      it runs the earlier one again; `why`
    failed    it has refused the release, or could not keep it; `why`
    silent    it has not been heard since it began to try it

The last four stop the update: nothing more is ordered, and what is ordered and not tried yet is
called off. Who goes on after that has seen them. A stage is over when all of it is, and at least
one of it is good: where the only device of the first one is passed over, another takes its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.supervision import DEVICE_HEARTBEAT_MS, GRACE_MS, HEARTBEATS_MISSED_BEFORE_LATE

# One, ten, and then all.
STAGE_SIZES = (1, 10)
# So many fetch at the same time: 250 requests each, beside the telemetry of the house.
AT_ONCE = 5
# For so long a device is looked at: 15 heartbeats of a sensor, 2 of a button.
WATCHED_MS = {"button": 2 * 15 * 60_000 + GRACE_MS, "sensor": 15 * 60_000}
# Its first heartbeat tells of a start, and of a radar that has just been switched on.
_JUDGED_AFTER_MS = 120_000
# Two starts, a trial of five minutes, and the start of the earlier one.
TRIAL_MS = 420_000
LATE_AFTER_MS = 86_400_000
# A radar's rate varies by a few percent.
FRAMES_PERCENT = 80
# A fault that comes and goes: so many more than before the update.
MORE_FAULTS = 3
# Bad frames of a radar. A module says some nonsense when it gets power, and a bad cable costs a few
# a minute: worse is three times the rate from before and one a minute more, over so many.
ERRORS_TIMES = 3
MORE_ERRORS_PER_H = 60
FEWEST_ERRORS = 20
# Free memory as heartbeats say it holds what is not collected yet, so one of them alone says
# little: the most that was free in the watch counts. A leak or a larger application leaves less.
MEMORY_PERCENT = 60

RUNNING = "running"
STOPPED = "stopped"
FINISHED = "finished"

QUEUED = "queued"
ORDERED = "ordered"
TRYING = "trying"
WATCHED = "watched"
GOOD = "good"
ALREADY = "already"
PASSED = "passed"
LATE = "late"
WORSE = "worse"
BACK = "back"
FAILED = "failed"
SILENT = "silent"

STOPPING = frozenset({WORSE, BACK, FAILED, SILENT})
SETTLED = frozenset({GOOD, ALREADY, PASSED, LATE}) | STOPPING
# The device has an order of ours that it may still act on.
IN_HAND = frozenset({ORDERED, TRYING, LATE})

_OF_ORDER = {"rolled_back": BACK, "refused": FAILED, "failed": FAILED, "confirmed": WATCHED}


@dataclass(frozen=True)
class Health:
    """How a device does. frames: of its radar in 10 s; 0: unknown, or it has none just now.

    raised: its faults that are raised. faults: how many were raised lately. errors: bad frames of
    its radar since it started, uptime_ms ago; uptime_ms 0: unknown. memory: free, bytes; 0:
    unknown."""

    frames: int = 0
    cause: str = "unknown"
    raised: frozenset[str] = frozenset()
    faults: int = 0
    errors: int = 0
    uptime_ms: int = 0
    memory: int = 0

    @property
    def errors_per_h(self) -> int:
        """Bad frames of its radar an hour; 0 where the time is unknown."""
        return self.errors * 3_600_000 // self.uptime_ms if self.uptime_ms else 0

    def as_json(self) -> dict[str, Any]:
        """To be kept."""
        return {
            "frames": self.frames,
            "cause": self.cause,
            "raised": sorted(self.raised),
            "faults": self.faults,
            "errors": self.errors,
            "uptime_ms": self.uptime_ms,
            "memory": self.memory,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> "Health":
        """What as_json() gave."""
        kept = kept or {}
        return cls(
            int(kept.get("frames", 0)),
            str(kept.get("cause", "unknown")),
            frozenset(kept.get("raised", ())),
            int(kept.get("faults", 0)),
            int(kept.get("errors", 0)),
            int(kept.get("uptime_ms", 0)),
            int(kept.get("memory", 0)),
        )


@dataclass(frozen=True)
class Seen:
    """What is known of a device now. fits: "", or why it cannot be updated. heard_ms: when it was
    last heard, or could have been. order, order_why: what became of our order, "" before it."""

    device_type: str
    firmware: str
    heard_ms: int
    health: Health
    fits: str = ""
    order: str = ""
    order_why: str = ""


@dataclass(frozen=True)
class Member:
    """A device in an update. since_ms: when it came to be `state`; 0 once it is settled.

    before: how it did when it was ordered. memory: the most that was free while it is watched."""

    device: str
    stage: int
    state: str = QUEUED
    why: str = ""
    order: int | None = None
    before: Health = field(default_factory=Health)
    since_ms: int = 0
    memory: int = 0


@dataclass(frozen=True)
class Update:
    """An update under way. stage: the present one, from 0."""

    version: str
    state: str
    why: str
    stage: int
    members: tuple[Member, ...]

    @property
    def last_stage(self) -> int:
        """The number of the last one."""
        return max((one.stage for one in self.members), default=0)


def plan(version: str, devices: Sequence[str]) -> Update:
    """An update of these devices in this order, each once, in stages; nothing is begun."""
    members = []
    for number, device in enumerate(dict.fromkeys(devices)):
        stage = 0
        while stage < len(STAGE_SIZES) and number >= sum(STAGE_SIZES[: stage + 1]):
            stage += 1
        members.append(Member(device, stage))
    return Update(version, RUNNING, "", 0, tuple(members))


def advance(update: Update, seen: Mapping[str, Seen], now_ms: int) -> Update:
    """The update after what is seen. Members that have become ORDERED without an `order` are to be
    ordered now; those that have become QUEUED and have one are to be called off. Never raises."""
    followed = [
        _follow(update.version, one, seen.get(one.device), now_ms) for one in update.members
    ]
    bad = [
        now
        for was, now in zip(update.members, followed, strict=True)
        if now.state in STOPPING and was.state not in STOPPING
    ]
    update = replace(update, members=tuple(followed))
    if update.state != RUNNING:
        return update
    if bad:
        return call_off(update, f"{bad[0].device} {bad[0].state} {bad[0].why}".strip())
    return _begin(_next_stage(update), seen, now_ms)


def call_off(update: Update, why: str) -> Update:
    """The update, stopped: what is ordered and not yet tried is queued again."""
    members = [
        replace(one, state=QUEUED, since_ms=0) if one.state in (ORDERED, LATE) else one
        for one in update.members
    ]
    return replace(update, state=STOPPED, why=why, members=tuple(members))


def resume(update: Update, *, again: bool) -> Update:
    """Goes on. again: with those, too, that have done worse, failed or were passed over."""
    members = update.members
    if again:
        anew = STOPPING | {PASSED}
        members = tuple(
            replace(one, state=QUEUED, why="", since_ms=0) if one.state in anew else one
            for one in members
        )
    queued = [one.stage for one in members if one.state == QUEUED]
    stage = min([update.stage, *queued])
    return replace(update, state=RUNNING, why="", stage=stage, members=members)


# --- one device ---------------------------------------------------------------------------------


def _follow(version: str, one: Member, seen: Seen | None, now_ms: int) -> Member:
    if seen is None:
        return _settled(one, PASSED, "removed") if one.state not in SETTLED else one
    if one.state in (ORDERED, TRYING, LATE):
        return _follow_order(one, seen, now_ms)
    if one.state == WATCHED:
        return _watch(version, one, seen, now_ms)
    return one


def _follow_order(one: Member, seen: Seen, now_ms: int) -> Member:
    if seen.order in _OF_ORDER:
        state = _OF_ORDER[seen.order]
        if state == WATCHED:
            return replace(one, state=WATCHED, since_ms=now_ms, memory=0)
        return _settled(one, state, seen.order_why)
    if seen.order in ("superseded", "stopped"):
        return _settled(one, PASSED, "ordered otherwise")
    if seen.order == "trying" and one.state != TRYING:
        return replace(one, state=TRYING, since_ms=now_ms)
    if one.state == TRYING and _is_silent(one, seen, now_ms, TRIAL_MS):
        return _settled(one, SILENT, "not heard since it began to try it")
    if one.state == ORDERED and now_ms - one.since_ms > LATE_AFTER_MS:
        return replace(one, state=LATE)
    return one


def _watch(version: str, one: Member, seen: Seen, now_ms: int) -> Member:
    if _is_silent(one, seen, now_ms, 0):
        return _settled(one, SILENT, "not heard any more")
    if seen.heard_ms < one.since_ms + _JUDGED_AFTER_MS:
        return one
    if seen.firmware and seen.firmware != version:
        return _settled(one, BACK, f"runs {seen.firmware}")
    why = worse(one.before, seen.health)
    if why:
        return _settled(one, WORSE, why)
    one = replace(one, memory=max(one.memory, seen.health.memory))
    if now_ms - one.since_ms >= WATCHED_MS.get(seen.device_type, 0):
        why = tighter(one.before.memory, one.memory)
        return _settled(one, WORSE if why else GOOD, why)
    return one


def worse(before: Health, now: Health) -> str:
    """What a device does worse than before, in words; "" for nothing."""
    if now.cause == "watchdog":
        return "started anew by its watchdog"
    new = now.raised - before.raised
    if new:
        return f"fault {min(new)}"
    if now.faults >= before.faults + MORE_FAULTS:
        return f"{now.faults} faults, before {before.faults}"
    # A radar without power has no rate, before or after.
    if before.frames and now.frames and now.frames * 100 < before.frames * FRAMES_PERCENT:
        return f"radar {now.frames} frames in 10 s, before {before.frames}"
    # Since when it counts must be known of both, or a long life would be held against a short one.
    if before.uptime_ms and now.uptime_ms and now.errors >= FEWEST_ERRORS:
        most = ERRORS_TIMES * before.errors_per_h + MORE_ERRORS_PER_H
        if now.errors_per_h > most:
            return f"radar {now.errors_per_h} bad frames an hour, before {before.errors_per_h}"
    return ""


def tighter(before: int, most: int) -> str:
    """What is wrong with its memory, in words; "" for nothing.

    before: free when it was ordered. most: the most that was free since. Bytes; 0: unknown."""
    if before and most and most * 100 < before * MEMORY_PERCENT:
        return f"memory {most // 1024} KB free, before {before // 1024}"
    return ""


def _is_silent(one: Member, seen: Seen, now_ms: int, more_ms: int) -> bool:
    every_ms = DEVICE_HEARTBEAT_MS.get(seen.device_type, GRACE_MS)
    patience_ms = HEARTBEATS_MISSED_BEFORE_LATE * every_ms + GRACE_MS + more_ms
    return now_ms - max(seen.heard_ms, one.since_ms) > patience_ms


def _settled(one: Member, state: str, why: str) -> Member:
    return replace(one, state=state, why=why, since_ms=0)


# --- the stages ---------------------------------------------------------------------------------


def _next_stage(update: Update) -> Update:
    while True:
        present = [one for one in update.members if one.stage <= update.stage]
        if any(one.state not in SETTLED for one in present):
            return update
        later = [one for one in update.members if one.stage > update.stage]
        if not later:
            state = RUNNING if any(one.state == LATE for one in present) else FINISHED
            return replace(update, state=state)
        if update.stage == 0 and not any(one.state == GOOD for one in present):
            # Nobody has shown yet that it works: one more, alone.
            first = later[0].device
            members = [replace(o, stage=0) if o.device == first else o for o in update.members]
            return replace(update, members=tuple(members))
        update = replace(update, stage=update.stage + 1)


def _begin(update: Update, seen: Mapping[str, Seen], now_ms: int) -> Update:
    if update.state != RUNNING:
        return update
    room = AT_ONCE - sum(one.state in (ORDERED, TRYING) for one in update.members)
    members = []
    for one in update.members:
        if one.state == QUEUED and one.stage <= update.stage:
            there = seen.get(one.device)
            if there is None or there.fits:
                one = _settled(one, PASSED, there.fits if there is not None else "removed")
            elif there.firmware == update.version:
                one = _settled(one, ALREADY, "")
            elif room > 0:
                room -= 1
                one = replace(one, state=ORDERED, order=None, before=there.health, since_ms=now_ms)
        members.append(one)
    return replace(update, members=tuple(members))
