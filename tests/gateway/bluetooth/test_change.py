"""The walk: what is asked of whom, in which order, and what each trouble is called."""

import asyncio

import pytest
from doorknock import improv

from gateway.bluetooth.air import SENTENCES, BluetoothError, Trouble
from gateway.bluetooth.change import Network, Step, Ways, change_wifi
from tests.gateway.bluetooth.air import SECRET, FakeAir, Time

DEVICE = "a0b1c2d3e4f5"
NETWORK = Network("new house", "new password")


class House:
    """A device, its air, and what the gateway hears of it."""

    def __init__(self, answer: str = "") -> None:
        self.time = Time()
        self.air = FakeAir(self.time, DEVICE)
        self.answer = answer
        self.heard = ""
        self.taken: list[tuple[bytes, bytes]] = []
        self.steps: list[Step] = []
        self.air.on_taken = self.taken.append

    def becomes(self, outcome: str, after_s: float) -> None:
        """What the gateway hears so long after the device has taken a network."""

        def take(network: tuple[bytes, bytes]) -> None:
            self.taken.append(network)
            self.time.at(self.time.now_s + after_s, lambda: setattr(self, "heard", outcome))

        self.air.on_taken = take

    def press(self, at_s: float) -> None:
        def tap() -> None:
            if self.air.offers is not None:
                self.air.offers.pressed(1, False, self.time.ms)

        self.time.at(at_s, tap)

    def change(self, network: Network = NETWORK, secret: bytes = SECRET) -> None:
        async def order() -> str:
            return self.answer

        async def news(attempt: int) -> str:
            return self.heard

        time = self.time
        ways = Ways(self.air, order, news, self.steps.append, time.clock, time.sleep)
        asyncio.run(change_wifi(DEVICE, secret, network, ways))

    def trouble(self, network: Network = NETWORK, secret: bytes = SECRET) -> Trouble:
        with pytest.raises(BluetoothError) as caught:
            self.change(network, secret)
        return caught.value.trouble


def test_a_device_that_is_reached_is_asked_first_and_then_found_by_bluetooth():
    house = House("done")
    house.time.at(30, lambda: house.air.open(authorised=True))
    house.becomes("changed", 20)
    house.change()
    assert house.steps == [
        Step.ASKING,
        Step.PRESS_FIRST,
        Step.SENDING,
        Step.TRYING,
        Step.CHANGED,
    ]
    assert house.taken == [(b"new house", b"new password")]


def test_one_that_is_not_reached_is_looked_for_and_its_light_asks():
    house = House()
    house.time.at(100, house.air.open)
    house.press(130)
    house.becomes("changed", 20)
    house.change()
    assert house.steps == [
        Step.ASKING,
        Step.LOOKING,
        Step.PRESS,
        Step.SENDING,
        Step.TRYING,
        Step.CHANGED,
    ]


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [("busy", Trouble.BUSY), ("failed", Trouble.FAILED), ("unknown", Trouble.FAILED)],
)
def test_a_device_that_may_not_now_is_left_in_peace(answer, trouble):
    house = House(answer)
    assert house.trouble() is trouble
    assert house.air.waits == []


@pytest.mark.parametrize(
    ("network", "trouble"),
    [
        (Network("", "12345678"), Trouble.BAD_SSID),
        (Network("é" * 17, "12345678"), Trouble.BAD_SSID),
        (Network("house", "1234567"), Trouble.BAD_KEY),
        (Network("house", "1" * 65), Trouble.BAD_KEY),
    ],
)
def test_what_no_network_can_be_goes_nowhere(network, trouble):
    house = House()
    assert house.trouble(network) is trouble
    assert house.steps == []


@pytest.mark.parametrize(
    "trouble",
    [Trouble.NO_ADAPTER, Trouble.ADAPTER_OFF, Trouble.NO_RIGHTS, Trouble.BROKEN, Trouble.GONE],
)
def test_what_is_wrong_with_bluetooth_is_said(trouble):
    house = House()
    house.air.trouble = trouble
    assert house.trouble() is trouble


def test_a_device_that_never_offers_itself():
    assert House().trouble() is Trouble.NOT_FOUND
    assert House("done").trouble() is Trouble.NOT_PRESSED


def test_nobody_presses():
    house = House()
    house.air.open()
    assert house.trouble() in (Trouble.NOT_PRESSED, Trouble.GONE)
    assert house.taken == []
    assert house.time.now_s < 300


def test_the_key_of_another_gateway():
    house = House("done")
    house.air.open(authorised=True)
    assert house.trouble(secret=bytes(32)) is Trouble.NOT_OURS


def test_a_connection_that_breaks_before_anything_was_sent():
    house = House("done")
    house.air.open(authorised=True)
    house.air.breaks_after = 1
    assert house.trouble() is Trouble.GONE
    assert house.taken == []


def test_one_that_breaks_as_it_is_sent_is_waited_for_all_the_same():
    house = House("done")
    house.air.open(authorised=True)
    house.air.breaks_after = 2
    house.becomes("changed", 30)
    house.change()
    assert house.steps[-1] is Step.CHANGED


@pytest.mark.parametrize("outcome", sorted(set(improv.OUTCOMES) - {"none", "changed"}))
def test_what_the_device_tells_over_its_old_wifi(outcome):
    house = House("done")
    house.air.open(authorised=True)
    house.becomes(outcome, 80)
    assert house.trouble() is Trouble(outcome)


@pytest.mark.parametrize("outcome", ["wrong_password", "no_network", "no_gateway"])
def test_what_it_tells_by_offering_itself_again(outcome):
    house = House("done")
    house.air.open(authorised=True)

    def take(network: tuple[bytes, bytes]) -> None:
        house.time.at(
            house.time.now_s + 115, lambda: house.air.open(authorised=True, outcome=outcome)
        )

    house.air.on_taken = take
    assert house.trouble() is Trouble(outcome)


def test_a_device_that_is_never_heard_again():
    house = House("done")
    house.air.open(authorised=True)
    assert house.trouble() is Trouble.NOT_HEARD
    assert house.time.now_s < 300


def test_an_earlier_word_of_it_is_not_this_ones():
    # What it told before this began is not news: see gateway/bluetooth/at_the_gateway.py.
    house = House("done")
    house.air.open(authorised=True, outcome="wrong_password")
    house.becomes("changed", 20)
    house.change()
    assert house.steps[-1] is Step.CHANGED


def test_each_trouble_has_one_sentence_and_none_a_password():
    assert set(SENTENCES) == set(Trouble)
    for trouble in Trouble:
        assert str(BluetoothError(trouble)).endswith((".", "bluetooth", "power on"))
    assert "new password" not in repr(NETWORK)


def test_every_outcome_of_a_device_is_a_trouble_or_well():
    assert set(improv.OUTCOMES) - {"none", "changed"} <= {trouble.value for trouble in Trouble}
