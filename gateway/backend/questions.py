"""Which sensors ask "are you OK?" at this moment: for the resident's page to answer.

The present state alone. The row goes with the question. One whose end does not come, because the
way is broken, soon can no longer be answered; that its end is not known is said for an hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from gateway.backend.happenings import DeviceEvent
from gateway.backend.ledger import insert_new
from gateway.backend.tables import questions

# Longer than any sensor waits for an answer (answer_s: 60 s at the most) and the way to here.
QUESTION_LASTS = timedelta(seconds=90)
# From the page to the sensor and back takes well under a second where the way works. What is left
# of the 15 s in which it waits is time enough to get to its button.
ANSWER_TAKES = timedelta(seconds=4)
# By then its device has long been called silent, or has told what became of it.
END_UNKNOWN_FOR = timedelta(hours=1)
# A question of the room whether it shall go on: it is answered there.
LONG_STAY = "long_stay"


@dataclass(frozen=True, slots=True)
class Question:
    """A sensor asks. boot, seq: of the event that said so. cause: as in wire.py. said_at: when the
    resident first said "I'm OK" to it on their page."""

    device: str
    boot: int
    seq: int
    cause: str
    asked_at: datetime
    said_at: datetime | None

    @property
    def answered_in_the_room(self) -> bool:
        """Whether only a press in the room answers it: it asks whether the watch shall end."""
        return self.cause == LONG_STAY


def note(connection: Connection, event: DeviceEvent, now: datetime) -> None:
    """What an event of a sensor says of its question. Within the caller's transaction.

    Whoever starts anew asks nothing: its `boot` ends a question as well."""
    here = select(questions).where(questions.c.device == event.device)
    known = connection.execute(here).first()
    if known is not None and (known.boot, known.seq) > (event.boot, event.seq):
        return  # an event that was overtaken
    asks = event.kind == "prompt" and event.details.get("state") == "asked"
    if event.kind == "stirring" or (event.kind == "press" and known is None):
        return
    connection.execute(delete(questions).where(questions.c.device == event.device))
    if asks and event.age_s < QUESTION_LASTS.total_seconds():
        values = {
            "device": event.device,
            "gateway": event.gateway,
            "unit": event.unit,
            "boot": event.boot,
            "seq": event.seq,
            "cause": str(event.details.get("cause", ""))[:32],
            "asked_at": now,
        }
        insert_new(connection, questions, values)


def of_unit(connection: Connection, gateway: str, unit: str, now: datetime) -> Sequence[Question]:
    """Those that are on in a unit."""
    return [one for one in _all(connection, gateway, unit) if _age(one, now) < QUESTION_LASTS]


def end_unknown(
    connection: Connection, gateway: str, unit: str, now: datetime
) -> Sequence[Question]:
    """Those of a unit that are over by now, and nobody has heard how."""
    found = _all(connection, gateway, unit)
    return [one for one in found if QUESTION_LASTS <= _age(one, now) < END_UNKNOWN_FOR]


def answer(connection: Connection, asked: Sequence[Question], now: datetime) -> None:
    """The resident has said "I'm OK" to these, on their page."""
    here = [one.device for one in asked if one.said_at is None]
    connection.execute(update(questions).where(questions.c.device.in_(here)).values(said_at=now))


def forget_old(connection: Connection, now: datetime) -> None:
    """Those whose end was lost."""
    connection.execute(delete(questions).where(questions.c.asked_at < now - END_UNKNOWN_FOR))


def _all(connection: Connection, gateway: str, unit: str) -> Sequence[Question]:
    rows = connection.execute(
        select(
            questions.c.device,
            questions.c.boot,
            questions.c.seq,
            questions.c.cause,
            questions.c.asked_at,
            questions.c.said_at,
        )
        .where(questions.c.gateway == gateway, questions.c.unit == unit)
        .order_by(questions.c.device)
    )
    return [Question(*row) for row in rows]


def _age(question: Question, now: datetime) -> timedelta:
    # A clock that was set back makes nothing younger.
    return abs(now - question.asked_at)
