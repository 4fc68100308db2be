"""Residents' pages: cards, rescue plans, who has looked into them, and questions that are on."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "cards",
        sa.Column("gateway", sa.String(63), primary_key=True),
        sa.Column("unit", sa.String(80), primary_key=True),
        sa.Column("card", sa.String(32), nullable=False, unique=True),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("ok_closes", sa.Boolean),
    )
    op.create_table(
        "plans",
        sa.Column("gateway", sa.String(63), primary_key=True),
        sa.Column("unit", sa.String(80), primary_key=True),
        sa.Column("card", sa.String(32), nullable=False),
        sa.Column("words", sa.LargeBinary, nullable=False),
        sa.Column("written_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "looks",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("gateway", sa.String(63), nullable=False),
        sa.Column("unit", sa.String(80), nullable=False),
        sa.Column("alert", sa.String(16), nullable=False),
        sa.Column("person", sa.String(63), nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
    )
    op.create_index("looks_of_a_unit", "looks", ["gateway", "unit"])
    op.create_table(
        "questions",
        sa.Column("device", sa.String(12), primary_key=True),
        sa.Column("gateway", sa.String(63), nullable=False),
        sa.Column("unit", sa.String(80), nullable=False),
        sa.Column("boot", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
    )
