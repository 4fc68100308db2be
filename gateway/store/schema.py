"""The tables of the gateway's store. Times are Unix ms.

What is not here on purpose: `watch` and `left` events (the current state only, in `watches`;
nobody keeps a diary of when somebody asked to be looked after), and heartbeats (the newest
values only, in `devices`). What is here is forgotten in time: see retention.py.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()
# SQLite numbers rows by itself only where the type is INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")

devices = Table(
    "devices",
    metadata,
    Column("device", String(12), primary_key=True),
    Column("secret", LargeBinary(32), nullable=False),
    Column("device_type", String(16), nullable=False),
    Column("unit", String(64), nullable=False),
    Column("tier", String(16), nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("retired_at", BigInteger),
    Column("last_heard_at", BigInteger),
    Column("online", Boolean),
    Column("battery_millivolts", Integer),
    # The details of the newest heartbeat.
    Column("health", JSON),
    # The highest boot number seen or handed out, and the newest hand-out (nonce, number).
    Column("highest_boot", BigInteger, nullable=False),
    Column("number_nonce", BigInteger),
    Column("number_given", BigInteger),
    # The highest number of a `light` command.
    Column("command_number", BigInteger, nullable=False),
)

# What is known of a boot's clock: see gateway/placement.py.
clocks = Table(
    "clocks",
    metadata,
    Column("device", String(12), primary_key=True),
    Column("boot", BigInteger, primary_key=True, autoincrement=False),
    Column("arrival_ms", BigInteger, nullable=False),
    Column("uptime_ms", BigInteger, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("late_arrival_ms", BigInteger),
    Column("late_uptime_ms", BigInteger),
)

# Every (device, boot, seq) ever seen, as ranges, for ever.
seen = Table(
    "seen",
    metadata,
    Column("device", String(12), primary_key=True),
    Column("boot", BigInteger, primary_key=True, autoincrement=False),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("device", String(12), nullable=False),
    Column("boot", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("copy", String(8), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("details", JSON, nullable=False),
    Column("uptime_ms", BigInteger, nullable=False),
    Column("signature", LargeBinary(16), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("occurred", String(8), nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("unsure_ms", BigInteger, nullable=False),
    UniqueConstraint("device", "boot", "seq", "copy", name="one_event_an_identity"),
)

Index("events_by_age", events.c.received_at)

# Of alarms whose events are forgotten: another alarm under the same identity bears another.
signatures = Table(
    "signatures",
    metadata,
    Column("device", String(12), primary_key=True),
    Column("boot", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("copy", String(8), primary_key=True),
    Column("signature", LargeBinary(16), nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("destination", String(32), nullable=False),
    Column("device", String(12), nullable=False),
    Column("alarm", Boolean, nullable=False),
    # The event's id: what the destination tells copies by. Never changes.
    Column("parcel_id", String(64), nullable=False),
    # The event itself. Without: from before these columns.
    Column("boot", BigInteger),
    Column("seq", BigInteger),
    Column("copy", String(8)),
    # Empty once it is delivered.
    Column("body", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("delivered_at", BigInteger),
    Column("set_aside_at", BigInteger),
    Column("set_aside_why", Text),
    Column("waiting", Boolean, nullable=False),
    UniqueConstraint("destination", "parcel_id", name="one_parcel_an_event"),
)
Index(
    "outbox_waiting",
    outbox.c.destination,
    outbox.c.id,
    sqlite_where=text("waiting"),
    postgresql_where=text("waiting"),
)

# What the outer world has told the gateway about a device's newest alert.
lights = Table(
    "lights",
    metadata,
    Column("device", String(12), primary_key=True),
    Column("boot", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("alert", String(64), nullable=False),
    Column("received_at", BigInteger, nullable=False),
)

# What was ordered of devices from afar, by whom, and what became of it: kept for good, it is the
# audit. state: of gateway/orders.py. waits: until the device has answered it is sent again. What a
# minute would tell is who was in when, so the answer has the day alone.
orders = Table(
    "orders",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("device", String(12), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("details", JSON, nullable=False),
    Column("ordered_by", String(80), nullable=False),
    Column("ordered_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Column("state", String(24), nullable=False),
    Column("waits", Boolean, nullable=False),
    Column("answered_on", BigInteger),
    Column("answer", JSON),
)
Index("orders_of_a_device", orders.c.device, orders.c.number, unique=True)
Index(
    "orders_waiting",
    orders.c.device,
    orders.c.number,
    sqlite_where=text("waits"),
    postgresql_where=text("waits"),
)

# The settings that a device has last said to be in force.
in_force = Table(
    "in_force",
    metadata,
    Column("device", String(12), primary_key=True),
    Column("settings", JSON, nullable=False),
    Column("said_at", BigInteger, nullable=False),
)

# Updates over the air (gateway/updates/stages.py). acts: who began, stopped or resumed it, and
# when: the audit, kept for good.
updates = Table(
    "updates",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("version", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("stage", Integer, nullable=False),
    Column("acts", JSON, nullable=False),
)

# The devices of an update, in their order. before: how each did when it was ordered. since_ms is 0
# once it is settled: to the minute it would tell when nobody was in.
update_devices = Table(
    "update_devices",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("device", String(12), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("stage", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("order_id", BigInteger),
    Column("before", JSON, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
)

# SHA-256 of every secret that was in force once and is no more: none of them comes back.
revoked = Table(
    "revoked",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
)

# Devices that are being set up, or were: what was wanted, and how far it has come. No secret.
setups = Table(
    "setups",
    metadata,
    Column("device", String(12), primary_key=True),
    # See gateway/provision/setup/wanted.py.
    Column("wanted", JSON, nullable=False),
    # The steps that are done, by name.
    Column("done", JSON, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("ready_at", BigInteger),
)

# What was answered for a unit when it was set up: see gateway/answers.py.
answers = Table(
    "answers",
    metadata,
    Column("unit", String(64), primary_key=True),
    # Ids of people; null: to be forgotten by the backend.
    Column("first", JSON(none_as_null=True)),
    # Minutes; null: never.
    Column("ambulance_min", Integer),
    Column("answered_at", BigInteger, nullable=False),
    # Whether the backend has it; why it would not take it.
    Column("told", Boolean, nullable=False),
    Column("refused", Text),
)

# Answers that residents gave on their pages, until their sensors have heard them, or until_ms: of
# a question that is long over by then.
said_oks = Table(
    "said_oks",
    metadata,
    Column("device", String(12), primary_key=True),
    Column("boot", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)

# How far a stream has been read.
cursors = Table(
    "cursors",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", String(64), nullable=False),
)

# Sensors that are looking after somebody now. The row goes when the watch ends.
watches = Table(
    "watches",
    metadata,
    Column("device", String(12), primary_key=True),
    Column("boot", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

# "refused signature": 3
counters = Table(
    "counters",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# Messages that made the intake fail: kept for a developer, acknowledged all the same.
set_aside = Table(
    "set_aside",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("way", String(16), nullable=False),
    Column("device", String(12), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("why", Text, nullable=False),
)
