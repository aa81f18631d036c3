"""What a painting takes: memory, by its canvas, and time, learned from those that were finished here."""

import math
from statistics import median
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from impasto.painter import needs
from impasto.painter.schedule import finest
from impasto.painter.settings import Quality, Settings
from impasto.studio.jobs.database import Base
from impasto.studio.jobs.rows import Job, State

# Of each quality, the latest paintings that are learned from.
LATEST = 20
# Seconds that any painting takes beside the steps: the network is loaded, the style made, the files written.
START = 6.0
# Before anything is known: about two cores of today.
UNKNOWN = {"draft": 90.0, "standard": 350.0, "fine": 1300.0}


class Pace(Base):
    """What a quality takes before a painting of it was finished: measured when the painters start.

    Attributes:
        pace: seconds a megapixel of the finest canvas that is painted.
    """

    __tablename__ = "paces"

    quality: Mapped[str] = mapped_column(primary_key=True)
    pace: Mapped[float]


def seconds(session: Session, quality: str, width: int, height: int) -> float:
    """Seconds of painting, for a canvas of this size."""
    finished = session.execute(
        select(Job.seconds, Job.width, Job.height)
        .where(Job.state == State.DONE, Job.seconds.is_not(None), Job.settings["quality"].as_string() == quality)
        .order_by(Job.finished.desc())
        .limit(LATEST)
    )
    paces = [max(took - START, took / 10) / _megapixels(quality, w, h) for took, w, h in finished if took]
    if paces:
        pace = median(paces)
    else:
        measured = session.get(Pace, quality)
        pace = measured.pace if measured else UNKNOWN.get(quality, UNKNOWN["standard"])
    return START + pace * _megapixels(quality, width, height)


def memory(quality: str, width: int, height: int) -> int:
    """Bytes that a painting takes, where its canvas is painted at once."""
    return needs.whole(round(_megapixels(quality, width, height) * 1e6))


def _megapixels(quality: str, width: int, height: int) -> float:
    """Of the finest canvas that is painted for one of this size: a painting's time goes with them."""
    return math.prod(finest(width, height, Settings(quality=cast(Quality, quality)))) / 1e6


def known(session: Session) -> bool:
    """Whether a pace was measured on this installation."""
    return session.scalar(select(Pace.quality).limit(1)) is not None


def calibrate(session: Session, quality: str, pace: float) -> None:
    """Remember what was measured, in seconds a megapixel."""
    session.merge(Pace(quality=quality, pace=pace))
