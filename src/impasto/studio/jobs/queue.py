"""The queue: who is painted next, and when.

Jobs are taken round robin over who submitted them: everybody's first before anybody's second, and among equals the one
who was served longest ago.
"""

from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session, aliased

from impasto.studio.jobs.rows import Job, State


class QueueFullError(RuntimeError):
    """So many jobs wait that no more are taken; the message is one plain line."""


def submit(
    session: Session,
    *,
    settings: dict[str, Any],
    styles: list[dict[str, Any]],
    width: int,
    height: int,
    email: str | None,
    submitter: str,
    owner: str | None,
    now: float,
    keep_days: float,
    max_waiting: int,
    confirmed: bool = False,
    photo_name: str = "",
    language: str = "en",
) -> Job:
    """Add a job; it has its number at once, and exists for others when the transaction is committed.

    Raises:
        QueueFullError: `max_waiting` jobs wait already.
    """
    check_room(session, max_waiting - 1)
    job = Job(
        settings=settings, styles=styles, width=width, height=height, email=email, submitter=submitter, owner=owner,
        confirmed=confirmed, photo_name=photo_name, language=language, created=now, expires=now + keep_days * 86400,
    )  # fmt: skip
    session.add(job)
    session.flush()
    return job


def check_room(session: Session, max_waiting: int) -> None:
    """See whether no more jobs wait than may, those included that this transaction has added.

    Raises:
        QueueFullError: more do.
    """
    if waiting(session) > max_waiting:
        raise QueueFullError("so many paintings are waiting that no more are taken: try again in a while")


def waiting(session: Session) -> int:
    """How many jobs wait."""
    return session.scalar(select(func.count()).select_from(Job).where(Job.state == State.WAITING)) or 0


def next_of_each(*columns: Any) -> Select[Any]:
    """Columns of the first job of each person that has one waiting, the next one first.

    It begins as :func:`in_turn` does, and is found by indexes alone: a queue of any length is given out as fast.
    """
    first = select(func.min(Job.id).label("id"), Job.submitter).where(Job.state == State.WAITING)
    first_of_each = first.group_by(Job.submitter).subquery()
    other = aliased(Job)
    served = select(func.max(other.started)).where(other.submitter == first_of_each.c.submitter).scalar_subquery()
    return select(*columns).join(first_of_each, first_of_each.c.id == Job.id).order_by(func.coalesce(served, 0), Job.id)


def in_turn(*columns: Any) -> Select[Any]:
    """Columns of all jobs that wait, the next one first."""
    served = select(Job.submitter, func.max(Job.started).label("last")).group_by(Job.submitter).subquery()
    turn = func.row_number().over(partition_by=Job.submitter, order_by=Job.id)
    return (
        select(*columns)
        .join(served, served.c.submitter == Job.submitter)
        .where(Job.state == State.WAITING)
        .order_by(turn, func.coalesce(served.c.last, 0), Job.id)
    )


def upcoming(session: Session, limit: int, *columns: Any) -> list[Any]:
    """Columns of so many jobs that wait, or of fewer where no more do, the next one first."""
    found = session.execute(next_of_each(*columns).limit(limit)).all()
    if len(found) < limit:  # few people wait, each perhaps with many jobs
        found = session.execute(in_turn(*columns).limit(limit)).all()
    return list(found)


def claim(session: Session, now: float, lease_seconds: float, only: int | None = None) -> Job | None:
    """Take the next job to paint it, or `only` one: its attempt is counted, and its painter has a lease from now."""
    for number in [row[0] for row in upcoming(session, 10, Job.id)] if only is None else [only]:
        taken = session.scalar(
            update(Job)
            .where(Job.id == number, Job.state == State.WAITING)
            .values(
                state=State.PAINTING, attempt=Job.attempt + 1, started=now, lease=now + lease_seconds, stopping=False
            )
            .returning(Job.id)
        )
        if taken is not None:  # None: another process was sooner
            return session.get_one(Job, number, populate_existing=True)
    return None
