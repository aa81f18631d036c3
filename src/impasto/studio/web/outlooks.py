"""The queue as all pages tell of it: looked at once for all who ask at about the same time."""

import threading
import time

from impasto.studio.configuration import Configuration
from impasto.studio.jobs import outlook
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.outlook import Outlook
from impasto.studio.jobs.rows import Job

# Seconds for which a look is good; and how many times as long as it took, which grows with the jobs that wait.
GOOD, TIMES = 0.5, 10


class Outlooks:
    """Looks at the queue where the last look is no longer good."""

    def __init__(self, configuration: Configuration, database: Database) -> None:
        self._painters = configuration.painters
        self._database = database
        self._lock = threading.Lock()
        self._latest: Outlook | None = None
        self._good_until = 0.0

    def now(self) -> Outlook:
        """The queue as it is, or was a moment ago."""
        with self._lock:
            began = time.monotonic()
            if self._latest is None or began > self._good_until:
                with self._database.reading() as session:
                    self._latest = outlook.look(session, self._painters)
                self._good_until = began + max(GOOD, TIMES * (time.monotonic() - began))
            return self._latest

    def with_(self, job: Job) -> Outlook:
        """One that knows a job that waits."""
        found = self.now()
        if job.id not in found.places:
            self.forget()
            found = self.now()
        return found

    def forget(self) -> None:
        """Look anew: the queue was just changed."""
        with self._lock:
            self._latest = None
