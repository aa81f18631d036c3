"""The table of jobs, the states that a job can be in, and the only changes between them."""

import secrets
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from impasto.studio.jobs.database import Base


class State(StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    PAINTING = "painting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


# A painter that stops or dies gives its job back, so painting can become waiting again; one that was only thought dead
# may have finished what waits again. An end stays an end.
LEGAL: dict[State, frozenset[State]] = {
    State.WAITING: frozenset({State.PAINTING, State.DONE, State.CANCELLED}),
    State.PAINTING: frozenset({State.WAITING, State.DONE, State.FAILED, State.CANCELLED}),
    State.DONE: frozenset(),
    State.FAILED: frozenset({State.WAITING}),
    State.CANCELLED: frozenset({State.WAITING}),
}
ENDS = (State.DONE, State.FAILED, State.CANCELLED)


class IllegalChangeError(ValueError):
    """A change that a job's state does not allow; the message is one plain line."""


class Job(Base):
    """A painting asked of the studio. Times are seconds since 1970.

    Attributes:
        token: 128 random bits, in an address the only key to the job; it stays out of logs.
        submitter: whose turn it is that the job takes: a browser, or an address where there is no cookie.
        owner: the browser whose page of own paintings shows it.
        share: 128 random bits, in the address of the page that shows the painting alone; None where there is none.
        photo_name: what the photo's file was called, plain letters of it; empty where that is not known.
        expires: when all of it is deleted.
        settings: as `impasto.painter.settings.Settings.from_dict` takes them; whether faces are kept; the `named` size;
            and of one that goes on from a smaller painting, the (width, height) of that, as `larger`.
        styles: `{"name", "weight", "file"}` each; a house style has no file. One that holds in a region alone has the
            file of its `"mask"` too.
        width, height: of the canvas.
        email: where to say that it has ended;
        confirmed: if its owner has said yes to mails for this browser.
        attempt: how often it was begun; every write of a painter carries the number of its own.
        deaths: how many of its painters died.
        lease: until when its painter is taken for alive.
        stopping: its painter was asked to write a checkpoint and give it back.
        progress: share (0–1), scale, scales, step, steps, seconds, seconds_left.
        curve: {"step": over all scales, "objective": …, "parts": {term: its cost times its weight}} each.
        preview: the number of the newest preview, from 1.
        error: why it failed, for the person who asked.
        seconds: that painting took.
        film: whether there is one of how it grew.
        language: in which it was asked for, and its mails are written.
    """

    __tablename__ = "jobs"
    # A number is never given twice: what was left of a deleted job must not become another's.
    __table_args__ = (
        Index("jobs_by_state", "state", "submitter", "id"),
        Index("jobs_by_turn", "submitter", "started"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(unique=True, default=lambda: secrets.token_urlsafe(16))
    state: Mapped[str] = mapped_column(default=State.WAITING)
    submitter: Mapped[str]
    owner: Mapped[str | None] = mapped_column(index=True)
    share: Mapped[str | None] = mapped_column(index=True, unique=True)
    photo_name: Mapped[str] = mapped_column(default="")
    created: Mapped[float]
    started: Mapped[float | None]
    finished: Mapped[float | None]
    expires: Mapped[float] = mapped_column(index=True)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    styles: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    width: Mapped[int]
    height: Mapped[int]
    email: Mapped[str | None]
    confirmed: Mapped[bool] = mapped_column(default=False)
    attempt: Mapped[int] = mapped_column(default=0)
    deaths: Mapped[int] = mapped_column(default=0)
    lease: Mapped[float | None]
    stopping: Mapped[bool] = mapped_column(default=False)
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    curve: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    preview: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    seconds: Mapped[float | None]
    film: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(default="en")

    @property
    def quality(self) -> str:
        """How long it is worked on: draft, standard or fine."""
        return str(self.settings.get("quality", "standard"))

    @property
    def megapixels(self) -> float:
        """Of the canvas."""
        return self.width * self.height / 1e6

    @property
    def ended(self) -> bool:
        """Whether nothing will happen to it any more by itself."""
        return self.state in ENDS

    def change(self, state: State) -> None:
        """Go to another state.

        Raises:
            IllegalChangeError: there is no way from this state to that.
        """
        if state not in LEGAL[State(self.state)]:
            raise IllegalChangeError(f"a job that is {self.state} can't become {state}; look at its page again")
        self.state = state


def by_token(session: Session, token: str) -> Job | None:
    """The job that a token opens."""
    return session.scalar(select(Job).where(Job.token == token))


def by_share(session: Session, share: str) -> Job | None:
    """The job whose painting is shown by a link."""
    return session.scalar(select(Job).where(Job.share == share, Job.state == State.DONE))


def share(session: Session, job: Job) -> None:
    """Have the painting shown by a link of its own; one that is shown already keeps its link.

    Raises:
        IllegalChangeError: it is not painted.
    """
    session.refresh(job, with_for_update=True)
    if job.state != State.DONE:
        raise IllegalChangeError("only what is painted can be shared; wait until it is")
    job.share = job.share or secrets.token_urlsafe(16)


def of_owner(session: Session, owner: str) -> list[Job]:
    """What a browser has submitted, the newest first."""
    return list(session.scalars(select(Job).where(Job.owner == owner).order_by(Job.id.desc())))


def cancel(session: Session, job: Job, now: float) -> None:
    """Paint it no further; its painter, if it has one, learns of it at its next step.

    Raises:
        IllegalChangeError: it has ended already.
    """
    session.refresh(job, with_for_update=True)
    job.change(State.CANCELLED)
    job.finished, job.lease = now, None


def retry(session: Session, job: Job) -> None:
    """Put a job that failed or was cancelled into the queue again, with all its attempts before it.

    Raises:
        IllegalChangeError: it waits, is being painted, or is done.
    """
    session.refresh(job, with_for_update=True)
    if job.state == State.PAINTING:
        raise IllegalChangeError("a job that is painting can't be tried again; cancel it first")
    job.change(State.WAITING)
    job.deaths, job.finished, job.error = 0, None, None


def remove(session: Session, job: Job) -> None:
    """Delete the row and its mails; its files are the caller's to remove."""
    session.execute(delete(Job).where(Job.id == job.id))


def expired(session: Session, now: float) -> list[Job]:
    """The jobs whose time is over; one that is being painted stays until it has ended."""
    return list(session.scalars(select(Job).where(Job.expires < now, Job.state != State.PAINTING)))
