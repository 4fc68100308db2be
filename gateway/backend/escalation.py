"""Who is asked, and when. Pure: no I/O, no clock, the time is an argument.

    asked ── 60 s ── reminded ── 60 s ── next step asked, the others reminded ── 60 s ── …

After the last step everybody is reminded, for ever, until a person answers.

Beside that, only where the resident and the programme have both said so: once a call has been
unanswered for so long, those who call an ambulance are asked to, and reminded like the others.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

# How long one reminder waits for the next, and a step for the one after it (DESIGN, "alerts").
REMIND_EVERY = timedelta(seconds=60)
NEXT_STEP_AFTER = timedelta(seconds=120)
# "On the way" and neither there nor done: a building is crossed in less.
FOLLOW_UP_AFTER = timedelta(minutes=5)
# There, and not closed: the person has stayed to help, or has forgotten to say so.
STILL_OPEN_AFTER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Plan:
    """A programme's plan. steps: ids of the people asked together, in the order of the steps.

    ambulance: who is asked to call one, once nobody has answered for ambulance_after (None: never).
    """

    steps: tuple[tuple[str, ...], ...]
    remind_every: timedelta = REMIND_EVERY
    next_step_after: timedelta = NEXT_STEP_AFTER
    follow_up_after: timedelta = FOLLOW_UP_AFTER
    still_open_after: timedelta = STILL_OPEN_AFTER
    ambulance: tuple[str, ...] = ()
    ambulance_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """An alert that nobody has answered: where in the plan it is.

    step: 0 … the last step asked (0 as well where the plan has none). next_at: when something
    must be done about it; there is always such a time, or a person could be forgotten. since: when
    the first step was asked.
    """

    step: int
    step_since: datetime
    next_at: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """What escalation does now: `fresh` are asked for the first time, `again` are reminded;
    `ambulance` are asked to call one."""

    asking: Asking
    fresh: tuple[str, ...]
    again: tuple[str, ...]
    ambulance: tuple[str, ...] = ()


def begin(plan: Plan, now: datetime) -> Move:
    """The first step of *plan*."""
    return Move(_at_step(plan, 0, now, since=now), _people(plan, 0, ()), ())


def go_on(plan: Plan, asking: Asking, asked: tuple[str, ...], now: datetime) -> Move:
    """The time of *asking* has come: the next step if it is due and there is one; else a reminder.

    asked: everybody who has been asked so far. The plan may have changed since: whoever now
    stands in a step that has been asked is asked as well; and everybody, where nobody who was
    asked is in it any more.
    """
    if asking.step_since > now or asking.since > now:
        # The clock was ahead and has been corrected: the step counts from now.
        asking = replace(asking, step_since=min(asking.step_since, now), since=now)
    return _with_ambulance(plan, _go_on(plan, asking, asked, now), now)


def _go_on(plan: Plan, asking: Asking, asked: tuple[str, ...], now: datetime) -> Move:
    if not any(person in step for step in plan.steps for person in asked):
        step = max(0, len(plan.steps) - 1)
        return Move(_at_step(plan, step, now, asking.since), _people(plan, step, asked), asked)
    if now - asking.step_since >= plan.next_step_after and has_next(plan, asking):
        return next_step(plan, asking, asked, now)
    return Move(_waiting(plan, asking, now), _people(plan, asking.step, asked), asked)


def next_step(plan: Plan, asking: Asking, asked: tuple[str, ...], now: datetime) -> Move:
    """The next step at once, because nobody in this one could be reached."""
    step = asking.step + 1
    return Move(_at_step(plan, step, now, asking.since), _people(plan, step, asked), asked)


def _with_ambulance(plan: Plan, move: Move, now: datetime) -> Move:
    """The same, and an ambulance, where it is due. Whoever calls it is reminded of that alone."""
    if plan.ambulance_after is None or now - move.asking.since < plan.ambulance_after:
        return move
    return replace(
        move,
        fresh=tuple(one for one in move.fresh if one not in plan.ambulance),
        again=tuple(one for one in move.again if one not in plan.ambulance),
        ambulance=plan.ambulance,
    )


def is_due(at: datetime, now: datetime, longest: timedelta) -> bool:
    """Whether *at* has come. Further ahead than the longest wait there is, it was set by a clock
    that was ahead and has been corrected since: then nobody may wait for it."""
    return at <= now or at > now + longest


def has_next(plan: Plan, asking: Asking) -> bool:
    """Whether there are further people to ask."""
    return asking.step + 1 < len(plan.steps)


def without_ambulance(plan: Plan) -> Plan:
    """The same plan for somebody who has said that they are fine."""
    return replace(plan, ambulance_after=None)


def begun_anew(asking: Asking, now: datetime) -> Asking:
    """What was unanswered before is taken back; it is unanswered from now."""
    return replace(asking, since=now)


def restart_reminders(plan: Plan, asking: Asking, now: datetime) -> Asking:
    """Everybody has just been asked again for another reason: the next reminder counts from now."""
    return _waiting(plan, asking, now)


def _at_step(plan: Plan, step: int, now: datetime, since: datetime) -> Asking:
    return _waiting(plan, Asking(step, step_since=now, next_at=now, since=since), now)


def _waiting(plan: Plan, asking: Asking, now: datetime) -> Asking:
    # From now, not from when it was due: after a night switched off there is one reminder, not 500.
    next_at = now + plan.remind_every
    if has_next(plan, asking):
        next_at = min(next_at, max(now, asking.step_since + plan.next_step_after))
    if plan.ambulance_after is not None and now < asking.since + plan.ambulance_after:
        next_at = min(next_at, asking.since + plan.ambulance_after)
    return replace(asking, next_at=next_at)


def _people(plan: Plan, step: int, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the steps up to this one who have not been asked, each once."""
    planned = dict.fromkeys(person for people in plan.steps[: step + 1] for person in people)
    return tuple(person for person in planned if person not in asked)
