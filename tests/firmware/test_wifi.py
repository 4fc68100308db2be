"""A change of the Wi-Fi over restarts: tried first, the old one kept. Pure, with a made-up room."""

import pytest
from doorknock import improv, wifi
from hypothesis import given
from hypothesis import strategies as st

OLD = ("old house", "old password")
NEW = (b"new house", b"new password")
START = (1 << 30) - 30_000


class Flash:
    """A Keep whose power may go: `refuses` from that write on."""

    def __init__(self) -> None:
        self.content = b""
        self.refuses = False

    def read(self) -> bytes:
        return self.content

    def write(self, content: bytes) -> bool:
        if not self.refuses:
            self.content = content
        return not self.refuses


class Store:
    """The chip's settings store: what was not committed is gone at the next start."""

    def __init__(self) -> None:
        self.values = {"wifi_ssid": OLD[0].encode(), "wifi_key": OLD[1].encode()}
        self._committed = dict(self.values)
        self.refuses = False

    def set_blob(self, name: str, value: bytes) -> None:
        if self.refuses:
            raise OSError(0x1105)
        self.values[name] = value

    def erase_key(self, name: str) -> None:
        if name not in self.values:
            raise OSError(-0x1102)
        del self.values[name]

    def commit(self) -> None:
        self._committed = dict(self.values)

    def start(self) -> None:
        self.values = dict(self._committed)

    @property
    def network(self) -> tuple[str, str]:
        kept = self._committed
        return kept["wifi_ssid"].decode(), kept.get("wifi_key", b"").decode()


class Radio:
    """on_air: the networks there are, name to password."""

    def __init__(self, on_air: dict[str, str], network: tuple[str, str]) -> None:
        self.on_air = on_air
        self.network = network

    def use(self, ssid: str, key: str) -> None:
        self.network = (ssid, key)

    def joined(self) -> bool:
        return self.on_air.get(self.network[0]) == self.network[1]

    def why(self) -> str:
        if self.network[0] not in self.on_air:
            return "no_network"
        return "" if self.joined() else "wrong_password"


class Room:
    def __init__(self) -> None:
        self.events: list[str] = []
        self.attempts: list[int] = []
        self.signals: list[str] = []
        self.lines: list[str] = []
        self.is_busy = False
        self.is_calm = True
        self.restarts = 0

    def emit(self, kind, details):
        assert kind == "wifi"
        self.events.append(details["outcome"])
        self.attempts.append(details["attempt"])

    def told(self, signal):
        self.signals.append(signal)

    def busy(self):
        return self.is_busy

    def calm(self):
        return self.is_calm and not self.is_busy

    def restart(self):
        self.restarts += 1

    def log(self, text):
        self.lines.append(text)


class Device:
    """What is on flash, over as many starts as you like."""

    def __init__(self, on_air: dict[str, str]) -> None:
        self.flash, self.store, self.room = Flash(), Store(), Room()
        self.on_air = on_air
        self.gateway = True  # there is one, on every network that can be joined

    def start(self, powered_on: bool = False, allowed: bool = True) -> wifi.Wifi:
        self.now = START
        self.store.start()
        it = wifi.Wifi(self.flash, self.store, self.store.network, powered_on, allowed, self.room)
        self.radio = Radio(self.on_air, it.network)
        it.begin(self.radio, self.now)
        self.it = it
        return it

    def run(self, ms: int, step: int = 500) -> bool:
        """Time passes; whether the device wants to start anew."""
        before = self.room.restarts
        for _ in range(0, ms, step):
            self.now = (self.now + step) & 0x3FFFFFFF
            if not self.it.bluetooth and self.radio.joined() and self.gateway:
                self.it.reached(self.now)
            self.it.tick(self.now)
            if self.room.restarts > before:
                return True
        return False

    def take(self, network: tuple[bytes, bytes] = NEW, attempt: int = 7) -> None:
        """The window has taken a network."""
        assert self.it.bluetooth
        self.it._closed(network, attempt, self.now)
        assert self.run(1000)


def offering(on_air: dict[str, str], agreed: bool = True) -> Device:
    """A device at a start that is for Bluetooth."""
    device = Device(on_air)
    it = device.start()
    if agreed:
        it.open(device.now)
    else:
        it._open(0, device.now)
    assert device.run(1000)
    assert device.start().bluetooth
    return device


