"""What is committed and what goes out; restarts and second replicas. On both databases."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, select

from gateway.backend.alerts import State
from gateway.backend.channels import Message
from gateway.backend.dispatch import LEASE
from gateway.backend.happenings import Arrived, CannotGo, Kind, OnMyWay, Resolved
from gateway.backend.tables import alerts, log, metadata, notices, seen, timers

from .conftest import BUTTON, House


def count(house: House, table: object) -> int:
    with house.backend.database.read() as connection:
        found: int = connection.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]
        return found


def test_migrations_make_the_tables_that_the_code_uses(house: House) -> None:
    with house.backend.database.read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert [one for one in differences if one[0] not in ("modify_type",)] == []


def test_a_press_reaches_a_phone_and_the_word_comes_back(house: House) -> None:
    alert = house.happens("press", taps=1, held=0)
    assert house.lights() == []
    house.deliver()
    assert [m.title for m in house.outbox.to("ana")] == ["Check in: 204"]
    assert house.lights() == ["delivered"]
    assert alert is not None
    house.backend.dispatch.reply(alert, OnMyWay("ana"))
    house.backend.dispatch.reply(alert, Resolved("ana", "fine"))
    assert house.lights() == ["delivered", "coming", "none"]
    assert house.stream()[-1].data == {
        "unit": "204",
        "device": BUTTON,
        "boot": 1,
        "seq": 1,
        "state": "none",
        "alert": alert,
    }
    assert house.alert(alert).state is State.RESOLVED
    assert count(house, timers) == 0


def test_the_same_event_twice_is_one_alert_and_one_message(house: House) -> None:
    # lessons 17 and 24: a duplicate counted as a second press
    event = house.event("press", taps=1)
    first = house.backend.dispatch.accept(event, "a.1.1")
    again = house.backend.dispatch.accept(event, "a.1.1")
    assert (first.duplicate, again.duplicate) == (False, True)
    assert again.alert == first.alert
    assert house.alert(first.alert).kind is Kind.CHECK_IN
    house.deliver()
    assert len(house.outbox.to("ana")) == 1
    assert count(house, log) == 1


def test_a_duplicate_of_a_closed_alerts_press_opens_nothing(house: House) -> None:
    event = house.event("press", taps=1)
    alert = house.backend.dispatch.accept(event, "a.1.1").alert
    assert alert is not None
    house.backend.dispatch.reply(alert, Resolved("ana", "fine"))
    assert house.backend.dispatch.accept(event, "a.1.1").alert is None
    assert count(house, alerts) == 1


def test_the_reminder_is_a_row_that_survives_a_restart(open_house: Callable[..., House]) -> None:
    # lesson 25: reminders were timers in memory
    before = open_house()
    before.happens("press", taps=1)
    before.deliver()
    before.backend.close()
    after = open_house(clock=before.clock)
    after.clock.forward(60)
    assert after.backend.dispatch.fire_due_timers() == 1
    after.deliver()
    assert "Nobody has answered yet." in after.outbox.to("ana")[0].text


def test_the_next_step_is_asked_though_no_reminder_could_be_sent(house: House) -> None:
    # lesson 26: the fallback was only called if the reminder had been sent
    house.happens("press", taps=1)
    house.deliver()
    house.outbox.failing = {"test://ana", "test://ben"}
    house.pass_time(121)
    assert len(house.outbox.to("carla")) == 1


def test_when_nobody_of_a_step_can_be_reached_the_next_is_asked_at_once(house: House) -> None:
    # lesson 35, and 26: a failed send escalates
    house.outbox.failing = {"test://ana", "test://ben"}
    house.happens("press", taps=1)
    house.deliver()
    assert [m.title for m in house.outbox.to("carla")] == ["Check in: 204"]
    assert house.lights() == ["delivered"]


def test_a_step_of_people_without_any_channel_is_passed_over(
    open_house: Callable[..., House],
) -> None:
    from gateway.backend.policy import Person

    people = {
        "ana": Person("ana", "Ana", "en"),
        "ben": Person("ben", "Ben", "en"),
        "carla": Person("carla", "Carla", "en", ("test://carla",)),
    }
    house = open_house(people=people, staff=())
    house.happens("press", taps=1)
    house.deliver()
    assert len(house.outbox.to("carla")) == 1


def test_a_failed_send_is_tried_again_until_it_goes(house: House) -> None:
    house.outbox.failing = {"test://ana"}
    house.happens("press", taps=1)
    house.deliver()
    assert house.outbox.tried.count("test://ana") == 1
    house.clock.forward(2)
    house.deliver()
    assert house.outbox.tried.count("test://ana") == 2
    house.outbox.failing = set()
    house.clock.forward(5)
    house.deliver()
    assert len(house.outbox.to("ana")) == 1


def test_what_has_been_answered_is_no_longer_asked(house: House) -> None:
    house.outbox.failing = {"test://ben"}
    alert = house.happens("press", taps=1)
    house.deliver()
    assert alert is not None
    house.backend.dispatch.reply(alert, OnMyWay("ana"))
    house.outbox.failing = set()
    house.pass_time(30)
    assert [m.title for m in house.outbox.to("ben")] == ["Somebody is going: 204"]
    assert "Ana on the way" in house.outbox.to("ben")[0].text


def test_a_send_that_fails_after_the_end_is_not_tried_again(house: House) -> None:
    # Given a message that is on its way when the alert is closed
    alert = house.happens("press", taps=1)
    assert alert is not None
    on_the_way = house.backend.dispatch.claim_notices(set())
    house.backend.dispatch.reply(alert, Resolved("carla", "fine"))

    # When it comes to nothing
    for one in on_the_way:
        house.backend.dispatch.notice_failed(one.number, "the service is down")
    house.pass_time(120, step=10)

    # Then nobody is asked to come to a room in which all is over
    assert [message.title for message in house.outbox.to("ana")] == ["Closed: 204"]


def test_a_replica_that_dies_in_the_middle_of_a_send_loses_nothing(
    open_house: Callable[..., House],
) -> None:
    dying = open_house()
    dying.happens("press", taps=1)
    claimed = dying.backend.dispatch.claim_notices(set())
    assert len(claimed) == 2
    other = open_house(clock=dying.clock)
    other.deliver()
    assert other.outbox.sent == [], "they are the first one's until its lease is over"
    other.clock.forward(LEASE.total_seconds())
    other.deliver()
    assert {address for address, _ in other.outbox.sent} == {"test://ana", "test://ben"}


def test_two_replicas_send_each_notice_once(open_house: Callable[..., House]) -> None:
    one = open_house()
    other = open_house(clock=one.clock, outbox=one.outbox)
    for unit in range(20):
        event = one.event("press", taps=1)
        values = {name: getattr(event, name) for name in event.__slots__}
        one.backend.dispatch.accept(type(event)(**(values | {"unit": str(unit)})), f"a.1.{unit}")
    threads = [threading.Thread(target=house.deliver) for house in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(one.outbox.to("ana")) == 20
    assert len(one.outbox.to("ben")) == 20


def test_two_replicas_fire_a_timer_once(open_house: Callable[..., House]) -> None:
    one = open_house()
    other = open_house(clock=one.clock, outbox=one.outbox)
    one.happens("press", taps=1)
    one.deliver()
    one.clock.forward(60)
    threads = [
        threading.Thread(target=house.backend.dispatch.fire_due_timers) for house in (one, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    one.deliver()
    assert len(one.outbox.to("ana")) == 2


def test_presses_that_arrive_together_open_one_alert(open_house: Callable[..., House]) -> None:
    replicas = [open_house()]
    replicas += [open_house(clock=replicas[0].clock) for _ in range(2)]
    presses = [replicas[0].event("press", taps=1) for _ in range(12)]
    failed: list[BaseException] = []

    def send(house: House, numbers: range) -> None:
        try:
            for number in numbers:
                house.backend.dispatch.accept(presses[number], f"a.1.{number}")
        except BaseException as error:
            failed.append(error)

    threads = [
        threading.Thread(target=send, args=(house, range(start, 12, 3)))
        for start, house in enumerate(replicas)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert count(replicas[0], alerts) == 1
    assert count(replicas[0], log) == 12
    assert count(replicas[0], seen) == 12


def test_stream_items_are_numbered_without_a_gap_by_any_number_of_replicas(
    open_house: Callable[..., House],
) -> None:
    replicas = [open_house()]
    replicas += [open_house(clock=replicas[0].clock) for _ in range(2)]
    ids = []
    for unit in range(9):
        event = replicas[0].event("press", taps=1)
        values = {name: getattr(event, name) for name in event.__slots__}
        moved = type(event)(**(values | {"unit": str(unit)}))
        ids.append(replicas[0].backend.dispatch.accept(moved, f"a.1.{unit}").alert)

    def answer(house: House, mine: list[str | None]) -> None:
        for alert in mine:
            assert alert is not None
            house.backend.dispatch.reply(alert, OnMyWay("ana"))

    threads = [
        threading.Thread(target=answer, args=(house, ids[start::3]))
        for start, house in enumerate(replicas)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    items = [row.item for row in replicas[0].stream()]
    assert items == list(range(items[0], items[0] + 9))


def test_two_people_who_answer_at_once_are_both_written_down(
    open_house: Callable[..., House],
) -> None:
    # lesson 27: two replies raced
    one = open_house()
    other = open_house(clock=one.clock)
    alert = one.happens("press", taps=1)
    assert alert is not None
    threads = [
        threading.Thread(target=house.backend.dispatch.reply, args=(alert, OnMyWay(person)))
        for house, person in ((one, "ana"), (other, "ben"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert set(one.alert(alert).attending) == {"ana", "ben"}
    assert one.lights() == ["coming"]


def test_a_reply_to_an_alert_reaches_that_alert_and_no_other(house: House) -> None:
    # lesson 27: a reply reached the wrong session
    first = house.happens("press", taps=1)
    assert first is not None
    house.backend.dispatch.reply(first, Resolved("ana", "fine"))
    second = house.happens("press", taps=1)
    assert second is not None
    assert second != first
    house.backend.dispatch.reply(first, OnMyWay("ben"))
    assert house.alert(second).attending == ()


def test_a_word_that_is_said_twice_is_written_down_once(house: House) -> None:
    alert = house.happens("press", taps=1)
    assert alert is not None
    for _ in range(2):
        house.backend.dispatch.reply(alert, OnMyWay("ana"))
        house.backend.dispatch.reply(alert, Arrived("ana"))
    house.backend.dispatch.reply(alert, CannotGo("ben"))
    assert count(house, log) == 3


def test_a_reply_to_an_alert_that_there_is_not_is_known_for_it(house: House) -> None:
    assert house.backend.dispatch.reply("0" * 16, OnMyWay("ana")) is None


def test_a_new_press_asks_again_after_it_was_answered_and_not_closed(house: House) -> None:
    # lesson 34
    alert = house.happens("press", taps=1)
    house.deliver()
    assert alert is not None
    house.backend.dispatch.reply(alert, OnMyWay("ana"))
    house.clock.forward(30)
    assert house.happens("press", taps=1) == alert
    house.deliver()
    assert house.outbox.to("ben")[-1].title == "Urgent: 204"
    assert house.lights() == ["delivered", "coming", "coming"]


def test_nothing_is_kept_of_an_ok_that_concerns_no_alert(house: House) -> None:
    house.happens("ok", during="nothing")
    house.happens("prompt", state="asked", cause="no_movement")
    assert (count(house, alerts), count(house, log), count(house, notices)) == (0, 0, 0)


def test_sent_is_not_delivered_until_somebody_has_it_before_them(house: House) -> None:
    # lesson 35
    alert = house.happens("press", taps=1)
    house.deliver()
    assert alert is not None
    with house.backend.database.read() as connection:
        states = connection.execute(select(notices.c.person, notices.c.state)).all()
    assert {tuple(row) for row in states} == {("ana", "sent"), ("ben", "sent")}
    house.backend.dispatch.notices_seen(alert, "ana")
    with house.backend.database.read() as connection:
        states = connection.execute(select(notices.c.person, notices.c.state)).all()
    assert {tuple(row) for row in states} == {("ana", "delivered"), ("ben", "sent")}


def test_the_message_of_a_late_press_says_how_old_it_is(house: House) -> None:
    event = house.event("press", taps=1)
    values = {name: getattr(event, name) for name in event.__slots__}
    values |= {"occurred_at": house.clock() - timedelta(hours=3), "age_s": 3 * 3600.0}
    house.backend.dispatch.accept(type(event)(**values), "a.1.1")
    house.deliver()
    text = house.outbox.to("ana")[0].text
    assert "3 h ago" in text
    assert "the way was down" in text


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_everybody_reads_their_own_language(
    open_house: Callable[..., House], language: str
) -> None:
    from gateway.backend.policy import Person

    titles = {"en": "Urgent: 204", "es": "Urgente: 204", "fr": "Urgent : 204"}
    people = {
        one: Person(one, one, language, (f"test://{one}",)) for one in ("ana", "ben", "carla")
    }
    house = open_house(people=people, staff=())
    house.happens("press", taps=2)
    house.deliver()
    assert house.outbox.to("ana")[0].title == titles[language]


def test_a_message_is_sent_outside_any_transaction(house: House) -> None:
    # lesson 29: an SMS was sent inside a transaction, and nothing else could be written
    opened: list[str | None] = []
    plain = house.outbox.send

    def sends_while_another_room_calls(address: str, message: Message) -> bool:
        event = house.event("press", taps=1)
        values = {name: getattr(event, name) for name in event.__slots__} | {"unit": "117"}
        if address == "test://ana" and not opened:
            opened.append(house.backend.dispatch.accept(type(event)(**values), "b.1.1").alert)
        return plain(address, message)

    house.outbox.send = sends_while_another_room_calls  # type: ignore[method-assign]
    house.happens("press", taps=1)
    house.deliver()
    assert house.alert(opened[0]).unit == "117"
    assert [message.title for message in house.outbox.to("ana")] == [
        "Check in: 204",
        "Check in: 117",
    ]


def test_a_storm_in_one_room_is_few_messages_and_many_lines(house: House) -> None:
    # lesson 33: hundreds of messages for one room
    for _ in range(100):
        house.happens("press", taps=1)
        house.deliver()
    assert [message.title for message in house.outbox.to("ana")] == [
        "Check in: 204",
        "Urgent: 204",
    ]
    assert count(house, log) == 100


def test_a_button_that_never_stops_leaves_the_newest_presses_and_what_else_was_said(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.backend.ledger.MOST_LINES_OF_A_KIND", 5)
    called = house.happens("stillness", cause="no_breathing")
    assert called is not None
    house.backend.dispatch.reply(called, OnMyWay("ana"))
    for _ in range(20):
        house.clock.forward(1)
        house.happens("press", taps=1)

    with house.backend.database.read() as connection:
        kept = connection.execute(select(log).order_by(log.c.number)).all()
    assert [one.what for one in kept] == ["stillness", "on_my_way", *["press"] * 5]
    assert kept[-1].occurred_at == house.clock()
    assert house.alert(called).called_at == house.clock()
