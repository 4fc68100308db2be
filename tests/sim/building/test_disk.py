"""A full disk: nothing is promised that cannot be kept, and nothing needs a restart."""

import asyncio


def test_a_gateway_without_room_answers_nobody_and_goes_on_when_there_is_some(play, tmp_path):
    async def scene(house):
        button = house.firmware(tmp_path / "board")
        try:
            await asyncio.sleep(60)
            house.building.gateway.fill_disk()
            button.press()
            await asyncio.sleep(60)
            meanwhile = button.since(59)
            house.building.gateway.fill_disk(False)
            await asyncio.sleep(30)
        finally:
            button.board.close()
        return house, button, meanwhile

    house, button, meanwhile = play(scene)
    assert meanwhile == ["sending", "cannot_send"]
    (accepted_s,) = house.when_accepted(button)
    # It holds what it has, and tries the store every 5 s.
    assert 120 < accepted_s < 126
    assert button.light == "delivered"
    assert [one for one in house.said() if "store" in one] == [
        "the store does not take anything; nothing is acknowledged until it does; see that the "
        "disk has room",
        "the store works again",
    ]


def test_staff_hear_of_a_gateway_without_room(play):
    async def scene(house):
        button = house.device()
        await asyncio.sleep(60)
        house.building.gateway.fill_disk()
        button.press()
        await asyncio.sleep(1200)
        return house

    told = [one["text"] for one in play(scene).records("message", person="dora")]
    assert len(told) == 1
    assert "it cannot write to its store" in told[0]


def test_a_backend_without_room_takes_nothing_and_loses_nothing(play):
    async def scene(house):
        button = house.device()
        await asyncio.sleep(60)
        house.building.backend.fill_disk()
        button.press()
        await asyncio.sleep(100)
        meanwhile = house.when_accepted(button), button.light
        house.building.backend.fill_disk(False)
        await asyncio.sleep(70)
        return house, button, meanwhile

    house, button, meanwhile = play(scene)
    assert meanwhile == ([], "cannot_send")
    assert len(house.when_accepted(button)) == 1
    assert house.alerts() == [("204", "check_in")]
