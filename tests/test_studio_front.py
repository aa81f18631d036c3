"""What a proxy in front changes, and what a client claims of it: paths, schemes, hosts, addresses of many people."""

import os
import signal
import socket

import httpx
import pytest
from processes import line
from sqlalchemy import select
from studio_web import Web, picture

from impasto.studio.jobs.rows import Job
from impasto.studio.lessons.worker import LessonError, Lessons
from impasto.studio.networks import shared

PAGE, JSON = {"accept": "text/html"}, {"accept": "application/json"}


def ask(web, **headers):
    """Ask for a painting as a browser that is new."""
    return httpx.post(f"{web.url}/api/paintings", files={"photo": picture()}, headers=headers, timeout=60)


def test_the_path_before_it_may_be_taken_away_by_the_proxy_or_not(tmp_path):
    with Web(tmp_path, public_url="https://example.org/a/studio/").serving() as web:
        for prefix in ("", "/a/studio"):
            page = web.client.get(f"{prefix}/", headers=PAGE)
            assert page.status_code == 200
            assert 'href="/a/studio/static/studio.css"' in page.text
            assert web.client.get(f"{prefix}/static/studio.css").status_code == 200
            token = web.client.post(f"{prefix}/api/paintings", files={"photo": picture()}).json()["token"]
            refusal = web.client.get(f"{prefix}/api/nothing", headers=PAGE)  # of the API, JSON whatever is asked for
            assert (refusal.status_code, "detail" in refusal.json()) == (404, True)
            answer = web.client.post(f"{prefix}/p/{token}/cancel")
            assert (answer.status_code, answer.headers["location"]) == (303, f"/a/studio/p/{token}")
        for path, to in (
            ("/a/studio", "/a/studio/"),
            ("/a/studio/mine/", "/a/studio/mine"),
            ("/mine/", "/a/studio/mine"),
        ):
            assert web.client.get(path).headers["location"] == to
        assert "path=/a/studio" in ask(web).headers["set-cookie"].lower()


@pytest.mark.parametrize("path", ["//evil.example/", "/%5Cevil.example/", "/%2F%2Fevil.example/", "/\\evil.example/"])
def test_no_redirect_leads_to_another_site(tmp_path, path):
    with Web(tmp_path, host="0.0.0.0").serving() as web:
        answer = web.client.get(path, headers={"host": "evil.example"})
        to = answer.headers.get("location", "/")
        assert to.startswith("/")
        assert not to.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    ("settings", "known", "unknown"),
    [
        ({}, ["x.localhost"], ["paint.example"]),
        ({"host": "::1"}, [], ["paint.example"]),
        (
            {"host": "localhost", "public_url": "https://Paint.example:8443/a"},
            ["paint.example", "PAINT.example.:9"],
            [],
        ),
        ({"public_url": "https://paint.example"}, ["paint.example", "paint.example:443"], ["a.paint.example"]),
        ({"host": "0.0.0.0"}, ["paint.example", "evil.example", "impasto-0"], []),
    ],
)
def test_a_studio_on_loopback_answers_to_its_names_alone(tmp_path, settings, known, unknown):
    with Web(tmp_path, **settings).serving() as web:
        everywhere = ["127.0.0.1", "127.8.9.1:80", "[::1]:80", "10.0.0.5:8000", "LocalHost:1", "localhost."]
        evil = ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example",
                "127.0.0.1@evil.example", "evil.example:x", "[::1", "evillocalhost", "1.evil"]  # fmt: skip
        if settings.get("host") == "0.0.0.0":
            evil = []
        for host in (*everywhere, *known):
            for path in ("/healthz", "/api/styles"):
                assert web.client.get(path, headers={"host": host}).status_code == 200, host
        for host in (*evil, *unknown):
            for method, path in (("GET", "/"), ("GET", "/healthz"), ("POST", "/api/paintings")):
                answer = web.client.request(method, path, headers={"host": host})
                assert answer.status_code == 421, host
            assert "IMPASTO_PUBLIC_URL" in answer.json()["detail"]
            assert web.client.get("/", headers={**PAGE, "host": host}).headers["x-frame-options"] == "DENY"


