"""The web half of a studio on a free port of loopback, with its rows and files, and without painters."""

import io
import threading
import time
from contextlib import contextmanager

import httpx
import numpy as np
import uvicorn
from PIL import Image
from sqlalchemy import delete, select

from impasto.studio.configuration import Configuration
from impasto.studio.jobs import attempts, limits, queue
from impasto.studio.jobs.attempts import Attempt
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.folders import Files
from impasto.studio.jobs.rows import Job
from impasto.studio.web.app import create_app
from impasto.studio.web.connections import server_config


class Web:
    """The web half of a studio on a free port, its rows and its files."""

    def __init__(self, folder, **settings):
        self.configuration = Configuration(
            **{"data_dir": folder, "mail_folder": folder / "mails", "min_free": 0, "sketches": False, **settings}
        )
        self.database, self.files = Database(self.configuration.database), Files(self.configuration.files)
        self.database.migrate()

    @contextmanager
    def serving(self):
        self.application = app = create_app(self.configuration, self.database, self.files)
        server = uvicorn.Server(server_config(app, trusted_proxy=self.configuration.trusted_proxy))
        self.server, self.bodies = server, app.state.bodies
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        self.port, self.url = port, f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.url, timeout=60)
        try:
            yield self
        finally:
            self.client.close()
            server.should_exit = True
            thread.join()

    def forget(self):
        """Have no jobs, and no memory of who asked for what."""
        with self.database.session() as session:
            session.execute(delete(Job))
            session.execute(delete(limits.Use))

    def row(self, token):
        with self.database.reading() as session:
            return session.scalar(select(Job).where(Job.token == token))

    def claimed(self):
        with self.database.session() as session:
            job = queue.claim(session, time.time(), 30)
        return job, Attempt(job.id, job.attempt)

    def painted(self, token):
        """Do what a painter does."""
        job, attempt = self.claimed()
        assert job.token == token
        for name in ("painting.png", "painting.jpg", "painting-view.webp", "thumb.webp"):
            self.files.write(job.id, name, picture(name.rpartition(".")[2]))
        with self.database.session() as session:
            assert attempts.finish(session, attempt, time.time(), 5.0)


def until(true):
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def picture(kind="png", size=(60, 40), **options):
    y, x = np.mgrid[: size[1], : size[0]]
    pixels = np.stack([x * 3 % 256, y * 5 % 256, (x + y) % 256], 2).astype(np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, {"jpg": "JPEG"}.get(kind, kind.upper()), **options)
    return data.getvalue()
