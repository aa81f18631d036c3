"""Clients that are slow, stop half-way, or send too much: they cost nobody else an answer, and the log no lines."""

import resource
import shutil
import socket
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import repeat

import httpx
import pytest
from studio_server import Studio
from studio_web import Web, picture, until

from impasto.studio.uploads import pool as uploads
from impasto.studio.web import bodies, connections, guard

HALF = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
FORM = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n\r\n'


@pytest.fixture
def serving(tmp_path):
    """Start a server, which may know clients apart by X-Forwarded-For."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(Web(tmp_path, **settings).serving())


@pytest.fixture
def connect():
    """Open a connection and send something; all are closed at the end."""
    opened = []

    def call(url, *sent):
        host, _, port = url.removeprefix("http://").partition(":")
        connection = socket.create_connection((host, int(port)), timeout=60)
        opened.append(connection)
        for data in sent:
            connection.sendall(data)
        return connection

    yield call
    for connection in opened:
        connection.close()


def all_of(connection):
    """What is answered until the connection is closed."""
    found = b""
    try:
        while piece := connection.recv(1 << 16):
            found += piece
    except ConnectionResetError:
        pass
    return found


def takes(connection, pieces):
    """Whether a server takes all of these, and does not close the connection."""
    try:
        for piece in pieces:
            connection.sendall(piece)
    except OSError:
        return False
    return True


def upload(length, sent, path="/api/check", forwarded="198.51.100.1"):
    """The beginning of an upload that says that it is so long."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nX-Forwarded-For: {forwarded}\r\n"
    return head.encode() + b"Content-Type: multipart/form-data; boundary=x\r\n\r\n" + FORM + bytes(sent)


@pytest.mark.slow
def test_eleven_hundred_half_sent_heads_keep_nobody_out(tmp_path, home, connect):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2048:
        pytest.skip("a test needs 1,100 connections here, and this machine allows fewer open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    studio = Studio(tmp_path, home)
    try:
        studio.start(open_files=1024)
        for _ in range(1100):
            connect(studio.address, HALF)
        for _ in range(3):
            assert httpx.get(studio.address, timeout=30).status_code == 200
        assert "out of system resource" not in studio.log()
        assert "Traceback" not in studio.log()
    finally:
        studio.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    "sent", [b"", HALF, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + HALF], ids=["nothing", "new", "kept"]
)
def test_a_head_must_come_soon(serving, connect, monkeypatch, sent):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    web = serving()
    all_of(connect(web.url, sent))  # ends


