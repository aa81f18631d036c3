"""Who may be written to.

The owner of an address says yes to what a browser asks for, once for each browser, by a link that was sent there; until
then no other mail goes to it. And says that no mail shall ever come, by a link that is in every mail.
"""

import hashlib
import secrets
from enum import Enum

from itsdangerous import BadSignature, Signer
from sqlalchemy import UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from impasto.studio.jobs import limits
from impasto.studio.jobs.database import Base, alone
from impasto.studio.jobs.limits import Limit
from impasto.studio.jobs.rows import Job
from impasto.studio.mail import outbox
from impasto.studio.mail.mailboxes import mailbox

# Seconds for which a link can be followed; and in which a browser that asks again has no second mail sent.
KEPT, AGAIN = 7 * 86400.0, 3600.0
# Mails a day that ask a mailbox, whichever browsers they are for.
ASKED_A_DAY = 3


class Confirmation(Base):
    """What the owner of an address says to one browser.

    Attributes:
        owner: the browser, as its jobs have it.
        address: a digest of the address, which is not kept.
        mailbox: a digest of what its sub-addresses have in common.
        token: 256 random bits, in the link that was sent.
        created: the last mail that asked, in seconds since 1970.
        confirmed: when the owner said yes.
    """

    __tablename__ = "confirmations"
    __table_args__ = (UniqueConstraint("owner", "address", name="one_a_browser_and_address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str]
    address: Mapped[str]
    mailbox: Mapped[str] = mapped_column(index=True)
    token: Mapped[str] = mapped_column(unique=True)
    created: Mapped[float]
    confirmed: Mapped[float | None]


class Refusal(Base):
    """A mailbox whose owner wants no mail; kept for ever.

    Attributes:
        who: a digest of it.
    """

    __tablename__ = "refusals"

    who: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[float]


class NoMailError(RuntimeError):
    """The owner of an address wants no mail."""


class Link(Enum):
    """What a link of a mail that asks is good for."""

    GOOD = "good"
    USED = "used"
    OVER = "over"


def ask(session: Session, job: Job, now: float) -> None:
    """See whether the owner of a job's address has said yes to its browser; else a mail asks, unless one just did.

    Raises:
        NoMailError: the owner wants no mail.
        LimitError: the owner was asked too often already.
    """
    assert job.email is not None
    assert job.owner is not None
    alone(session)
    check(session, job.email)
    found = _of(session, job.owner, job.email)
    if found is not None and found.confirmed is not None:
        job.confirmed = True
        return
    pending = found is not None and _good(found, now)
    if found is not None and found.created > now - AGAIN:
        return
    try:
        limits.use(session, Limit("question", mailbox(job.email), ASKED_A_DAY, 86400), now)
    except limits.LimitError:
        if pending:  # the link that was sent before still works
            return
        raise
    if found is None:
        found = Confirmation(owner=job.owner, address=_digest(job.email), mailbox=_digest(mailbox(job.email)))
        session.add(found)
    if not pending:
        found.token = secrets.token_urlsafe(32)
    found.created = now
    outbox.ask(session, job, now)


def check(session: Session, email: str) -> None:
    """See whether mail may go to an address at all.

    Raises:
        NoMailError: its owner wants none.
    """
    if session.get(Refusal, _digest(mailbox(email))) is not None:
        raise NoMailError


def question(session: Session, owner: str | None, email: str, now: float) -> str | None:
    """The token of the link that a mail asks with; None where there is nothing to ask any more."""
    found = _of(session, owner, email)
    return found.token if found is not None and found.confirmed is None and _good(found, now) else None


def look(session: Session, token: str, now: float) -> Link:
    """What a link is good for."""
    found = session.scalar(select(Confirmation).where(Confirmation.token == token))
    if found is None or (found.confirmed is None and not _good(found, now)):
        return Link.OVER
    return Link.GOOD if found.confirmed is None else Link.USED


def confirm(session: Session, token: str, now: float) -> Link:
    """Say yes with a link, if it is good for that, as this answers; what has ended meanwhile is written about now."""
    alone(session)
    link = look(session, token, now)
    if link is Link.GOOD:
        found = session.scalars(select(Confirmation).where(Confirmation.token == token)).one()
        found.confirmed = now
        for job in session.scalars(select(Job).where(Job.owner == found.owner).with_for_update()):
            if job.email and _digest(job.email) == found.address:
                job.confirmed = True
                outbox.write(session, job, now)
    return link


def refuse(session: Session, who: str, now: float) -> None:
    """Never write to a mailbox again; `who` is what :func:`read` gives. What it has said before is forgotten."""
    alone(session)
    session.merge(Refusal(who=who, at=now))
    session.execute(delete(Confirmation).where(Confirmation.mailbox == who))
    for job in session.scalars(select(Job).where(Job.email.is_not(None)).with_for_update()):
        if job.email and _digest(mailbox(job.email)) == who:
            job.email, job.confirmed = None, False


def sign(key: str, email: str) -> str:
    """The end of a link by which nobody but who has got a mail says that no more shall come; it is good for ever."""
    return _signer(key).sign(_digest(mailbox(email))).decode()


def read(key: str, signed: str) -> str | None:
    """The mailbox that such a link is of, as a digest; None where the link is made up."""
    try:
        return _signer(key).unsign(signed).decode()
    except BadSignature:
        return None


def forget(session: Session, now: float) -> None:
    """Delete the questions that were not answered in time."""
    session.execute(delete(Confirmation).where(Confirmation.confirmed.is_(None), Confirmation.created < now - KEPT))


def _of(session: Session, owner: str | None, email: str) -> Confirmation | None:
    query = select(Confirmation).where(Confirmation.owner == owner, Confirmation.address == _digest(email))
    return session.scalar(query)


def _good(found: Confirmation, now: float) -> bool:
    return found.created > now - KEPT


def _signer(key: str) -> Signer:
    return Signer(key, salt="no more mail", digest_method=hashlib.sha256)


def _digest(text: str) -> str:
    return hashlib.sha256(text.strip().lower().encode()).hexdigest()[:32]
