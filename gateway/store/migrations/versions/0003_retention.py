"""Events are forgotten; what is left of an alarm is its signature. Parcels know their event."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signatures",
        sa.Column("device", sa.String(length=12), nullable=False),
        sa.Column("boot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("copy", sa.String(length=8), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("device", "boot", "seq", "copy"),
    )
    op.add_column("outbox", sa.Column("boot", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("seq", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("copy", sa.String(length=8), nullable=True))
    op.create_index("events_by_age", "events", ["received_at"])
    # Delivered long ago, and kept with all that was in it.
    op.execute("UPDATE outbox SET body = '' WHERE delivered_at IS NOT NULL")


def downgrade() -> None:
    raise NotImplementedError("a store only goes forward; restore a backup instead")
