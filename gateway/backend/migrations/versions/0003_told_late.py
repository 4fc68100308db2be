"""Whether the silence of a device that lasts was told: only then is its end."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column(
        "devices", sa.Column("late_told", sa.Boolean, nullable=False, server_default=sa.false())
    )
