"""What a painting takes: memory, by its canvas, and time, learned from those that were finished here."""

import math
from collections.abc import Callable
from statistics import median
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from impasto.painter import needs
from impasto.painter.schedule import finest, left, scales
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


def seconds(session: Session, quality: str, width: int, height: int, painted: int | None = None) -> float:
    """Seconds of painting.

    Args:
        session: has what others took.
        quality: of the painting.
        width: of its canvas, in pixels.
        height: the same.
        painted: the pixels of the painting that it goes on from, where it does.
    """
    return estimator(session, quality)(width, height, painted)


def estimator(session: Session, quality: str) -> Callable[[int, int, int | None], float]:
    """What gives the seconds of canvases of one quality: what others took is looked up once for all of them.

    Its arguments are :func:`seconds`' width, height and painted.
    """
    finished = session.execute(
        select(Job.seconds, Job.width, Job.height)
        .where(
            Job.state == State.DONE,
            Job.seconds.is_not(None),
            Job.settings["quality"].as_string() == quality,
            Job.settings["larger"].as_string().is_(None),  # which took less
        )
        .order_by(Job.finished.desc())
        .limit(LATEST)
    )
    paces = [max(took - START, took / 10) / _megapixels(quality, w, h) for took, w, h in finished if took]
    if paces:
        pace = median(paces)
    else:
        measured = session.get(Pace, quality)
        pace = measured.pace if measured else UNKNOWN.get(quality, UNKNOWN["standard"])

    def taken(width: int, height: int, painted: int | None) -> float:
        return START + pace * _megapixels(quality, width, height) * _left(quality, width, height, painted)

    return taken


def _left(quality: str, width: int, height: int, painted: int | None) -> float:
    """How much of the work there is left where a painting of so many pixels is gone on from."""
    if painted is None:
        return 1.0
    found = scales(width, height, Settings(quality=cast(Quality, quality)))
    return sum(scale.work(None) for scale in left(found, painted)) / sum(scale.work(None) for scale in found)


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
