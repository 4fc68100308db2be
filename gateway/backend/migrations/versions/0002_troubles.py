"""What gateways report of themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("gateways", sa.Column("troubles", sa.JSON))
