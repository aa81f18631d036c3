"""`impasto serve` as a process, and what a test asks of it: jobs, painters, mails."""

import os
import signal
import subprocess
import sys
import time
from email import policy
from email.parser import BytesParser
from pathlib import Path

import psutil
from sqlalchemy import select

from impasto import images
from impasto.studio.configuration import Configuration
from impasto.studio.jobs import queue
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.folders import Files
from impasto.studio.jobs.rows import Job
from impasto.studio.mail.outbox import Mail

# Seconds until a test gives up on what it waits for: painters give way to all else that the machine does.
DEADLINE = 200


def until(true, what):
    """Wait for a condition; answers with what it gave."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.05)
    raise AssertionError(f"in vain: {what}")


class Studio:
    """A server on a folder of its own, which can be killed and started again."""

    def __init__(self, folder, home, **settings):
        self.folder = Path(folder)
        self.mails_folder, self.log_file = self.folder / "mails", self.folder / "log"
        settings = {
            "data_dir": folder,
            "mail_folder": self.mails_folder,
            "lease_seconds": 8,
            "painter_threads": 1,
            "sketches": False,
        } | settings
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("IMPASTO_")}
        self.environment |= {f"IMPASTO_{name.upper()}": str(value) for name, value in settings.items()}
        self.environment["IMPASTO_HOME"] = str(home)
        self.configuration = Configuration(**settings)
        self.files = Files(self.configuration.files)
        self.database = Database(self.configuration.database)
        self.server = None
        self.address = ""

    def start(self, open_files=None, port=0):
        """Begin; with so many open files at most, on any port that is free or on one that was its own before."""
        limit = ["prlimit", f"--nofile={open_files}"] if open_files else []
        with self.log_file.open("ab") as log:
            self.server = subprocess.Popen(
                [*limit, sys.executable, "-m", "impasto", "serve", "--port", str(port)],
                stdout=subprocess.PIPE, stderr=log, env=self.environment, start_new_session=True,
            )  # fmt: skip
        self.address = self.server.stdout.readline().decode().strip()
        assert self.address.startswith("http://127.0.0.1:"), self.log()
        return self

    def log(self):
        return self.log_file.read_text()

    def painters(self):
        """The processes that paint."""
        children = psutil.Process(self.server.pid).children(recursive=True)
        alive = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
        return [child for child in alive if "spawn_main" in " ".join(child.cmdline())]

    def stop(self, number=signal.SIGTERM):
        """End the server; answers with its exit code and how long it took, when none of its processes is left.

        Signals that can be handled go to its painters too, as from a terminal or a service manager.
        """
        family = psutil.Process(self.server.pid).children(recursive=True)
        began = time.monotonic()
        if number == signal.SIGKILL:
            self.server.kill()
        else:
            os.killpg(self.server.pid, number)
        code = self.server.wait(DEADLINE)
        took = time.monotonic() - began
        _, alive = psutil.wait_procs(family, DEADLINE)
        assert alive == []
        return code, took

    def close(self):
        if self.server and self.server.poll() is None:
            self.stop(signal.SIGKILL)
        self.database.close()

    def submit(self, photo, styles=(("night", 1.0, None),), size=64, quality="draft", **changes):
        """Ask for a painting, as the web does; a style is its name, its weight, and the path of its picture."""
        listed = [
            {"name": name, "weight": weight, "file": path and f"style-{number}.png"}
            for number, (name, weight, path) in enumerate(styles)
        ]
        asked = {
            "settings": {"quality": quality, "size": size}, "styles": listed, "width": size, "height": size * 3 // 4,
            "email": "anna@example.org", "submitter": "anna", "owner": "anna", "now": time.time(), "keep_days": 7,
            "max_waiting": 100, "confirmed": True,
        }  # fmt: skip
        with self.database.session() as session:
            job = queue.submit(session, **asked | changes)
            self.files.write(job.id, "photo.png", images.encode(images.read(photo).pixels, "png"))
            for number, (_, _, path) in enumerate(styles):
                if path:
                    self.files.write(job.id, f"style-{number}.png", path.read_bytes())
        return job.id

    def job(self, number):
        with self.database.reading() as session:
            return session.get(Job, number)

    def when(self, number, true):
        """The job, as soon as something is true of it."""

        def look():
            job = self.job(number)
            assert self.server is None or self.server.poll() is None, self.log()
            return job if true(job) else None

        return until(look, f"job {number}: {self.job(number).state}, {self.job(number).progress}")

    def mails(self, number):
        """The rows of the outbox that are of a job."""
        with self.database.reading() as session:
            return list(session.scalars(select(Mail).where(Mail.job_id == number)))

    def letters(self, number):
        """The mails that were written about a job."""
        page = f"/p/{self.job(number).token}"
        found = [BytesParser(policy=policy.default).parsebytes(p.read_bytes()) for p in self.mails_folder.glob("*.eml")]
        return [mail for mail in found if page in mail.get_body(("plain",)).get_content()]
