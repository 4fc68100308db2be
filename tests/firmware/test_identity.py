"""(device, boot, seq) is never used twice."""

import pytest
from doorknock.identity import Identity

from tests.firmware.nvs import Nvs

NONCE = 77


def start(nvs: Nvs, **rest) -> Identity:
    return Identity(nvs, NONCE, **rest)


def test_each_cold_start_takes_the_next_number_and_writes_it_first() -> None:
    nvs = Nvs({"boot": 0})

    assert [start(nvs).boot for _ in range(3)] == [1, 2, 3]
    assert nvs.committed["boot"] == 3


def test_events_of_one_start_are_counted() -> None:
    identity = start(Nvs({"boot": 4}))

    assert [identity.next_seq() for _ in range(3)] == [1, 2, 3]


def test_waking_from_deep_sleep_is_no_boot_and_goes_on_counting() -> None:
    nvs = Nvs({"boot": 4})
    before = start(nvs)
    before.next_seq()
    asleep = before.asleep(uptime_ms=5000, clock_ms=1000)

    woken = start(nvs, asleep=asleep, clock_ms=901000)

    assert woken.woken
    assert (woken.boot, woken.next_seq()) == (5, 2)
    assert woken.uptime_ms == 905000
    assert nvs.committed["boot"] == 5


def test_a_clock_that_went_backwards_in_sleep_does_not_take_time_away() -> None:
    nvs = Nvs({"boot": 4})
    asleep = start(nvs).asleep(uptime_ms=5000, clock_ms=1000)

    assert start(nvs, asleep=asleep, clock_ms=0).uptime_ms == 5000


@pytest.mark.parametrize("at", range(32))
def test_rtc_memory_that_is_not_whole_is_a_cold_start(at: int) -> None:
    nvs = Nvs({"boot": 4})
    asleep = bytearray(start(nvs).asleep(5000, 1000))
    asleep[at] ^= 0x10

    identity = start(nvs, asleep=bytes(asleep))

    assert not identity.woken
    assert identity.boot == 6


@pytest.mark.parametrize("stored", [{}, {"boot": b"abc"}, {"boot": -1}, {"boot": 0x7FFFFFFF}])
def test_a_number_that_is_lost_is_not_made_up(stored) -> None:
    assert start(Nvs(stored)).boot == 0


def test_a_number_that_cannot_be_written_is_not_used() -> None:
    identity = start(Nvs({"boot": 4}, refuses=True))

    assert identity.boot == 0
    assert identity.broken


def test_the_gateways_number_is_taken_once_by_the_nonce_alone() -> None:
    nvs = Nvs()
    identity = start(nvs)

    assert identity.number(0, NONCE + 1, 9) == 0
    assert identity.number(3, NONCE, 9) == 0
    assert identity.number(0, NONCE, 0) == 0
    assert identity.boot == 0
    # What an earlier start left gets 9, the present one is 10.
    assert identity.number(0, NONCE, 9) == 9
    assert identity.boot == 10
    assert nvs.committed["boot"] == 10
    assert identity.number(0, NONCE, 20) == 0
    assert start(nvs).boot == 11


def test_a_spare_number_is_below_the_present_and_never_used_again() -> None:
    nvs = Nvs({"boot": 4})
    identity = start(nvs)

    assert identity.spare() == 5
    assert identity.boot == 6
    assert start(nvs).boot == 7


def test_flash_that_takes_no_spare_number_leaves_the_present_one() -> None:
    nvs = Nvs({"boot": 4})
    identity = start(nvs)
    assert not identity.broken
    nvs.refuses = True

    assert identity.spare() == 0
    assert identity.boot == 5
    assert identity.broken


def test_a_board_whose_names_were_used_before_takes_the_new_number() -> None:
    """A backup was restored: the gateway says so about an event of the present boot."""
    nvs = Nvs({"boot": 4})
    identity = start(nvs)

    assert identity.number(5, 3, 40) == 0
    assert identity.boot == 40
    assert nvs.committed["boot"] == 40


@pytest.mark.parametrize(("boot", "next_boot"), [(4, 40), (5, 5), (5, 3), (5, 0), (5, 1 << 31)])
def test_a_number_about_another_boot_or_not_above_the_present_is_ignored(boot, next_boot) -> None:
    identity = start(Nvs({"boot": 4}))

    assert identity.number(boot, 3, next_boot) == 0
    assert identity.boot == 5


def test_where_flash_takes_no_number_this_start_has_the_gateways_all_the_same() -> None:
    """Otherwise no press would ever leave the device."""
    nvs = Nvs({"boot": 4}, refuses=True)
    identity = start(nvs)

    assert identity.number(0, NONCE, 9) == 9
    assert identity.boot == 10
    assert identity.broken
    assert start(nvs).boot == 0
