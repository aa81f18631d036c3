"""A painting's mails are in the language that it was asked for in."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """To this version."""
    op.add_column("jobs", sa.Column("language", sa.String(), nullable=False, server_default="en"))


def downgrade() -> None:
    """Back to the one before."""
    op.drop_column("jobs", "language")