def test_a_head_that_is_too_long_is_refused(serving, connect):
    web = serving()
    connection = connect(web.url, HALF)
    assert not takes(connection, [b"a" * 20_000] * 10_000)
    until(lambda: not web.server.server_state.connections)
    answer = all_of(connect(web.url, HALF, b"a" * connections.LONGEST_HEAD, b"\r\n\r\n"))
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"connection: close" in answer
    cookie = b"a" * (connections.LONGEST_HEAD // 2)
    whole = connect(web.url, HALF, cookie, b"\r\nConnection: close\r\n\r\n")
    assert all_of(whole).startswith(b"HTTP/1.1 200 ")


def test_what_follows_a_body_is_bounded_too(serving, connect):
    web = serving()
    connection = connect(
        web.url, b"POST /api/check HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    )
    assert not takes(connection, (b"X-Trailer-%d: %s\r\n" % (number, b"a" * 2000) for number in range(100_000)))


def test_of_many_that_wait_the_newest_is_answered(serving, connect, monkeypatch):
    monkeypatch.setattr(connections, "room", lambda: 40)
    web = serving()
    for _ in range(100):
        connect(web.url, HALF)
    assert httpx.get(web.url, timeout=60).status_code == 200
    until(lambda: len(web.server.server_state.connections) <= 40)


def test_a_body_that_stalls_is_given_up(serving, connect, monkeypatch):
    monkeypatch.setattr(bodies, "GRACE", 0.5)
    web = serving()
    answer = all_of(connect(web.url, upload(40_000_000, 5_000_000)))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert web.bodies.promised == 0
    assert httpx.post(f"{web.url}/api/check", files={"photo": picture()}, timeout=60).status_code == 200


def test_a_body_that_is_broken_off_is_forgotten(serving, connect):
    web = serving()
    for _ in range(2 * bodies.OF_ONE):
        connection = connect(web.url, upload(40_000_000, 2_000_000))
        until(lambda: web.bodies.promised)
        connection.close()
        until(lambda: not web.bodies.promised)


def test_what_is_being_sent_takes_disk_before_it_is_there(serving, connect, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=100_000_000)
    web = serving()
    web.configuration.min_free = 30_000_000
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    connect(web.url, upload(40_000_000, 0))
    until(lambda: web.bodies.promised > 39_000_000)
    files = {"photo": bytes(35_000_000)}
    answer = httpx.post(f"{web.url}/api/check", files=files, timeout=60)
    assert (answer.status_code, "disk is full" in answer.json()["detail"]) == (507, True)
    assert httpx.post(f"{web.url}/api/check", files={"photo": picture()}, timeout=60).status_code == 200


def test_one_address_sends_few_at_once_and_others_go_on(serving, connect, monkeypatch):
    monkeypatch.setattr(bodies, "PATIENCE", 0.5)
    web = serving(trusted_proxy=True)
    for _ in range(3 * bodies.OF_ONE):
        connect(web.url, upload(40_000_000, 70_000))
    until(lambda: web.bodies.under_way == bodies.OF_ONE)
    large = {"photo": bytes(200_000)}
    headers = {"x-forwarded-for": "198.51.100.1"}
    answer = httpx.post(f"{web.url}/api/check", files=large, headers=headers, timeout=60)
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    other = {"x-forwarded-for": "198.51.100.2"}
    assert httpx.post(f"{web.url}/api/check", files=large, headers=other, timeout=60).status_code == 422


def test_pictures_of_one_address_keep_no_other_from_being_read(serving, monkeypatch):
    go_on = threading.Event()
    read, begun = uploads.decode, []

    def slow(data, **named):
        begun.append(data)
        if data == large:
            go_on.wait(120)
        return read(data, **named)

    monkeypatch.setattr(uploads, "decode", slow)
    web = serving(trusted_proxy=True)
    large, small = picture(size=(100, 100)), picture(size=(40, 40))

    def check(data, address):
        headers = {"x-forwarded-for": address}
        return httpx.post(f"{web.url}/api/check", files={"photo": data}, headers=headers, timeout=120).status_code

    with ThreadPoolExecutor(12) as senders:
        answers = [senders.submit(check, large, "198.51.100.1") for _ in range(12)]
        try:
            until(lambda: begun)
            assert check(small, "198.51.100.2") == 200
            assert begun.count(large) == 1
        finally:
            go_on.set()
        assert Counter(answer.result() for answer in answers) == {200: 12}


def test_an_answer_that_nobody_reads_is_given_up(serving, connect, monkeypatch):
    monkeypatch.setattr(connections, "STALL_SECONDS", 0.5)
    web = serving()
    token = httpx.post(f"{web.url}/api/paintings", files={"photo": picture()}, timeout=60).json()["token"]
    web.files.write(web.row(token).id, "painting.png", bytes(30_000_000))
    ask = f"GET /api/paintings/{token}/image?kind=painting&format=png HTTP/1.1\r\nHost: localhost\r\n\r\n"
    connect(web.url, ask.encode())
    until(lambda: web.server.server_state.connections)
    until(lambda: not web.server.server_state.connections)
    whole = httpx.get(f"{web.url}/api/paintings/{token}/image?kind=painting&format=png", timeout=60)
    assert len(whole.content) == 30_000_000


def test_after_an_early_answer_no_body_is_taken_for_ever(serving, connect, monkeypatch):
    monkeypatch.setattr(guard, "LINGER", 0.5)
    web = serving(max_upload=100_000)
    head = b"POST /api/check HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000000\r\n\r\n"
    connection = connect(web.url, head)
    answer = connection.recv(1 << 16)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert not takes(connection, repeat(bytes(1000), 900_000))


def test_a_refusal_reaches_who_is_still_sending(serving):
    web = serving(max_upload=1_000_000)
    for _ in range(5):
        answer = httpx.post(f"{web.url}/api/check", files={"photo": bytes(20_000_000)}, timeout=60)
        assert (answer.status_code, "1 MB" in answer.json()["detail"]) == (413, True)


def test_many_and_large_fields_are_not_kept(serving):
    web = serving()
    for path in ("/api/paintings", "/"):
        for fields in ([("note", "a" * 500_000)] * 8, [(f"f{n}", "a") for n in range(200)]):
            files = [(name, (None, value)) for name, value in fields]
            answer = httpx.post(f"{web.url}{path}", files=files, timeout=60)
            assert answer.status_code == 400, path


def test_side_by_side_no_more_watch_than_may(serving, connect, monkeypatch):
    monkeypatch.setattr(connections, "room", lambda: 160)
    web = serving(trusted_proxy=True)
    token = httpx.post(f"{web.url}/api/paintings", files={"photo": picture()}, timeout=60).json()["token"]

    def watch(address):
        head = f"GET /api/paintings/{token}/events HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {address}\r\n\r\n"
        return connect(web.url, head.encode()).recv(12)

    with ThreadPoolExecutor(50) as all_at_once:
        answers = Counter(all_at_once.map(watch, ["198.51.100.1"] * 50))
        assert answers == {b"HTTP/1.1 200": 20, b"HTTP/1.1 503": 30}
        answers = Counter(all_at_once.map(watch, [f"198.51.100.{number}" for number in range(2, 92)]))
    assert answers == {b"HTTP/1.1 200": 60, b"HTTP/1.1 503": 30}


def test_the_errors_of_clients_are_no_lines_in_the_log(serving, connect, caplog):
    web = serving()
    upgrade = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    for sent in (b"\x16\x03\x01 no HTTP\r\n\r\n", upgrade, b"GET  HTTP/9\r\n\r\n", upload(9_000_000, 70_000)):
        for _ in range(20):
            connect(web.url, sent).close()
    for _ in range(20):
        httpx.get(web.url, timeout=60)
    until(lambda: not web.server.server_state.tasks)
    assert [record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []
