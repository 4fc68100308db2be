"""Which sensors ask "are you OK?" at this moment: for the resident's page to answer.

The present state alone. The row goes with the question, and one whose end was lost soon counts for
nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from gateway.backend.happenings import DeviceEvent
from gateway.backend.ledger import insert_new
from gateway.backend.tables import questions

# Longer than any sensor waits for an answer (answer_s: 60 s at the most) and the way to here.
QUESTION_LASTS = timedelta(seconds=90)
# A question of the room whether it shall go on: it is answered there.
LONG_STAY = "long_stay"


@dataclass(frozen=True, slots=True)
class Question:
    """A sensor asks. boot, seq: of the event that said so. cause: as in wire.py."""

    device: str
    boot: int
    seq: int
    cause: str
    asked_at: datetime

    @property
    def answered_in_the_room(self) -> bool:
        """Whether only a press in the room answers it: it asks whether the watch shall end."""
        return self.cause == LONG_STAY


def note(connection: Connection, event: DeviceEvent, now: datetime) -> None:
    """What an event of a sensor says of its question. Within the caller's transaction."""
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
    rows = connection.execute(
        select(
            questions.c.device,
            questions.c.boot,
            questions.c.seq,
            questions.c.cause,
            questions.c.asked_at,
        )
        .where(questions.c.gateway == gateway, questions.c.unit == unit)
        .order_by(questions.c.device)
    )
    return [Question(*row) for row in rows if abs(now - row.asked_at) < QUESTION_LASTS]


def forget_old(connection: Connection, now: datetime) -> None:
    """Those whose end was lost."""
    connection.execute(delete(questions).where(questions.c.asked_at < now - QUESTION_LASTS))
