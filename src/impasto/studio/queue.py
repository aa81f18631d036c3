"""The queue: who is painted next, and when.

Jobs are taken round robin over who submitted them: everybody's first before anybody's second, and among equals the one
who was served longest ago.
"""

from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from impasto.studio import estimates
from impasto.studio.jobs import Job, State


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
) -> Job:
    """Add a job; it has its number at once, and exists for others when the transaction is committed.

    Raises:
        QueueFullError: `max_waiting` jobs wait already.
    """
    if waiting(session) >= max_waiting:
        raise QueueFullError(f"{max_waiting} paintings are waiting already; try again in a while")
    job = Job(
        settings=settings, styles=styles, width=width, height=height, email=email, submitter=submitter, owner=owner,
        created=now, expires=now + keep_days * 86400,
    )  # fmt: skip
    session.add(job)
    session.flush()
    return job


def waiting(session: Session) -> int:
    """How many jobs wait."""
    return session.scalar(select(func.count()).select_from(Job).where(Job.state == State.WAITING)) or 0


def order() -> Select[int]:
    """The numbers of the jobs that wait, the next one first."""
    served = select(Job.submitter, func.max(Job.started).label("last")).group_by(Job.submitter).subquery()
    turn = func.row_number().over(partition_by=Job.submitter, order_by=Job.id)
    return (
        select(Job.id)
        .join(served, served.c.submitter == Job.submitter)
        .where(Job.state == State.WAITING)
        .order_by(turn, func.coalesce(served.c.last, 0), Job.id)
    )


def claim(session: Session, now: float, lease_seconds: float) -> Job | None:
    """Take the next job to paint it: its attempt is counted, and its painter has a lease from now."""
    for number in session.scalars(order().limit(10)).all():
        taken = session.scalar(
            update(Job)
            .where(Job.id == number, Job.state == State.WAITING)
            .values(
                state=State.PAINTING, attempt=Job.attempt + 1, started=now, lease=now + lease_seconds, stopping=False
            )
            .returning(Job.id)
        )
        if taken is not None:  # else another process was sooner
            return session.get_one(Job, number, populate_existing=True)
    return None


def place(session: Session, job: Job) -> int:
    """How many jobs will be begun before this one, which waits."""
    numbers = list(session.scalars(order()))
    return numbers.index(job.id) if job.id in numbers else 0


def wait(session: Session, painters: int, job: Job | None = None, submitter: str = "") -> float:
    """Seconds until a job is begun: one that waits, or one that `submitter` would submit now."""
    queue = list(session.scalars(order()))
    if job is None:
        before = queue[: _place_of_new(session, submitter)]
    else:
        before = queue[: queue.index(job.id)] if job.id in queue else []
    rows = {job.id: job for job in session.scalars(select(Job).where(Job.state.in_([State.WAITING, State.PAINTING])))}
    busy = sorted(_left(session, row) for row in rows.values() if row.state == State.PAINTING)
    free_at = sorted([0.0] * max(0, painters - len(busy)) + busy[:painters])
    known: dict[tuple[str, int, int], float] = {}
    for number in before:
        row = rows[number]
        key = (row.quality, row.width, row.height)
        if key not in known:
            known[key] = estimates.seconds(session, *key)
        free_at = sorted([free_at[0] + known[key], *free_at[1:]])
    return free_at[0]


def _place_of_new(session: Session, submitter: str) -> int:
    """How many of those that wait are begun before one that this submitter adds now."""
    own = session.scalar(
        select(func.count()).select_from(Job).where(Job.state == State.WAITING, Job.submitter == submitter)
    )
    per = select(func.count().label("jobs")).where(Job.state == State.WAITING).group_by(Job.submitter).subquery()
    # of everybody what comes in the turns up to that one's
    return sum(min(count, (own or 0) + 1) for count in session.scalars(select(per.c.jobs)))


def _left(session: Session, job: Job) -> float:
    """Seconds that a painting under way still takes."""
    if job.progress and job.progress.get("seconds_left") is not None:
        return float(job.progress["seconds_left"])
    return estimates.seconds(session, job.quality, job.width, job.height)
