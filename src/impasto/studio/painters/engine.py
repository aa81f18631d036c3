"""The engine: takes jobs whose turn it is, hands them to Dask's workers, and takes up those whose painter died.

It is a thread of the process that serves the pages, beside one for the mail and one for what has expired; nothing is
painted here.
"""

import multiprocessing
import threading
import time
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import SecretStr
from sqlalchemy import func
from sqlalchemy.exc import SQLAlchemyError

from impasto.studio.configuration import Configuration
from impasto.studio.jobs import attempts, estimates, queue
from impasto.studio.jobs.attempts import Attempt
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.expiry import Expiry
from impasto.studio.jobs.folders import Files
from impasto.studio.jobs.rows import Job
from impasto.studio.mail.post import Post
from impasto.studio.painters import cluster, roll
from impasto.studio.painters.calibration import paces
from impasto.studio.painters.lease import PATIENCE
from impasto.studio.painters.silence import Silences
from impasto.studio.painters.task import paint

if TYPE_CHECKING:
    from distributed import Client, Future

log = structlog.get_logger("impasto.studio.painters.engine")

# Seconds between two looks at the queue; and at leases and painters, at most.
LOOK, LOOK_AT_LEASES = 0.25, 3.0
# Seconds until a cluster that was lost, or could not be started, is tried again; and that closing one may take.
AGAIN, CLOSING = 5.0, 4.0
# Seconds after which painters that died, and were not started again, are all started anew: on a busy machine one takes
# long to load.
MISSING = 180.0
# Jobs that are looked at for a painter that has the memory; seconds after which one that says nothing gets none.
IN_TURN, QUIET = 50, 3.0
# Seconds of silence, at least, after which one hangs, however short leases are: on a busy machine one may be late.
HANGS = 5.0
# How much of a painting is done after its last step, but for rounding.
AT_ITS_END = 0.999


