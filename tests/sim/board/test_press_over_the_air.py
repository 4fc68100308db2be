"""How soon a press is seen: alone on the machine, for it is milliseconds that count."""

import asyncio
import time

import pytest

pytestmark = pytest.mark.anyio


async def test_the_first_light_comes_within_50_ms_of_the_press(broker, gateway, board) -> None:
    broker.start()
    await board.power_on()
    await gateway.first("boot")
    seen = len(board.lines)
    pressing = asyncio.get_running_loop().time()

    await board.press()
    lit = await board.until(
        lambda line: line.what == "pin" and line.data == {"name": "light", "level": 1}, since=seen
    )

    assert lit.t - pressing < 0.050


@pytest.mark.parametrize("shown", ["delivered", "asked_again", "coming"])
async def test_a_press_in_an_open_call_is_shown_as_soon_as_the_first(
    broker, gateway, board, shown
) -> None:
    # Given a call whose light shows this
    broker.start()
    await board.power_on()
    await gateway.first("boot")
    await board.press()
    press = await gateway.first("press")
    await board.until_light("delivered")
    gateway.light(press, shown)
    await board.until_light(shown)

    # When somebody presses again, then it says at once that this goes out
    seen = len(board.lines)
    pressing = time.monotonic()
    await board.press()
    lit = await board.until_light("sending", since=seen)
    assert lit.t - pressing < 0.050

    # And goes on saying so until it has, and then says again what is true of the call
    await gateway.until(lambda: len(gateway.of("press")) == 2)
    await board.until_light(shown, since=seen)
    lights = [line.data["state"] for line in board.lines[seen:] if line.what == "light"]
    assert lights == ["sending", shown]


async def test_each_tap_of_a_quick_series_lights_and_sounds(broker, gateway, board) -> None:
    broker.start()
    await board.power_on()
    await gateway.first("boot")

    for tap in range(4):
        seen = len(board.lines)
        await board.press(hold_s=0.06)
        await asyncio.sleep(0.08)  # the finger, not the test
        await board.until(lambda line: line.what == "sound" and line.data["hz"] > 0, 0.5, seen)
        if tap >= 2:
            # The series is urgent and told: this tap is seen, and adds nothing.
            await board.until_light("delivered", since=0)
            lights = [line.data["state"] for line in board.lines[seen:] if line.what == "light"]
            assert "sending" not in lights

    await gateway.first("press")
    assert [press.details["taps"] for press in gateway.of("press")] == [2]


async def test_two_quick_taps_are_one_urgent_press(broker, gateway, board) -> None:
    broker.start()
    await board.power_on()
    await gateway.first("boot")

    await board.press(hold_s=0.06)
    await asyncio.sleep(0.1)  # the finger, not the test: 100 ms between two taps
    await board.press(hold_s=0.06)
    press = await gateway.first("press")

    assert press.details == {"taps": 2, "held": 0}
