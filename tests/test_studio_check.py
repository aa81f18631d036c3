"""`impasto serve --check`: each part of a studio is tried, by real servers, and nothing stays of it."""

import os
import stat
from itertools import takewhile

import pytest
from neighbour import NOBODY, needs_root
from postgres_server import binaries, postgres
from processes import line, ok
from smtp_server import Mailbox, serve

from impasto.studio.check import checked
from impasto.studio.configuration import Configuration
from impasto.studio.jobs.database import Database


@pytest.fixture
def smtp():
    mailbox = Mailbox()
    controller, port = serve(mailbox)
    yield mailbox, {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
    controller.stop()


def found(data, file=None, **settings):
    """The findings by their parts; no painter is started."""
    configuration = Configuration(_env_file=file, data_dir=data, **settings)
    findings = takewhile(lambda finding: finding.part != "links", checked(configuration, file))
    return {finding.part: finding for finding in findings}


def test_a_studio_that_would_work_is_right_in_each_part_and_nothing_stays(run, tmp_path, smtp):
    mailbox, settings = smtp
    data = tmp_path / "data"
    settings |= {"data_dir": data, "public_url": "https://paint.example.org", "mail_from": "impasto@example.org"}
    done = run("serve", "--check", **{f"IMPASTO_{name.upper()}": str(value) for name, value in settings.items()})
    lines = ok(done).splitlines()
    assert [text.split()[:2] for text in lines] == [
        ["right", part] for part in ("settings", "folder", "database", "pictures", "disk", "mail", "links", "painter")
    ]
    assert lines[5].endswith("takes mails from impasto@example.org; none was sent")
    assert "one painted 64 px in" in lines[7]
    assert mailbox.accepted == []
    assert list((data / "files").rglob("*")) == []
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    database = Database(f"sqlite:///{data / 'studio.db'}")
    with database.engine.connect() as connection:
        assert database.engine.dialect.get_table_names(connection) == []
    database.close()


def test_each_setting_that_means_nothing_is_named(run, tmp_path):
    done = run("serve", "--check", IMPASTO_DATA_DIR=str(tmp_path / "data"), IMPASTO_PORT="a", IMPASTO_SCHEDULER="b:1")
    assert done.returncode == 1
    assert [text[:26] for text in done.stdout.decode().splitlines()] == [
        "WRONG  settings  IMPASTO_P", "WRONG  settings  IMPASTO_S",
    ]  # fmt: skip
    assert line(done) == "impasto: not right: settings; the rest is tried when they are"
    assert not (tmp_path / "data").exists()
    assert run("serve", "--check", "--settings", tmp_path / "nowhere").returncode == 2


def test_what_is_wrong_is_named_with_its_fix(tmp_path, smtp):
    mailbox, settings = smtp
    (tmp_path / "file").write_text("in the way")
    env = tmp_path / "impasto.env"
    env.write_text("IMPASTO_SMPT_HOST=mail.example.org\n")
    env.chmod(0o600)
    given = settings | {"files_url": str(tmp_path / "file" / "folder"), "min_free": 10**18, "smtp_security": "starttls"}
    findings = found(tmp_path / "data", env, **given)
    assert {part for part, finding in findings.items() if finding.right} == {"folder", "database"}
    said = {part: finding.said for part, finding in findings.items()}
    assert said["settings"] == "IMPASTO_SMPT_HOST is no setting; did you mean IMPASTO_SMTP_HOST?"
    assert said["pictures"].endswith("Not a directory; see IMPASTO_FILES_URL")
    assert said["disk"].endswith("make room, or set IMPASTO_MIN_FREE")
    assert "offers no STARTTLS; set IMPASTO_SMTP_SECURITY=tls" in said["mail"]
    assert mailbox.accepted == []
    assert found(tmp_path / "data", database_url="nothing")["database"].said.startswith(
        "IMPASTO_DATABASE_URL is no URL"
    )


@needs_root
def test_who_is_not_the_studios_user_changes_nothing(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, NOBODY, NOBODY)
    findings = found(data)
    assert "impasto serve --check" in findings["folder"].said
    assert "database" not in findings
    assert list(data.iterdir()) == []


def test_a_server_of_databases_is_tried_and_its_tables_stay_as_they_are(tmp_path):
    if binaries() is None and not os.environ.get("CI"):
        pytest.skip("no PostgreSQL here; apt-get install postgresql brings it")
    with postgres(tmp_path / "postgres") as url:
        assert found(tmp_path / "data", database_url=url)["database"].right
        database = Database(url)
        with database.engine.connect() as connection:
            assert database.engine.dialect.get_table_names(connection) == []
        database.migrate()
        database.close()
        assert found(tmp_path / "data", database_url=url)["database"].right
        locked = found(tmp_path / "data", database_url=f"{url}&options=-c%20default_transaction_read_only%3Don")
        assert not locked["database"].right
        assert "read-only transaction; see IMPASTO_DATABASE_URL" in locked["database"].said
        gone = found(tmp_path / "data", database_url=url.replace("/postgres?", "/nobodys?"))
        assert 'database "nobodys" does not exist; see IMPASTO_DATABASE_URL' in gone["database"].said
