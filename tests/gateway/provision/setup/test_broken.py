"""Each step broken once, told in a sentence, and gone on with by running it again."""

import asyncio
import random
import time

import pytest

from gateway import answers, devices
from gateway.errors import GatewayError
from gateway.provision.flash.trouble import CableLost
from gateway.provision.setup.trouble import NobodyPressed, NotReached, NotThere, SetupError, Unfit
from gateway.provision.setup.wanted import Wanted

BOARD = "xiao-esp32c3"


def button(unit, **changes):
    usual = {"board": BOARD, "first": ("ana",), "ambulance_min": None}
    return Wanted(unit, "button", **(usual | changes))


class Patience:
    """A desk's, that is at its end as soon as it is `over` and somebody waits by it."""

    def __init__(self):
        self.over = False
        self._ahead = 0.0

    @property
    def desk(self):
        return {"clock": lambda: time.monotonic() + self._ahead, "sleep": self._sleep}

    def _sleep(self, s):
        self._ahead = 1000.0 if self.over else 0.0
        time.sleep(s)

    async def ends(self):
        self.over = True


class Ended(BaseException):
    """The computer goes dark in the midst of it."""


def ends():
    async def dark():
        raise Ended

    return dark


async def tried(bench, usb, wanted, kind, **how):
    """A run that fails; the sentence that it is told in."""
    with pytest.raises(kind) as trouble:
        await bench.set_up(usb, wanted, **how)
    if issubclass(kind, GatewayError):
        assert str(trouble.value).count("\n") == 0
    bench.on.clear()
    bench.told.clear()
    return str(trouble.value)


async def then_ready(bench, usb, wanted, **how):
    """The same again, to the end; the steps that were left."""
    made = await bench.set_up(usb, wanted, **how)
    assert made.device == usb.board.unique_id().hex()
    assert bench.nvs(usb)["secret"] == devices.get(bench.store, made.device).secret
    assert bench.alerts() == 0
    assert bench.done()[-1] == "ready"
    return bench.done()


def test_flash_the_cable_comes_out(at_the_bench):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        chip, flash = bench.flashed_first(usb, BOARD)
        starts = bench.on.pop("flash done")
        chip.cut_after = 30_000
        why = await tried(bench, usb, button("301"), CableLost, flash=flash)
        assert "run this again" in why
        # Its key is there already, and is the one that it gets
        key = devices.get(bench.store, "240ac41f677d").secret

        chip.plug_in()
        bench.on["flash done"] = starts
        await then_ready(bench, usb, button("301"), flash=flash)
        assert devices.get(bench.store, "240ac41f677d").secret == key

    at_the_bench(story)


def test_flash_is_not_done_again_where_it_was_done(at_the_bench):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        _, flash = bench.flashed_first(usb, BOARD)
        starts = bench.on["flash done"]

        async def starts_and_ends():
            await starts()
            raise Ended

        bench.on["flash done"] = starts_and_ends
        await tried(bench, usb, button("302"), Ended, flash=flash)
        assert "flash" not in await then_ready(bench, usb, button("302"), flash=flash)

    at_the_bench(story)


def test_board_nobody_answers(at_the_bench):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        await usb.plug_in()
        usb.deaf = True
        patience = {"cable_patience_s": 1.0}
        why = await tried(bench, usb, button("303"), NotThere, desk=patience)
        assert "press its RESET" in why
        usb.deaf = False
        await then_ready(bench, usb, button("303"))

    at_the_bench(story)


def test_board_another_chip_than_was_said(at_the_bench):
    async def story(bench):
        usb = bench.board("xiao-esp32s3", "button")
        await usb.plug_in()
        why = await tried(bench, usb, button("304"), Unfit)
        assert "has the chip esp32s3" in why
        await then_ready(bench, usb, button("304", board="xiao-esp32s3"))

    at_the_bench(story)


