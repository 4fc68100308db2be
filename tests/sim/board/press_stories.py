"""A press on a simulated board, over TLS-PSK and a real mosquitto, to a gateway and back.

Lived, all at once, by test_stories.py.
"""

import asyncio
import time


async def a_press_is_delivered_answered_and_shown(broker, gateway, board) -> None:
    # Given a board that is connected
    broker.start()
    await board.power_on()
    await gateway.first("boot")

    # When somebody presses once
    await board.press()
    press = await gateway.first("press")

    # Then it is a single tap, under the board's first boot number, and the light says so
    assert press.details == {"taps": 1, "held": 0}
    assert press.boot == 1
    await board.until_light("sending")
    await board.until_light("delivered")

    # And the words of the gateway reach the light
    gateway.light(press, "asked_again")
    await board.until_light("asked_again")
    gateway.light(press, "coming")
    await board.until_light("coming")
    seen = len(board.lines)
    gateway.light(press, "none")
    await board.until_light("none", since=seen)


async def the_end_of_an_alert_does_not_end_a_newer_press(broker, gateway, board) -> None:
    # Given a second press that the gateway has, and the backend had not when it closed the alert
    broker.start()
    await board.power_on()
    await gateway.first("boot")
    await board.press()
    first = await gateway.first("press")
    gateway.light(first, "coming")
    await board.until_light("coming")
    seen = len(board.lines)
    await board.press()
    await gateway.until(lambda: len(gateway.of("press")) == 2)
    await board.until_light("coming", since=seen)

    # When the end comes, naming the first
    seen = len(board.lines)
    gateway.light(first, "none")

    # Then the second goes on as a call of its own, until its own end
    await board.until_light("delivered", since=seen)
    second = gateway.of("press")[1]
    gateway.light(second, "coming")
    await board.until_light("coming", since=seen)
    gateway.light(second, "none")
    await board.until_light("none", since=seen)


async def a_button_found_down_at_the_start_is_a_press(broker, gateway, board) -> None:
    # Given somebody who presses before the board has its power, and lets go while it starts
    broker.start()
    await board.set_pin("button", 0)
    await board.power_on()
    lit = await board.until(
        lambda line: line.what == "pin" and line.data == {"name": "light", "level": 1}, 2
    )
    await board.set_pin("button", 1)

    # Then the light is on before the app is loaded, and the press is sent
    started = await board.until_said("boot 1")
    assert lit.t < started.t
    press = await gateway.first("press")
    assert press.details == {"taps": 1, "held": 0}
    await board.until_light("delivered")


async def a_press_before_there_is_a_broker_is_delivered_when_there_is(
    broker, gateway, board
) -> None:
    # Given a board whose broker is down at the start
    await board.power_on()
    await board.until_said("link down")

    # When somebody presses, the light says that nothing goes out
    await board.press()
    await board.until_light("cannot_send")

    # And when the broker comes, the press arrives, with the age its uptime tells
    broker.start()
    press = await gateway.first("press")
    assert press.details == {"taps": 1, "held": 0}
    await board.until_light("delivered")


async def a_press_outlives_a_broker_that_forgets_it(broker, gateway, board) -> None:
    # Given a press the broker has taken, and no gateway has answered
    broker.start()
    gateway.answering = False
    await board.power_on()
    await board.until_said("link up")
    await board.press()
    await gateway.first("press")

    # When the broker is killed and its store wiped
    broker.kill(wipe=True)
    gateway.events.clear()
    gateway.answering = True
    broker.start()

    # Then the same press comes again, and is answered
    press = await gateway.first("press")
    assert (press.boot, press.seq) == (1, press.seq)
    await board.until_light("delivered")


async def a_press_while_the_broker_restarts_is_delivered_soon_after(broker, gateway, board) -> None:
    broker.start()
    await board.power_on()
    await gateway.first("boot")

    # Given a broker that was killed, and then somebody presses
    broker.kill()
    await board.until_said("link down")
    await board.press()
    await board.until_said("event press")
    await asyncio.sleep(2)  # how long it stays away is the case

    # When it is back
    broker.start()
    back = time.monotonic()

    # Then the press is there at once, and not at the end of a pause
    await gateway.first("press", 20)
    print(f"press delivered {time.monotonic() - back:.2f} s after the broker was back")
    await board.until_light("delivered")


async def a_press_does_not_wait_for_a_long_back_off(broker, gateway, board) -> None:
    # Given a board that has tried in vain for so long that it tries twice a minute
    await board.power_on()
    await board.until_said("boot 1")
    board.console("from doorknock import link; link._BACK_OFF_MS = (30000,)")
    await board.press()
    await board.until_light("cannot_send")
    seen = len(board.lines)
    await board.until_said("link down", since=seen)

    # When the broker comes, then the press is there, and not only half a minute later
    broker.start()
    await gateway.first("press", 20)
    await board.until_light("delivered")


