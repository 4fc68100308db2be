"""Sensors' boards: radar bytes on the UART, button B, and a watch that outlives a reset.

Lived, all at once, by test_stories.py.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sim.devices.board import Board
from sim.devices.board_line import BoardLine
from sim.radars import ld2410
from sim.radars.mr60 import Mr60
from tests.sim.board.house import Gateway

FLOOR = (15, 27, 9, 6, 5, 4, 5, 3, 5), (0, 0, 61, 41, 25, 20, 13, 11, 9)


class Presence:
    """An LD2410: somebody at 1.5 m, moving or not; the energies flicker as a live module's do."""

    def __init__(self) -> None:
        self.moving = True
        self._turn = 0

    def report(self) -> bytes:
        self._turn += 1
        move = [
            min(100, energy + (60 if self.moving and i in (1, 2) else 0))
            for i, energy in enumerate(FLOOR[0])
        ]
        move[5] += self._turn % 3
        still = [0, 0, 100, 100, 90, 60, 40, 30, 20]
        energy = 80 if self.moving else 10
        return ld2410.engineering(
            ld2410.Report(3 if self.moving else 2, 150, energy, 150, 100, move, still)
        )


class Breath:
    """An MR60BHA2: a chest that moves 3 mm fifteen times a minute, or only as its heart beats."""

    def __init__(self) -> None:
        self.moving = True
        self.shown = True  # False: the module's gate is shut, as over nobody
        self._turn = 0
        self._depth = 3.8  # rad: half of 3 mm, at 0.398 mm a radian
        self._module = Mr60()

    def report(self) -> bytes:
        self._turn += 1
        at_s = self._turn / 10
        self._depth = 3.8 if self.moving else self._depth * 0.8
        breath = self._depth * math.sin(2 * math.pi * 0.25 * at_s)
        heart = 0.4 * math.sin(2 * math.pi * 1.2 * at_s)
        noise = 0.02 * math.sin(37.0 * at_s)
        if not self.shown:
            return self._module.sample(0.0, False)
        return self._module.sample(20 + breath + heart + noise, True)


class Room:
    """A board, its radar, and somebody in there; the gateway hears this device alone."""

    def __init__(self, board: Board, gateway: Gateway, radar: Presence | Breath) -> None:
        self.board = board
        self.gateway = gateway
        self.radar = radar
        self.cable = True

    async def live(self) -> None:
        """The radar sends ten times a second, while it has power and its cable."""
        while True:
            if self.cable and self.radar_power:
                await self.board.uart(self.radar.report())
            await asyncio.sleep(0.1)

    @property
    def radar_power(self) -> int:
        levels = [
            line.data["level"]
            for line in self.board.lines
            if line.what == "pin" and line.data["name"] == "radar_power"
        ]
        return levels[-1] if levels else 0

    async def until_sound(
        self, hz: int, within_s: float | None = None, since: int = 0
    ) -> BoardLine:
        return await self.board.until(
            lambda line: line.what == "sound" and line.data["hz"] == hz, within_s, since
        )


async def a_washroom_that_sees_somebody_watches_asks_and_calls(room: Room) -> None:
    # Given a washroom with somebody in it
    board, gateway = room.board, room.gateway
    await board.power_on()
    boot = await gateway.first("boot")
    assert boot.details["tier"] == "presence"
    await gateway.first("watch")

    # When the board is reset meanwhile, the watch goes on
    await board.power_cut()
    await board.power_on()
    await board.until_said("boot 2")

    # And when nobody moves any more, it asks, and shows it
    room.radar.moving = False
    prompt = await gateway.first("prompt")
    assert prompt.details == {"state": "asked", "cause": "no_movement"}
    await board.until_light("prompt")
    assert prompt.boot == 2

    # And when nobody answers, it calls
    call = await gateway.first("stillness")
    assert call.details["cause"] == "no_movement"
    await board.until_light("delivered")
    gateway.light(call, "coming")
    await board.until_light("coming")

    # And when the person says that they are OK, the light says what it said: somebody comes
    seen = len(board.lines)
    await board.press("button_b")
    await gateway.first("ok")
    await board.until_said("event ok", since=seen)
    beats = len(gateway.of("heartbeat"))
    await gateway.until(lambda: len(gateway.of("heartbeat")) > beats)
    assert [line.data["state"] for line in board.lines[seen:] if line.what == "light"] == []
    assert gateway.of("heartbeat")[-1].details["light"] == "coming"


