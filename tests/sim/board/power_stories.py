"""Power, watchdog, resets and deep sleep of a simulated board. Lived by test_stories.py."""

import asyncio
import os

from sim.devices.board import Board


def power(board: Board) -> list[str]:
    return [line.data["cause"] for line in board.lines if line.what == "power"]


async def a_loop_that_hangs_is_reset_by_the_watchdog(tmp_path, settings) -> None:
    async with Board(tmp_path / "board", name="x") as board:
        board.provision({**settings, "watchdog_s": 2})
        await board.power_on()
        await board.until_said("boot 1")

        board.console("while True: pass")

        await board.until_said("boot 2, watchdog")
        assert power(board) == ["power_on", "watchdog"]


async def one_dead_task_resets_the_board_though_all_others_live(tmp_path, settings) -> None:
    async with Board(tmp_path / "board", name="x") as board:
        board.provision({**settings, "watchdog_s": 2})
        await board.power_on()
        await board.until_said("boot 1")

        # When the light's task meets something nobody had thought of
        board.console(
            "from doorknock import signals\n"
            "def fail(self, now): raise RuntimeError('nobody thought of this')\n"
            "signals.Signals.advance = fail\n"
        )

        await board.until_said("task signals has failed")
        await board.until_said("task signals is late")
        await board.until_said("boot 2, watchdog")
        assert any("nobody thought of this" in line.data.get("text", "") for line in board.lines)


async def a_software_reset_says_so(board) -> None:
    await board.power_on()
    await board.until_said("boot 1, power_on")

    board.console("import machine; machine.reset()")

    await board.until_said("boot 2, software")


async def a_board_without_settings_says_what_it_lacks_and_does_not_fall(tmp_path) -> None:
    async with Board(tmp_path / "board", name="x") as board:
        await board.power_on()

        await board.until_said("setting secret: missing")
        await board.until_light("cannot_send")
        assert [line for line in board.lines if line.what == "crash"] == []


async def the_process_ends_when_its_host_goes_away(tmp_path, settings) -> None:
    board = Board(tmp_path / "board", name="x")
    board.provision(settings)
    await board.power_on()
    await board.until_said("boot 1")
    process = board._process
    assert process is not None

    # When the host's end of the line closes, as it does when the host is killed
    ours, board._stdin = board._stdin, -1
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, ours)
    os.close(null)

    async with asyncio.timeout(60):
        assert await process.wait() == 0
    await board.close()


async def a_power_cut_in_a_flash_write_is_survived(board, broker, gateway) -> None:
    # Given a board whose power goes in the middle of writing a press down
    await board.power_on()
    await board.until_said("event heartbeat")
    board.power_cut_in_writing(1)
    await board.press()
    await board.until(lambda line: line.what == "off")

    # When the power is back, then it starts, and a new press is kept and delivered
    broker.start()
    await board.close()
    await board.power_on()
    await board.until_said("boot 2")
    await board.press()
    press = await gateway.first("press")
    assert press.boot in (1, 2)


async def a_battery_button_sleeps_wakes_by_a_press_and_sends_it_at_once(
    broker, gateway, tmp_path, settings
) -> None:
    broker.start()
    async with Board(tmp_path / "board", name="x") as board:
        board.provision({**settings, "battery": 1})
        # Given a board that has gone to sleep
        await board.power_on()
        await gateway.first("heartbeat")
        await board.until(lambda line: line.what == "asleep")
        seen = len(board.lines)

        # When somebody presses
        await board.press(hold_s=0.2)
        lit = await board.until_light("sending", since=seen)
        linked = await board.until(lambda line: line.data.get("text") == "link up", since=seen)
        press = await gateway.first("press")

        # Then the light comes at once, before there is any way, and the press of the same boot,
        # without waiting for more
        assert lit.t < linked.t
        assert power(board) == ["power_on", "deep_sleep"]
        assert press.boot == 1
        assert press.details == {"taps": 1, "held": 0}
        assert [event.boot for event in gateway.of("boot")] == [1]
        await board.until_light("delivered", since=seen)

        # And two taps raise it; on a busy machine the finger may be too slow for that at first
        for _ in range(20):
            before = len(gateway.of("press"))
            await board.press()
            await board.press()
            await gateway.until(lambda before=before: len(gateway.of("press")) > before)
            if gateway.of("press")[-1].details["taps"] == 2:
                break
        assert gateway.of("press")[-1].details["taps"] == 2
        assert gateway.of("press")[-1].seq > press.seq


async def a_battery_button_without_its_number_asks_again_after_each_sleep(
    broker, gateway, tmp_path, settings
) -> None:
    # Given a board that has lost its number, whose gateway did not tell it before it slept
    broker.start()
    gateway.answering = False
    async with Board(tmp_path / "board", name="x") as board:
        board.provision({**settings, "battery": 1})
        board.lose_setting("boot")
        await board.power_on()
        await board.until_said("link up")
        board.console("from doorknock import sleep; sleep.SEEKING_MS = 4000")
        await board.until(lambda line: line.what == "asleep")

        # When it is woken by a press, and the gateway answers
        gateway.answering = True
        await board.press(hold_s=0.2)

        # Then the press comes under a number
        press = await gateway.first("press")
        assert press.boot == 2


STORIES = (
    a_loop_that_hangs_is_reset_by_the_watchdog,
    one_dead_task_resets_the_board_though_all_others_live,
    a_software_reset_says_so,
    a_board_without_settings_says_what_it_lacks_and_does_not_fall,
    the_process_ends_when_its_host_goes_away,
    a_power_cut_in_a_flash_write_is_survived,
    a_battery_button_sleeps_wakes_by_a_press_and_sends_it_at_once,
    a_battery_button_without_its_number_asks_again_after_each_sleep,
)
