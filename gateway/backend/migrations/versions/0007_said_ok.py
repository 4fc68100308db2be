"""When the resident said "I'm OK" on their page to a question that is on."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("questions", sa.Column("said_at", sa.BigInteger))
