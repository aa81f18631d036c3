"""The queue as all pages tell of it: looked at once for all who ask at about the same time."""

import threading
import time

from impasto.studio.configuration import Configuration
from impasto.studio.jobs import outlook
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.outlook import Outlook
from impasto.studio.jobs.rows import Job

# Seconds for which a look is good: what it costs grows with the jobs that wait.
GOOD = 0.5


class Outlooks:
    """Looks at the queue where the last look is no longer good."""

    def __init__(self, configuration: Configuration, database: Database) -> None:
        self._painters = configuration.painters
        self._database = database
        self._lock = threading.Lock()
        self._latest: tuple[float, Outlook] | None = None

    def now(self) -> Outlook:
        """The queue as it is, or was a moment ago."""
        with self._lock:
            if self._latest is None or time.monotonic() - self._latest[0] > GOOD:
                with self._database.reading() as session:
                    self._latest = time.monotonic(), outlook.look(session, self._painters)
            return self._latest[1]

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
