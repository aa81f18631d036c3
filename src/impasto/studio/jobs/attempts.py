"""What a painter may write of its job: every write carries the number of its attempt.

A painter that was thought dead has lost its job to another attempt; what it still writes changes nothing, and it is
told so. Only a painting that it has finished is taken, from whoever is first: it is the one that was asked for.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from impasto.studio.jobs.rows import Job, State
from impasto.studio.mail import outbox

# A job whose painters died so often has failed: it may be what kills them.
DEATHS = 3
# Points of a job's curve; where there are more, every second one is dropped.
POINTS = 300
DIED = "the painting was begun three times and something went wrong each time; try a smaller size, or another photo"


class Attempt(NamedTuple):
    """One attempt at one job."""

    job_id: int
    number: int


def held(session: Session, attempt: Attempt) -> Job | None:
    """The job, where it is still this attempt's."""
    query = select(Job).where(Job.id == attempt.job_id, Job.attempt == attempt.number, Job.state == State.PAINTING)
    return session.scalar(query.with_for_update())


def wanted(session: Session, attempt: Attempt) -> Job | None:
    """The job, where a finished painting of this attempt's is still wanted: nobody else has finished or ended it."""
    states = (State.WAITING, State.PAINTING)
    query = select(Job).where(Job.id == attempt.job_id, Job.attempt >= attempt.number, Job.state.in_(states))
    return session.scalar(query.with_for_update())


def renew(session: Session, attempt: Attempt, until: float) -> bool:
    """Say that the painter is alive; False where the job is no longer this attempt's."""
    renewed = session.scalar(
        update(Job)
        .where(Job.id == attempt.job_id, Job.attempt == attempt.number, Job.state == State.PAINTING)
        .values(lease=until)
        .returning(Job.id)
    )
    return renewed is not None


def report(
    session: Session, attempt: Attempt, progress: dict[str, Any], point: dict[str, Any] | None, preview: int | None
) -> bool:
    """Say how far it is: `progress` as the job has it, a new `point` of its curve, the number of a new `preview`."""
    job = held(session, attempt)
    if job is None:
        return False
    job.progress = progress
    if point is not None:
        # an attempt that began anew, or went on from a checkpoint, replaces what the one before had beyond that
        curve = [*(other for other in job.curve if other["step"] < point["step"]), point]
        job.curve = curve[::2] if len(curve) > POINTS else curve
    if preview is not None:
        job.preview = preview
    return True


def finish(session: Session, attempt: Attempt, now: float, seconds: float, *, film: bool = False) -> bool:
    """It is painted, in so many seconds; its mail is written with it. Another that still paints it has lost it.

    `film` says whether there is one of how it grew.
    """
    job = wanted(session, attempt)
    if job is None:
        return False
    job.change(State.DONE)
    job.finished, job.seconds, job.lease, job.film = now, seconds, None, film
    outbox.write(session, job, now)
    return True


def fail(session: Session, attempt: Attempt, now: float, error: str) -> bool:
    """It can't be painted; `error` says why to the person who asked, and its mail is written with it."""
    job = held(session, attempt)
    if job is None:
        return False
    _fail(session, job, now, error)
    return True


def release(session: Session, attempt: Attempt) -> bool:
    """Give the job back, to be gone on with later; not a death."""
    job = held(session, attempt)
    if job is None:
        return False
    job.change(State.WAITING)
    job.lease, job.stopping = None, False
    return True


def ask_to_stop(session: Session, asked: Iterable[Attempt]) -> None:
    """Ask the painters of these attempts to give their jobs back."""
    for attempt in asked:
        session.execute(
            update(Job)
            .where(Job.id == attempt.job_id, Job.attempt == attempt.number, Job.state == State.PAINTING)
            .values(stopping=True)
        )


def stopping(session: Session, attempt: Attempt) -> bool:
    """Whether this attempt was asked to give its job back."""
    job = session.get(Job, attempt.job_id)
    return job is not None and job.attempt == attempt.number and job.stopping


def take_up(session: Session, now: float, lost: Attempt | None = None) -> list[Job]:
    """Put jobs whose painter died into the queue again; after the third death a job has failed.

    Of an attempt that is known to be `lost` its own job; else those whose lease has run out.
    """
    query = select(Job).where(Job.state == State.PAINTING)
    if lost is None:
        query = query.where(Job.lease < now)
    else:
        query = query.where(Job.id == lost.job_id, Job.attempt == lost.number)
    jobs = list(session.scalars(query.with_for_update()))
    for job in jobs:
        job.deaths += 1
        if job.deaths >= DEATHS:
            _fail(session, job, now, DIED)
        else:
            job.change(State.WAITING)
            job.lease, job.stopping = None, False
    return jobs


def wait_for(session: Session, now: float, until: float) -> None:
    """Give painters whose lease has run out time to renew it: it was not they who were silent."""
    session.execute(update(Job).where(Job.state == State.PAINTING, Job.lease < now).values(lease=until))


def _fail(session: Session, job: Job, now: float, error: str) -> None:
    job.change(State.FAILED)
    job.finished, job.error, job.lease = now, error, None
    outbox.write(session, job, now)
