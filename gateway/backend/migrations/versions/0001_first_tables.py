"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "units",
        sa.Column("gateway", sa.String(63), primary_key=True),
        sa.Column("unit", sa.String(80), primary_key=True),
    )
    op.create_table(
        "gateways",
        sa.Column("gateway", sa.String(63), primary_key=True),
        sa.Column("heard_at", sa.BigInteger),
        sa.Column("stamped_at", sa.BigInteger),
        sa.Column("since_at", sa.BigInteger),
        sa.Column("lost_at", sa.BigInteger),
        sa.Column("refused", sa.JSON, nullable=False),
        sa.Column("last_item", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "devices",
        sa.Column("device", sa.String(12), primary_key=True),
        sa.Column("gateway", sa.String(63), nullable=False),
        sa.Column("unit", sa.String(80), nullable=False),
        sa.Column("device_type", sa.String(16), nullable=False),
        sa.Column("tier", sa.String(16), nullable=False),
        sa.Column("heard_at", sa.BigInteger),
        sa.Column("listed_at", sa.BigInteger, nullable=False),
        sa.Column("battery_millivolts", sa.Integer),
        sa.Column("battery_low", sa.Boolean, nullable=False),
        sa.Column("tampered", sa.Boolean, nullable=False),
        sa.Column("faults", sa.JSON, nullable=False),
        sa.Column("late", sa.Boolean, nullable=False),
        sa.Column("late_told_at", sa.BigInteger),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("gateway", sa.String(63), nullable=False),
        sa.Column("unit", sa.String(80), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("raised_at", sa.BigInteger, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("outcome", sa.String(80)),
        sa.Column("body", sa.JSON, nullable=False),
    )
    op.create_index(
        "one_open_alert_a_unit",
        "alerts",
        ["gateway", "unit"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "log",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("alert", sa.String(16), sa.ForeignKey("alerts.id"), nullable=False, index=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("person", sa.String(63)),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("occurred_at", sa.BigInteger),
        sa.Column("exact", sa.Boolean),
        sa.Column("age_s", sa.Float),
    )
    op.create_table("seen", sa.Column("id", sa.String(200), primary_key=True))
    op.create_table(
        "timers",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("subject", sa.String(80), primary_key=True),
        sa.Column("due_at", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "notices",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("alert", sa.String(16), sa.ForeignKey("alerts.id"), index=True),
        sa.Column("person", sa.String(63), nullable=False),
        sa.Column("channel", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("claimed_until", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("delivered_at", sa.BigInteger),
        sa.Column("problem", sa.String(200)),
    )
    op.create_index("notices_to_send", "notices", ["state", "due_at"])
    op.create_table(
        "outcomes",
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("outcome", sa.String(80), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
    op.create_table(
        "stream",
        sa.Column("gateway", sa.String(63), primary_key=True),
        sa.Column("item", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("device", sa.String(12), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
