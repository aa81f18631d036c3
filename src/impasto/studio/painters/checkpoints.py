"""A job's checkpoints: in a folder of the host that paints it, and in the store where painters are on several hosts.

In the store they are files of the job, `checkpoint-<attempt>-<file>`. `checkpoint.json`, which names the others, is
written when they are all there, so that a checkpoint is found there whole or not at all.
"""

import json
import shutil
import time
from contextlib import suppress
from pathlib import Path

import structlog

from impasto.painter.checkpoint import NAME
from impasto.studio.jobs.attempts import Attempt
from impasto.studio.jobs.folders import Files

log = structlog.get_logger("impasto.studio.painters.checkpoints")

# The share of a painting's time, at most, that goes by while checkpoints are sent to the store.
SHARE = 0.1
_PREFIX = "checkpoint-"


class Checkpoints:
    """The checkpoints of one attempt, and those that earlier attempts left.

    Args:
        work: where this host's painters keep checkpoints; the job has a folder there.
        attempt: each has a folder of its own: a painter that was thought dead writes into none but its own.
        store: where other hosts find them; None where no other host paints.
    """

    def __init__(self, work: Path, attempt: Attempt, store: Files | None) -> None:
        self.folder = work / str(attempt.job_id) / str(attempt.number)
        self._attempt = attempt
        self._store = store
        self._sent: set[str] = set()  # names of the folder's files that the store has of this attempt
        self._version = 0
        self._due = 0.0

    def take_up(self) -> bool:
        """Have the newest checkpoint of an earlier attempt in this one's folder; False where there is none."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        own = int(self.folder.name)
        here = sorted(int(path.name) for path in self.folder.parent.glob("[0-9]*") if int(path.name) != own)
        found = max((number for number in here if (self.folder.parent / str(number) / NAME).exists()), default=0)
        stored = max((number for number in self._stored() if number < own), default=0)
        if stored > found:
            self._fetch(stored)
            self._version = self._now()  # which the store has
        elif found:
            (self.folder.parent / str(found)).rename(self.folder)
        for number in here:
            shutil.rmtree(self.folder.parent / str(number), ignore_errors=True)
        return (self.folder / NAME).exists()

    def send(self, *, last: bool = False) -> None:
        """Send a checkpoint to the store if there is a new one; a store that does not take it costs that alone.

        Args:
            last: the painter gives the job back: it is sent now, however long the one before took.
        """
        if self._store is None or (time.monotonic() < self._due and not last):
            return
        try:
            version = self._now()
            if version not in (0, self._version):
                began = time.monotonic()
                self._send(self._store)
                self._version = version
                self._due = began + (time.monotonic() - began) / SHARE
        except OSError as error:
            log.warning("checkpoint not in the store", job=self._attempt.job_id, error=type(error).__name__)

    def forget(self) -> None:
        """Delete all of the job's, of whatever attempt and host."""
        shutil.rmtree(self.folder.parent, ignore_errors=True)
        if self._store is not None:
            with suppress(OSError):  # they go with the job's other files at the latest
                for name in self._names():
                    self._store.remove_file(self._attempt.job_id, name)

    def _now(self) -> int:
        """Which checkpoint is in the folder; 0 for none."""
        try:
            return (self.folder / NAME).stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _names(self) -> list[str]:
        assert self._store is not None
        return [name for name in self._store.names(self._attempt.job_id) if name.startswith(_PREFIX)]

    def _stored(self) -> list[int]:
        """The attempts that have a whole checkpoint in the store."""
        if self._store is None:
            return []
        return [_attempt(name) for name in self._names() if name.endswith(f"-{NAME}")]

    def _send(self, store: Files) -> None:
        job, number = self._attempt.job_id, self._attempt.number
        vectors = [f"{name}.bin" for name in json.loads((self.folder / NAME).read_bytes())["vectors"]]
        # a vector's name stands for the same numbers throughout an attempt
        for name in [*(name for name in vectors if name not in self._sent), NAME]:
            store.upload(job, _stored_as(number, name), self.folder / name)
            self._sent.add(name)
        self._sent.intersection_update(vectors)
        wanted = {_stored_as(number, name) for name in [*vectors, NAME]}
        for name in self._names():
            if _attempt(name) <= number and name not in wanted:
                store.remove_file(job, name)

    def _fetch(self, number: int) -> None:
        """Have the checkpoint that an earlier attempt sent; a part of it where it is just being deleted."""
        assert self._store is not None
        prefix = _stored_as(number, "")
        self.folder.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):
            for name in self._names():
                if name.startswith(prefix) and not name.endswith(NAME):
                    self._store.download(self._attempt.job_id, name, self.folder / name.removeprefix(prefix))
            self._store.download(self._attempt.job_id, _stored_as(number, NAME), self.folder / NAME)


def _stored_as(attempt: int, name: str) -> str:
    """The name in the store of a file of an attempt's folder."""
    return f"{_PREFIX}{attempt}-{name}"


def _attempt(stored: str) -> int:
    """The attempt that a file in the store is of."""
    return int(stored.split("-")[1])
