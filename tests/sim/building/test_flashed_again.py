"""A board that was flashed again, or put back to an old copy of itself, takes no name twice."""

import asyncio
import shutil

import pytest

from sim.virtual.life import State

from .conftest import BUTTON, Firmware


def _as_new(folder, values):
    """`doorknock flash`: files and settings are gone, and it is set up once more."""
    shutil.rmtree(folder)
    return {name: value for name, value in values.items() if name != "boot"}


def _settings_kept(folder, values):
    """`doorknock flash --keep-settings`: the files are gone, the settings are as they were."""
    for path in folder.iterdir():
        if path.name != "nvs.json":
            path.unlink()
    return {"device": values["device"]}


def _old_copy(folder, values):
    """The whole flash as somebody had read it out before the last presses."""
    shutil.rmtree(folder)
    shutil.copytree(folder.with_name("copy"), folder)
    return {"device": values["device"]}


@pytest.fixture
def lived(play, tmp_path):
    """A button pressed in each of three starts, flashed by *flashed*, pressed in two more.

    The house and its button at the end.
    """
    folder = tmp_path / "board"

    async def lives(button, seconds):
        """It starts, is pressed after so long, and is without power again."""
        if button.board.state is State.OFF:
            button.board.power_on()
        await asyncio.sleep(seconds)
        button.press()
        await asyncio.sleep(60)
        button.board.power_cut()

    def run(flashed):
        async def scene(house):
            secret = house.chance.randbytes(32)
            house.building.add_device(BUTTON, secret, "204", "button")
            values = house.building.provisioning(BUTTON, secret)
            button = Firmware(house, folder, "button", values)
            await lives(button, 30)
            shutil.copytree(folder, folder.with_name("copy"))
            await lives(button, 31)
            await lives(button, 32)
            button.board.close()
            button = Firmware(house, folder, "button", flashed(folder, values))
            await lives(button, 33)
            await lives(button, 34)
            button.board.close()
            return house, button

        return play(scene)

    return run


def boots(house):
    return [one["boot"] for one in house.records("committed", kind="press")]


@pytest.mark.parametrize("flashed", [_as_new, _settings_kept])
def test_a_board_that_was_flashed_goes_on_counting_its_starts(lived, flashed):
    house, button = lived(flashed)
    # All five are presses of their own, for the gateway and for the backend.
    assert len(house.when_accepted(button)) == 5
    assert boots(house) == sorted(set(boots(house)))
    assert button.light in ("delivered", "asked_again")


def test_a_board_put_back_to_an_old_copy_loses_no_press_and_moves_on(lived):
    house, button = lived(_old_copy)
    # The first press after it has the name of an earlier one: it is kept as an event of its own,
    # and the next start has a number that was never used.
    assert boots(house)[:4] == [1, 2, 3, 2]
    assert boots(house)[4] > 3
    assert len(house.records("accepted", device=BUTTON)) == 5
    assert button.light in ("delivered", "asked_again")
