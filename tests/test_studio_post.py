"""One mail is sent once, whatever the database, the disk or the server does in the moment in which it is accepted."""

import asyncio
import gc
import os
import sqlite3
import threading
import time
from contextlib import contextmanager, nullcontext, suppress

import psycopg
import pytest
from postgres_server import binaries, postgres
from smtp_server import Mailbox, serve
from sqlalchemy import delete, event, select, update
from sqlalchemy.exc import SQLAlchemyError

from impasto.studio.configuration import Configuration
from impasto.studio.jobs import attempts, queue
from impasto.studio.jobs.attempts import Attempt
from impasto.studio.jobs.database import Database
from impasto.studio.jobs.folders import Files
from impasto.studio.jobs.rows import Job
from impasto.studio.mail import server as mail_server
from impasto.studio.mail.outbox import Mail
from impasto.studio.mail.post import Post


class Killed(BaseException):
    """What a process does not live to see."""


class Server(Mailbox):
    """An SMTP server that does something else, such as to lock the database, before it says that it took a mail."""

    def __init__(self):
        super().__init__()
        self.before_it_answers = lambda: None

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        self.accepted.append(envelope)
        await asyncio.to_thread(self.before_it_answers)
        return "250 OK"


@pytest.fixture
def server():
    mailbox = Server()
    controller, mailbox.port = serve(mailbox)
    yield mailbox
    controller.stop()


class OnSQLite:
    """A database that others lock, or that becomes read-only."""

    def __init__(self, folder):
        self.path = folder / "studio.db"
        self.url = f"sqlite:///{self.path}"
        self.read_only = False

    def hurry(self, database):
        """Wait less long for a lock than the studio does."""

        @event.listens_for(database.engine, "checkout")
        def _set(connection, _record, _proxy):
            connection.execute("PRAGMA busy_timeout=50")
            connection.execute(f"PRAGMA query_only={self.read_only}")

    @contextmanager
    def locked(self):
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.close()

    @contextmanager
    def only_read(self):
        self.read_only = True
        yield
        self.read_only = False


class OnPostgreSQL:
    """The same in PostgreSQL."""

    def __init__(self, url):
        self.url = f"{url}&options=-c%20lock_timeout%3D50"
        self.plain = url.replace("+psycopg", "")

    def hurry(self, database):
        pass

    @contextmanager
    def locked(self):
        with psycopg.connect(self.plain) as connection:
            connection.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
            yield
            connection.rollback()

    @contextmanager
    def only_read(self):
        def become(value):
            with psycopg.connect(self.plain, autocommit=True) as connection:
                connection.execute("SET default_transaction_read_only = off")
                connection.execute(f"ALTER DATABASE postgres SET default_transaction_read_only = {value}")
                others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                connection.execute(f"{others} AND datname = 'postgres'")

        become("on")
        yield
        become("off")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(request, tmp_path_factory):
    if request.param == "sqlite":
        yield OnSQLite(tmp_path_factory.mktemp("jobs"))
    elif binaries() is None and not os.environ.get("CI"):
        pytest.skip("no PostgreSQL here; apt-get install postgresql brings it")
    else:
        with postgres(tmp_path_factory.mktemp("postgres")) as url:
            yield OnPostgreSQL(url)


@pytest.fixture
def database(place):
    database = Database(place.url)
    place.hurry(database)
    database.migrate()
    with database.session() as session:
        session.execute(delete(Job))
    yield database
    database.close()


@pytest.fixture
def new_post(tmp_path, place, database, server):
    """Makes what sends the mails, as each process has it anew."""
    configuration = Configuration(
        data_dir=tmp_path / "data", database_url=place.url, smtp_host="127.0.0.1", smtp_port=server.port,
        smtp_security="none",
    )  # fmt: skip
    configuration.data_dir.mkdir()
    return lambda: Post(configuration, database, Files(configuration.files), threading.Event())


