"""A painting may have a link to be shown by, and a photo the name that its file had."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """To this version."""
    op.add_column("jobs", sa.Column("share", sa.String(), nullable=True))
    op.add_column("jobs", sa.Column("photo_name", sa.String(), nullable=False, server_default=""))
    op.create_index("ix_jobs_share", "jobs", ["share"], unique=True)


def downgrade() -> None:
    """Back to the one before."""
    op.drop_index("ix_jobs_share", "jobs")
    op.drop_column("jobs", "photo_name")
    op.drop_column("jobs", "share")
