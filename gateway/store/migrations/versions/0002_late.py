"""A late message is remembered until the next; the newest call no longer."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clocks", sa.Column("late_arrival_ms", sa.BigInteger(), nullable=True))
    op.add_column("clocks", sa.Column("late_uptime_ms", sa.BigInteger(), nullable=True))
    op.drop_column("devices", "call_boot")
    op.drop_column("devices", "call_seq")


def downgrade() -> None:
    raise NotImplementedError("a store only goes forward; restore a backup instead")
