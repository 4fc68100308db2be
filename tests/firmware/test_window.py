"""The window: who may change the Wi-Fi, for how long, and what is a call all the same. Pure."""

import random

from doorknock import improv, window
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

SECRET = bytes(range(32))
INFO = (b"Doorknock", b"0.1.0", b"ESP32C6", b"a0b1c2d3e4f5")
NETWORK = (b"new house", b"a password")
WIFI = improv.packet(improv.SEND_WIFI, improv.strings(*NETWORK))
# So that each run crosses the wrap of the ticks.
NOW = (1 << 30) - 1000


def opened(*, authorised: bool = False, outcome: str = "none") -> window.Window:
    return window.Window(SECRET, INFO, random.Random(1).randbytes, outcome, authorised, NOW)


def at(ms: int) -> int:
    return (NOW + ms) & 0x3FFFFFFF


def sealed(for_whom: window.Window, secret: bytes = SECRET) -> bytes:
    return improv.seal(secret, for_whom.challenge, *NETWORK)


def test_without_a_press_nobody_changes_anything():
    it = opened()
    it.came(at(0))
    it.sealed(sealed(it), at(10))
    assert (it.error, it.taken) == (improv.NOT_AUTHORIZED, None)
    it.command(WIFI, True, at(20))
    assert (it.error, it.taken, it.over) == (improv.NOT_AUTHORIZED, None, False)


def test_one_tap_agrees_and_the_sealed_settings_are_taken():
    it = opened()
    it.came(at(0))
    assert it.showing == "agree"
    assert it.pressed(1, False, at(1000))
    assert (it.state, it.showing) == (improv.AUTHORIZED, "bluetooth")
    it.sealed(sealed(it), at(2000))
    assert (it.taken, it.state, it.over) == (NETWORK, improv.PROVISIONING, True)


def test_an_attempt_is_called_after_its_challenge_and_a_phones_has_no_name():
    it = opened(authorised=True)
    challenge = it.challenge
    it.sealed(sealed(it), at(10))
    assert it.attempt == improv.attempt_of(challenge) == int.from_bytes(challenge[:3], "big")
    assert improv.attempt_of(bytes(16)) == 1
    by_phone = opened(authorised=True)
    by_phone.command(WIFI, True, at(10))
    assert (by_phone.taken, by_phone.attempt) == (NETWORK, 0)


def test_a_tap_is_a_call_before_anybody_is_there_and_after_it_was_taken():
    it = opened()
    assert not it.pressed(1, False, at(0))
    it.came(at(10))
    assert it.pressed(1, False, at(20))
    assert not it.pressed(1, False, at(30))
    it.went()
    it.came(at(40))
    assert not it.pressed(1, False, at(50))


def test_two_taps_and_a_hold_are_a_call_at_any_time():
    it = opened()
    it.came(at(0))
    assert not it.pressed(2, False, at(10))
    assert not it.pressed(1, True, at(20))
    assert it.state == improv.AUTHORIZATION_REQUIRED


def test_a_tap_whose_asker_has_gone_is_a_call():
    it = opened()
    it.came(at(0))
    it.went()
    assert it.showing == "bluetooth"
    assert not it.pressed(1, False, at(10))


def test_a_plain_password_is_taken_over_an_encrypted_connection_alone():
    it = opened(authorised=True)
    it.came(at(0))
    it.command(WIFI, False, at(10))
    assert (it.error, it.taken) == (improv.NOT_AUTHORIZED, None)
    it.command(WIFI, True, at(20))
    assert it.taken == NETWORK


def test_a_recorded_message_is_worth_nothing():
    it = opened()
    recorded = sealed(it)
    it.sealed(recorded, at(0))  # refused: nobody has pressed
    it.came(at(10))
    it.pressed(1, False, at(20))
    it.sealed(recorded, at(30))
    assert (it.error, it.taken) == (improv.INVALID_RPC, None)


def test_another_gateways_message_is_refused():
    it = opened(authorised=True)
    it.sealed(sealed(it, bytes(32)), at(10))
    assert (it.error, it.taken) == (improv.INVALID_RPC, None)


def test_it_closes_by_itself():
    it = opened()
    it.tick(at(window.LONELY_MS - 1))
    assert not it.over
    it.tick(at(window.LONELY_MS))
    assert it.over


def test_who_is_there_gets_longer_and_who_comes_again_does_not():
    it = opened()
    it.came(at(1000))
    it.tick(at(window.LONELY_MS))
    assert not it.over
    it.went()
    it.came(at(window.UNAGREED_MS - 1000))
    it.tick(at(window.UNAGREED_MS))
    assert it.over


