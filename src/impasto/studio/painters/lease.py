"""The lease on a job while one painter tries it: renewed beside the work, as long as that gets on; and what may be
written while it lasts.
"""

import errno
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import structlog
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError, SQLAlchemyError

from impasto.studio.jobs import attempts, estimates
from impasto.studio.jobs.attempts import Attempt
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.folders import Files
from impasto.studio.jobs.rows import Job
from impasto.studio.painters import leaving
from impasto.studio.painters.checkpoints import Checkpoints

log = structlog.get_logger("impasto.studio.painters.lease")

# Seconds that a painter waits for room on a full disk, or for its database; and between two tries.
PATIENCE, PAUSE = 300.0, 5.0
# Seconds between two tries to renew a lease, where the first one failed.
AGAIN = 1.0
# So many leases the work may take, at least, until it says again that it gets on: a painter gives way to all else that
# the machine does, and may wait for a disk, or for a database that is locked.
QUIET = 10
# A database that is full, locked or not there; PostgreSQL calls one that is read-only for a while an internal error.
AWAY = (OperationalError, InternalError)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NO_ROOM = "the studio's disk is full; try again later"


class LostError(Exception):
    """The job is no longer this attempt's: it was cancelled or deleted, or another painter has it."""


class StoppedError(Exception):
    """The painter was asked to give its job back."""


class Lease:
    """The lease of one attempt at one job, for a `with`: inside it the lease is renewed while the work gets on.

    Every call raises LostError once the job is no longer this attempt's.

    Args:
        checkpoints: the attempt's; they are deleted when the job has ended.
    """

    def __init__(
        self, database: Database, files: Files, checkpoints: Checkpoints, attempt: Attempt, lease_seconds: float
    ) -> None:
        self.files = files
        self.checkpoints = checkpoints
        self.attempt = attempt
        self._database = database
        self._lease_seconds = lease_seconds
        self._patience = QUIET * lease_seconds
        self._moved = 0.0
        self._over = threading.Event()
        self._lost = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self.expect(0)
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._heart.join()

    def job(self) -> Job:
        """The job as it is now."""
        with self._database.session() as session:
            job = attempts.held(session, self.attempt)
        if job is None:
            raise LostError
        return job

    def expect(self, seconds: float) -> None:
        """Say that the work gets on, and how long it may take until it says so again: so many seconds or ten leases."""
        self._patience = max(seconds, QUIET * self._lease_seconds)
        self._moved = time.monotonic()

    def estimate(self, job: Job) -> float:
        """Seconds that all of the painting is thought to take."""
        with self._database.reading() as session:
            return estimates.seconds(session, job.quality, job.width, job.height)

    def report(
        self, progress: Mapping[str, Any], point: dict[str, Any] | None = None, preview: tuple[int, bytes] | None = None
    ) -> None:
        """Say how far it is; a preview is its number and its file.

        A disk that is full, or a database that is away for a moment, costs only the report.

        Raises:
            StoppedError: the job is to be given back.
        """
        self._check_lost()
        number = self._write_preview(*preview) if preview else None
        try:
            with self._database.session() as session:
                if not attempts.report(session, self.attempt, dict(progress), point, number):
                    raise LostError
                stopping = leaving.asked.is_set() or attempts.stopping(session, self.attempt)
        except AWAY:
            log.warning("progress not written", job=self.attempt.job_id)
            return
        if stopping:
            raise StoppedError

    def finish(self, files: Mapping[str, bytes], seconds: float) -> None:
        """Put the painting's files in place, and say that it is done: both, or neither.

        That the lease was lost meanwhile, as on a full disk, is no reason to paint it again: it is taken while nobody
        else has finished the job or ended it.

        Raises:
            LostError: somebody has.
            StoppedError: while it waited for room on the disk.
            OSError: there was no room for minutes.
        """

        def write() -> None:
            with self._database.session() as session:
                if attempts.wanted(session, self.attempt) is None:
                    raise LostError
                for name, data in files.items():  # nobody else can write them: the row is locked
                    self.files.write(self.attempt.job_id, name, data)
                attempts.finish(session, self.attempt, time.time(), seconds, film="film.webp" in files)

        self._patiently(write)
        self._remove_previews(keep=0)

    def fail(self, error: str) -> None:
        """Say why it can't be painted, to the person who asked."""
        self._remove_previews(keep=0)  # on a full disk this makes room for the row
        self.checkpoints.forget()

        def write() -> None:
            with self._database.session() as session:
                if not attempts.fail(session, self.attempt, time.time(), error):
                    raise LostError

        self._patiently(write)

    def release(self) -> None:
        """Give the job back."""
        with self._database.session() as session:
            attempts.release(session, self.attempt)

    def leave(self) -> None:
        """Clear up after the job was lost: of one that is gone nothing stays, and one that has ended needs no more."""
        with self._database.reading() as session:
            job = session.get(Job, self.attempt.job_id)
        if job is None:
            self.files.remove(self.attempt.job_id)
        if job is None or job.ended:
            self.checkpoints.forget()

    def _beat(self) -> None:
        pause = self._lease_seconds / 3
        hung = False
        while not self._over.wait(pause):
            pause = self._lease_seconds / 3
            was_hung, hung = hung, time.monotonic() - self._moved > self._patience
            if hung:
                if not was_hung:
                    log.warning("the work does not get on; lease not renewed", job=self.attempt.job_id)
                continue
            try:
                with self._database.session() as session:
                    renewed = attempts.renew(session, self.attempt, time.time() + self._lease_seconds)
            except SQLAlchemyError:
                log.warning("lease not renewed", job=self.attempt.job_id)
                pause = min(pause, AGAIN)  # tried again soon
                continue
            if not renewed:
                log.warning("lease lost", job=self.attempt.job_id)
                self._lost.set()
                return

    def _check_lost(self) -> None:
        if self._lost.is_set():
            raise LostError

    def _write_preview(self, number: int, data: bytes) -> int | None:
        try:
            self.files.write(self.attempt.job_id, f"preview-{self.attempt.number}-{number}.webp", data)
            self._remove_previews(keep=2)  # a browser may just be fetching the last but one
        except OSError as error:
            if not is_full(error):
                raise
            return None
        return number

    def _remove_previews(self, keep: int) -> None:
        names = [name for name in self.files.names(self.attempt.job_id) if name.startswith("preview-")]
        names.sort(key=lambda name: [int(part) for part in name.removesuffix(".webp").split("-")[1:]])
        for name in names[: len(names) - keep]:
            self.files.remove_file(self.attempt.job_id, name)

    def _patiently(self, write: Callable[[], None]) -> None:
        """Write, and where there is no room for it, or no database, try again for some minutes."""
        until = time.monotonic() + PATIENCE
        while True:
            self.expect(0)
            try:
                return write()
            except (OSError, DBAPIError) as error:
                if not is_full(error) or time.monotonic() > until:
                    raise
                log.warning("no room on the disk, or no database; waiting", job=self.attempt.job_id)
            self._over.wait(PAUSE)
            self._check_stopping()

    def _check_stopping(self) -> None:
        if leaving.asked.is_set():
            raise StoppedError
        with suppress(SQLAlchemyError), self._database.reading() as session:
            if attempts.stopping(session, self.attempt):
                raise StoppedError


def is_full(error: Exception) -> bool:
    """Whether it may go away by itself: no room on the disk, or a database that can't be written to."""
    return isinstance(error, AWAY) or (isinstance(error, OSError) and error.errno in _FULL)
