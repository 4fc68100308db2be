"""A press goes through the whole building, and the word comes back, in virtual time."""

import asyncio


def test_a_press_reaches_a_phone_and_the_answer_the_light(play):
    async def scene(house):
        button = house.device()
        await asyncio.sleep(10)
        button.press()
        await asyncio.sleep(20)
        await house.building.responders["ana"].on_my_way("204")
        await asyncio.sleep(5)
        return house, button

    house, button = play(scene)
    assert [one["kind"] for one in house.records("committed")] == ["press"]
    assert len(house.records("accepted")) == 1
    assert house.to("ana") == ["Check in: 204"]
    assert button.light == "coming"
    assert house.said() == []
