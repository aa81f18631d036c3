"""What a mail server has accepted, until the database knows of it too: a file a mail, in a folder of this machine.

In the moment in which a server accepts a mail the database may be locked, away or read-only. So the file of a mail is
made before it is sent, while not sending it does no harm yet; it is renamed as soon as the server has accepted it, and
deleted when the mail's row says so.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

_BEGUN, _SENT = ".part", ".sent"
# Seconds after which a file is of a process that died while it sent.
_LEFT = 86400.0


class Journal:
    """The mails that this process, or one before it, has sent and that the database may not know of.

    Args:
        folder: made when it is first needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._here: dict[str, float] = {}  # for a disk that can't be written to any more
        with suppress(OSError):
            for path in folder.glob(f"*{_BEGUN}"):
                if time.time() - path.stat().st_mtime > _LEFT:
                    path.unlink()

    def prepare(self, message_id: str) -> None:
        """Make sure that it can be noted that this mail was sent.

        Raises:
            OSError: it can't; the mail must not be sent now.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._path(message_id, _BEGUN).open("w") as file:
            file.write(message_id)
            file.flush()
            os.fsync(file.fileno())

    def note(self, message_id: str) -> None:
        """A server has accepted it."""
        self._here[message_id] = time.time()
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
            with suppress(FileNotFoundError):  # by another process, which was sooner
                found[path.read_text()] = path.stat().st_mtime
        return found | self._here

    def forget(self, message_id: str) -> None:
        """It was not sent, or the database knows."""
        self._here.pop(message_id, None)
        for end in (_BEGUN, _SENT):
            with suppress(OSError):
                self._path(message_id, end).unlink(missing_ok=True)

    def _path(self, message_id: str, end: str) -> Path:
        return self._folder / f"{message_id.strip('<>').partition('@')[0]}{end}"
