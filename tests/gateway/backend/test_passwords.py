"""Passwords and PINs: a few tries, then shut; and logins that can be ended. On both databases."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.backend.database import open_database
from gateway.backend.logins import Login, Logins, give_password
from gateway.backend.passwords import LONGEST_SHUT, TRIES, Passwords
from gateway.backend.tables import logins as logins_table
from gateway.backend.tables import passwords as passwords_table
from gateway.backend.vault import Unreadable, Vault
from gateway.store import Store

from .conftest import HandClock

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
DORA = "staff:dora"
RIGHT = "correct horse battery"


class Door:
    """A store, its passwords and its logins. reopened(): the same after a restart."""

    def __init__(self, url: str, clock: HandClock) -> None:
        self.url = url
        self.clock = clock
        self.store: Store = open_database(url)
        self.passwords = Passwords(self.store, Vault("key"), clock, QUICK)
        self.logins = Logins(self.store, clock)

    def give(self, holder: str, secret: str) -> None:
        give_password(self.store, self.passwords, holder, secret)

    def reopened(self) -> "Door":
        self.store.close()
        return Door(self.url, self.clock)


@pytest.fixture
def door(database_url: str) -> Iterator[Door]:
    made = Door(database_url, HandClock())
    made.give(DORA, RIGHT)
    yield made
    made.store.close()


def test_the_right_one_opens_and_no_other_does(door: Door) -> None:
    assert door.passwords.check(DORA, RIGHT)
    for wrong in ("", "correct", RIGHT + " ", RIGHT.upper()):
        assert not door.passwords.check(DORA, wrong)
    assert not door.passwords.check("staff:ana", RIGHT)


def test_the_same_letters_composed_otherwise_are_the_same(door: Door) -> None:
    door.give(DORA, "quatre pommes ambr\u00e9es")
    assert door.passwords.check(DORA, "quatre pommes ambre\u0301es")


def test_nothing_in_the_store_is_the_password_or_its_bare_hash(door: Door) -> None:
    with door.store.read() as connection:
        kept = connection.execute(passwords_table.select()).one().hash
    assert kept.startswith("$argon2id$")
    # Of the seasoned one: the store alone does not tell a PIN to whoever tries all of them.
    with pytest.raises(Exception, match="does not match"):
        QUICK.verify(kept, RIGHT)
    assert not Passwords(door.store, Vault("another"), door.clock, QUICK).check(DORA, RIGHT)


def test_after_five_wrong_ones_it_is_shut_for_the_right_one_too_and_opens_later(
    door: Door,
) -> None:
    for _ in range(TRIES):
        assert not door.passwords.check(DORA, "wrong")
    door = door.reopened()  # a restart gives no more tries
    assert not door.passwords.check(DORA, RIGHT)
    door.clock.forward(61)
    assert door.passwords.check(DORA, RIGHT)
    # And it begins anew
    for _ in range(TRIES - 1):
        assert not door.passwords.check(DORA, "wrong")
    assert door.passwords.check(DORA, RIGHT)


def test_whoever_goes_on_guessing_gets_a_hundred_tries_a_day(door: Door) -> None:
    tried = 0
    end = door.clock() + timedelta(days=1)
    while door.clock() < end:
        with door.store.read() as connection:
            before = connection.execute(passwords_table.select()).one().tries
        door.passwords.check(DORA, "wrong")
        with door.store.read() as connection:
            tried += connection.execute(passwords_table.select()).one().tries - before
        door.clock.forward(60)
    assert 90 <= tried <= 110


def test_tries_while_it_is_shut_do_not_lengthen_it(door: Door) -> None:
    for _ in range(TRIES):
        door.passwords.check(DORA, "wrong")
    for _ in range(20):
        door.passwords.check(DORA, "wrong")
    door.clock.forward(61)
    assert door.passwords.check(DORA, RIGHT)


def test_many_at_once_get_no_more_tries_than_one_after_the_other(door: Door) -> None:
    looked_at = []
    fits = door.passwords._fits

    def counting(known: str, secret: str) -> bool:
        looked_at.append(secret)
        return fits(known, secret)

    opened = []

    def one(secret: str) -> None:
        opened.append(door.passwords.check(DORA, secret))

    door.passwords._fits = counting  # type: ignore[method-assign]
    threads = [threading.Thread(target=one, args=(f"wrong {n}",)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not any(opened)
    with door.store.read() as connection:
        assert connection.execute(passwords_table.select()).one().tries == TRIES


def test_a_clock_that_was_ahead_does_not_shut_for_a_year(door: Door) -> None:
    door.clock.forward(365 * 86400)
    for _ in range(TRIES):
        door.passwords.check(DORA, "wrong")
    door.clock.forward(-365 * 86400)
    assert door.passwords.check(DORA, RIGHT)


def test_how_often_was_tried_says_nothing_of_who_there_is(door: Door) -> None:
    # Somebody who is not there takes the same work: a hash is looked at in each case.
    looked_at = []
    fits = door.passwords._fits

    def counting(known: str, secret: str) -> bool:
        looked_at.append(known)
        return fits(known, secret)

    door.passwords._fits = counting  # type: ignore[method-assign]
    door.passwords.check("staff:nobody", RIGHT)
    for _ in range(TRIES + 1):
        door.passwords.check(DORA, "wrong")
    assert len(looked_at) == TRIES + 2


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(["right", "wrong", "wait", "restart"]), max_size=25))
def test_it_opens_only_to_the_right_one_and_never_while_shut(door: Door, steps: list[str]) -> None:
    door.clock.forward(3600)
    door.give(DORA, RIGHT)
    wrong_in_a_row = 0
    for step in steps:
        if step == "wait":
            door.clock.forward(LONGEST_SHUT.total_seconds() + 1)
        elif step == "restart":
            door.passwords = Passwords(door.store, Vault("key"), door.clock, QUICK)
        else:
            opened = door.passwords.check(DORA, RIGHT if step == "right" else "wrong")
            if step == "wrong":
                assert not opened
                wrong_in_a_row += 1
            elif opened:
                wrong_in_a_row = 0
            else:
                assert wrong_in_a_row >= TRIES


# --- logins --------------------------------------------------------------------------------------


def test_a_login_lasts_its_time_and_no_longer(door: Door) -> None:
    key = door.logins.begin(DORA, timedelta(hours=12))
    found = door.logins.find(key)
    assert isinstance(found, Login)
    assert found.holder == DORA
    door.clock.forward(12 * 3600 - 1)
    assert door.logins.find(key) is not None
    door.clock.forward(1)
    assert door.logins.find(key) is None


def test_a_login_is_there_after_a_restart_and_its_key_is_nowhere(door: Door) -> None:
    key = door.logins.begin(DORA, timedelta(hours=1))
    door = door.reopened()
    assert door.logins.find(key) is not None
    with door.store.read() as connection:
        row = connection.execute(logins_table.select()).one()
    assert key not in str(row)
    assert door.logins.find(row.id) is None


@pytest.mark.parametrize("key", ["", "x", "é", "\x00", "a" * 5000])
def test_what_is_no_key_opens_nothing(door: Door, key: str) -> None:
    assert door.logins.find(key) is None


def test_one_can_be_ended_and_all_and_those_of_others_go_on(door: Door) -> None:
    hour = timedelta(hours=1)
    first, second, other = (door.logins.begin(who, hour) for who in (DORA, DORA, "staff:eve"))
    found = door.logins.find(first)
    assert found is not None
    door.logins.end("staff:eve", found.id)  # not hers
    assert door.logins.find(first) is not None
    door.logins.end(DORA, found.id)
    assert door.logins.find(first) is None
    assert [one.holder for one in door.logins.of(DORA)] == [DORA]
    assert door.logins.end_all(DORA) == 1
    assert door.logins.find(second) is None
    assert door.logins.find(other) is not None


def test_another_password_ends_what_was_begun_with_the_old_one(door: Door) -> None:
    key = door.logins.begin(DORA, timedelta(hours=1))
    door.give(DORA, "another one altogether")
    assert door.logins.find(key) is None
    assert not door.passwords.check(DORA, RIGHT)
    assert door.passwords.check(DORA, "another one altogether")


# --- the vault -----------------------------------------------------------------------------------


@given(st.text(), st.text())
def test_what_was_locked_opens_at_its_place_and_nowhere_else(text: str, place: str) -> None:
    vault = Vault("key")
    locked = vault.lock(text, place)
    assert vault.unlock(locked, place) == text
    assert locked != vault.lock(text, place)
    with pytest.raises(Unreadable):
        vault.unlock(locked, place + "x")
    with pytest.raises(Unreadable):
        Vault("another key").unlock(locked, place)


@given(st.binary(max_size=80))
def test_what_is_damaged_is_unreadable_and_raises_nothing_else(damaged: bytes) -> None:
    with pytest.raises(Unreadable):
        Vault("key").unlock(damaged, "here")


def test_there_is_no_vault_without_a_key() -> None:
    with pytest.raises(ValueError, match="key"):
        Vault("")
