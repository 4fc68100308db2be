"""Cards, "I'm OK" from the page, rescue plans and who looks into them. On both databases."""

import threading
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from gateway.backend.alerts import State
from gateway.backend.cards import PIN_DIGITS, Cards, NewCard
from gateway.backend.dispatch import Said
from gateway.backend.happenings import Arrived, CannotGo, Kind, OnMyWay, Resolved
from gateway.backend.looking import LONGEST_LOOK, may_look_until
from gateway.backend.passwords import Passwords
from gateway.backend.plans import Plan, Plans
from gateway.backend.questions import END_UNKNOWN_FOR, QUESTION_LASTS
from gateway.backend.retention import forget_unit
from gateway.backend.tables import alerts, looks, plans, questions, stream
from gateway.backend.vault import Vault

from .conftest import SENSOR, House
from .test_store import count

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
UNIT = ("house-1", "204")
WORDS = Plan("Naloxone is in the blue box.", "Mia 555 0100")


class Home:
    """A house with a resident in 204, who has a card."""

    def __init__(self, house: House) -> None:
        database, clock = house.backend.database, house.clock
        vault = Vault("key")
        self.house = house
        self.clock = clock
        self.dispatch = house.backend.dispatch
        self.passwords = Passwords(database, vault, clock, QUICK)
        self.cards = Cards(database, self.passwords, clock)
        self.plans = Plans(database, vault, clock)
        self.card = self.new_card()

    def new_card(self) -> NewCard:
        return self.cards.make(*UNIT)

    @property
    def resident(self):
        return self.card.resident

    def asks(self, cause: str = "no_breathing", **details: int) -> None:
        self.house.happens("prompt", state="asked", cause=cause, **details)

    def says_ok(self, alert: str | None = None) -> Said:
        calls = "" if alert is None else self.house.alert(alert).calls_seen
        return self.dispatch.resident_ok(*UNIT, calls)

    def passed_on(self) -> list[tuple[str, int, int]]:
        rows = [row for row in self.house.stream() if row.kind == "said_ok"]
        return [(row.data["device"], row.data["boot"], row.data["seq"]) for row in rows]

    def answered(self, person: str = "ana") -> str:
        """An alert that this person is on the way to."""
        alert = self.house.happens("press", taps=2)
        assert alert is not None
        self.dispatch.reply(alert, OnMyWay(person))
        return alert


@pytest.fixture
def home(house: House) -> Home:
    return Home(house)


# --- cards ---------------------------------------------------------------------------------------


def test_a_card_is_opened_by_its_pin(home: Home) -> None:
    assert len(home.card.pin) == PIN_DIGITS
    assert home.card.pin.isdigit()
    assert home.passwords.check(home.resident.holder, home.card.pin)
    assert home.cards.find(home.resident.card) == home.resident
    assert home.card.pin not in repr(home.card)


def test_a_card_made_anew_stops_the_one_before_it_at_once(home: Home) -> None:
    logins = home.house.backend
    from gateway.backend.logins import Logins

    sessions = Logins(logins.database, home.clock)
    key = sessions.begin(home.resident.holder, timedelta(days=1))
    before, home.card = home.card, home.new_card()
    assert home.cards.find(before.resident.card) is None
    assert not home.passwords.check(before.resident.holder, before.pin)
    assert sessions.find(key) is None
    assert home.passwords.check(home.resident.holder, home.card.pin)
    assert home.cards.of_unit(*UNIT) == home.resident


