"""Who comes first to a unit, and after how long an ambulance, if ever."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "unit_answers",
        sa.Column("gateway", sa.String(63), primary_key=True),
        sa.Column("unit", sa.String(80), primary_key=True),
        sa.Column("first", sa.JSON, nullable=False),
        sa.Column("ambulance_min", sa.Integer),
        sa.Column("answered_at", sa.BigInteger, nullable=False),
    )
