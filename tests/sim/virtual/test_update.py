"""Updates over the air, on boards in virtual time: fetched, verified, tried, kept or taken back."""

import asyncio
import random

import pytest
from doorknock import mqtt, wire
from doorknock.afar import AGREE_MS

from gateway.release.release_file import sign
from sim.virtual import process
from sim.virtual.house import SETTINGS
from tests.sim.virtual import releases
from tests.sim.virtual.breath import Breath
from tests.sim.virtual.releases import FIRMWARE, KEY, application, order_of, piece_of, release
from tests.sim.virtual.test_afar import Afar, up
from tests.sim.virtual.test_board import causes, in_a_house

SENSOR = {"type": "sensor", "mode": "home", "radar": "mr60bha2", "release_key": KEY.public}
BUTTON = {"type": "button", "release_key": KEY.public}


class Serving(Afar):
    """A house whose gateway hands out a release. Of its pieces, `lost` says which are lost."""

    def __init__(self, made=None, leave=True):
        super().__init__()
        self.made = made
        self.leave = leave
        self.wants = []
        self.lost = lambda want, number: False
        self.spoil = lambda data: data

    def _take(self, board, connection, first, body):
        before = len(self.events)
        super()._take(board, connection, first, body)
        if len(self.events) > before and self.events[-1].kind == "want":
            want = self.events.pop()
            self.wants.append(want)
            self._hand_out(board, want)

    def command(self, board, kind, event, details):
        if event.kind != "want":
            super().command(board, kind, event, details)

    def _hand_out(self, board, want):
        said = []
        if want.details["what"] == "leave":
            if self.leave:
                said.append(self.piece(want, 0, b""))
        else:
            for number in range(want.details["pieces"]):
                data = piece_of(self.made, want, number)
                if data and not self.lost(want, number):
                    said.append(self.piece(want, number, self.spoil(data)))
        # Together: what is said at the same moment keeps no order here, as it does on a connection.
        topic = wire.topic(SETTINGS["device"].hex(), "down")
        packets = b"".join(mqtt.publish(topic, one, 7, False, False) for one in said)
        for connection in self.open:
            self._say(board, connection, packets)

    def piece(self, want, nth, data, **changed):
        at = want.details["at"] + nth * wire.PIECE_BYTES
        details = {"number": want.details["number"], "file": want.details["file"], "at": at}
        return wire.encode(
            *("piece", SETTINGS["device"].hex(), 0, 0, 0),
            {**details, **changed},
            wire.signing_key(SETTINGS["secret"]),
            data,
        )

    def states(self, number=None):
        return [
            (one.details["state"], one.details.get("why", ""))
            for one in self.of("updating")
            if number in (None, one.details["number"])
        ]

    def firmware(self):
        return self.of("heartbeat")[-1].details["firmware"]


def story_of(tmp_path, story, house, settings=SENSOR, **rest):
    board = "button" if settings["type"] == "button" else "sensor"
    return in_a_house(tmp_path, story, house=house, settings=settings, board=board, **rest)


ALL_IS_WELL = [
    "accepted",
    "fetching",
    "verified",
    "trying",
    "confirmed",
]


def names(states):
    """Without how far it is, told again and again."""
    return [state for at, (state, _) in enumerate(states) if states[at - 1][0] != state or not at]


async def until_told(house, state, within_s=600.0, number=None):
    async with asyncio.timeout(within_s):
        while not any(told == state for told, _ in house.states(number)):  # noqa: ASYNC110
            await asyncio.sleep(1)


