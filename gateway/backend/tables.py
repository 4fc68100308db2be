"""The backend's tables. Migrations in migrations/ make them; a test holds the two together.

Lock order, on databases that lock rows: units, then gateways, then the others. Whoever takes them
in another order can make two replicas wait for each other.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    false,
    text,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """An aware time, kept as whole milliseconds since 1970 UTC: the same on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // timedelta(milliseconds=1)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(milliseconds=value)


# SQLite only counts up by itself in a column that is exactly INTEGER.
_Number = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

# A row to lock: what happens in one unit happens one after the other.
units = Table(
    "units",
    metadata,
    Column("gateway", String(63), primary_key=True),
    Column("unit", String(80), primary_key=True),
)

# What was answered for a unit when it was set up.
unit_answers = Table(
    "unit_answers",
    metadata,
    Column("gateway", String(63), primary_key=True),
    Column("unit", String(80), primary_key=True),
    Column("first", JSON, nullable=False),  # ids of people; none: as the programme has it
    Column("ambulance_min", Integer),  # null: never
    Column("answered_at", Instant, nullable=False),
)

gateways = Table(
    "gateways",
    metadata,
    Column("gateway", String(63), primary_key=True),
    Column("heard_at", Instant),  # its newest heartbeat, by our clock; null: never one
    Column("stamped_at", Instant),  # the same, by its own clock
    Column("since_at", Instant),  # since when it has been heard without a gap
    Column("lost_at", Instant),  # null: not lost
    Column("refused", JSON, nullable=False),  # why, and how many messages
    Column("troubles", JSON),  # what it reports of itself, as trouble.py keeps it; null: nothing
    Column("last_item", BigInteger, nullable=False),  # number of its newest stream item
)

devices = Table(
    "devices",
    metadata,
    Column("device", String(12), primary_key=True),
    Column("gateway", String(63), nullable=False),
    Column("unit", String(80), nullable=False),
    Column("device_type", String(16), nullable=False),
    Column("tier", String(16), nullable=False),
    Column("heard_at", Instant),  # null: never
    Column("listed_at", Instant, nullable=False),  # when its gateway first named it
    Column("battery_millivolts", Integer),
    Column("battery_low", Boolean, nullable=False),
    Column("tampered", Boolean, nullable=False),
    Column("faults", JSON, nullable=False),  # list of what is wrong, as in wire.py
    Column("late", Boolean, nullable=False),
    Column("late_told_at", Instant),  # when staff were last written to about it
    # Whether it is silent now and staff know.
    Column("late_told", Boolean, nullable=False, server_default=false()),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("gateway", String(63), nullable=False),
    Column("unit", String(80), nullable=False),
    Column("state", String(16), nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("outcome", String(80)),
    Column("body", JSON, nullable=False),  # the whole Alert; written with every change
    Index(
        "one_open_alert_a_unit",
        "gateway",
        "unit",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
)

# What the page shows under an alert: events of devices and words of people, in order of arrival.
log = Table(
    "log",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("alert", String(16), ForeignKey("alerts.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("what", String(32), nullable=False),
    Column("person", String(63)),
    Column("details", JSON, nullable=False),
    Column("occurred_at", Instant),
    Column("exact", Boolean),
    Column("age_s", Float),
)

# Every webhook-id ever taken. No time beside it: this is no diary.
seen = Table("seen", metadata, Column("id", String(200), primary_key=True))

timers = Table(
    "timers",
    metadata,
    Column("kind", String(16), primary_key=True),  # "alert" or "gateway"
    Column("subject", String(80), primary_key=True),  # whose: the alert's id, the gateway's name
    Column("due_at", Instant, nullable=False, index=True),
)

notices = Table(
    "notices",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("alert", String(16), ForeignKey("alerts.id"), index=True),  # null: to staff
    Column("person", String(63), nullable=False),
    Column("channel", Integer, nullable=False),  # which of the person's, from 0
    Column("reason", String(32), nullable=False),
    Column("details", JSON, nullable=False),  # of a notice to staff: what its words need
    Column("state", String(16), nullable=False),  # waiting, sent, delivered, withdrawn, given_up
    Column("made_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("claimed_until", Instant),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", Instant),
    Column("delivered_at", Instant),
    Column("problem", String(200)),
    Index("notices_to_send", "state", "due_at"),
)

# A unit's resident's page: the card that opens it, with the PIN in `passwords`.
cards = Table(
    "cards",
    metadata,
    Column("gateway", String(63), primary_key=True),
    Column("unit", String(80), primary_key=True),
    Column("card", String(32), nullable=False, unique=True),
    Column("made_at", Instant, nullable=False),
    Column("ok_closes", Boolean),  # what the resident has chosen; null: nothing
)

# What a resident has written for whoever comes, locked (vault.py). card: by which it was written.
plans = Table(
    "plans",
    metadata,
    Column("gateway", String(63), primary_key=True),
    Column("unit", String(80), primary_key=True),
    Column("card", String(32), nullable=False),
    Column("words", LargeBinary, nullable=False),
    Column("written_at", Instant, nullable=False),
)

# Who has looked into a plan, for the resident to see.
looks = Table(
    "looks",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("gateway", String(63), nullable=False),
    Column("unit", String(80), nullable=False),
    Column("alert", String(16), nullable=False),
    Column("person", String(63), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),  # when the page was last before them
    Index("looks_of_a_unit", "gateway", "unit"),
)

# Sensors that ask "are you OK?" at this moment. The row goes with the question: no diary of them.
questions = Table(
    "questions",
    metadata,
    Column("device", String(12), primary_key=True),
    Column("gateway", String(63), nullable=False),
    Column("unit", String(80), nullable=False),
    Column("boot", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("cause", String(32), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("said_at", Instant),
)

# Who may come in by a password or a PIN: hashes alone. holder: "staff:ID of a person", or
# "resident:ID of a card".
passwords = Table(
    "passwords",
    metadata,
    Column("holder", String(80), primary_key=True),
    Column("hash", String(200), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False),  # wrong ones since the last right one
    Column("shut_until", Instant),
)

# Who is in. id: a digest of what the cookie holds, so that whoever reads it here cannot use it.
logins = Table(
    "logins",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("holder", String(80), nullable=False, index=True),
    Column("begun_at", Instant, nullable=False),
    Column("proved_at", Instant, nullable=False),  # when the password or PIN was last given
    Column("ends_at", Instant, nullable=False),
)

# How often each outcome was given, a month: all that is left of an alert in the end.
outcomes = Table(
    "outcomes",
    metadata,
    Column("month", String(7), primary_key=True),  # "2026-05"
    Column("outcome", String(80), primary_key=True),
    Column("number", Integer, nullable=False),
)

stream = Table(
    "stream",
    metadata,
    Column("gateway", String(63), primary_key=True),
    Column("item", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("device", String(12), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("data", JSON, nullable=False),
)