def test_a_probe_without_a_host_is_answered(tmp_path):
    with Web(tmp_path).serving() as web, socket.create_connection(("127.0.0.1", web.port)) as connection:
        connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert b" 200 " in connection.recv(100)


@pytest.mark.parametrize(
    ("trusted", "lines", "secure"),
    [
        (True, ["https"], True), (True, ["http", "https"], True), (True, ["http, https"], True),
        (True, ["https", "http"], False), (True, ["https, http"], False), (True, [], False), (True, ["ftp"], False),
        (False, ["https"], False),
    ],
)  # fmt: skip
def test_only_a_trusted_proxy_says_that_people_use_https(tmp_path, trusted, lines, secure):
    with Web(tmp_path, trusted_proxy=trusted).serving() as web:
        headers = [("x-forwarded-proto", each) for each in lines]
        answer = httpx.post(f"{web.url}/api/paintings", files={"photo": picture()}, headers=headers, timeout=60)
        assert ("secure" in answer.headers["set-cookie"].lower()) == secure


def test_a_form_is_taken_where_the_proxy_drops_the_port_of_the_host(tmp_path):
    with Web(tmp_path, trusted_proxy=True, public_url="https://h.example:1").serving() as web:
        for host, origin, status in (
            ("h.example", "https://h.example:8443", 422), ("H.Example", "https://h.example:8443", 422),
            ("h.example", "https://h.example", 422), ("h.example:8443", "https://h.example:9443", 403),
            ("h.example", "https://other.example:8443", 403), ("h.example", "https://h.example:x", 403),
            ("h.example:x", "https://h.example", 403), ("", "null", 403),
        ):  # fmt: skip
            headers = {**JSON, "host": host, "origin": origin}
            answer = web.client.post("/", files={"style": "x"}, headers=headers)
            assert answer.status_code == status, (host, origin)


def test_limits_count_the_people_behind_an_address_as_the_operator_says(tmp_path):
    settings = {"jobs_per_hour": 1, "trusted_proxy": True, "shared_addresses": "203.0.113.0/24=3, 2001:db8::/48=2"}
    with Web(tmp_path, **settings).serving() as web:
        for address, most in (("203.0.113.7", 3), ("2001:db8:0:1::5", 2), ("198.51.100.1", 1)):
            answers = [ask(web, **{"x-forwarded-for": address}) for _ in range(most + 1)]
            assert [answer.status_code for answer in answers] == [201] * most + [429]
            assert f"{most} paintings an hour" in answers[-1].json()["detail"]
        with web.database.reading() as session:
            submitters = [job.submitter for job in session.scalars(select(Job).order_by(Job.id))]
        assert len(set(submitters[:5])) == 5  # each has a turn of its own
        assert submitters[5].startswith("address ")


def test_a_class_is_not_told_that_the_questions_were_one_persons(tmp_path):
    lessons = Lessons(tmp_path)
    try:
        asked = [lessons.ask("class", signal.pause, people=3) for _ in range(12)]
        with pytest.raises(LessonError, match="Many people are asking"):
            lessons.ask("class", os.getpid, people=3)
    finally:
        lessons.close()
    assert all(isinstance(each.exception(60), LessonError) for each in asked)
    try:
        asked = [lessons.ask("one", signal.pause) for _ in range(6)]
        with pytest.raises(LessonError) as refusal:
            lessons.ask("one", os.getpid)
        assert "your questions" not in str(refusal.value)
        assert "from your network" in str(refusal.value)
    finally:
        lessons.close()


@pytest.mark.parametrize("wrong", ["203.0.113.7", "203.0.113.7=0", "203.0.113.7=many", "somewhere=3", "1.2.3.4/99=3"])
def test_networks_that_make_no_sense_are_refused(run, wrong):
    with pytest.raises(ValueError, match=r"."):
        shared(wrong)
    finished = run("serve", "--help-settings", IMPASTO_SHARED_ADDRESSES=wrong)
    assert finished.returncode == 2
    assert "IMPASTO_SHARED_ADDRESSES" in line(finished)