def test_from_the_press_on_there_is_time_to_find_the_password():
    it = opened()
    it.came(at(0))
    it.pressed(1, False, at(200_000))
    it.tick(at(200_000 + window.AUTHORIZED_MS - 1))
    assert not it.over
    it.tick(at(200_000 + window.AUTHORIZED_MS))
    assert it.over


def test_after_a_failed_attempt_it_says_so_and_needs_no_second_press():
    it = opened(authorised=True, outcome="wrong_password")
    assert (it.state, it.error) == (improv.AUTHORIZED, improv.UNABLE_TO_CONNECT)
    assert it.outcome == "wrong_password"
    assert not it.pressed(1, False, at(0))


def test_a_call_closes_it_and_nothing_more_is_taken():
    it = opened(authorised=True)
    it.came(at(0))
    it.close()
    it.sealed(sealed(it), at(10))
    it.command(WIFI, True, at(10))
    assert it.taken is None


def test_identify_and_device_info_need_no_press():
    it = opened()
    it.came(at(0))
    it.pressed(1, False, at(0))
    it.command(improv.packet(improv.IDENTIFY, b""), False, at(10))
    assert it.showing == "identify"
    it.tick(at(10 + window.IDENTIFY_MS))
    assert it.showing == "bluetooth"
    it.command(improv.packet(improv.DEVICE_INFO, b""), False, at(20))
    assert it.result == improv.packet(improv.DEVICE_INFO, improv.strings(*INFO))
    it.command(improv.packet(4, b""), False, at(30))
    assert it.error == improv.UNKNOWN_RPC


def test_a_packet_that_never_ends_is_given_up():
    it = opened(authorised=True)
    it.came(at(0))
    it.command(WIFI[:9], True, at(0))
    it.tick(at(5000))
    assert it.error == improv.INVALID_RPC
    it.command(WIFI, True, at(5001))
    assert it.taken == NETWORK


def test_half_a_packet_of_one_is_not_the_beginning_of_anothers():
    it = opened(authorised=True)
    it.came(at(0))
    it.command(WIFI[:9], True, at(0))
    it.went()
    it.came(at(100))
    it.command(WIFI, True, at(200))
    assert it.taken == NETWORK


def test_too_much_nonsense_ends_it():
    it = opened(authorised=True)
    for n in range(10):
        assert not it.over
        it.sealed(bytes(40), at(n))
    assert it.over


class AnybodyDoesAnything(RuleBasedStateMachine):
    """Whatever is done, in any order: nothing is taken without a press in the room, nor after the
    end; it lasts no longer than it may; at most one tap is not a call."""

    def __init__(self) -> None:
        super().__init__()
        self.ms = 0
        self.it = opened()
        self.eaten = 0
        self.over_at: int | None = None

    @rule(ms=st.sampled_from([1, 50, 4999, 5000, 60_000]))
    def time_passes(self, ms: int) -> None:
        self.ms += ms
        self.it.tick(at(self.ms))

    @rule()
    def comes(self) -> None:
        self.it.came(at(self.ms))

    @rule()
    def goes(self) -> None:
        self.it.went()

    @rule(taps=st.integers(1, 4), held=st.booleans())
    def presses(self, taps: int, held: bool) -> None:
        if self.it.pressed(taps, held, at(self.ms)):
            assert (taps, held) == (1, False)
            self.eaten += 1

    @rule(piece=st.binary(max_size=60), encrypted=st.booleans())
    def writes_noise(self, piece: bytes, encrypted: bool) -> None:
        self.it.command(piece, encrypted, at(self.ms))
        self.it.sealed(piece, at(self.ms))

    @rule(encrypted=st.booleans(), cut=st.integers(0, len(WIFI)))
    def writes_settings(self, encrypted: bool, cut: int) -> None:
        for piece in (WIFI[:cut], WIFI[cut:]):
            self.it.command(piece, encrypted, at(self.ms))

    @rule(secret=st.sampled_from([SECRET, bytes(32)]))
    def writes_sealed(self, secret: bytes) -> None:
        self.it.sealed(sealed(self.it, secret), at(self.ms))

    @rule()
    def calls(self) -> None:
        self.it.close()

    @invariant()
    def holds(self) -> None:
        assert self.eaten <= 1
        assert self.it.taken is None or (self.eaten == 1 and self.it.taken == NETWORK)
        assert self.it.state in (1, 2, 3)
        assert self.it.over or self.ms < window.UNAGREED_MS + window.AUTHORIZED_MS
        assert not (self.it.over and self.it.asks)


TestAnybodyDoesAnything = AnybodyDoesAnything.TestCase


@given(st.binary(max_size=600), st.integers(1, 40))
def test_no_bytes_make_it_fall(noise, size):
    it = opened(authorised=True)
    for n in range(0, len(noise), size):
        it.command(noise[n : n + size], True, at(n))
    assert it.taken is None or improv.packet(1, improv.strings(*it.taken)) in noise
