"""Who may be written to. Of the jobs before, nobody has confirmed the address: they are painted without a mail."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """To this version."""
    op.add_column("jobs", sa.Column("confirmed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE jobs SET email = NULL")
    op.execute("DELETE FROM outbox WHERE sent IS NULL")
    op.create_table(
        "confirmations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("confirmed", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("owner", "address", name="one_a_browser_and_address"),
        sa.UniqueConstraint("token"),
    )
    op.create_index("ix_confirmations_mailbox", "confirmations", ["mailbox"])
    op.create_table(
        "refusals",
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("who"),
    )


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("refusals")
    op.drop_table("confirmations")
    op.drop_column("jobs", "confirmed")
