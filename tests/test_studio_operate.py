"""The studio's commands for who runs it, as processes: its settings, its jobs, a backup and what comes back of it."""

import json
import subprocess
import time

import pytest
from processes import line, ok

from impasto.studio.configuration import Configuration
from impasto.studio.jobs import attempts, queue
from impasto.studio.jobs.attempts import Attempt
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.folders import Files


@pytest.fixture
def studio(tmp_path):
    """A folder with a job that has failed and one that waits, and how to open it."""
    configuration = Configuration(data_dir=tmp_path / "data")
    database, files = Database(configuration.database), Files(configuration.files)
    database.migrate()
    for email in ("anna@example.org", None):
        with database.session() as session:
            job = queue.submit(
                session, settings={"quality": "draft"}, styles=[{"name": "ink", "weight": 1.0, "file": None}], width=64,
                height=48, email=email, submitter="anna", owner="anna", now=time.time(), keep_days=7, max_waiting=9,
                confirmed=email is not None,
            )  # fmt: skip
            files.write(job.id, "photo.png", b"pixels")
    with database.session() as session:
        job = queue.claim(session, time.time(), 30)
        attempts.fail(session, Attempt(job.id, job.attempt), time.time(), "it went wrong")
    yield tmp_path / "data"
    database.close()


def test_jobs_are_listed_shown_cancelled_tried_again_and_deleted(run, studio):
    def jobs(*arguments):
        return run("jobs", *arguments, IMPASTO_DATA_DIR=str(studio))

    rows = json.loads(ok(jobs("list", "--json")))
    assert [(row["job"], row["state"]) for row in rows] == [(2, "waiting"), (1, "failed")]
    assert "token" not in json.dumps(rows)
    assert "64 × 48" in ok(jobs("list"))
    assert [row["job"] for row in json.loads(ok(jobs("list", "--state", "failed", "--json")))] == [1]
    shown = json.loads(ok(jobs("show", "1", "--json")))
    assert (shown["error"], shown["files"]) == ("it went wrong", ["photo.png"])
    assert [(mail["kind"], mail["to"]) for mail in shown["mails"]] == [("failed", "anna@example.org")]
    assert "it went wrong" in ok(jobs("show", "1"))
    ok(jobs("retry", "1"))
    ok(jobs("cancel", "2"))
    assert [row["state"] for row in json.loads(ok(jobs("list", "--json")))] == ["cancelled", "waiting"]
    assert "job 2" in ok(jobs("purge", "2"))
    assert not (studio / "files" / "2").exists()
    assert "nothing" in ok(jobs("purge"))
    assert [row["job"] for row in json.loads(ok(jobs("list", "--json")))] == [1]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["jobs", "show", "99"], 2, "no job 99"),
        (["jobs", "cancel", "1"], 2, "failed can't become cancelled"),
        (["jobs", "retry", "2"], 2, "waiting can't become waiting"),
        (["jobs", "list", "--state", "asleep"], 2, "waiting, painting"),
        (["jobs", "list", "--settings", "nowhere"], 2, "no file nowhere"),
        (["backup", "no/such/folder/a.tar.gz"], 1, "No such file"),
    ],
)
def test_misuse_is_one_line(run, studio, arguments, code, words):
    finished = run(*arguments, IMPASTO_DATA_DIR=str(studio))
    assert finished.returncode == code
    assert words in line(finished)


def test_settings_come_from_the_environment_before_the_file(run, tmp_path):
    file = tmp_path / "impasto.env"
    file.write_text(f"IMPASTO_DATA_DIR={tmp_path / 'of-the-file'}\nIMPASTO_PAINTERS=3\n")
    ok(run("jobs", "list", "--settings", file))
    assert (tmp_path / "of-the-file" / "studio.db").exists()
    ok(run("jobs", "list", "--settings", file, IMPASTO_DATA_DIR=str(tmp_path / "of-the-environment")))
    assert (tmp_path / "of-the-environment" / "studio.db").exists()
    finished = run("jobs", "list", IMPASTO_PAINTERS="none")
    assert finished.returncode == 2
    assert "IMPASTO_PAINTERS" in line(finished)
    finished = run("jobs", "list", IMPASTO_DATABASE_URL="nonsense")
    assert finished.returncode == 1
    assert "IMPASTO_DATABASE_URL" in line(finished)


def test_every_setting_is_documented_with_its_default(run):
    text = ok(run("serve", "--help-settings"))
    for name, field in Configuration.model_fields.items():
        assert f"IMPASTO_{name.upper()}=" in text
        assert field.description in text


def test_a_backup_that_is_unpacked_is_the_studio_as_it_was(run, studio, tmp_path):
    (studio / "work" / "1").mkdir(parents=True)
    (studio / "work" / "1" / "checkpoint.json").write_text("{}")
    (studio / "secret").write_text("the key")
    ok(run("backup", tmp_path / "studio.tar.gz", IMPASTO_DATA_DIR=str(studio)))
    (tmp_path / "restored").mkdir()
    subprocess.run(["tar", "-xzf", tmp_path / "studio.tar.gz", "-C", tmp_path / "restored"], check=True)
    before, after = (
        json.loads(ok(run("jobs", "list", "--json", IMPASTO_DATA_DIR=str(folder))))
        for folder in (studio, tmp_path / "restored")
    )
    assert before == after
    assert (tmp_path / "restored" / "files" / "1" / "photo.png").read_bytes() == b"pixels"
    assert (tmp_path / "restored" / "secret").read_text() == "the key"
    assert not any((tmp_path / "restored" / "work").glob("*"))
    assert [path.name for path in tmp_path.glob("*.tar.gz*")] == ["studio.tar.gz"]


@pytest.mark.parametrize("name", ["studio.db", "mine.tar.gz"])
def test_a_backup_replaces_no_file(run, studio, name):
    (studio / "mine.tar.gz").write_bytes(b"mine")
    before = (studio / name).read_bytes()
    finished = run("backup", studio / name, IMPASTO_DATA_DIR=str(studio))
    assert (finished.returncode, "is there already; give another name" in line(finished)) == (2, True)
    assert (studio / name).read_bytes() == before


def test_a_backup_of_nothing_is_refused(run, tmp_path):
    finished = run("backup", tmp_path / "a.tar.gz", IMPASTO_DATA_DIR=str(tmp_path / "empty"))
    assert finished.returncode == 1
    assert "IMPASTO_DATA_DIR" in line(finished)
    assert not (tmp_path / "a.tar.gz").exists()
