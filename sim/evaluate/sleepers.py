"""The same nights as in days.py, with a sleeper who answers: how often are they woken?

That a sleeper wakes from the tone four times in five, and takes 3 to 12 s to press B, are
assumptions. Their breath goes on as it was recorded: that waking ends an apnoea, and that an arm
reaches for B, is not played, so that there are rather more questions here than there would be.
"""

import random
from dataclasses import replace

from sim.evaluate import days
from sim.evaluate.kind import REAL_ENVELOPE, Case, Kind
from sim.evaluate.truth import Must, Truth
from sim.hand import Hand

WAKES = 0.8
PRESSES_AFTER_S = (3.0, 12.0)
# More than are asked in any night.
QUESTIONS = 500

# What somebody might choose who would rather sleep (assumption): asked only after as long as the
# sensor waits at the most by itself, from the first question of an hour on, and one press of B
# when they lie down.
SELDOM = {"still_prompt_s": 45, "asks_per_h": 1, "quiet_min": 120}
LIES_DOWN_MS = 400_000


def answers(chance: random.Random) -> Hand:
    """Somebody who mostly wakes and presses B."""
    return Hand(
        answers=tuple(
            round(1000 * chance.uniform(*PRESSES_AFTER_S)) if chance.random() < WAKES else None
            for _ in range(QUESTIONS)
        )
    )


def _who_answers(night: Case, chance: random.Random) -> Case:
    return replace(night, truth=Truth(Must.SHOW), hand=answers(chance))


def _who_is_asked_seldom(night: Case, chance: random.Random) -> Case:
    hand = replace(answers(chance), presses=((LIES_DOWN_MS, 1, False),))
    return replace(night, truth=Truth(Must.SHOW), hand=hand, settings=dict(SELDOM))


def quiet_who_answers(chance: random.Random) -> Case:
    """A sleeper who breathes normally, and answers."""
    return _who_answers(days.quiet_night(chance), chance)


def quiet_asked_seldom(chance: random.Random) -> Case:
    """A sleeper who breathes normally, answers, and has set that they are asked seldom."""
    return _who_is_asked_seldom(days.quiet_night(chance), chance)


def apnoeas_who_answers(chance: random.Random) -> Case:
    """A sleeper with dozens of apnoeas, who answers."""
    return _who_answers(days.night_with_apnoeas(chance), chance)


def apnoeas_asked_seldom(chance: random.Random) -> Case:
    """A sleeper with dozens of apnoeas, who answers and has set that they are asked seldom."""
    return _who_is_asked_seldom(days.night_with_apnoeas(chance), chance)


KINDS = tuple(
    Kind(
        f"night, {who}",
        "sleepers",
        REAL_ENVELOPE,
        build,
        share=0.05,
        dice=f"night, {whose} sleeper's envelope",
        night=True,
    )
    for who, build, whose in (
        ("a quiet sleeper who answers", quiet_who_answers, "a quiet"),
        ("a quiet sleeper asked seldom", quiet_asked_seldom, "a quiet"),
        ("an apnoea sleeper who answers", apnoeas_who_answers, "an apnoea"),
        ("an apnoea sleeper asked seldom", apnoeas_asked_seldom, "an apnoea"),
    )
)
