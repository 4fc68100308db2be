"""What the page shows of who was reached, and that a long alert does not make it slow."""

from typing import Any, cast

from sqlalchemy import Connection, insert, update

from gateway.backend.overview import Overview, Reach, alert_view, overview, surroundings
from gateway.backend.tables import notices

from .conftest import House


class Counting:
    """A connection that counts the questions that are asked over it, and the rows they fetch."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.rows = 0
        self.questions = 0

    def execute(self, statement: Any) -> list[Any]:
        rows = list(self._connection.execute(statement).all())
        self.rows += len(rows)
        self.questions += 1
        return rows


def look(house: House) -> tuple[Overview, int]:
    """The overview, and how many rows it took."""
    with house.backend.database.read() as connection:
        counting = Counting(connection)
        seen = overview(cast(Connection, counting))
        return seen, counting.rows


def questions(house: House) -> int:
    """How many it took."""
    with house.backend.database.read() as connection:
        counting = Counting(connection)
        overview(cast(Connection, counting))
        return counting.questions


def reached(house: House) -> dict[str, Reach]:
    return {one.person: one.reach for one in look(house)[0].alerts[0].reached}


def add(house: House, alert: str, number: int, **values: Any) -> None:
    """Reminders to Ana and Ben, *number* each."""
    row = {
        "alert": alert,
        "channel": 0,
        "reason": "remind",
        "details": {},
        "state": "sent",
        "made_at": house.clock(),
        "due_at": house.clock(),
        "sent_at": house.clock(),
        "attempts": 1,
    }
    with house.backend.database.write() as connection:
        rows = [{**row, "person": person, **values} for person in ("ana", "ben")]
        connection.execute(insert(notices), rows * number)


def test_three_unanswered_days_take_no_more_rows_than_a_minute(house: House) -> None:
    alert = house.happens("press", taps=1)
    assert alert is not None
    house.deliver()
    before, rows_before = look(house)
    add(house, alert, 3 * 24 * 60)
    after, rows_after = look(house)
    assert rows_after == rows_before
    assert after.fingerprint == before.fingerprint, "a reminder more is no news"


def test_the_best_that_is_known_of_a_person_is_shown_and_since_when(house: House) -> None:
    house.outbox.failing = {"test://ana", "test://ben"}
    alert = house.happens("press", taps=1)
    assert alert is not None
    assert reached(house)["ana"] is Reach.TRYING
    house.deliver()
    assert reached(house)["ana"] is Reach.FAILING
    house.clock.forward(10)
    first_sent = house.clock()
    add(house, alert, 1)
    house.clock.forward(10)
    add(house, alert, 1)
    seen = {one.person: one for one in look(house)[0].alerts[0].reached}
    assert (seen["ana"].reach, seen["ana"].at) == (Reach.SENT, first_sent)
    house.backend.dispatch.notices_seen(alert, "ana")
    assert reached(house)["ana"] is Reach.DELIVERED
    assert reached(house)["ben"] is Reach.SENT


def test_what_only_tells_a_person_does_not_count_as_reaching_them(house: House) -> None:
    alert = house.happens("press", taps=1)
    assert alert is not None
    with house.backend.database.write() as connection:
        connection.execute(update(notices).values(reason="attended", state="sent"))
    assert reached(house) == {"ana": Reach.NO_WAY, "ben": Reach.NO_WAY}


def test_a_house_full_of_open_alerts_takes_no_more_questions_than_one(house: House) -> None:
    house.happens("press", unit="1", taps=1)
    with_one = questions(house)

    for unit in range(2, 31):
        house.happens("press", unit=str(unit), taps=1)

    assert len(look(house)[0].alerts) == 30
    assert questions(house) == with_one


def test_each_of_many_alerts_shows_its_own_lines_and_its_own_people(house: House) -> None:
    first = house.happens("press", unit="1", taps=1)
    house.deliver()
    second = house.happens("press", unit="2", taps=1)
    house.happens("press", unit="2", taps=2)

    views = {one.alert.id: one for one in look(house)[0].alerts}

    assert first is not None
    assert second is not None
    assert [line.details["taps"] for line in views[first].lines] == [1]
    assert [line.details["taps"] for line in views[second].lines] == [1, 2]
    assert {one.reach for one in views[first].reached} == {Reach.SENT}
    assert {one.reach for one in views[second].reached} == {Reach.TRYING}
    with house.backend.database.read() as connection:
        assert alert_view(connection, first) == views[first]


def test_the_banner_of_an_alerts_page_reads_no_other_alert(house: House) -> None:
    house.happens("press", taps=1)

    with house.backend.database.read() as connection:
        seen = surroundings(connection)

    assert seen.alerts == ()
    assert [device.device for device in seen.devices] == [
        device.device for device in look(house)[0].devices
    ]