def test_the_new_network_is_kept_once_the_gateway_has_answered_over_it():
    device = offering({"new house": "new password"})
    device.take()
    device.start()
    assert device.it.showing == "bluetooth"
    device.run(5000)
    assert device.store.network == ("new house", "new password")
    assert (device.room.events, device.room.signals) == (["changed"], ["wifi_changed"])
    device.start()
    assert device.radio.network == ("new house", "new password")
    assert not device.it.awake
    assert b"password" not in device.flash.content


@pytest.mark.parametrize(
    ("on_air", "gateway", "outcome"),
    [
        ({"new house": "another password"}, True, "wrong_password"),
        ({}, True, "no_network"),
        ({"new house": "new password"}, False, "no_gateway"),
    ],
)
def test_what_does_not_work_is_said_and_the_old_one_is_back(on_air, gateway, outcome):
    device = offering(on_air)
    device.take()
    device.gateway = gateway
    device.start()
    device.run(wifi.TRIAL_MS)
    assert device.room.events == [outcome]
    assert device.room.signals == ["wifi_failed"]
    assert device.radio.network == OLD
    assert device.store.network == OLD
    assert b"password" not in device.flash.content


def test_where_the_old_one_works_the_device_stays_on_it():
    device = offering({"old house": "old password"})
    device.take()
    device.start()
    assert not device.run(wifi.TRIAL_MS + wifi.OLD_MS + 60_000)
    assert not device.it.awake


def test_where_the_old_one_is_gone_the_window_opens_again_with_the_reason():
    device = offering({"new house": "another password"})
    device.take()
    device.start()
    assert device.run(wifi.TRIAL_MS + wifi.OLD_MS)
    device.start()
    assert device.it.bluetooth
    assert device.it._outcome == "wrong_password"
    assert device.it._chances == wifi.CHANCES - 1


def test_each_word_says_of_which_attempt_it_is_over_every_start():
    device = offering({"new house": "another password"})
    device.take(attempt=0xFFFFFF)
    device.start()
    assert device.run(wifi.TRIAL_MS + wifi.OLD_MS)
    assert device.start().bluetooth
    device.on_air["new house"] = "new password"
    device.take(attempt=3)
    device.start()
    device.run(5000)
    told = list(zip(device.room.events, device.room.attempts, strict=True))
    assert told == [("wrong_password", 0xFFFFFF), ("changed", 3)]


def test_a_change_that_an_earlier_application_has_begun_goes_on():
    device = Device({"new house": "new password"})
    device.flash.content = bytes([1, wifi.TRY, 0, 0, 4]) + improv.strings(*NEW)
    device.start()
    device.run(5000)
    assert device.store.network == ("new house", "new password")
    assert (device.room.events, device.room.attempts) == (["changed"], [0])


def test_one_press_is_good_for_so_many_attempts():
    device = offering({"new house": "another password"}, agreed=False)
    for left in range(wifi.CHANCES - 1, -1, -1):
        device.take()
        device.start()
        assert device.run(wifi.TRIAL_MS + wifi.OLD_MS)
        assert device.start().bluetooth
        assert device.it._chances == left


def test_after_a_window_comes_wifi_whatever_ended_it():
    device = offering({})
    # The power goes in the midst of it.
    assert not device.start().bluetooth
    assert device.radio.network == OLD


def test_a_window_in_which_nobody_came_ends_with_a_restart():
    device = offering({})
    device.it._closed(None, 0, device.now)
    assert device.run(1000)
    assert not device.start().bluetooth


def test_no_wifi_from_power_on_opens_it_once():
    device = Device({})
    device.start(powered_on=True)
    assert not device.run(wifi.NO_WIFI_MS - 1000)
    assert device.run(2000)
    assert device.start().bluetooth
    assert device.it._chances == 0
    device.it._closed(None, 0, device.now)
    assert device.run(1000)
    device.start()
    assert not device.run(20 * wifi.NO_WIFI_MS)


@pytest.mark.parametrize(
    ("on_air", "powered_on", "allowed"),
    [
        ({"old house": "old password"}, True, True),
        ({}, False, True),
        ({}, True, False),
    ],
    ids=["there is Wi-Fi", "not from power-on", "not allowed"],
)
def test_when_it_does_not_open(on_air, powered_on, allowed):
    device = Device(on_air)
    device.start(powered_on=powered_on, allowed=allowed)
    assert not device.run(20 * wifi.NO_WIFI_MS)


