"""How often somebody has used the studio of late; counted apart from the jobs, which their owner may delete."""

import hashlib

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