async def a_press_the_broker_forgot_goes_out_with_the_next_connection(
    broker, gateway, board
) -> None:
    # Given a press that waits for its next turn in a minute: the broker had it, and nobody answers
    broker.start()
    gateway.answering = False
    await board.power_on()
    await gateway.first("boot")
    board.console(
        "from doorknock import retry; retry.Outgoing._delay_ms = lambda self, times: 60000"
    )
    await board.press()
    await gateway.first("press")

    # When the broker falls, and forgets
    broker.kill(wipe=True)
    gateway.events.clear()
    gateway.answering = True
    broker.start()

    # Then the press goes out with the connection, not a minute later
    await gateway.first("press", 20)
    await board.until_light("delivered")


async def a_power_cut_before_the_answer_loses_no_press(broker, gateway, board) -> None:
    # Given a press that nobody has answered
    await board.power_on()
    await board.until_said("boot")
    await board.press()
    pressed = await board.until_said("event press")
    # When the power goes, and comes back with everything in order
    await board.power_cut()
    broker.start()
    await board.power_on()

    # Then the press comes under its own identity, of the start before
    press = await gateway.first("press")
    assert pressed.data["text"] == f"event press {press.boot}.{press.seq}"
    assert press.boot == 1
    assert (await gateway.first("boot")).boot in (1, 2)
    # And the light of the new start knows of it
    await board.until_light("delivered")


async def a_wrong_key_is_refused_and_the_light_says_so(broker, gateway, board) -> None:
    broker.keys["00112233aabb"] = bytes(32)
    broker.start()
    await board.power_on()
    await board.until_said("does not take this device's key")

    await board.press()
    await board.until_light("cannot_send")

    assert gateway.events == []


async def a_lost_boot_number_is_asked_for_and_events_are_kept_meanwhile(
    broker, gateway, board
) -> None:
    # Given a board that has lost its number, and was pressed
    board.lose_setting("boot")
    gateway.next_boot = 8
    await board.power_on()
    await board.until_said("boot")
    await board.press()
    await board.until_said("event press 0.")

    # When the gateway tells it the next
    broker.start()
    press = await gateway.first("press")

    # Then the press comes under a number never used
    assert press.boot == 9
    await gateway.until(lambda: [event.boot for event in gateway.of("boot")] == [0, 9])
    await board.until_light("delivered")
    # And the next start goes on from there
    await board.power_cut()
    await board.power_on()
    await gateway.until(lambda: any(event.boot == 10 for event in gateway.events))


async def a_silent_radio_is_noticed_and_a_press_in_it_delivered_later(
    broker, gateway, board
) -> None:
    # Given a connected board whose access point falls silent
    broker.start()
    await board.power_on()
    await gateway.first("boot")
    board.access_point(False)

    # When somebody presses, the light comes all the same, and soon says that nothing goes out
    await board.press()
    await board.until_light("sending")
    await board.until_light("cannot_send")

    # And with the radio back, the press is delivered
    board.access_point(True)
    await gateway.first("press")
    await board.until_light("delivered")


async def a_replayed_or_foreign_command_changes_nothing(broker, gateway, board) -> None:
    # Given a call that was answered, attended and closed
    broker.start()
    await board.power_on()
    await gateway.first("boot")
    await board.press()
    press = await gateway.first("press")
    await board.until_light("delivered")
    coming = gateway.light(press, "coming")
    await board.until_light("coming")
    seen = len(board.lines)
    gateway.light(press, "none")
    await board.until_light("none", since=seen)
    seen = len(board.lines)

    # When an old command is played again, and one that nobody signed
    topic = "doorknock/1/00112233aabb/down"
    gateway.client.publish(topic, coming, 1)
    gateway.client.publish(topic, coming[:-1] + bytes([coming[-1] ^ 1]), 1)
    gateway.client.publish(topic, b"", 1)
    gateway.client.publish(topic, bytes(900), 1)

    # Then the light stays out, and what was refused is said
    for _ in range(3):
        line = await board.until_said("command refused", since=seen)
        seen = board.lines.index(line) + 1
    assert all(line.what != "light" for line in board.lines[seen:])


async def an_open_call_is_shown_again_after_a_reset(broker, gateway, board) -> None:
    broker.start()
    await board.power_on()
    await gateway.first("boot")
    await board.press()
    press = await gateway.first("press")
    gateway.light(press, "coming")
    await board.until_light("coming")

    seen = len(board.lines)
    board.console("import machine; machine.reset()")
    await board.until_light("coming", since=seen)

    seen = len(board.lines)
    gateway.light(press, "none")
    await board.until_light("none", since=seen)


STORIES = (
    a_press_is_delivered_answered_and_shown,
    the_end_of_an_alert_does_not_end_a_newer_press,
    a_button_found_down_at_the_start_is_a_press,
    a_press_before_there_is_a_broker_is_delivered_when_there_is,
    a_press_outlives_a_broker_that_forgets_it,
    a_press_while_the_broker_restarts_is_delivered_soon_after,
    a_press_does_not_wait_for_a_long_back_off,
    a_press_the_broker_forgot_goes_out_with_the_next_connection,
    a_power_cut_before_the_answer_loses_no_press,
    a_wrong_key_is_refused_and_the_light_says_so,
    a_lost_boot_number_is_asked_for_and_events_are_kept_meanwhile,
    a_silent_radio_is_noticed_and_a_press_in_it_delivered_later,
    a_replayed_or_foreign_command_changes_nothing,
    an_open_call_is_shown_again_after_a_reset,
)
