"""The points of a curve name their parts, so that an objective may have any terms; older curves are forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
JOBS = sa.table("jobs", sa.column("curve", sa.JSON()))


def upgrade() -> None:
    """To this version."""
    op.execute(JOBS.update().values(curve=[]))


def downgrade() -> None:
    """Back to the one before."""
    op.execute(JOBS.update().values(curve=[]))