def test_key_the_power_goes_and_the_key_stays(at_the_bench):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        await usb.plug_in()
        bench.on["key done"] = ends()
        await tried(bench, usb, button("305"), Ended)
        key = devices.get(bench.store, usb.board.unique_id().hex()).secret
        await then_ready(bench, usb, button("305"))
        assert devices.get(bench.store, usb.board.unique_id().hex()).secret == key

    at_the_bench(story)


def test_write_the_cable_comes_out_at_any_byte(at_the_bench):
    async def story(bench):
        seed = random.SystemRandom().getrandbits(32)
        print(f"seed {seed}")
        chance = random.Random(seed)
        await cut_off_in_writing(bench, "306", lambda hears: chance.randrange(1, hears))

    at_the_bench(story)


def test_write_the_cable_comes_out_when_all_is_written(at_the_bench):
    async def story(bench):
        await cut_off_in_writing(bench, "319", lambda hears: hears)

    at_the_bench(story)


async def cut_off_in_writing(bench, unit, where):
    """Writes to one board, then to another whose cable comes out `where` the first had heard it."""
    whole = bench.board(BOARD, "button")
    await whole.plug_in()
    heard = {}

    async def begins():
        heard["before"] = whole.heard

    async def is_done():
        heard["in all"] = whole.heard - heard["before"]
        raise Ended

    bench.on |= {"write begun": begins, "write done": is_done}
    await tried(bench, whole, button(f"{unit}a"), Ended)

    usb = bench.board(BOARD, "button")
    await usb.plug_in()

    async def comes_out():
        usb.cut_after = usb.heard + where(heard["in all"])

    bench.on["write begun"] = comes_out
    why = await tried(bench, usb, button(unit), SetupError)
    assert "goes on where it was" in why
    # All of the settings, or none that would let anybody rely on it
    since = len(usb.board.lines)
    await usb.plug_in()
    said = await usb.board.until(
        lambda line: line.what == "log" and line.data["text"].startswith(("not set up", "link up")),
        since=since,
    )
    assert said.data["text"].startswith("link up") == ("secret" in bench.nvs(usb))
    await then_ready(bench, usb, button(unit))


def test_radar_its_cable_is_loose(at_the_bench):
    async def story(bench):
        wanted = Wanted("307", "sensor", "esp32-devkitc", first=(), ambulance_min=None)
        usb = bench.board("esp32-devkitc", "sensor", radar=b"")
        await usb.plug_in()
        why = await tried(bench, usb, wanted, SetupError)
        assert "Nothing comes from the radar" in why
        usb.radar(bytes(random.Random(1).randbytes(3000)))
        why = await tried(bench, usb, wanted, SetupError)
        assert "sends 0 whole frames" in why
        usb.radar(bench.radar_of("ld2410"))
        assert "radar" in await then_ready(bench, usb, wanted)

    at_the_bench(story)


def test_network_the_wi_fi_is_not_there(at_the_bench):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        await usb.plug_in()

        patience = Patience()

        async def no_wi_fi():
            usb.board.access_point(False)

        def says(line):
            patience.over = patience.over or "link down" in line.data.get("text", "")

        # Heard after the cable has: what the board said is in the sentence
        usb.board.listen(says)
        bench.on["network begun"] = no_wi_fi
        why = await tried(bench, usb, button("308"), NotReached, desk=patience.desk)
        assert "does not get into the Wi-Fi 'house'" in why
        assert f"`doorknock device wifi {usb.board.unique_id().hex()} --ssid NAME`" in why
        usb.board.access_point(True)
        await then_ready(bench, usb, button("308"))

    at_the_bench(story)


def test_network_the_gateway_is_not_there(at_the_bench, house):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        await usb.plug_in()
        await asyncio.to_thread(house.stop)
        patience = Patience()
        bench.on["network begun"] = patience.ends
        why = await tried(bench, usb, button("309"), NotReached, desk=patience.desk)
        assert "The gateway does not run" in why
        await asyncio.to_thread(house.start)
        await then_ready(bench, usb, button("309"))

    at_the_bench(story)


def test_answers_the_backend_does_not_know_who_that_is(at_the_bench):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        await usb.plug_in()
        why = await tried(bench, usb, button("310", first=("zoe",)), Unfit)
        assert "no 'zoe' in [[people]]" in why
        await then_ready(bench, usb, button("310"))
        assert answers.of_unit(bench.store, "310").first == ("ana",)

    at_the_bench(story)


