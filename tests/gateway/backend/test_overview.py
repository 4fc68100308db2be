"""What the page shows of who was reached, and that a long alert does not make it slow."""

from typing import Any, cast

from sqlalchemy import Connection, insert, update

from gateway.backend.overview import Overview, Reach, overview
from gateway.backend.tables import notices

from .conftest import House


class Counting:
    """A connection that counts the rows that are fetched over it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.rows = 0

    def execute(self, statement: Any) -> list[Any]:
        rows = list(self._connection.execute(statement).all())
        self.rows += len(rows)
        return rows


def look(house: House) -> tuple[Overview, int]:
    """The overview, and how many rows it took."""
    with house.backend.database.read() as connection:
        counting = Counting(connection)
        seen = overview(cast(Connection, counting))
        return seen, counting.rows


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