def test_two_who_make_a_card_at_once_leave_one_that_works(home: Home) -> None:
    made: list[NewCard] = []
    threads = [threading.Thread(target=lambda: made.append(home.new_card())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opens = [one for one in made if home.passwords.check(one.resident.holder, one.pin)]
    assert len(made) == 4
    assert [one.resident.card for one in opens] == [home.cards.of_unit(*UNIT).card]  # type: ignore[union-attr]


def test_a_page_that_is_given_back_is_gone(home: Home) -> None:
    with home.house.backend.database.write() as connection:
        assert Cards.remove(connection, *UNIT)
        assert not Cards.remove(connection, *UNIT)
    assert home.cards.find(home.resident.card) is None
    assert not home.passwords.check(home.resident.holder, home.card.pin)


# --- "I'm OK" ------------------------------------------------------------------------------------


def test_it_goes_to_the_sensor_that_asks_and_names_the_question(home: Home) -> None:
    home.asks()
    assert home.says_ok() is Said.PASSED_ON
    assert home.passed_on() == [(SENSOR, 1, 1)]
    assert count(home.house, alerts) == 0


def test_a_question_that_was_answered_or_called_for_is_none_any_more(home: Home) -> None:
    for kind, details in (
        ("prompt", {"state": "answered"}),
        ("prompt", {"state": "withdrawn"}),
        ("ok", {"during": "prompt"}),
    ):
        home.asks()
        home.house.happens(kind, **details)
        assert count(home.house, questions) == 0
        assert home.says_ok() is Said.NOTHING
    assert home.passed_on() == []


def test_a_question_of_which_the_end_was_lost_can_soon_not_be_answered_and_is_forgotten(
    home: Home,
) -> None:
    home.asks()
    home.clock.forward(QUESTION_LASTS.total_seconds())
    home.dispatch.forget()
    assert home.says_ok() is Said.TOO_LATE
    assert home.passed_on() == []
    home.clock.forward(END_UNKNOWN_FOR.total_seconds())
    assert home.says_ok() is Said.NOTHING
    home.dispatch.forget()
    assert count(home.house, questions) == 0


def test_a_sensor_that_starts_anew_asks_nothing_until_it_asks_again(home: Home) -> None:
    before = home.house.event("boot", cause="power_on")
    home.asks()
    home.dispatch.accept(before, "an event that was overtaken")
    assert count(home.house, questions) == 1
    home.house.happens("boot", cause="watchdog")
    assert home.says_ok() is Said.NOTHING
    assert count(home.house, questions) == 0


def test_what_was_passed_on_does_not_stay(home: Home) -> None:
    home.asks()
    home.says_ok()
    home.clock.forward(3600)
    home.dispatch.forget()
    assert home.passed_on() == []
    assert count(home.house, stream) == 0


def test_whether_a_watch_shall_end_is_not_answered_from_afar(home: Home) -> None:
    home.asks("long_stay")
    assert home.says_ok() is Said.NOTHING
    assert home.passed_on() == []


def test_an_end_that_overtook_its_question_ends_it(home: Home) -> None:
    late = home.house.event("prompt", state="asked", cause="no_breathing")
    home.asks()
    home.house.happens("prompt", state="asked", cause="weak_breathing")
    home.dispatch.accept(late, "late")
    with home.house.backend.database.read() as connection:
        assert connection.execute(questions.select()).one().cause == "weak_breathing"


def test_the_question_of_another_unit_is_not_answered(home: Home) -> None:
    home.house.happens("prompt", state="asked", cause="no_breathing", unit="205")
    assert home.says_ok() is Said.NOTHING


def test_in_an_open_alert_it_is_shown_and_lowers_it_and_somebody_still_looks_in(
    home: Home,
) -> None:
    alert = home.house.happens("press", taps=2)
    home.house.deliver()
    assert home.says_ok(alert) is Said.SHOWN
    now = home.house.alert(alert)
    assert (now.kind, now.state, now.ok_at) == (Kind.CHECK_IN, State.NOTIFIED, home.clock())
    assert now.asking is not None
    assert home.says_ok(alert) is Said.NOTHING  # said is said


def test_what_the_resident_chose_beforehand_closes_it_and_only_later_alerts(home: Home) -> None:
    first = home.house.happens("press", taps=1)
    home.cards.choose(home.resident, True)
    assert home.says_ok(first) is Said.SHOWN  # chosen too late for this one
    home.dispatch.reply(str(first), OnMyWay("ana"))
    home.dispatch.reply(str(first), Resolved("ana", "fine"))
    second = home.house.happens("press", taps=1)
    home.house.deliver()
    assert home.says_ok(second) is Said.CLOSED
    assert home.house.alert(second).state is State.CANCELLED
    assert home.house.lights()[-1] == "none"


@pytest.mark.parametrize("chosen", [True, False])
def test_the_residents_word_goes_before_the_programmes(
    open_house, home: Home, chosen: bool
) -> None:
    house = open_house(ok_closes=frozenset({"204"} if not chosen else ()))
    home.cards.choose(home.resident, chosen)
    alert = house.happens("press", taps=1)
    assert house.alert(alert).ok_closes is chosen


def test_after_a_call_that_the_page_did_not_show_it_says_nothing(home: Home) -> None:
    alert = home.house.happens("press", taps=1)
    seen = home.house.alert(alert).calls_seen
    home.house.happens("press", taps=2)
    assert home.dispatch.resident_ok(*UNIT, seen) is Said.CALLED_SINCE
    assert home.house.alert(alert).ok_at is None
    assert home.house.alert(alert).kind is Kind.URGENT


def test_it_is_written_under_the_alert_as_the_rooms_own_word(home: Home) -> None:
    from gateway.backend.overview import alert_view

    alert = home.house.happens("press", taps=1)
    home.says_ok(alert)
    with home.house.backend.database.read() as connection:
        view = alert_view(connection, str(alert))
    assert view is not None
    assert [(line.what, line.person) for line in view.lines] == [("press", None), ("ok_page", None)]


# --- rescue plans --------------------------------------------------------------------------------


def test_a_plan_is_kept_locked(home: Home) -> None:
    home.plans.write(home.resident, WORDS)
    with home.house.backend.database.read() as connection:
        kept = bytes(connection.execute(plans.select()).one().words)
    for word in ("Naloxone", "blue", "Mia", "555"):
        assert word.encode() not in kept
    written = home.plans.written(home.resident)
    assert written is not None
    assert written.plan == WORDS
    assert "blue" not in repr(written)


def test_a_plan_without_a_word_is_none(home: Home) -> None:
    home.plans.write(home.resident, WORDS)
    home.plans.write(home.resident, Plan("", ""))
    assert home.plans.written(home.resident) is None
    assert count(home.house, plans) == 0


def test_a_new_card_does_not_show_what_was_written_before_and_whoever_comes_sees_it(
    home: Home,
) -> None:
    home.plans.write(home.resident, WORDS)
    home.card = home.new_card()
    written = home.plans.written(home.resident)
    assert written is not None
    assert written.plan is None
    alert = home.answered()
    assert home.plans.open(alert, "ana")
    shown = home.plans.show(alert, "ana")
    assert shown is not None
    assert shown.plan == WORDS


def test_who_is_on_the_way_sees_it_and_the_resident_sees_that(home: Home) -> None:
    home.plans.write(home.resident, WORDS)
    alert = home.answered()
    assert home.plans.may_open(alert, "ana")
    assert home.plans.show(alert, "ana") is None  # not without a look that is written down
    assert home.plans.open(alert, "ana")
    home.clock.forward(60)
    shown = home.plans.show(alert, "ana")
    assert shown is not None
    assert shown.plan == WORDS
    [look] = home.plans.looks(home.resident)
    assert look.person == "ana"
    assert (home.clock() - look.opened_at, home.clock() - look.last_at) == (
        timedelta(seconds=60),
        timedelta(0),
    )


@pytest.mark.parametrize("person", ["ben", "dora", "nobody"])
def test_nobody_else_does_and_nothing_is_written_of_it(home: Home, person: str) -> None:
    home.plans.write(home.resident, WORDS)
    alert = home.answered()
    home.plans.open(alert, "ana")
    assert not home.plans.may_open(alert, person)
    assert not home.plans.open(alert, person)
    assert home.plans.show(alert, person) is None
    assert [one.person for one in home.plans.looks(home.resident)] == ["ana"]


def test_after_fifteen_minutes_it_is_over_and_nothing_they_do_brings_it_back(home: Home) -> None:
    home.plans.write(home.resident, WORDS)
    alert = home.answered()
    home.plans.open(alert, "ana")
    home.clock.forward(LONGEST_LOOK.total_seconds() - 1)
    assert home.plans.show(alert, "ana") is not None
    home.plans.open(alert, "ana")  # looking again does not lengthen it
    home.clock.forward(1)
    assert home.plans.show(alert, "ana") is None
    home.dispatch.reply(alert, CannotGo("ana"))
    home.dispatch.reply(alert, OnMyWay("ana"))
    home.dispatch.reply(alert, Arrived("ana"))
    assert not home.plans.open(alert, "ana")
    # A new call of the room is a new emergency.
    home.house.happens("press", taps=2)
    assert home.plans.open(alert, "ana")
    assert home.plans.show(alert, "ana") is not None


@pytest.mark.parametrize("over", ["closed", "cannot go", "ok on the page", "ok in the room"])
def test_once_the_call_is_over_answered_or_not_theirs_it_is_gone(home: Home, over: str) -> None:
    home.plans.write(home.resident, WORDS)
    alert = home.answered()
    home.plans.open(alert, "ana")
    assert home.plans.show(alert, "ana") is not None
    if over == "closed":
        home.dispatch.reply(alert, Resolved("ana", "fine"))
    elif over == "cannot go":
        home.dispatch.reply(alert, CannotGo("ana"))
    elif over == "ok on the page":
        home.says_ok(alert)
    else:
        home.house.happens("ok", during="alert")
    assert home.plans.show(alert, "ana") is None
    assert not home.plans.open(alert, "ana")


def test_without_a_plan_there_is_nothing_to_open(home: Home) -> None:
    alert = home.answered()
    assert not home.plans.may_open(alert, "ana")
    assert not home.plans.open(alert, "ana")
    assert not home.plans.open("no such alert", "ana")


def test_a_plan_locked_with_another_key_is_said_to_be_unreadable(home: Home) -> None:
    home.plans.write(home.resident, WORDS)
    alert = home.answered()
    other = Plans(home.house.backend.database, Vault("another"), home.clock)
    assert other.open(alert, "ana")
    shown = other.show(alert, "ana")
    assert shown is not None
    assert shown.plan is None


def test_looks_are_forgotten_after_a_month_or_with_the_residents_word(home: Home) -> None:
    home.plans.write(home.resident, WORDS)
    home.plans.open(home.answered(), "ana")
    home.clock.forward(30 * 86400 + 1)
    home.dispatch.forget()
    assert count(home.house, looks) == 0


def test_closed_alerts_of_a_unit_become_counts_when_its_resident_says_so(home: Home) -> None:
    alert = home.answered()
    home.dispatch.reply(alert, Resolved("ana", "fine"))
    other = home.house.happens("press", taps=1, unit="205", device="00112233eeff")
    still_open = home.house.happens("press", taps=1)
    with home.house.backend.database.write() as connection:
        assert forget_unit(connection, *UNIT) == 1
    assert home.house.alert(alert) is None
    assert home.house.alert(other) is not None
    assert home.house.alert(still_open) is not None


# --- the rule ------------------------------------------------------------------------------------


@given(
    asks=st.lists(
        st.tuples(st.floats(0, 3600), st.sampled_from(["look", "call", "ok", "leave", "back"])),
        max_size=30,
    )
)
def test_nobody_sees_it_for_longer_than_fifteen_minutes_a_call(asks: list) -> None:  # type: ignore[type-arg]
    from dataclasses import replace
    from datetime import UTC, datetime

    from .test_alerts import raised

    begun = datetime(2026, 5, 1, 12, tzinfo=UTC)
    now, alert = begun, replace(raised(), called_at=begun, attending=("ana",), ok_at=None)
    looked: list[datetime] = []
    for wait_s, what in asks:
        now += timedelta(seconds=wait_s)
        if what == "call":
            alert = replace(alert, called_at=now, ok_at=None)
        elif what == "ok":
            alert = replace(alert, ok_at=now)
        elif what in ("leave", "back"):
            alert = replace(alert, attending=("ana",) if what == "back" else ())
        until = may_look_until(alert, "ana", looked, now)
        if until is None:
            continue
        assert alert.attending == ("ana",)
        assert alert.ok_at is None
        looked.append(now)
        since_call = [at for at in looked if at >= alert.called_at]
        assert until - min(since_call) <= LONGEST_LOOK
