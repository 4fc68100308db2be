"""Plans are checked before anything runs: each impossible one is refused in one sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.people import doings
from sim.people.condition import Condition, ImpossibleError, Posture, after
from sim.people.doings import (
    Breathe,
    Collapse,
    Enter,
    HoldBreath,
    Leave,
    Lie,
    Revive,
    Sit,
    Sleep,
    StopBreathing,
    Use,
    Wake,
)
from sim.people.plan import PlanError, checked


@pytest.mark.parametrize(
    ("plan", "step", "said"),
    [
        ([(5, Sit())], 0, "not in the room"),
        ([(0, Enter()), (5, Enter())], 1, "in the room already"),
        ([(0, Enter()), (5, Sleep())], 1, "sit or lie first"),
        ([(0, Enter()), (5, Collapse()), (9, Leave())], 2, "unconscious"),
        ([(0, Enter()), (5, StopBreathing()), (9, HoldBreath(5))], 2, "unconscious"),
        ([(0, Enter()), (5, StopBreathing()), (9, Breathe(rate=8))], 2, "do not breathe"),
        ([(0, Enter()), (5, Revive())], 1, "conscious and breathe"),
        ([(0, Enter()), (5, Wake())], 1, "awake"),
        ([(0, Enter()), (5, Leave()), (9, Sit())], 2, "not in the room"),
        # What follows from an earlier doing counts: 300 s after it they do not breathe any more.
        ([(0, Enter()), (5, Use(rate=5, over_s=60)), (80, Lie())], 2, "unconscious"),
        ([(-1, Enter())], 0, "must be 0 or more"),
        ([(float("nan"), Enter())], 0, "must be 0 or more"),
        ([(9, Enter()), (5, Sit())], 1, "comes before"),
    ],
)
def test_an_impossible_plan_is_refused(plan, step, said):
    with pytest.raises(PlanError) as refused:
        checked("Ana", plan)
    text = str(refused.value)
    assert said in text
    assert f"step {step + 1}" in text
    assert "\n" not in text
    assert text.endswith(".")
    assert refused.value.step == step


def test_a_long_plan_that_can_be_done_is_accepted():
    plan = [
        *[(0, Enter()), (10, Sit()), (60, Use(over_s=60, rate=4, stops_after_s=120))],
        *[(240, doings.BeFound()), (250, Revive()), (300, doings.Stand()), (320, Leave())],
        *[(400, Enter()), (410, Lie("bed")), (420, Sleep()), (900, Wake()), (910, Leave())],
    ]
    assert [step.at_s for step in checked("Ana", plan)] == [at for at, _ in plan]


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("dance", {}, "no doing 'dance'"),
        ("sit", {"on": "chair"}, "no parameter 'on'"),
        ("stand", {"up": 1}, "it has none"),
        ("hold_breath", {"seconds": -3}, "must be 0.5 to 300 s"),
        ("breathe", {"rate": 400}, "must be 1 to 40 a minute"),
        ("breathe", {"rate": "slow"}, "must be a number"),
        ("use", {"depth": 0}, "must be 0.05 to 1"),
        ("enter", {"speed_m_s": 40}, "must be 0.1 to 3 m/s"),
    ],
)
def test_a_doing_that_makes_no_sense_is_refused(name, parameters, said):
    with pytest.raises(ValueError, match=said) as refused:
        doings.doing(name, parameters)
    assert str(refused.value).endswith(".")


def test_every_doing_has_a_name_and_words_of_its_own():
    for name, kind in doings.DOINGS.items():
        assert doings.name_of(kind) == name
        assert kind.__doc__


@given(st.lists(st.sampled_from([kind() for kind in doings.DOINGS.values()]), max_size=40))
def test_whatever_is_done_people_stay_people(wanted):
    now = Condition()
    for one in wanted:
        try:
            now = after(now, one, "Ana")
        except ImpossibleError as error:
            assert str(error).startswith("Ana cannot ")  # noqa: PT017 - the text is what counts
        # Nobody without breath is conscious, nobody who is away has fallen there.
        assert now.breathing or not now.conscious
        assert now.posture is not Posture.AWAY or now.conscious
