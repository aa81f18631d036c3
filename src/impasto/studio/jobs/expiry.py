"""What has expired, or was deleted, is gone: the row, the pictures, and the checkpoint."""

import shutil
import threading
import time
from pathlib import Path

import structlog
from sqlalchemy import select

from impasto.studio.configuration import Configuration
from impasto.studio.jobs import rows
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.folders import Files
from impasto.studio.jobs.rows import Job
from impasto.studio.mail import consent

log = structlog.get_logger("impasto.studio.jobs.expiry")

# Seconds between two looks.
LOOK = 60.0
# A folder without a job, seen so long: one that is younger may be of a job that is just being submitted.
UNCLAIMED = 3600.0


def erase(job: int, files: Files, work: Path) -> None:
    """Delete all that a job has beside its row."""
    files.remove(job)
    shutil.rmtree(work / str(job), ignore_errors=True)


class Expiry:
    """Deletes jobs whose time is over, and what is left of jobs that are gone, until it is told to stop."""

    def __init__(self, configuration: Configuration, database: Database, files: Files, stopping: threading.Event):
        self._work = configuration.work
        self._database = database
        self._files = files
        self._stopping = stopping
        self._unclaimed: dict[int, float] = {}

    def run(self) -> None:
        """Look again and again."""
        while True:
            try:
                self.look(time.time())
            except Exception as error:  # such as a store that is away for a moment
                log.error("nothing could be deleted", error=type(error).__name__)
            if self._stopping.wait(LOOK):
                return

    def look(self, now: float) -> None:
        """Delete what is to be deleted now."""
        with self._database.session() as session:
            expired = rows.expired(session, now)
            for job in expired:
                rows.remove(session, job)
            consent.forget(session, now)
        for job in expired:
            erase(job.id, self._files, self._work)
        if expired:
            log.info("expired", jobs=len(expired))
        self._sweep(now)

    def _sweep(self, now: float) -> None:
        """Delete what has had no job for a while: a painter was late, or a submission was broken off."""
        checkpoints = {int(path.name) for path in self._work.glob("[0-9]*")}
        with self._database.reading() as session:
            known = set(session.scalars(select(Job.id)))
        unclaimed = (set(self._files.jobs()) | checkpoints) - known
        self._unclaimed = {number: self._unclaimed.get(number, now) for number in unclaimed}
        for number, since in self._unclaimed.items():
            if now - since >= UNCLAIMED:
                erase(number, self._files, self._work)
