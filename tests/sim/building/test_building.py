"""A press goes through the whole building, and the word comes back, in virtual time."""

import asyncio

import pytest

from gateway.backend.timers import Timers
from gateway.supervision import Supervision


def test_a_press_reaches_a_phone_and_the_answer_the_light(play):
    async def scene(house):
        button = house.device()
        await asyncio.sleep(10)
        button.press()
        await asyncio.sleep(20)
        await house.building.responders["ana"].on_my_way("204")
        await asyncio.sleep(5)
        return house, button

    house, button = play(scene)
    assert [one["kind"] for one in house.records("committed")] == ["press"]
    assert len(house.records("accepted")) == 1
    assert house.to("ana") == ["Check in: 204"]
    assert button.light == "coming"
    assert house.said() == []


@pytest.mark.parametrize("part", [Supervision, Timers])
def test_what_falls_in_the_gateway_or_the_backend_ends_the_run(play, monkeypatch, part):
    # Given a part that nobody had thought could fall
    async def falls(self):
        raise ZeroDivisionError("nobody thought of this")

    async def scene(house):
        await asyncio.sleep(10)

    monkeypatch.setattr(part, "run", falls)

    # When the building runs, then that is no result
    with pytest.raises((ZeroDivisionError, ExceptionGroup)):
        play(scene)