def test_a_gateway_that_is_down_is_no_reason_to_open_it():
    device = Device({"old house": "old password"})
    device.gateway = False
    device.start(powered_on=True)
    assert not device.run(20 * wifi.NO_WIFI_MS)


def test_whoever_calls_while_there_is_no_wifi_keeps_it_shut():
    device = Device({})
    device.start(powered_on=True)
    device.room.is_busy = True
    assert not device.run(2 * wifi.NO_WIFI_MS)
    device.room.is_busy = False
    assert not device.run(2 * wifi.NO_WIFI_MS)


def test_a_network_that_is_slow_is_given_all_of_its_time_while_nobody_calls():
    # Given a new network that can be joined, whose gateway is heard only near the end
    device = offering({"old house": "old password", "new house": "new password"})
    device.take()
    device.gateway = False
    device.start()
    device.run(wifi.TRIAL_MS - 3000)
    assert device.radio.network == ("new house", "new password")

    device.gateway = True
    device.run(2000)

    assert device.room.events == ["changed"]
    assert device.store.network == ("new house", "new password")


def test_whoever_presses_during_a_trial_waits_no_longer_than_they_must():
    device = offering({"old house": "old password", "new house": "new password"})
    device.take()
    device.gateway = False
    device.start()
    device.room.is_busy = True
    device.run(wifi.SURE_MS)
    assert device.radio.network == OLD


def test_a_restart_waits_for_calm_then_only_for_calls():
    device = Device({})
    device.start().open(device.now)
    device.room.is_calm = False
    assert not device.run(29_000)
    device.room.is_busy = True
    assert not device.run(600_000)
    device.room.is_busy = False
    assert device.run(1000)


def test_flash_that_takes_nothing_changes_nothing():
    device = offering({"new house": "new password"})
    device.flash.refuses = True
    device.it._closed(NEW, 7, device.now)
    assert device.room.events == ["storage"]
    assert device.store.network == OLD


def test_a_settings_store_that_takes_nothing_is_asked_at_each_start():
    device = offering({"new house": "new password"})
    device.take()
    device.store.refuses = True
    device.start()
    device.run(5000)
    assert device.store.network == OLD
    assert device.start().network == ("new house", "new password")
    device.store.refuses = False
    device.start()
    assert device.store.network == ("new house", "new password")


def test_an_open_network_leaves_no_old_password_behind():
    device = offering({"café": ""})
    device.take(("café".encode(), b""))
    device.start()
    device.run(5000)
    assert device.store.network == ("café", "")


def test_power_cuts_in_a_trial_are_not_for_ever():
    device = offering({"new house": "new password"})
    device.take()
    device.gateway = False
    for _ in range(3):
        device.start()
        assert device.radio.network == ("new house", "new password")
    device.start()
    assert device.radio.network == OLD
    assert device.room.events == ["interrupted"]


@given(st.binary(max_size=120))
def test_no_bytes_on_flash_make_it_fall_or_lose_the_old_network(noise):
    device = Device({})
    device.flash.content = noise
    device.start()
    assert device.store.network == OLD or device.store.network[0]


@given(
    st.sampled_from(improv.OUTCOMES),
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(0, 0xFFFFFF),
)
def test_what_was_kept_is_there_after_a_start(outcome, starts, chances, attempt):
    kept = wifi.Kept()
    kept.phase, kept.outcome, kept.starts, kept.chances = wifi.TRY, outcome, starts, chances
    kept.new, kept.attempt = NEW, attempt
    again = wifi.Kept()
    again.resume(kept.saved())
    assert vars(again) == vars(kept)


def test_on_real_flash_no_power_cut_loses_the_network(on_the_device) -> None:
    output = on_the_device("wifi_power_cut.py")
    counted = [
        int(line.split()[1].rstrip(",")) for line in output.splitlines() if line[:4] == "cuts"
    ]
    assert len(counted) == 3
    assert all(cuts >= 10 for cuts in counted), output


def test_what_comes_over_the_air_allocates_little_and_nothing_stays(on_the_device) -> None:
    output = on_the_device("window_memory.py")
    sealed = improv.seal(bytes(range(32)), bytes(range(100, 116)), b"house", b"a password")
    assert sealed.hex() in output
