"""How often somebody has used the studio of late; counted apart from the jobs, which their owner may delete."""

import hashlib
from typing import NamedTuple

from sqlalchemy import Index, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from impasto.studio.jobs.database import Base

# What is older counts no more, and is deleted.
REMEMBERED = 86400.0


class Use(Base):
    """One use of a thing that is limited.

    Attributes:
        who: a digest of what it is limited by, such as an address, which is not kept.
    """

    __tablename__ = "uses"
    __table_args__ = (Index("uses_by_who", "what", "who", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str]
    who: Mapped[str]
    at: Mapped[float]


class Limit(NamedTuple):
    """How often somebody may use a thing.

    Attributes:
        what: the thing, such as a "job" by an address or a "mail" to one.
        who: the one who is limited.
        most: uses that are allowed
        seconds: in so long a time, at most a day.
    """

    what: str
    who: str
    most: int
    seconds: float


class LimitError(RuntimeError):
    """A use that is one too many.

    Attributes:
        limit: that it would go over.
    """

    def __init__(self, limit: Limit) -> None:
        super().__init__(f"{limit.most} uses of a {limit.what} in {limit.seconds:.0f} s are used up")
        self.limit = limit


def check(session: Session, limit: Limit, now: float) -> None:
    """See whether one more use is allowed now; it is not counted.

    Raises:
        LimitError: it is not.
    """
    if uses(session, limit.what, limit.who, now - limit.seconds) >= limit.most:
        raise LimitError(limit)


def use(session: Session, limit: Limit, now: float) -> None:
    """Count one use where it is allowed, in a transaction that is `database.alone`: no other counts between.

    Raises:
        LimitError: it is one too many, and not counted.
    """
    check(session, limit, now)
    note(session, limit.what, limit.who, now)


def note(session: Session, what: str, who: str, now: float) -> None:
    """Count one use, such as a "job" by an address or a "mail" to one."""
    session.execute(delete(Use).where(Use.at < now - REMEMBERED))
    session.add(Use(what=what, who=_digest(who), at=now))


def uses(session: Session, what: str, who: str, since: float) -> int:
    """How many uses there were since a time, at most a day ago."""
    query = select(func.count()).select_from(Use).where(Use.what == what, Use.who == _digest(who), Use.at >= since)
    return session.scalar(query) or 0


def _digest(who: str) -> str:
    return hashlib.sha256(who.strip().lower().encode()).hexdigest()