def test_a_release_is_fetched_where_a_twelfth_less_memory_is_left(tmp_path, monkeypatch):
    """What is in the heap beside the firmware differs from run to run."""
    monkeypatch.setattr(process, "HEAP", process.HEAP * 11 // 12)
    house = Serving(release("0.2.0"))

    async def story(board, house):
        await up(board, house)
        house.order(board, "update", order_of(house.made), 100)
        await until_told(house, "confirmed")
        assert causes(board) == ["power_on", "software"]

    story_of(tmp_path, story, house)


def test_what_updates_need_is_in_memory_only_while_there_is_one(tmp_path):
    house = Serving(release("0.2.0"))

    async def loaded(board):
        so_far = len(board.lines)
        board.console("import sys; print('loaded:', 'doorknock.update' in sys.modules)")
        line = await board.until(
            lambda line: str(line.data.get("text")).startswith("loaded:"), 10, so_far
        )
        return line.data["text"] == "loaded: True"

    async def story(board, house):
        await up(board, house)
        assert not await loaded(board)
        house.order(board, "update", order_of(house.made), 100)
        await until_told(house, "fetching")
        assert await loaded(board)
        # A start in the midst of it
        board.power_cut()
        await up(board, house)
        assert await loaded(board)
        await until_told(house, "confirmed")
        board.power_cut()
        await up(board, house)
        assert not await loaded(board)

    story_of(tmp_path, story, house)


FULL = """
import builtins, gc
gc.collect()
held = builtins.held = []
while gc.mem_free() > 30000:
    held.append(bytearray(1000))
print("memory is full")
"""


def test_where_memory_is_short_it_is_loaded_after_a_restart(tmp_path):
    house = Serving(release("0.2.0"))

    async def story(board, house):
        await up(board, house)
        board.console(FULL)
        await board.until_said("memory is full")
        house.order(board, "update", order_of(house.made), 100)
        await until_told(house, "confirmed")
        assert names(house.states()) == ALL_IS_WELL
        assert causes(board) == ["power_on", "software", "software"]
        assert house.firmware() == "0.2.0"

    story_of(tmp_path, story, house, BUTTON)


def test_where_memory_is_short_at_a_start_too_the_device_goes_on_without(tmp_path, monkeypatch):
    house = Serving(release("0.2.0"))

    async def story(board, house):
        await up(board, house)
        house.order(board, "update", order_of(house.made), 100)
        await until_told(house, "fetching")
        board.power_cut()
        # What is enough for a button, and not for an update as well
        monkeypatch.setattr(process, "HEAP", 270_000)
        board.power_on()
        await until_told(house, "failed")
        assert house.states()[-1] == ("failed", "no memory")
        board.press()
        await asyncio.sleep(60)
        assert len(house.of("press")) == 1
        assert causes(board) == ["power_on", "power_on"]

    story_of(tmp_path, story, house, BUTTON)


def test_a_release_is_fetched_verified_tried_and_kept(tmp_path):
    house = Serving(release("0.2.0"))

    async def story(board, house):
        await up(board, house)
        house.order(board, "update", order_of(house.made), 100)
        await until_told(house, "confirmed")
        assert names(house.states()) == ALL_IS_WELL
        assert causes(board) == ["power_on", "software"]
        assert house.firmware() == "0.2.0"
        told = house.of("updating")[-1].details
        assert (told["number"], told["version"]) == (100, "0.2.0")
        # And it is what starts from now on.
        board.power_cut()
        await up(board, house)
        assert house.firmware() == "0.2.0"
        board.console("from doorknock import app; print('loaded', app.__file__)")
        await board.until_said("loaded /flash/b/doorknock/app.mpy")

    story_of(tmp_path, story, house)


def test_only_what_differs_is_fetched_the_next_time(tmp_path):
    house = Serving(release("0.2.0"))

    async def story(board, house):
        await up(board, house)
        house.order(board, "update", order_of(house.made), 100)
        await until_told(house, "confirmed")
        house.wants.clear()
        house.events.clear()
        house.made = release("0.3.0")
        house.order(board, "update", order_of(house.made), 101)
        await until_told(house, "confirmed")
        # The manifest, version.mpy, and leave; all else was copied from slot to slot.
        named = [house.made.read("x64").file(at).path for at in range(house.made.read("x64").count)]
        asked = {want.details["file"] for want in house.wants if want.details["what"] == "piece"}
        assert asked == {0, named.index("doorknock/version.mpy") + 1}
        assert house.firmware() == "0.3.0"

    story_of(tmp_path, story, house)


# What a new application may do wrong, and what the device says of it.
BAD = {
    "it does not load": ("start.py", "raise RuntimeError('never')", "did not start"),
    "it falls later": (
        "app.py",
        "import asyncio\n"
        "async def falls(*_):\n    await asyncio.sleep(5)\n    raise RuntimeError('late')\n"
        "App._tick = falls\n",
        "did not start",
    ),
    "it turns in place": (
        "start.py",
        "def main():\n    while True:\n        pass\n",
        "did not start",
    ),
    "it could not change its Wi-Fi": (
        "improv.py",
        "raise RuntimeError('only where it is needed')",
        "did not start",
    ),
    "it never connects": (
        "link.py",
        "async def nowhere(self, report):\n"
        "    while True:\n        report()\n        await asyncio.sleep_ms(500)\n"
        "Link.run = nowhere\n",
        "no answer from the gateway",
    ),
}


@pytest.mark.parametrize("wrong", BAD, ids=lambda wrong: wrong.replace(" ", "-"))
def test_one_that_does_not_work_is_taken_back(tmp_path, wrong):
    file, text, why = BAD[wrong]
    house = Serving(release("0.2.0", (file, text)))

    async def story(board, house):
        await up(board, house)
        house.order(board, "update", order_of(house.made), 100)
        await until_told(house, "rolled_back")
        await asyncio.sleep(70)
        assert house.states()[-1] == ("rolled_back", why)
        assert house.firmware() == "0.1.0"
        # And the device does its work.
        board.press("button_b", hold_ms=2500)
        await board.until(lambda line: line.what == "log" and "event watch" in line.data["text"])

    story_of(tmp_path, story, house, forgiving=True, hang_limit_s=3)


def wrongly_signed(made):
    return release_with(made, lambda signed: signed[:-1] + bytes([signed[-1] ^ 1]))


def release_with(made, change):
    signed = change(made.manifests["x64"])
    return type(made)(made.version, made.over, {"x64": signed}, made.contents)


REFUSED = {
    "signature": lambda: wrongly_signed(release("0.2.0")),
    "another key": lambda: release("0.2.0", key=releases.ANOTHER_KEY),
    "older": lambda: release("0.0.9"),
    "the same": lambda: release("0.1.0"),
    "older, over another": lambda: release("0.0.9", over="0.1.1"),
    "another chip": lambda: sign(KEY, "0.2.0", {"rv32imc": application(FIRMWARE, "0.2.0")}),
    "changed": lambda: release_with(
        release("0.2.0"), lambda signed: signed.replace(b"0.2.0", b"0.2.1")
    ),
    "cut short": lambda: release_with(release("0.2.0"), lambda signed: signed[:-9]),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_for_it_is_refused_and_changes_nothing(tmp_path, what):
    made = REFUSED[what]()
    if "x64" not in made.manifests:
        made = type(made)("0.2.0", "", {"x64": made.manifests["rv32imc"]}, made.contents)
    house = Serving(made)

    async def story(board, house):
        await up(board, house)
        house.order(board, "update", order_of(house.made), 100)
        await until_told(house, "refused")
        why = {"older": "not newer", "the same": "not newer", "another chip": "for another chip"}
        why["older, over another"] = "not newer"
        assert house.states()[-1] == ("refused", why.get(what, "signature"))
        assert {want.details["file"] for want in house.wants} == {0}
        assert causes(board) == ["power_on"]

    story_of(tmp_path, story, house)


def test_a_step_back_is_taken_where_it_is_signed_as_one_over_this_version(tmp_path):
    house = Serving(release("0.0.9", over="0.1.0"))

    async def story(board, house):
        await up(board, house)
        house.order(board, "update", order_of(house.made), 100)
        await until_told(house, "confirmed")
        assert house.firmware() == "0.0.9"

    story_of(tmp_path, story, house)


def test_a_device_without_a_key_takes_nothing(tmp_path):
    house = Serving(release("0.2.0"))

    async def story(board, house):
        await up(board, house)
        house.order(board, "update", order_of(house.made), 100)
        await until_told(house, "refused")
        assert house.states()[-1] == ("refused", "no key to verify it with")
        assert house.wants == []

    story_of(tmp_path, story, house, {**SENSOR, "release_key": b""})


def test_a_release_may_bring_the_key_that_is_trusted_after_it(tmp_path):
    other = releases.ANOTHER_KEY
    house = Serving(release("0.2.0", next_key=other.public))

    async def story(board, house):
        await up(board, house)
        house.order(board, "update", order_of(house.made), 100)
        await until_told(house, "confirmed")
        # From now on (a start in between or not) the new one alone is believed.
        await asyncio.sleep(5)
        house.events.clear()
        board.power_cut()
        await up(board, house)
        house.made = release("0.3.0")
        house.order(board, "update", order_of(house.made), 101)
        await until_told(house, "refused")
        house.made = release("0.3.0", key=other)
        house.order(board, "update", order_of(house.made), 102)
        await until_told(house, "confirmed", number=102)
        assert house.firmware() == "0.3.0"

    story_of(tmp_path, story, house)


def test_data_that_is_not_what_was_signed_is_never_tried(tmp_path):
    house = Serving(release("0.2.0"))

    async def story(board, house):
        await up(board, house)
        # Whatever the sizes of its files: the manifest is what comes first
        house.spoil = lambda data: bytes([data[0] ^ 1]) + data[1:]
        house.order(board, "update", order_of(house.made), 100)
        await until_told(house, "failed")
        assert house.states()[-1][1] == "what came is not what was signed"
        assert causes(board) == ["power_on"]
        # Another order for the same goes on with what was well.
        house.spoil = lambda data: data
        house.order(board, "update", order_of(house.made), 101)
        await until_told(house, "confirmed")

    story_of(tmp_path, story, house)


def test_pieces_that_are_lost_late_twice_or_nobodys_do_no_harm(tmp_path):
    house = Serving(release("0.2.0"))
    chance = random.Random(3)

    async def story(board, house):
        await up(board, house)
        house.lost = lambda want, number: chance.random() < 0.2
        hand_out = house._hand_out

        def twice_and_more(board, want):
            hand_out(board, want)
            if want.details["what"] == "piece" and chance.random() < 0.3:
                hand_out(board, want)
                for changed in ({"at": 3}, {"number": 99}, {"file": 119}, {"at": 65536}):
                    house.deliver(board, house.piece(want, 0, b"x" * 448, **changed))
                house.deliver(board, house.piece(want, 0, b""))

        house._hand_out = twice_and_more
        house.order(board, "update", order_of(house.made), 100)
        await until_told(house, "confirmed", 3000)
        assert house.firmware() == "0.2.0"

    story_of(tmp_path, story, house)


def test_it_stops_when_told_and_goes_on_with_what_is_there(tmp_path):
    house = Serving(release("0.2.0"))

    async def story(board, house):
        await up(board, house)
        house.order(board, "update", order_of(house.made), 100)
        await asyncio.sleep(5)
        house.order(board, "update", {}, 101)
        await until_told(house, "stopped")
        asked = len(house.wants)
        await asyncio.sleep(120)
        assert len(house.wants) <= asked + 1
        house.order(board, "update", order_of(house.made), 102)
        await until_told(house, "confirmed")
        # What had been fetched before is not fetched again.
        first = {want.details["file"] for want in house.wants[:asked]}
        later = {want.details["file"] for want in house.wants[asked + 1 :]}
        assert len(first & later - {0}) <= 1

    story_of(tmp_path, story, house)


def test_without_leave_it_waits_for_as_long_as_it_takes(tmp_path):
    house = Serving(release("0.2.0"), leave=False)

    async def story(board, house):
        await up(board, house)
        house.order(board, "update", order_of(house.made), 100)
        await until_told(house, "verified")
        await asyncio.sleep(1800)
        assert causes(board) == ["power_on"]
        assert 25 <= len([want for want in house.wants if want.details["what"] == "leave"]) <= 40
        house.leave = True
        await until_told(house, "confirmed")

    story_of(tmp_path, story, house)


def test_nothing_is_fetched_or_tried_while_somebody_is_looked_after(tmp_path):
    house = Serving(release("0.2.0"))

    async def story(board, house):
        board.radar = Breath()
        await up(board, house)
        board.press("button_b", hold_ms=2500)
        await asyncio.sleep(30)
        house.order(board, "update", order_of(house.made), 100)
        await asyncio.sleep(300)
        assert names(house.states()) == ["accepted"]
        assert house.wants == []
        # The watch ends
        board.press("button_b", hold_ms=2500)
        await asyncio.sleep(5)
        assert house.wants
        # And begins in the midst of it
        board.press("button_b", hold_ms=2500)
        await asyncio.sleep(5)
        asked = len(house.wants)
        await asyncio.sleep(600)
        assert len(house.wants) == asked
        assert causes(board) == ["power_on"]
        board.press("button_b", hold_ms=2500)
        await until_told(house, "confirmed")

    story_of(tmp_path, story, house)


def test_an_open_call_is_never_disturbed(tmp_path):
    house = Serving(release("0.2.0"))

    async def story(board, house):
        await up(board, house)
        board.press()
        await board.until_light("delivered")
        house.order(board, "update", order_of(house.made), 100)
        await asyncio.sleep(600)
        assert house.wants == []
        house.command(board, "light", house.of("press")[-1], {"state": "none"})
        await until_told(house, "confirmed")

    story_of(tmp_path, story, house, BUTTON)


def test_a_press_in_the_midst_of_it_goes_out_as_ever(tmp_path):
    house = Serving(release("0.2.0"))

    async def story(board, house):
        await up(board, house)
        house.order(board, "update", order_of(house.made), 100)
        await asyncio.sleep(3)
        assert house.wants
        pressed = board.loop.now_ms
        board.press()
        delivered = await board.until_light("delivered")
        assert delivered.t * 1000 - pressed < 1000
        asked = len(house.wants)
        await asyncio.sleep(120)
        assert len(house.wants) <= asked + 1
        house.command(board, "light", house.of("press")[-1], {"state": "none"})
        await until_told(house, "confirmed")

    story_of(tmp_path, story, house, BUTTON)


def test_a_call_during_the_trial_is_kept_and_sent_by_whichever_runs(tmp_path):
    file, text, _ = BAD["it never connects"]
    house = Serving(release("0.2.0", (file, text)))

    async def story(board, house):
        await up(board, house)
        house.order(board, "update", order_of(house.made), 100)
        await until_told(house, "trying")
        await asyncio.sleep(20)
        board.press(hold_ms=2500)
        pressed = board.loop.now_ms
        await until_told(house, "rolled_back")
        [press] = house.of("press")
        assert press.details == {"taps": 1, "held": 1}
        # The trial has minutes left, and a call does not wait for them.
        assert board.loop.now_ms - pressed < 50_000

    story_of(tmp_path, story, house, BUTTON)


def done(house, number):
    return [one.details["outcome"] for one in house.of("done") if one.details["number"] == number]


def test_a_change_of_the_wifi_is_not_begun_while_an_application_is_on_trial(tmp_path):
    house = Serving(release("0.2.0"))

    async def story(board, house):
        await up(board, house)
        house.order(board, "update", order_of(house.made), 100)
        await board.until_said("update trying", 120)
        house.order(board, "act", {"what": "wifi"}, 101)
        await asyncio.sleep(15)
        house.order(board, "act", {"what": "wifi"}, 102)
        await until_told(house, "confirmed")
        assert done(house, 101) + done(house, 102) == ["busy", "busy"]
        assert causes(board) == ["power_on", "software"]
        # And once it is in force, as ever.
        house.order(board, "act", {"what": "wifi"}, 103)
        await board.until_light("agree")
        assert done(house, 103) == ["done"]

    story_of(tmp_path, story, house, BUTTON)


def test_an_update_waits_while_somebody_is_asked_to_agree_to_another_wifi(tmp_path):
    house = Serving(release("0.2.0"))

    async def story(board, house):
        await up(board, house)
        house.order(board, "act", {"what": "wifi"}, 100)
        await board.until_light("agree")
        asked = board.loop.now_ms
        house.order(board, "update", order_of(house.made), 101)
        await asyncio.sleep(60)
        assert names(house.states()) == ["accepted"]
        assert house.wants == []
        # Nobody agrees; then it goes on.
        await until_told(house, "confirmed")
        assert board.loop.now_ms - asked > AGREE_MS
        assert house.of("press") == []

    story_of(tmp_path, story, house, BUTTON)


def asleep(line):
    return line.what == "asleep"


def test_a_button_on_a_battery_is_updated_at_its_heartbeats_alone(tmp_path):
    house = Serving(release("0.2.0"))

    async def story(board, house):
        board.power_on()
        await board.until(asleep, 60)
        # Woken by a press, and the call is closed: not now.
        board.press()
        await board.until_light("delivered", 20)
        house.order(board, "update", order_of(house.made), 100)
        await asyncio.sleep(5)
        house.command(board, "light", house.of("press")[-1], {"state": "none"})
        seen = len(board.lines)
        await board.until(asleep, 60, since=seen)
        assert house.wants == []
        # At the next heartbeat it stays awake for it, and starts into it.
        await until_told(house, "confirmed", 1800)
        assert house.firmware() == "0.2.0"
        seen = len(board.lines)
        await board.until(asleep, 60, since=seen)

    story_of(tmp_path, story, house, {**BUTTON, "battery": 1})


def test_a_low_battery_is_not_spent_on_it(tmp_path):
    house = Serving(release("0.2.0"))

    async def story(board, house):
        board.battery_now(2200)
        board.power_on()
        await board.until_said("link up", 30)
        house.order(board, "update", order_of(house.made), 100)
        await asyncio.sleep(4000)
        assert names(house.states()) == ["accepted"]
        assert house.wants == []
        board.battery_now(3000)
        await until_told(house, "confirmed", 4000)

    story_of(tmp_path, story, house, {**BUTTON, "battery": 1})


def test_a_button_whose_gateway_hands_out_nothing_sleeps_again(tmp_path):
    house = Serving(release("0.2.0"))

    async def story(board, house):
        house.lost = lambda want, number: True
        board.power_on()
        await board.until_said("link up", 30)
        house.order(board, "update", order_of(house.made), 100)
        begun = board.loop.now_ms
        slept = await board.until(asleep, 200)
        assert slept.t * 1000 - begun < 60000
        house.lost = lambda want, number: False
        await until_told(house, "confirmed", 1800)

    story_of(tmp_path, story, house, {**BUTTON, "battery": 1})


@pytest.mark.parametrize("seed", range(3))
def test_a_power_cut_in_the_midst_of_any_write_is_survived(tmp_path, seed):
    """Cut again and again, from the order to the end of the trial: whatever runs is whole, and
    in the end it is the new one."""
    house = Serving(release("0.2.0"))
    chance = random.Random(seed)

    async def story(board, house):
        await up(board, house)
        house.order(board, "update", order_of(house.made), 100)
        cuts = 0
        async with asyncio.timeout(20000):
            while not any(state == "confirmed" for state, _ in house.states()):
                board.power_cut_in_writing(chance.randrange(1, 250))
                await asyncio.sleep(chance.uniform(1, 20))
                if not board.running:
                    cuts += 1
                    await up(board, house)
                    assert house.firmware() in ("0.1.0", "0.2.0")
                    # The gateway sends it again until it is answered.
                    if not house.states(100):
                        house.order(board, "update", order_of(house.made), 100)
        assert cuts >= 2
        board.power_cut()
        await up(board, house)
        assert house.firmware() == "0.2.0"
        # No event's name was used twice meanwhile.
        told = {(one.boot, one.seq): one.details for one in house.events}
        assert all(told[one.boot, one.seq] == one.details for one in house.events)

    story_of(tmp_path, story, house)
