"""The studio on several machines, or what is one to each of its parts: PostgreSQL, a Dask scheduler, a worker."""

import os
import subprocess
import sys
from contextlib import contextmanager

import psutil
import pytest
from distributed import Client, Security
from postgres_server import postgres
from studio_server import DEADLINE, Studio, until

from impasto.studio.jobs.rows import State


@contextmanager
def process(folder, name, *command, **options):
    """A process, ended with all that it started."""
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        started = subprocess.Popen(command, stdout=out, stderr=out, **options)
    try:
        yield started
    finally:
        family = [psutil.Process(started.pid), *psutil.Process(started.pid).children(recursive=True)]
        for member in family:
            member.kill()
        psutil.wait_procs(family, DEADLINE)


@pytest.fixture
def tls(tmp_path):
    """The environment of Dask's processes and of the studio's, in which they know each other as docs/studio.md says."""
    key, certificate = tmp_path / "dask.key", tmp_path / "dask.crt"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=impasto"]
    try:
        subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl here to make a certificate with")
    roles = {
        f"DASK_DISTRIBUTED__COMM__TLS__{role}__{name}": str(path)
        for role in ("SCHEDULER", "WORKER", "CLIENT") for name, path in (("CERT", certificate), ("KEY", key))
    }  # fmt: skip
    return {
        "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true",
        "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(certificate), **roles,
    }  # fmt: skip


@pytest.fixture
def cluster(tmp_path, home, tls):
    """A studio that only takes jobs; a client of its Dask scheduler, and that one's two workers by name."""
    with postgres(tmp_path / "postgres") as database:
        dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
        arguments = ["--host", "tls://127.0.0.1", "--port", "0", "--no-dashboard"]
        arguments += ["--scheduler-file", tmp_path / "scheduler"]
        with process(tmp_path, "scheduler", *dask, *arguments, env=os.environ | tls):
            until((tmp_path / "scheduler").exists, "a scheduler")
            address = ""

            def listens():
                nonlocal address
                _, found, rest = (tmp_path / "scheduler").read_text().partition("tls://")
                address = f"tls://{rest.partition(chr(34))[0]}"
                return bool(found)

            until(listens, "the scheduler's address")
            studio = Studio(tmp_path, home, database_url=database, scheduler=address, files_url=str(tmp_path / "store"))
            studio.environment |= tls
            certificate, key = str(tmp_path / "dask.crt"), str(tmp_path / "dask.key")
            known = Security(
                require_encryption=True, tls_ca_file=certificate, tls_client_cert=certificate, tls_client_key=key
            )

            def worker(name):
                command = [
                    sys.executable,
                    "-m",
                    "distributed.cli.dask_worker",
                    address,
                    "--nthreads",
                    "1",
                    "--name",
                    name,
                ]
                options = ["--no-nanny", "--no-dashboard", "--preload", "impasto.studio.painters.preload"]
                return process(tmp_path, name, *command, *options, env=studio.environment)

            try:
                with (
                    worker("one") as one,
                    worker("two") as two,
                    Client(address, set_as_default=False, security=known) as client,
                ):
                    until(lambda: len(client.nthreads()) == 2, "two workers")
                    yield studio, client, {"one": one, "two": two}
            finally:
                studio.close()


def painting(client):
    """The names of the workers that paint."""
    workers = client.scheduler_info()["workers"]
    return [workers[address]["id"] for address, keys in client.processing().items() if "paint" in str(keys)]


def test_where_a_machine_dies_another_goes_on_and_no_two_have_the_same_attempt(cluster, photo):
    studio, client, workers = cluster
    studio.database.migrate()
    studio.start()
    job = studio.submit(photo, size=192, quality="standard")
    studio.when(job, lambda row: row.progress and row.progress["step"] >= 2)
    (name,) = painting(client)
    workers[name].kill()
    done = studio.when(job, lambda row: row.state in (State.DONE, State.FAILED))
    assert (done.state, done.attempt) == (State.DONE, 2), done.error
    until(lambda: studio.letters(job), "a mail")
    assert "painting.png" in studio.files.names(job)
    assert studio.stop()[0] == 0
