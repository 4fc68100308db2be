"""An alert goes on asking until somebody answers, whatever happens to backend and phones."""

import asyncio

import pytest

from sim.building.asgi_wire import Backend


def asked(house, person):
    """When this person was asked or told, in s after the press at 30 s, and by what title."""
    return [
        (round(one["t_ms"] / 1000 - 30), one["title"])
        for one in house.records("message", person=person)
    ]


def pressed(play, before=lambda _house: None, after=None, for_s=400, **changes):
    """A press at 30 s, *before* just before and *after* (async) just after it; house, button."""

    async def scene(house):
        button = house.device()
        await asyncio.sleep(30)
        before(house)
        button.press()
        if after is not None:
            await after(house)
        await asyncio.sleep(for_s)
        return house, button

    return play(scene, **changes)


def test_unanswered_it_reminds_every_60_s_and_asks_the_next_step_at_120_s(play):
    house, _ = pressed(play, for_s=200)
    # A phone shows what was sent 2 s before.
    assert [at for at, _ in asked(house, "ana")] == [2, 62, 122, 182]
    assert asked(house, "carla")[0][0] == 122
    assert house.to("dora") == []


def test_who_answers_ends_the_asking_and_the_others_are_told(play):
    async def answers(house):
        await asyncio.sleep(70)
        await house.building.responders["ben"].on_my_way("204")
        await asyncio.sleep(100)
        await house.building.responders["ben"].arrived("204")
        await house.building.responders["ben"].done("wanted_company", "204")

    house, button = pressed(play, after=answers)
    assert [at for at, _ in asked(house, "ana")] == [2, 62, 72, 172]
    assert asked(house, "carla") == []
    assert [state for _, state in button.lights][-2:] == ["coming", "none"]
    last = house.records("alert")[-1]
    assert (last["state"], last["outcome"]) == ("resolved", "wanted_company")


def test_lesson_26_with_every_phone_of_a_step_out_of_reach_the_next_is_asked_at_once(play):
    def before(house):
        for person in ("ana", "ben"):
            house.building.phones[person].undeliverable = True

    house, _ = pressed(play, before, for_s=60)
    assert asked(house, "carla")[0][0] <= 5
    assert asked(house, "ana") == []


def test_a_service_that_never_answers_holds_up_nobody_else(play):
    def before(house):
        house.building.phones["ana"].silent = True

    house, _ = pressed(play, before, for_s=100)
    assert [at for at, _ in asked(house, "ben")] == [2, 62]


def test_lesson_35_a_phone_that_shows_nothing_is_not_taken_for_told(play):
    def before(house):
        for person in ("ana", "ben"):
            house.building.phones[person].swallows = True

    house, _ = pressed(play, before, for_s=130)
    assert [at for at, _ in asked(house, "carla")] == [122]


def test_lesson_25_a_backend_killed_and_started_forgets_no_reminder(play):
    async def restarts(house):
        await asyncio.sleep(40)
        await house.building.backend.kill()
        await asyncio.sleep(10)
        house.building.backend.start()

    house, button = pressed(play, after=restarts, for_s=120)
    assert [at for at, _ in asked(house, "ana")] == [2, 62, 122]
    assert button.light == "asked_again"


def test_a_slow_backend_that_the_gateway_gives_up_on_is_asked_again_and_asks_once(play):
    def before(house):
        house.building.set_backend(Backend.UP, slowness_s=11.0)

    async def mended(house):
        await asyncio.sleep(45)
        house.building.set_backend(Backend.UP)

    house, button = pressed(play, before, mended, for_s=10)
    assert len(house.when_accepted(button)) == 1
    # It had taken the first copy, after 11 s, though nobody waited for its answer.
    assert [at for at, _ in asked(house, "ana")] == [13]


@pytest.mark.parametrize("state", [Backend.DOWN, Backend.FAILING, Backend.UNREACHABLE])
def test_lesson_21_ten_minutes_without_the_backend_cost_ten_minutes_and_nothing_else(play, state):
    def before(house):
        house.building.set_backend(state)

    async def mended(house):
        await asyncio.sleep(600)
        house.building.set_backend(Backend.UP)

    house, button = pressed(play, before, mended, for_s=100)
    assert len(house.when_accepted(button)) == 1
    assert asked(house, "ana")[0][0] < 600 + 75
    # The button has said nothing else in this boot: when exactly it was, nobody can know.
    assert "asks for help, 08:00 or earlier" in house.records("message", person="ana")[0]["text"]
    assert button.light in ("delivered", "asked_again")


def test_lesson_22_a_backend_that_lies_is_believed_but_nothing_says_that_somebody_comes(play):
    """What answers 200 and keeps nothing cannot be told from one that works by its answer alone:
    the event is done with, and nobody is asked. The light never says more than "delivered", and
    the true backend raises the loss of its gateway, whose heartbeats the liar takes."""

    def before(house):
        house.building.set_backend(Backend.LYING)

    house, button = pressed(play, before, for_s=400)
    assert len(house.when_accepted(button)) == 1
    assert house.alerts() == []
    assert button.light == "delivered"
    assert ["has not been heard from" in one["text"] for one in house.records("message")] == [True]


def test_the_stream_back_that_has_fallen_silent_is_opened_again(play):
    async def answers(house):
        await asyncio.sleep(10)
        house.building.set_backend(Backend.UNREACHABLE)
        await house.building.responders["ana"].on_my_way("204")
        await asyncio.sleep(120)
        house.building.set_backend(Backend.UP)

    _, button = pressed(play, after=answers, for_s=60)
    assert button.light == "coming"


@pytest.mark.parametrize(
    "sessions", [(), ("gateway-alarm",), ("gateway-up",)], ids=["both", "alarm", "up"]
)
def test_somebody_is_coming_though_the_gateway_has_no_broker_at_that_moment(play, sessions):
    """The light is in the store before it is sent: one that could not be sent is sent again."""

    async def answers(house):
        await asyncio.sleep(20)
        house.building.gateway.lose_broker(*sessions)
        await house.building.responders["ana"].on_my_way("204")

    # Two whole sessions may be away for 8 s; a heartbeat of the button comes in 15 minutes.
    _, button = pressed(play, after=answers, for_s=12)
    assert button.light == "coming"


def test_lesson_27_two_who_answer_at_once_both_go(play):
    async def answers(house):
        await asyncio.sleep(10)
        people = house.building.responders
        await asyncio.gather(people["ana"].on_my_way("204"), people["ben"].on_my_way("204"))

    house, _ = pressed(play, after=answers, for_s=10)
    assert sorted(house.records("alert")[-1]["attending"]) == ["ana", "ben"]


def test_a_link_that_is_only_looked_at_says_nothing_to_anybody(play):
    async def looks(house):
        await asyncio.sleep(10)
        assert "204" in await house.building.responders["ana"].look("204")

    house, button = pressed(play, after=looks, for_s=60)
    assert [at for at, _ in asked(house, "ana")] == [2, 62]
    assert button.light in ("delivered", "asked_again")
