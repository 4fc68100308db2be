"""The real firmware at one end of the building, a phone at the other."""

import asyncio

from sim.virtual.board import VirtualBoard

from .conftest import BUTTON


def test_the_person_behind_the_door_sees_that_somebody_is_coming(play, tmp_path):
    lights = []

    def on_line(line):
        if line.what == "light":
            lights.append((line.t, line.data["state"]))

    async def scene(house):
        secret = house.chance.randbytes(32)
        house.building.add_device(BUTTON, secret, "204", "button")
        board = VirtualBoard(
            house.loop,
            tmp_path / "board",
            name="button 204",
            network=house.building.network,
            on_line=on_line,
        )
        board.provision(house.building.provisioning(BUTTON, secret))
        board.power_on()
        try:
            await asyncio.sleep(20)
            board.press()
            await asyncio.sleep(10)
            await house.building.responders["ana"].on_my_way("204")
            await asyncio.sleep(5)
        finally:
            board.close()
        return house

    house = play(scene)
    assert len(house.records("committed", kind="press")) == 1
    assert [state for _, state in lights if state != "idle"] == ["sending", "delivered", "coming"]
    assert house.said() == []