def a_mail(database):
    now = time.time()
    with database.session() as session:
        job = queue.submit(
            session, settings={}, styles=[{"name": "ink", "weight": 1.0, "file": None}], width=64, height=48,
            email="anna@example.org", submitter="a", owner="a", now=now, keep_days=7, max_waiting=9, confirmed=True,
        )  # fmt: skip
    with database.session() as session:
        queue.claim(session, now, 30)
        attempts.fail(session, Attempt(job.id, 1), now, "it went wrong")


def row(database):
    with database.reading() as session:
        return session.scalars(select(Mail)).one()


def deliver_later(post, database):
    """Look at the outbox when all that was taken to be sent is due again."""
    with database.session() as session:
        session.execute(update(Mail).values(next_try=0))
    post.deliver(time.time())


@pytest.mark.parametrize("how", ["locked", "only_read"])
@pytest.mark.parametrize("again", ["the same process", "another process"])
def test_a_database_that_cannot_be_written_to_as_a_mail_is_accepted_has_no_other_sent(
    place, database, server, new_post, how, again
):
    a_mail(database)
    post = new_post()
    broken = getattr(place, how)()
    server.before_it_answers = broken.__enter__
    with suppress(SQLAlchemyError):
        post.deliver(time.time())
    for _ in range(2):  # it stays so for a while
        with suppress(SQLAlchemyError):
            post.deliver(time.time())
    server.before_it_answers = lambda: None
    broken.__exit__(None, None, None)
    deliver_later(post if again == "the same process" else new_post(), database)
    assert len(server.accepted) == 1
    assert (row(database).tries, row(database).error) == (1, None)
    assert row(database).sent == pytest.approx(time.time(), abs=600)
    deliver_later(post, database)
    assert len(server.accepted) == 1


def test_nothing_is_sent_that_could_not_be_remembered(database, server, new_post, tmp_path):
    a_mail(database)
    (tmp_path / "data" / "sent").write_text("in the way of its folder")
    post = new_post()
    post.deliver(time.time())
    assert server.accepted == []
    assert (row(database).sent, row(database).tries) == (None, 1)
    (tmp_path / "data" / "sent").unlink()
    for _ in range(2):
        deliver_later(post, database)
    assert len(server.accepted) == 1
    assert list((tmp_path / "data" / "sent").iterdir()) == []


def test_a_disk_that_is_full_or_read_only_as_well_costs_no_second_mail_while_the_process_lives(
    place, database, server, new_post, tmp_path
):
    a_mail(database)
    post = new_post()
    folder = tmp_path / "data" / "sent"

    def all_breaks():
        broken.__enter__()
        folder.rename(tmp_path / "gone")

    broken = place.only_read()
    server.before_it_answers = all_breaks
    with suppress(SQLAlchemyError):
        post.deliver(time.time())
    server.before_it_answers = lambda: None
    broken.__exit__(None, None, None)
    deliver_later(post, database)
    assert len(server.accepted) == 1
    assert row(database).sent is not None


def test_a_server_that_takes_long_to_accept_is_waited_for(database, server, new_post, monkeypatch):
    monkeypatch.setattr(mail_server, "SILENCE", 0.3)
    server.before_it_answers = lambda: threading.Event().wait(1)
    a_mail(database)
    post = new_post()
    post.deliver(time.time())
    assert row(database).sent is not None
    deliver_later(post, database)
    assert len(server.accepted) == 1


def test_a_mail_whose_process_died_while_it_sent_it_is_sent_at_the_next_start(database, server, new_post):
    a_mail(database)

    def killed(_letter):
        raise Killed

    post = new_post()
    post._sending = lambda: nullcontext(killed)
    with pytest.raises(Killed):
        post.deliver(time.time())
    new_post().deliver(time.time())  # beside one that sends it
    assert server.accepted == []
    del post  # and with it what it held
    gc.collect()
    new_post().deliver(time.time())
    assert len(server.accepted) == 1
    assert row(database).sent is not None
