"""The limits of the studio hold where many ask at once, and where a client says of itself what it likes."""

import asyncio
import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest
from postgres_server import binaries, postgres
from sqlalchemy import delete, select
from studio_web import Web, picture

from impasto.studio.jobs import limits, queue
from impasto.studio.jobs.rows import Job
from impasto.studio.mail import consent
from impasto.studio.mail.mailboxes import mailbox
from impasto.studio.mail.outbox import Mail
from impasto.studio.uploads.pool import Decoded
from impasto.studio.web import intake

TOGETHER = 25
# All of one mailbox.
EMAILS = [f"{'anna' if number % 2 else 'Anna'}+{number}@Example.org" for number in range(TOGETHER)]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request, tmp_path_factory):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('limits') / 'studio.db'}"
    elif binaries() is None and not os.environ.get("CI"):
        pytest.skip("no PostgreSQL here; apt-get install postgresql brings it")
    else:
        with postgres(tmp_path_factory.mktemp("postgres")) as url:
            yield url


@pytest.fixture
def webs(url, tmp_path):
    """Start two servers on the same jobs, with limits."""
    with ExitStack() as stack:

        def started(**settings):
            settings |= {"database_url": url, "files_url": str(tmp_path / "files"), "secret": "shared"}
            both = [stack.enter_context(Web(tmp_path, **settings).serving()) for _ in range(2)]
            with both[0].database.session() as session:
                session.execute(delete(Job))
                session.execute(delete(limits.Use))
            return both

        yield started


@pytest.fixture
def together(monkeypatch):
    """Hold every submission that is not refused at once until all of them have come so far."""
    come = []

    async def decoded(*_, **__):
        come.append(None)
        end = time.monotonic() + 60
        while len(come) < TOGETHER:
            assert time.monotonic() < end, f"{len(come)} came"
            await asyncio.sleep(0.01)
        return Decoded(picture("png"), picture("webp"), 60, 40, (60, 40))

    monkeypatch.setattr(intake, "decoded", decoded)


def answers(webs, emails):
    """The statuses that submissions get which are sent side by side, to both servers, by an unknown browser each."""

    def send(number):
        files, data = {"photo": ("a.png", b"a picture")}, {"email": emails[number]}
        return httpx.post(f"{webs[number % 2].url}/api/paintings", files=files, data=data, timeout=120).status_code

    with ThreadPoolExecutor(TOGETHER) as senders:
        return Counter(senders.map(send, range(TOGETHER)))


def waiting(web):
    with web.database.reading() as session:
        return queue.waiting(session)


@pytest.mark.usefixtures("together")
def test_side_by_side_no_more_jobs_are_taken_from_an_address(webs):
    servers = webs(jobs_per_hour=5)
    assert answers(servers, [""] * TOGETHER) == {201: 5, 429: 20}
    assert waiting(servers[0]) == len(servers[0].files.jobs()) == 5


@pytest.mark.usefixtures("together")
def test_side_by_side_no_more_mails_are_promised_to_an_address_and_its_sub_addresses(webs):
    servers = webs(jobs_per_hour=100, mails_per_day=2)
    assert answers(servers, EMAILS) == {201: 2, 429: 23}
    assert waiting(servers[0]) == 2


@pytest.mark.usefixtures("together")
def test_side_by_side_a_mailbox_is_asked_no_more_often(webs):
    servers = webs(jobs_per_hour=100, mails_per_day=100)
    assert answers(servers, EMAILS) == {201: consent.ASKED_A_DAY, 429: TOGETHER - consent.ASKED_A_DAY}
    with servers[0].database.reading() as session:
        assert len(list(session.scalars(select(Mail)))) == consent.ASKED_A_DAY


@pytest.mark.usefixtures("together")
def test_side_by_side_no_more_jobs_wait_than_may(webs):
    servers = webs(jobs_per_hour=100, max_waiting=4)
    assert answers(servers, [""] * TOGETHER) == {201: 4, 503: 21}
    assert waiting(servers[0]) == len(servers[0].files.jobs()) == 4


def test_a_mailbox_has_many_addresses():
    same = ["anna@example.org", "Anna@EXAMPLE.org", " anna+1@example.org", "anna+a+b@example.org", "anna+@example.org"]
    assert {mailbox(address) for address in same} == {"anna@example.org"}
    assert mailbox("a.n.na+1@googlemail.com") == mailbox("anna@gmail.com")
    others = ["an.na@example.org", "+1@example.org", "+2@example.org", "anna@example.com", "anna-1@example.org"]
    assert len({mailbox(address) for address in (*others, "anna@example.org")}) == 6


def forwarded(web, *lines):
    """The status of a submission through a proxy, whose headers are these lines; each is of an unknown browser."""
    headers = [("x-forwarded-for", line) for line in lines]
    files = {"photo": ("a.png", picture("png"))}
    return httpx.post(f"{web.url}/api/paintings", files=files, headers=headers, timeout=60).status_code


def test_of_many_forwarded_addresses_the_last_is_the_proxys_own(tmp_path):
    with Web(tmp_path, jobs_per_hour=1, trusted_proxy=True).serving() as web:
        assert forwarded(web, "203.0.113.1", "198.51.100.1") == 201  # as HAProxy sends it: a line of its own
        assert forwarded(web, "203.0.113.2", "198.51.100.1") == 429
        assert forwarded(web, "203.0.113.3, 203.0.113.4", "198.51.100.9, 198.51.100.1") == 429
        assert forwarded(web, "198.51.100.1", "198.51.100.2") == 201
        for same in ("198.51.100.2:5062", "::ffff:198.51.100.2", "[::ffff:c633:6402]:80"):
            assert forwarded(web, same) == 429, same
        assert forwarded(web, "::ffff:198.51.100.3") == 201  # not of the same network as all of IPv4
        assert forwarded(web, "[2001:db8::1]:443") == 201
        assert forwarded(web, "2001:db8::2") == 429
        assert forwarded(web, "unknown") == 201  # what is no address is the proxy itself
        for same in ("", "198.51.100.7,", "_hidden", "another"):
            assert forwarded(web, same) == 429, same


def test_without_a_trusted_proxy_nobody_says_where_they_come_from(tmp_path):
    with Web(tmp_path, jobs_per_hour=1).serving() as web:
        assert forwarded(web, "198.51.100.1") == 201
        assert forwarded(web, "198.51.100.2") == 429
