"""Devices being set up, what was answered for a unit, and secrets that are no longer in force."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "revoked",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "setups",
        sa.Column("device", sa.String(length=12), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("done", sa.JSON(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ready_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("device"),
    )
    op.create_table(
        "answers",
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("first", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("ambulance_min", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("unit"),
    )
    # A device that was retired before may be used again from now on, and not with its old key.
    devices = sa.table("devices", sa.column("secret"), sa.column("retired_at"))
    revoked = sa.table("revoked", sa.column("digest"))
    retired = op.get_bind().execute(
        sa.select(devices.c.secret).where(devices.c.retired_at.is_not(None)).distinct()
    )
    for (secret,) in retired.all():
        digest = hashlib.sha256(bytes(secret)).digest()
        op.get_bind().execute(revoked.insert().values(digest=digest))


def downgrade() -> None:
    raise NotImplementedError("a store only goes forward; restore a backup instead")