class Engine:
    """Paints the jobs of a studio until it is stopped.

    Args:
        configuration: says which painters there are.
        database: where the jobs are; `migrate` has been called.
        files: where their pictures are.

    Attributes:
        painters: those that there were at the last look, some seconds ago.
    """

    def __init__(self, configuration: Configuration, database: Database, files: Files) -> None:
        self.configuration = configuration
        # Painters get no secret that they have no use for. Another host's folder is not this one's.
        self._for_painters = configuration.model_copy(
            update={name: SecretStr("") for name in ("smtp_password", "secret", "operator_token")}
            | {"database_url": configuration.database, "files_url": configuration.files}
        )
        self._database = database
        self._stopping = threading.Event()
        self._grace = 25.0
        self._working = threading.Event()
        self._attempts: dict[Future[Any], Attempt | None] = {}  # None: a calibration
        self._silent: dict[Attempt, float] = {}  # whose leases ran out, and until when they are borne with
        self._nowhere: set[Future[Any]] = set()  # which no painter had at the last look
        self._silences = Silences()
        self._every = min(LOOK_AT_LEASES, configuration.lease_seconds / 4)
        self._looked_at_leases = self._last_there = 0.0
        self.painters: list[roll.Painter] = []
        self._wanted = 0  # paintings that wait or are under way
        self._measured = False  # or being measured
        self._doubtful = False  # whether painters could have renewed their leases of late
        self._threads = [
            threading.Thread(target=run, name=name, daemon=True)
            for name, run in (
                ("engine", self._run),
                ("post", Post(configuration, database, files, self._stopping).run),
                ("expiry", Expiry(configuration, database, files, self._stopping).run),
            )
        ]

    @property
    def alive(self) -> bool:
        """Whether there are painters, and jobs are given to them."""
        return self._working.is_set() and self._threads[0].is_alive()

    @property
    def painters_busy(self) -> int:
        """How many paint now."""
        return len(self._attempts)

    def start(self) -> None:
        """Begin; returns at once, and painters are there some seconds later."""
        for thread in self._threads:
            thread.start()

    def ask_to_stop(self) -> None:
        """Take no more jobs; :meth:`stop` waits for the end."""
        self._stopping.set()

    def stop(self, grace: float = 25) -> None:
        """Have the painters give their jobs back, and end them; those that take longer than `grace` seconds too."""
        self._grace = grace
        self._stopping.set()
        until = time.monotonic() + grace + CLOSING
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        for child in multiprocessing.active_children():  # no painter outlives this
            child.kill()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with cluster.joined(self.configuration, lambda: self._wanted) as client:
                    log.info("painters are there")
                    self._work(client)
            except Exception:
                log.exception("the painters were lost, or could not be started; trying again", seconds=AGAIN)
                self._stopping.wait(AGAIN)
            finally:
                self._working.clear()
                self.painters = []
                self._attempts.clear()
                self._silences = Silences()

    def _work(self, client: "Client") -> None:
        self._measured = False
        self._working.set()
        self._last_there = time.monotonic()
        while not self._stopping.wait(LOOK):
            self._check(client)
            try:
                self._settle()
                self._look_after(client)
                self._calibrate(client)
                while not self._stopping.is_set() and self._hand_over(client):
                    pass
            except SQLAlchemyError as error:  # painters go on, and so do we when the database is back
                log.error("the database can't be reached, or written to", error=type(error).__name__)
                self._doubtful = True
                self._stopping.wait(AGAIN)
        self._give_back()

    def _check(self, client: "Client") -> None:
        """Raise ConnectionError where the cluster is to be started anew."""
        if client.status in ("closing", "closed"):
            raise ConnectionError("Dask's scheduler is gone")
        now = time.monotonic()
        if self.configuration.elsewhere or client.nthreads():
            self._last_there = now
        elif now - self._last_there > MISSING:
            raise ConnectionError("no painter's process came back")

    def _calibrate(self, client: "Client") -> None:
        if self._measured or not client.nthreads():
            return
        with self._database.reading() as session:
            known = estimates.known(session)
        self._measured = True
        if not known:
            self._attempts[client.submit(paces, self._for_painters, pure=False)] = None

    def _hand_over(self, client: "Client") -> bool:
        """Give the next jobs to painters; False where none is free or none waits."""
        lease = self.configuration.lease_seconds
        quality = func.coalesce(Job.settings["quality"].as_string(), "standard")
        with self._database.reading() as session:
            waiting = queue.upcoming(session, IN_TURN, Job.id, quality, Job.width, Job.height)
        self._wanted = len(self._attempts) + len(waiting)
        if not waiting:
            return False
        while waiting and not self._stopping.is_set():
            needs = [estimates.memory(*needed) for _, *needed in waiting]
            taken = client.run_on_scheduler(roll.take, needs, max(QUIET, lease / 4))
            if taken is None:
                return False
            number, painter = taken
            with self._database.session() as session:
                job = queue.claim(session, time.time(), lease, only=waiting.pop(number)[0])
            if job is None:  # another service was sooner, or it was cancelled
                client.run_on_scheduler(roll.leave, painter)
                continue
            self._give(client, Attempt(job.id, job.attempt), painter)
        return True

    def _give(self, client: "Client", attempt: Attempt, painter: str) -> None:
        """Have a painter paint a job that was claimed for it."""
        from distributed import fire_and_forget

        log.info("handed over", job=attempt.job_id, attempt=attempt.number)
        future = client.submit(
            paint, self._for_painters, attempt, key=f"paint-{attempt.job_id}-{attempt.number}", retries=0,
            workers=[painter],
        )  # fmt: skip
        fire_and_forget(future)  # a painter elsewhere is busy with it also when this service has ended
        self._attempts[future] = attempt

    def _settle(self) -> None:
        """Look at what the painters have ended with."""
        for future, attempt in [(future, attempt) for future, attempt in self._attempts.items() if future.done()]:
            del self._attempts[future]
            if attempt is None and future.status == "finished":
                with self._database.session() as session:
                    for quality, pace in future.result().items():
                        estimates.calibrate(session, quality, pace)
            elif future.status == "error":
                log.warning("a painter died", job=attempt and attempt.job_id, error=type(future.exception()).__name__)
                if attempt is not None:
                    with self._database.session() as session:
                        attempts.take_up(session, time.time(), lost=attempt)

    def _look_after(self, client: "Client") -> None:
        """Take up the jobs whose lease has run out, and start painters anew that hang."""
        now = time.time()
        since = now - self._looked_at_leases
        if since < self._every:
            return
        if self._looked_at_leases and since > self._every + self.configuration.lease_seconds / 2:
            self._doubtful = True
        self._looked_at_leases = now
        self._end_hanging(client, now, min(since, 2 * self._every))
        self._take_up(now)

    def _take_up(self, now: float) -> None:
        """Take up the jobs whose lease has run out.

        Not after a sleep of this machine, or of the database, in which no lease could be renewed: then each gets a new
        one first.
        """
        lease = self.configuration.lease_seconds
        with self._database.session() as session:
            if self._doubtful:
                attempts.wait_for(session, now, now + lease)
                taken = []
            else:
                taken = attempts.take_up(session, now)
        self._doubtful = False
        for job in taken:
            log.warning("a painter was silent", job=job.id, state=job.state)
            # one at its end may wait for room on the disk; any other says soon that it has lost its job, or hangs
            at_its_end = job.progress is not None and job.progress["share"] > AT_ITS_END
            self._silent[Attempt(job.id, job.attempt)] = now + lease + (PATIENCE if at_its_end else 0)

    def _end_hanging(self, client: "Client", now: float, awake: float) -> None:
        """Start painters anew that hang.

        They say nothing to Dask for a lease, whether they have a job or not; for half of one, where their job's lease
        has run out too; or they talk, and do not end with a job that they have lost.
        """
        self._silent = {attempt: until for attempt, until in self._silent.items() if attempt in self._attempts.values()}
        self.painters = client.run_on_scheduler(roll.painters)
        silences, lease = self._silences.look(self.painters, awake), self.configuration.lease_seconds
        has = {task: painter.address for painter in self.painters for task in painter.tasks}
        hanging = {address for address, silent in silences.items() if silent >= max(lease, HANGS)}
        before, self._nowhere = self._nowhere, set()
        for future, attempt in list(self._attempts.items()):
            painter = has.get(str(future.key))
            if painter is None and not future.done():
                self._nowhere.add(future)
                if future in before:  # it went before the job came
                    self._take_back(future, attempt)
            elif painter and attempt in self._silent and self._bears_no_more(attempt, silences[painter], now):
                hanging.add(painter)
        for painter in hanging:
            log.warning("a painter hangs; it is started anew", tasks=[task for task in has if has[task] == painter])
            client.run_on_scheduler(roll.drop, painter)  # and its task ends with an error, as of any that dies

    def _bears_no_more(self, attempt: Attempt, silent: float, now: float) -> bool:
        return silent > max(QUIET, self.configuration.lease_seconds / 2) or now > self._silent[attempt]

    def _take_back(self, future: "Future[Any]", attempt: Attempt | None) -> None:
        """Give a job that no painter has to another one."""
        future.cancel(force=True)
        del self._attempts[future]
        if attempt:
            with self._database.session() as session:
                attempts.release(session, attempt)

    def _give_back(self) -> None:
        """Have this machine's painters give their jobs back; a cluster elsewhere goes on with them."""
        if self.configuration.scheduler:
            return
        asked = time.monotonic()
        under_way = [attempt for attempt in self._attempts.values() if attempt]
        with self._database.session() as session:
            attempts.ask_to_stop(session, under_way)
        while under_way and time.monotonic() < asked + self._grace:
            time.sleep(LOOK)
            self._settle()
            under_way = [attempt for attempt in self._attempts.values() if attempt]
        for attempt in under_way:  # its painter ends now
            with self._database.session() as session:
                attempts.release(session, attempt)
