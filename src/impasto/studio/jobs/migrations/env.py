"""Alembic's way in: the connection that `Database.migrate` brings."""

from alembic import context

from impasto.studio.jobs import estimates, limits
from impasto.studio.jobs.database import Base
from impasto.studio.mail import consent, outbox

# These modules declare the tables: jobs, and their own.
TABLES = (outbox.Mail, consent.Confirmation, consent.Refusal, estimates.Pace, limits.Use)

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
