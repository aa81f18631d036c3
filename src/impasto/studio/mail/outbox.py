"""The outbox: mails to be sent, each written in the transaction that it tells of: neither is without the other."""

import secrets
from email.utils import make_msgid
from typing import Any, cast

from sqlalchemy import CursorResult, ForeignKey, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from impasto.studio.jobs.database import Base
from impasto.studio.jobs.rows import Job, State

# Pauses between tries double from the first up to the last; after two days a mail is given up.
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 4 * 3600.0
GIVEN_UP_AFTER = 2 * 86400.0


class Mail(Base):
    """A mail of the outbox: written with its job or its job's end, sent until a server accepts it or two days are over.

    Attributes:
        kind: "done" or "failed"; "confirm" asks whether the others may be sent.
        message_id: the same at every try, so that a second copy is known for one.
        next_try: not before then.
        given_up: no more tries.
        error: what the last try met.
    """

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    recipient: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    message_id: Mapped[str] = mapped_column(unique=True)
    created: Mapped[float]
    next_try: Mapped[float] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=0)
    sent: Mapped[float | None]
    given_up: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str | None]


def write(session: Session, job: Job, now: float) -> None:
    """Put the mail about a job that was painted or has failed into the outbox, where its address is confirmed."""
    if job.email and job.confirmed and job.state in (State.DONE, State.FAILED):
        _add(session, job, job.email, str(job.state), now)


def ask(session: Session, job: Job, now: float) -> None:
    """Put the mail that asks the owner of a job's address into the outbox."""
    assert job.email is not None
    _add(session, job, job.email, "confirm", now)


def due(session: Session, now: float) -> list[Mail]:
    """The mails to be tried now, the oldest first."""
    query = select(Mail).where(Mail.sent.is_(None), Mail.given_up.is_(False), Mail.next_try <= now)
    return list(session.scalars(query.order_by(Mail.id)))


def take(session: Session, mail: Mail, until: float) -> bool:
    """Keep a mail for oneself while it is sent, until a time by which that has ended; False where another has it."""
    taken = session.execute(
        update(Mail)
        .where(Mail.id == mail.id, Mail.next_try == mail.next_try, Mail.sent.is_(None), Mail.given_up.is_(False))
        .values(next_try=until)
    )
    return bool(cast("CursorResult[Any]", taken).rowcount)


def hurry(session: Session, message_id: str) -> None:
    """Whoever had taken it has died: it is due, if it was not sent."""
    session.execute(update(Mail).where(Mail.message_id == message_id).values(next_try=Mail.created))


def sent(session: Session, message_id: str, at: float) -> None:
    """A server has accepted it; that may be said more than once, and of one that was deleted since."""
    session.execute(
        update(Mail)
        .where(Mail.message_id == message_id, Mail.sent.is_(None))
        .values(sent=at, tries=Mail.tries + 1, error=None)
    )


def postpone(mail: Mail, now: float, error: str) -> None:
    """It could not be sent: try again later, or, after two days, never."""
    mail.tries += 1
    mail.error = error
    mail.next_try = now + min(FIRST_PAUSE * 2 ** (mail.tries - 1), LONGEST_PAUSE)
    mail.given_up = mail.next_try > mail.created + GIVEN_UP_AFTER


def give_up(mail: Mail, error: str) -> None:
    """It will never be accepted."""
    mail.tries += 1
    mail.error, mail.given_up = error, True


def _add(session: Session, job: Job, recipient: str, kind: str, now: float) -> None:
    session.add(
        Mail(
            job_id=job.id, recipient=recipient, kind=kind, created=now, next_try=now,
            message_id=make_msgid(secrets.token_hex(8), domain="impasto.invalid"),
        )
    )  # fmt: skip
