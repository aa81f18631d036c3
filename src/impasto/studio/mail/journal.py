"""What a mail server has accepted, until the database knows of it too: a file a mail, in a folder of this machine.

In the moment in which a server accepts a mail the database may be locked, away or read-only. So the file of a mail is
made before it is sent, while not sending it does no harm yet; it is renamed as soon as the server has accepted it, and
deleted when the mail's row says so. Who sends a mail holds its file locked: one that is not is of a process that died.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

_BEGUN, _SENT = ".part", ".sent"


class Journal:
    """The mails that this process, or one before it, has sent and that the database may not know of.

    Args:
        folder: made when it is first needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._here: dict[str, float] = {}  # kept in memory too, for a disk that can no longer be written to
        self._begun: dict[str, FileLock] = {}

    def prepare(self, message_id: str) -> bool:
        """Make sure that it can be noted that this mail was sent; False where another process is sending it.

        Raises:
            OSError: it can't be noted; the mail must not be sent now.
        """
        if message_id in self._begun:
            return True
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(message_id, _BEGUN)
        if (lock := _locked(path)) is None:
            return False
        self._begun[message_id] = lock
        with path.open("w") as file:
            file.write(message_id)
            file.flush()
            os.fsync(file.fileno())
        return True

    def interrupted(self) -> list[str]:
        """The Message-IDs of the mails whose process died before it knew whether they were accepted."""
        found = []
        for path in self._folder.glob(f"*{_BEGUN}"):
            with suppress(FileNotFoundError):
                message_id = path.read_text()
                if message_id and message_id not in self._begun and (lock := _locked(path)):
                    lock.release()
                    found.append(message_id)
        return found

    def note(self, message_id: str) -> None:
        """A server has accepted it."""
        self._here[message_id] = time.time()
        self._unlock(message_id)
        with suppress(OSError):
            self._path(message_id, _BEGUN).rename(self._path(message_id, _SENT))
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def sent(self) -> dict[str, float]:
        """The Message-IDs of the mails that were sent, and when."""
        found = {}
        for path in self._folder.glob(f"*{_SENT}"):
            with suppress(FileNotFoundError):  # another process was sooner
                found[path.read_text()] = path.stat().st_mtime
        return found | self._here

    def not_sent(self, message_id: str) -> None:
        """It was not sent, and may be prepared again."""
        with suppress(OSError):
            self._path(message_id, _BEGUN).unlink(missing_ok=True)
        self._unlock(message_id)

    def forget(self, message_id: str) -> None:
        """The database knows that it was sent."""
        self._here.pop(message_id, None)
        self.not_sent(message_id)
        with suppress(OSError):
            self._path(message_id, _SENT).unlink(missing_ok=True)

    def _unlock(self, message_id: str) -> None:
        if lock := self._begun.pop(message_id, None):
            lock.release()

    def _path(self, message_id: str, end: str) -> Path:
        return self._folder / f"{message_id.strip('<>').partition('@')[0]}{end}"


def _locked(path: Path) -> FileLock | None:
    """Lock a file; None where another process has."""
    lock = FileLock(path, blocking=False)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock
