"""The real firmware at one end of the building, phones at the other, and every fault between."""

import asyncio
import math

import pytest

from sim.building.asgi_wire import Backend
from sim.building.way import Air


@pytest.fixture
def pressed_while(play, tmp_path):
    """A press 5 s after *break_*, *mend* 60 s later; the house and its button at the end."""

    def run(break_, mend):
        async def scene(house):
            button = house.firmware(tmp_path / "board")
            await asyncio.sleep(60)
            try:
                await _done(break_(house.building))
                await asyncio.sleep(5)
                button.press()
                await asyncio.sleep(55)
                button.said_meanwhile = button.since(64)
                await _done(mend(house.building))
                await asyncio.sleep(60)
            finally:
                button.board.close()
            return house, button

        return play(scene)

    return run


async def _done(what):
    if asyncio.iscoroutine(what):
        await what


def test_the_person_behind_the_door_sees_that_somebody_is_coming(play, tmp_path):
    async def scene(house):
        button = house.firmware(tmp_path / "board")
        try:
            await asyncio.sleep(20)
            button.press()
            await asyncio.sleep(10)
            await house.building.responders["ana"].on_my_way("204")
            await asyncio.sleep(5)
        finally:
            button.board.close()
        return house, button

    house, button = play(scene)
    assert len(house.when_accepted(button)) == 1
    assert button.since(19) == ["sending", "delivered", "coming"]
    assert house.said() == []


def test_a_button_that_sleeps_is_never_late_and_its_press_is_answered(play, tmp_path):
    async def scene(house):
        button = house.firmware(tmp_path / "board", battery=1)
        try:
            await asyncio.sleep(3300)
            asleep, online = not button.board.running, house.online(button)
            button.press()
            await asyncio.sleep(15)
            await house.building.responders["ana"].on_my_way("204")
            await asyncio.sleep(15)
        finally:
            button.board.close()
        return house, button, asleep, online

    house, button, asleep, online = play(scene)
    # It says goodbye before it sleeps: nobody takes the silence for a failure.
    assert asleep
    assert online
    # At its start, three times by its timer, and when the press has woken it.
    assert len(house.records("committed", kind="heartbeat")) == 5
    assert house.to("dora") == []
    assert len(house.when_accepted(button)) == 1
    assert button.since(3300)[-2:] == ["delivered", "coming"]


def test_a_button_whose_power_goes_as_it_is_pressed_calls_when_it_is_back(play, tmp_path):
    async def scene(house):
        button = house.firmware(tmp_path / "board")
        try:
            await asyncio.sleep(60)
            house.building.broker.kill()
            button.press()
            await asyncio.sleep(2)
            button.board.power_cut()
            house.building.broker.start()
            await asyncio.sleep(60)
            before = house.when_accepted(button)
            button.board.power_on()
            await asyncio.sleep(30)
        finally:
            button.board.close()
        return house, button, before

    house, button, before = play(scene)
    assert before == []
    assert len(house.when_accepted(button)) == 1
    assert button.light == "delivered"


WAYS = {
    "access point off": (lambda b: b.way.turn(Air.OFF), lambda b: b.way.turn(Air.ON)),
    "captive": (lambda b: b.way.turn(Air.CAPTIVE), lambda b: b.way.turn(Air.ON)),
    "captive and silent": (
        lambda b: b.way.turn(Air.CAPTIVE_SILENT),
        lambda b: b.way.turn(Air.ON),
    ),
    "another address": (lambda b: b.way.move("192.0.2.9"), lambda b: b.way.turn(Air.ON)),
    "broker down": (lambda b: b.broker.kill(), lambda b: b.broker.start()),
    "broker gone and wiped": (lambda b: b.broker.kill(wipe=True), lambda b: b.broker.start()),
    "broker hangs": (
        lambda b: setattr(b.broker, "slowness_s", math.inf),
        lambda b: setattr(b.broker, "slowness_s", 0.0),
    ),
    "gateway killed": (lambda b: b.gateway.kill(), lambda b: b.gateway.start()),
}


@pytest.mark.parametrize("fault", WAYS)
def test_nothing_says_delivered_until_it_is_and_then_once(pressed_while, fault):
    house, button = pressed_while(*WAYS[fault])
    assert button.said_meanwhile == ["sending", "cannot_send"]
    # Mended at 120 s: whoever has called for help is not left to a back-off.
    (accepted_s,) = house.when_accepted(button)
    assert 120 < accepted_s < 140
    assert button.light == "delivered"
    assert house.alerts() == [("204", "check_in")]


@pytest.mark.parametrize("state", [Backend.DOWN, Backend.FAILING, Backend.UNREACHABLE])
def test_who_nobody_outside_has_heard_is_told_so_within_a_minute(play, tmp_path, state):
    async def scene(house):
        button = house.firmware(tmp_path / "board")
        try:
            await asyncio.sleep(60)
            house.building.set_backend(state)
            await asyncio.sleep(5)
            button.press()
            await asyncio.sleep(70)
            meanwhile = button.since(64)
            house.building.set_backend(Backend.UP)
            await asyncio.sleep(70)
        finally:
            button.board.close()
        return house, button, meanwhile

    house, button, meanwhile = play(scene)
    assert meanwhile == ["sending", "delivered", "cannot_send"]
    assert button.light == "delivered"
    assert len(house.when_accepted(button)) == 1
    assert house.alerts() == [("204", "check_in")]
