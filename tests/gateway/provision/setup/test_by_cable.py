"""A board that is flashed becomes a device, by MicroPython's own raw REPL."""

from gateway import answers, devices
from gateway.provision.setup.wanted import Wanted
from gateway.release.library import Library
from tests.sim.virtual.releases import KEY

BUTTON = Wanted("204", "button", "xiao-esp32c3", first=("ana",), ambulance_min=None)


def test_a_button_is_set_up_and_its_press_goes_to_the_backend_and_back(at_the_bench):
    async def story(bench):
        # Given a gateway that trusts a release key
        Library(bench.desk().settings.data).trust(KEY.public)
        usb = bench.board("xiao-esp32c3", "button")
        await usb.plug_in()
        await usb.board.until_said("not set up")

        made = await bench.set_up(usb, BUTTON)

        assert made.device == usb.board.unique_id().hex()
        assert bench.done() == ["board", "key", "write", "network", "answers", "test", "ready"]
        assert bench.pressed == ["test_press"]
        await usb.board.until_light("delivered")
        assert bench.alerts() == 0
        kept = answers.of_unit(bench.store, "204")
        assert (kept.first, kept.ambulance_min, kept.told) == (("ana",), None, True)
        assert bench.nvs(usb)["secret"] == devices.get(bench.store, made.device).secret
        assert bench.nvs(usb)["release_key"] == KEY.public

    at_the_bench(story)


def test_a_washroom_s_sensor_takes_a_press_and_its_radar_is_looked_at(at_the_bench):
    async def story(bench):
        wanted = Wanted(
            "WC 2",
            "sensor",
            "esp32-devkitc",
            first=(),
            ambulance_min=10,
            from_afar={"mode": "washroom", "long_stay_s": 9000},
        )
        usb = bench.board("esp32-devkitc", "sensor")
        await usb.plug_in()

        made = await bench.set_up(usb, wanted)

        assert bench.done()[-3:] == ["mode", "test", "ready"]
        assert bench.pressed == ["agree", "test_press"]
        assert made.checks["tier"] == "presence"
        assert made.checks["radar_frames_per_10s"] >= 80
        # What was given by cable is a home's: only the press has widened it.
        assert "mode" not in bench.nvs(usb)
        assert answers.of_unit(bench.store, "WC 2").ambulance_min == 10

    at_the_bench(story)