def test_mode_nobody_agrees(at_the_bench):
    async def story(bench):
        limits = {"mode": "washroom"}
        wanted = Wanted("311", "sensor", "xiao-esp32c6-mr60bha2", (), None, from_afar=limits)
        usb = bench.board("xiao-esp32c6-mr60bha2", "sensor")
        await usb.plug_in()
        bench.presses = False
        patience = Patience()

        async def says():
            patience.over = "one press in the room" in bench.told[-1][2]["text"]

        bench.on["mode says"] = says
        why = await tried(bench, usb, wanted, NobodyPressed, desk=patience.desk)
        assert "nothing is watched more than before" in why
        bench.presses = True
        done = await then_ready(bench, usb, wanted)
        assert "mode" in done
        assert "radar" not in done
        assert bench.pressed == ["agree", "test_press"]

    at_the_bench(story)


def test_test_nobody_presses_and_then_only_that_is_left(at_the_bench):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        await usb.plug_in()
        bench.presses = False
        patience = Patience()
        bench.on["test press"] = patience.ends
        why = await tried(bench, usb, button("312"), NobodyPressed, desk=patience.desk)
        assert "press its button once when its light asks" in why
        bench.presses = True
        done = await then_ready(bench, usb, button("312"))
        assert done == ["board", "key", "write", "network", "test", "ready"]

    at_the_bench(story)


def test_test_nobody_is_asked_to_press_before_the_light_asks(at_the_bench):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        await usb.plug_in()
        asked = []

        async def told():
            asked.extend(line.data.get("text") for line in usb.board.lines if line.what == "log")

        bench.on["test press"] = told
        await then_ready(bench, usb, button("315"))
        # The device had the order, and had answered it, when somebody was asked to press
        assert asked.count("order act") == 2
        # What it says in between is of the way to the backend, if that takes long enough to be seen
        told_of_it = [state for step, state, _ in bench.told if step == "test"]
        assert [state for state in told_of_it if state != "says"] == ["begun", "press", "done"]

    at_the_bench(story)


def test_test_a_press_before_the_light_asks_was_a_call_and_is_said_to_be_one(at_the_bench):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        await usb.plug_in()
        bench.presses = False

        async def too_soon():
            await usb.board.press()
            await usb.board.until_light("delivered", 60)

        bench.on["answers done"] = too_soon
        why = await tried(bench, usb, button("316"), NobodyPressed)
        assert "that was a call; close it on the page" in why
        assert bench.alerts() == 1

    at_the_bench(story)


def test_test_the_gateway_dies_and_comes_back_meanwhile(at_the_bench, house):
    async def story(bench):
        usb = bench.board(BOARD, "button")
        await usb.plug_in()

        async def dies():
            await asyncio.to_thread(house.kill)
            await asyncio.to_thread(house.start)

        bench.on["test begun"] = dies
        await then_ready(bench, usb, button("313"))

    at_the_bench(story)


def test_replace_the_power_goes_and_the_old_one_is_out_in_the_end(at_the_bench):
    async def story(bench):
        old = bench.board(BOARD, "button")
        await old.plug_in()
        await then_ready(bench, old, button("314"))
        gone = old.board.unique_id().hex()
        await old.pull()
        bench.told.clear()

        fresh = bench.board(BOARD, "button")
        await fresh.plug_in()
        wanted = button("314", replaces=gone)
        bench.on["replace begun"] = ends()
        await tried(bench, fresh, wanted, Ended)
        assert devices.get(bench.store, gone).retired_at_ms is None

        assert "replace" in await then_ready(bench, fresh, wanted)
        assert devices.get(bench.store, gone).retired_at_ms is not None
        assert [one.unit for one in devices.in_service(bench.store) if one.unit == "314"] == ["314"]
        # What was answered for the room goes on
        assert answers.of_unit(bench.store, "314").told

    at_the_bench(story)
