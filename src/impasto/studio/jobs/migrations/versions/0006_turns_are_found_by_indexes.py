"""Whose turn it is is found by indexes, however long the queue is."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """To this version."""
    op.drop_index("jobs_by_state", "jobs")
    op.create_index("jobs_by_state", "jobs", ["state", "submitter", "id"])
    op.create_index("jobs_by_turn", "jobs", ["submitter", "started"])


def downgrade() -> None:
    """Back to the one before."""
    op.drop_index("jobs_by_turn", "jobs")
    op.drop_index("jobs_by_state", "jobs")
    op.create_index("jobs_by_state", "jobs", ["state", "submitter"])