async def button_b_answers_the_question(room: Room) -> None:
    board, gateway = room.board, room.gateway
    await board.power_on()
    await gateway.first("watch")
    room.radar.moving = False
    await board.until_light("prompt")
    seen = len(board.lines)

    await board.press("button_b")

    ok = await gateway.first("ok")
    assert ok.details == {"during": "prompt"}
    await board.until_light("none", since=seen)
    assert gateway.of("stillness") == []
    # Neither the question nor its answer is a call: nothing is "delivered"
    assert "delivered" not in [line.data.get("state") for line in board.lines]


async def the_heartbeat_tells_of_the_radar_and_nothing_of_the_room(room: Room) -> None:
    board, gateway = room.board, room.gateway
    await board.power_on()
    await gateway.until(
        lambda: any(
            beat.details.get("radar_frames_per_10s", 0) > 80 for beat in gateway.of("heartbeat")
        ),
        30,
    )
    assert set(gateway.of("heartbeat")[-1].details) <= {
        "cause", "firmware", "rssi_dbm", "memory_free_bytes", "journal_depth", "light",
        "device_type", "tier", "radar_frames_per_10s", "radar_errors", "noise_floor", "arch",
    }  # fmt: skip


async def a_radar_that_falls_silent_is_reported(room: Room) -> None:
    await room.board.power_on()
    await room.gateway.first("watch")
    seen = len(room.board.lines)

    room.cable = False

    fault = await room.gateway.first("fault")
    assert (fault.details["what"], fault.details["state"]) == ("radar_silent", "raised")
    # And whoever is in there hears that they are not looked after, and that they are again
    await room.until_sound(220, since=seen)
    seen = len(room.board.lines)
    room.cable = True
    await room.until_sound(784, since=seen)


async def a_resident_is_looked_after_once_the_radar_was_seen_to_work(room: Room) -> None:
    # Given a sensor at home: its radar has no power
    board, gateway = room.board, room.gateway
    await board.power_on()
    boot = await gateway.first("boot")
    assert boot.details["tier"] == "breathing"
    assert not room.radar_power

    # When the resident holds B, then a tone takes note, and a rising one says that all is well
    seen = len(board.lines)
    await board.press("button_b", hold_s=2.2)
    await room.until_sound(523, since=seen)
    await room.until_sound(784, since=seen)
    assert room.radar_power
    watch = await gateway.first("watch")
    assert watch.details == {"state": "started", "by": "resident"}
    assert gateway.of("fault") == []

    # And when they stop breathing, it asks, and calls
    await asyncio.sleep(12)  # a person's breath has to be known before it can be missed
    room.radar.moving = False
    prompt = await gateway.first("prompt")
    assert prompt.details == {"state": "asked", "cause": "no_breathing"}
    await board.until_light("prompt")
    call = await gateway.first("stillness")
    assert call.details["cause"] == "no_breathing"
    await board.until_light("delivered")


async def a_resident_is_told_when_the_radar_does_not_work(room: Room) -> None:
    board, gateway = room.board, room.gateway
    await board.power_on()
    await gateway.first("boot")
    # Given a radar whose cable has come off
    room.cable = False

    # When the resident holds B, then they hear that nobody looks after them
    seen = len(board.lines)
    await board.press("button_b", hold_s=2.2)
    await room.until_sound(523, since=seen)
    await room.until_sound(220, since=seen)
    assert 784 not in [line.data.get("hz") for line in board.lines[seen:]]

    # And the watch is over, the radar dark again, and those who can mend it know
    fault = await gateway.first("fault")
    assert (fault.details["what"], fault.details["state"]) == ("radar_silent", "raised")
    await gateway.until(lambda: len(gateway.of("watch")) == 2)
    assert [watch.details["state"] for watch in gateway.of("watch")] == ["started", "ended"]
    assert gateway.of("watch")[1].details["by"] == "refused"
    assert not room.radar_power

    # When it has been mended, then the next hold begins a watch, and says so
    room.cable = True
    seen = len(board.lines)
    await board.press("button_b", hold_s=2.2)
    await room.until_sound(784, since=seen)
    await gateway.until(lambda: gateway.of("fault")[-1].details["state"] == "cleared")
    assert len(gateway.of("fault")) == 2
    assert room.radar_power

    # And holding B again ends it
    seen = len(board.lines)
    await board.press("button_b", hold_s=2.2)
    await gateway.until(lambda: gateway.of("watch")[-1].details["state"] == "ended")
    await board.until(
        lambda line: line.what == "pin" and line.data == {"name": "radar_power", "level": 0},
        since=seen,
    )


