"""The studio on several machines, or what is one to each of its parts: PostgreSQL, a Dask scheduler, a worker."""

import subprocess
import sys
from contextlib import contextmanager

import psutil
import pytest
from postgres_server import postgres
from studio_server import DEADLINE, Studio, until

from impasto.studio.jobs import State


@contextmanager
def process(folder, name, *command, **options):
    """A process and its output so far, ended with all that it started."""
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        started = subprocess.Popen(command, stdout=out, stderr=out, **options)
    try:
        yield started, log.read_text
    finally:
        family = [psutil.Process(started.pid), *psutil.Process(started.pid).children(recursive=True)]
        for member in family:
            member.kill()
        psutil.wait_procs(family, DEADLINE)


@pytest.fixture
def cluster(tmp_path, home):
    """A studio that only takes jobs, and what starts a worker for them elsewhere."""
    with postgres(tmp_path / "postgres") as database:
        dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
        arguments = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", tmp_path / "scheduler"]
        with process(tmp_path, "scheduler", *dask, *arguments):
            until((tmp_path / "scheduler").exists, "a scheduler")
            address = ""

            def listens():
                nonlocal address
                _, found, rest = (tmp_path / "scheduler").read_text().partition("tcp://")
                address = f"tcp://{rest.partition(chr(34))[0]}"
                return bool(found)

            until(listens, "the scheduler's address")
            studio = Studio(tmp_path, home, database_url=database, scheduler=address, files_url=str(tmp_path / "store"))

            def worker(name):
                command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1"]
                options = ["--no-nanny", "--no-dashboard", "--preload", "impasto.studio.painter_process"]
                return process(tmp_path, name, *command, *options, env=studio.environment)

            try:
                yield studio, worker
            finally:
                studio.close()


def test_a_worker_of_another_machine_paints_and_where_it_dies_another_does(cluster, photo):
    studio, worker = cluster
    studio.database.migrate()
    studio.start()
    job = studio.submit(photo, size=128, quality="standard")
    with worker("first") as (first, _):
        studio.when(job, lambda row: row.progress and row.progress["step"] >= 2)
        first.kill()
    with worker("second"):
        done = studio.when(job, lambda row: row.state in (State.DONE, State.FAILED))
        assert (done.state, done.attempt) == (State.DONE, 2), done.error
        until(lambda: studio.letters(job), "a mail")
    assert "painting.png" in studio.files.names(job)
    assert studio.stop()[0] == 0
