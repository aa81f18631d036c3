"""What has expired is gone, and so is what is left of a job that is; what is somebody's stays."""

import threading
import time

import pytest

from impasto.studio.configuration import Configuration
from impasto.studio.jobs import queue
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.expiry import UNCLAIMED, Expiry
from impasto.studio.jobs.folders import Files
from impasto.studio.jobs.rows import Job


@pytest.fixture
def parts(tmp_path):
    configuration = Configuration(data_dir=tmp_path)
    database, files = Database(configuration.database), Files(configuration.files)
    database.migrate()
    yield configuration, database, files, Expiry(configuration, database, files, threading.Event())
    database.close()


def submit(parts, keep_days):
    configuration, database, files, _ = parts
    with database.session() as session:
        job = queue.submit(
            session, settings={}, styles=[], width=64, height=48, email=None, submitter="a", owner="a", now=time.time(),
            keep_days=keep_days, max_waiting=9,
        )  # fmt: skip
        files.write(job.id, "photo.png", b"pixels")
    (configuration.work / str(job.id)).mkdir(parents=True)
    return job.id


def left(parts, number):
    """What there is of a job: its row, its files, its checkpoint."""
    configuration, database, files, _ = parts
    with database.reading() as session:
        row = session.get(Job, number)
    return [row is not None, bool(files.names(number)), (configuration.work / str(number)).exists()]


def test_all_of_a_job_goes_when_its_time_is_over(parts):
    short, long = submit(parts, 1), submit(parts, 7)
    expiry = parts[3]
    expiry.look(time.time())
    assert left(parts, short) == left(parts, long) == [True] * 3
    expiry.look(time.time() + 2 * 86400)
    assert left(parts, short) == [False] * 3
    assert left(parts, long) == [True] * 3


def test_one_that_is_being_painted_stays_until_it_has_ended(parts):
    number = submit(parts, 1)
    _, database, _, expiry = parts
    with database.session() as session:
        queue.claim(session, time.time(), 30)
    expiry.look(time.time() + 2 * 86400)
    assert left(parts, number) == [True] * 3


def test_files_of_no_job_go_after_a_while_and_not_before(parts):
    configuration, _, files, expiry = parts
    files.write(99, "photo.png", b"of a submission that was broken off, or is just being made")
    now = time.time()
    expiry.look(now)
    expiry.look(now + UNCLAIMED / 2)
    assert left(parts, 99) == [False, True, False]
    expiry.look(now + UNCLAIMED + 1)
    assert left(parts, 99) == [False] * 3
    assert not (configuration.work / "99").exists()
