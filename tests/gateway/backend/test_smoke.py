"""tmp"""

from .conftest import House


def test_smoke(house: House) -> None:
    alert = house.happens("press", taps=1, held=0)
    house.deliver()
    assert [m.title for m in house.outbox.to("ana")] == ["Check in: 204"], house.outbox
    print(house.outbox.to("ana"))
    assert house.lights() == ["delivered"]
    house.pass_time(60)
    assert len(house.outbox.to("ana")) == 2
    house.pass_time(60)
    assert len(house.outbox.to("carla")) == 1
    assert house.lights() == ["delivered", "asked_again"]
