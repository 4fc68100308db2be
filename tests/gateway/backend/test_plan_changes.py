"""A programme changes its plan, and starts the backend anew, while an alert is open."""

from collections.abc import Callable

from gateway.backend.escalation import Plan

from .conftest import House, policy


def test_a_plan_changed_under_an_open_alert_asks_those_who_are_in_it_now(
    open_house: Callable[..., House],
) -> None:
    before = open_house(plan=Plan(steps=(("ana",),)))
    before.happens("press", taps=1)
    before.deliver()
    people = {name: one for name, one in policy().people.items() if name != "ana"}
    house = open_house(
        clock=before.clock, outbox=before.outbox, people=people, plan=Plan(steps=(("carla",),))
    )
    house.pass_time(90, step=10)
    assert len(house.outbox.to("carla")) == 1
    assert len(house.outbox.to("ana")) == 1