async def a_resident_pauses_by_holding_b_and_goes_on_by_holding_it_again(room: Room) -> None:
    # Given a resident who is looked after
    board, gateway = room.board, room.gateway
    await board.power_on()
    await gateway.first("boot")
    seen = len(board.lines)
    await board.press("button_b", hold_s=2.2)
    await room.until_sound(784, since=seen)
    await asyncio.sleep(12)  # breath has to be known before it can be missed

    # When they hold B, then it is over, and the radar goes dark
    seen = len(board.lines)
    await board.press("button_b", hold_s=2.2)
    await gateway.until(lambda: len(gateway.of("watch")) == 2)
    assert gateway.of("watch")[1].details == {"state": "ended", "by": "resident"}
    await board.until(
        lambda line: line.what == "pin" and line.data == {"name": "radar_power", "level": 0},
        since=seen,
    )

    # And for longer than a question would take nothing is asked, whatever they do
    room.radar.moving = False
    await asyncio.sleep(20)
    assert gateway.of("prompt") == []

    # And holding it again looks after them again: their stillness is asked about now
    await board.press("button_b", hold_s=2.2)
    await gateway.until(lambda: len(gateway.of("watch")) == 3)
    await gateway.first("prompt")
    assert room.radar_power


async def an_exit_by_a_door_opens_the_room_sooner(room: Room) -> None:
    # Given a washroom with a contact on its door, and somebody in it who breathes
    board, gateway = room.board, room.gateway
    assert isinstance(room.radar, Breath)
    await board.set_pin("door", 0)
    await board.power_on()
    await gateway.first("watch")
    await asyncio.sleep(5)

    # When the door opens, and the radar loses them without having seen them walk
    await board.set_pin("door", 1)
    room.radar.shown = False

    # Then they have left: nobody is asked, nobody is called for
    await gateway.first("left", 25)
    await gateway.until(lambda: gateway.of("watch")[-1].details["state"] == "ended")
    assert gateway.of("prompt") == []


async def a_door_contact_that_is_stuck_hides_nobody(room: Room) -> None:
    # Given a contact whose cable has come off: open for ever, as far as can be told
    board, gateway = room.board, room.gateway
    assert isinstance(room.radar, Breath)
    await board.set_pin("door", 1)
    await board.power_on()
    await gateway.first("watch")
    await asyncio.sleep(5)

    # When the radar loses somebody who did not walk
    room.radar.shown = False

    # Then they are asked, and called for, as without a door
    prompt = await gateway.first("prompt")
    assert prompt.details == {"state": "asked", "cause": "vanished"}
    assert (await gateway.first("stillness", 20)).details["cause"] == "vanished"


Story = Callable[[Room], Awaitable[None]]


@dataclass(frozen=True)
class Setting:
    """Where a story takes place."""

    story: Story
    radar: type[Presence] | type[Breath]
    values: dict[str, int | bytes | str]


WASHROOM: dict[str, int | bytes | str] = {
    "radar": "ld2410", "mode": "washroom", "no_movement_s": 30, "answer_s": 10, "heartbeat_s": 5,
}  # fmt: skip
HOME: dict[str, int | bytes | str] = {
    "radar": "mr60bha2", "mode": "home", "still_prompt_s": 15, "answer_s": 10,
}  # fmt: skip
WITH_A_DOOR: dict[str, int | bytes | str] = {
    "radar": "mr60bha2", "mode": "washroom", "still_prompt_s": 15, "answer_s": 10, "pin_door": 10,
}  # fmt: skip
SETTINGS = (
    Setting(a_washroom_that_sees_somebody_watches_asks_and_calls, Presence, WASHROOM),
    Setting(button_b_answers_the_question, Presence, WASHROOM),
    Setting(the_heartbeat_tells_of_the_radar_and_nothing_of_the_room, Presence, WASHROOM),
    Setting(a_radar_that_falls_silent_is_reported, Presence, WASHROOM),
    Setting(a_resident_is_looked_after_once_the_radar_was_seen_to_work, Breath, HOME),
    Setting(a_resident_is_told_when_the_radar_does_not_work, Breath, HOME),
    Setting(a_resident_pauses_by_holding_b_and_goes_on_by_holding_it_again, Breath, HOME),
    Setting(an_exit_by_a_door_opens_the_room_sooner, Breath, WITH_A_DOOR),
    Setting(a_door_contact_that_is_stuck_hides_nobody, Breath, WITH_A_DOOR),
)
