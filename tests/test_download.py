"""Downloads from a server on this machine that behaves, cuts, lies or refuses, one request after another as told."""

import hashlib
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.download import DownloadError, download

DATA = bytes(range(256)) * 40
DIGEST = hashlib.sha256(DATA).hexdigest()

Answer = Callable[["Handler", bytes], None]


class Server(ThreadingHTTPServer):
    """Gives `data`; the first requests are answered by `answers`, all later ones as they should be."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/weights.pth"
        self.reset()

    def reset(self, *answers: Answer, data: bytes = DATA) -> str:
        self.data = data
        self.answers = list(answers)
        self.ranges: list[str | None] = []
        return self.url


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.ranges.append(self.headers.get("Range"))
        answer = self.server.answers.pop(0) if self.server.answers else whole
        answer(self, self.server.data)

    def start(self) -> int:
        """The first byte asked for."""
        return int((self.headers.get("Range") or "bytes=0-")[len("bytes=") : -1])

    def head(self, code: int, length: int | None, content_range: str | None = None) -> None:
        self.send_response(code)
        if length is not None:
            self.send_header("Content-Length", str(length))
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()


def whole(handler: Handler, data: bytes, stop: int | None = None) -> None:
    start = handler.start()
    if start == 0:
        handler.head(200, len(data))
    elif start >= len(data):
        return handler.head(416, 0, f"bytes */{len(data)}")
    else:
        handler.head(206, len(data) - start, f"bytes {start}-{len(data) - 1}/{len(data)}")
    handler.wfile.write(data[start:stop])
    return None


def cut_at(stop: int) -> Answer:
    """Promise everything, give what comes before byte `stop`, and hang up."""
    return lambda handler, data: whole(handler, data, stop)


def deaf(handler: Handler, data: bytes) -> None:
    """Ignore Range."""
    handler.head(200, len(data))
    handler.wfile.write(data)


def deaf_and_cut(handler: Handler, data: bytes) -> None:
    handler.head(200, len(data))
    handler.wfile.write(data[: len(data) // 2])


def of_no_length(handler: Handler, data: bytes) -> None:
    handler.head(200, None)
    handler.wfile.write(data)


def another_piece(handler: Handler, data: bytes) -> None:
    handler.head(206, 5, f"bytes 3-7/{len(data)}")
    handler.wfile.write(data[3:8])


def silent(handler: Handler, _: bytes) -> None:
    handler.close_connection = True


def code(number: int) -> Answer:
    return lambda handler, _: handler.head(number, 0)


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server(running: Server) -> Server:
    running.reset()
    return running


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("impasto.download._PAUSE", 0)
    monkeypatch.setenv("no_proxy", "*")


def refused(url: str, path: Path, sha256: str = DIGEST) -> str:
    """The message that a download ends with; whatever goes wrong, there is no file, and the message is one line."""
    with pytest.raises(DownloadError) as caught:
        download(url, path, sha256=sha256)
    message = str(caught.value)
    assert "\n" not in message
    assert not path.is_file()
    return message


def only(path: Path) -> bool:
    """Whether nothing but `path` is in its folder."""
    return list(path.parent.iterdir()) == [path]


def test_a_file_is_fetched_into_a_new_folder_and_its_progress_told(server: Server, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    path = tmp_path / "new" / "folder" / "weights.pth"
    assert download(server.url, path, sha256=DIGEST, progress=lambda *at: told.append(at)) == path
    assert path.read_bytes() == DATA
    assert only(path)
    assert told[0] == (0, len(DATA))
    assert told[-1] == (len(DATA), len(DATA))
    assert told == sorted(told)


@pytest.mark.parametrize("sha256", [DIGEST[:8], DIGEST.upper()])
def test_the_digest_may_be_a_prefix_and_in_capitals(server: Server, tmp_path: Path, sha256: str) -> None:
    assert download(server.url, tmp_path / "w", sha256=sha256).read_bytes() == DATA


@pytest.mark.parametrize("sha256", ["", "abc", "no digest at all"])
def test_a_digest_too_short_to_mean_anything_is_refused(tmp_path: Path, sha256: str) -> None:
    with pytest.raises(ValueError, match="hex digits"):
        download("http://127.0.0.1/", tmp_path / "w", sha256=sha256)


def test_a_file_that_is_there_and_right_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "w"
    path.write_bytes(DATA)
    download(server.url, path, sha256=DIGEST)
    assert server.ranges == []


def test_a_file_that_is_there_and_wrong_is_replaced(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "w"
    path.write_bytes(b"something else")
    download(server.url, path, sha256=DIGEST)
    assert path.read_bytes() == DATA


def test_a_cut_connection_is_taken_up_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.reset(cut_at(4000), cut_at(7000))
    path = tmp_path / "w"
    download(server.url, path, sha256=DIGEST)
    assert path.read_bytes() == DATA
    assert server.ranges == [None, "bytes=4000-", "bytes=7000-"]


def test_a_connection_cut_often_is_borne_with_as_long_as_it_gets_on(server: Server, tmp_path: Path) -> None:
    server.reset(*[cut_at(stop) for stop in range(500, len(DATA), 500)])
    assert download(server.url, tmp_path / "w", sha256=DIGEST).read_bytes() == DATA


def test_an_earlier_run_is_continued(server: Server, tmp_path: Path) -> None:
    (tmp_path / "w.part").write_bytes(DATA[:5000])
    told: list[tuple[int, int | None]] = []
    path = download(server.url, tmp_path / "w", sha256=DIGEST, progress=lambda *at: told.append(at))
    assert path.read_bytes() == DATA
    assert server.ranges == ["bytes=5000-"]
    assert told[0] == (5000, len(DATA))
    assert only(path)


def test_an_earlier_run_that_had_all_needs_no_more(server: Server, tmp_path: Path) -> None:
    (tmp_path / "w.part").write_bytes(DATA)
    assert download(server.url, tmp_path / "w", sha256=DIGEST).read_bytes() == DATA


def test_an_earlier_part_longer_than_the_file_is_dropped(server: Server, tmp_path: Path) -> None:
    (tmp_path / "w.part").write_bytes(DATA + b"more")
    assert download(server.url, tmp_path / "w", sha256=DIGEST).read_bytes() == DATA
    assert server.ranges == [f"bytes={len(DATA) + 4}-", None]


def test_a_server_that_ignores_the_range_starts_the_file_again(server: Server, tmp_path: Path) -> None:
    server.reset(cut_at(4000), deaf)
    assert download(server.url, tmp_path / "w", sha256=DIGEST).read_bytes() == DATA
    assert server.ranges == [None, "bytes=4000-"]


def test_a_server_that_gives_another_piece_is_not_believed(server: Server, tmp_path: Path) -> None:
    server.reset(cut_at(4000), another_piece)
    assert download(server.url, tmp_path / "w", sha256=DIGEST).read_bytes() == DATA
    assert server.ranges == [None, "bytes=4000-", None]


def test_a_file_of_unknown_length_arrives(server: Server, tmp_path: Path) -> None:
    server.reset(of_no_length)
    told: list[tuple[int, int | None]] = []
    path = download(server.url, tmp_path / "w", sha256=DIGEST, progress=lambda *at: told.append(at))
    assert path.read_bytes() == DATA
    assert told[-1] == (len(DATA), None)


@pytest.mark.parametrize("passing", [silent, code(503), code(429)])
def test_a_hiccup_is_got_over(server: Server, tmp_path: Path, passing: Answer) -> None:
    server.reset(passing, cut_at(3000), passing)
    assert download(server.url, tmp_path / "w", sha256=DIGEST).read_bytes() == DATA


@pytest.mark.parametrize("passing", [silent, code(503), deaf_and_cut])
def test_a_server_that_never_gets_on_is_given_up_and_the_part_kept(
    server: Server, tmp_path: Path, passing: Answer
) -> None:
    server.reset(cut_at(4000), *[passing] * 20)
    message = refused(server.url, tmp_path / "w")
    assert server.url in message
    assert "times in a row" in message
    assert str(tmp_path / "w") in message
    assert len(server.ranges) < 10
    assert (tmp_path / "w.part").stat().st_size >= 4000


def test_wrong_bytes_are_removed_and_said_to_be_wrong(server: Server, tmp_path: Path) -> None:
    server.reset(data=b"not the weights")
    message = refused(server.url, tmp_path / "w")
    assert "not the expected file" in message
    assert list(tmp_path.iterdir()) == []
    server.reset()
    assert download(server.url, tmp_path / "w", sha256=DIGEST).read_bytes() == DATA


def test_a_wrong_earlier_part_is_removed_so_that_the_next_run_starts_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "w.part").write_bytes(b"?" * 100)
    refused(server.url, tmp_path / "w")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_the_server_lacks_is_not_asked_for_again(server: Server, tmp_path: Path) -> None:
    server.reset(code(404))
    message = refused(server.url, tmp_path / "w")
    assert "404" in message
    assert len(server.ranges) == 1


def test_offline_it_says_which_address_and_where_to_put_the_file_by_hand(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound and not listening: nobody answers here
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/weights.pth"
        message = refused(url, tmp_path / "w")
    assert url in message
    assert "can't be reached" in message
    assert f"put it at {tmp_path / 'w'}" in message


@pytest.mark.parametrize("url", ["file:///etc/hostname", "weights.pth", "ftp://127.0.0.1/w"])
def test_other_kinds_of_address_are_refused(tmp_path: Path, url: str) -> None:
    assert "http" in refused(url, tmp_path / "w")


def test_a_place_that_cannot_be_written_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    path = tmp_path / "file" / "w"
    assert str(path) in refused(server.url, path)
    folder = tmp_path / "folder"
    folder.mkdir()
    assert str(folder) in refused(server.url, folder)
    assert server.ranges == []


ANOTHER = """
import sys
from pathlib import Path
from impasto.download import download
url, path, digest = sys.argv[1:]
download(url, Path(path), sha256=digest, progress=lambda done, total: print(done, total, flush=True))
"""


@pytest.mark.parametrize("end", ["ends", "is killed"])
def test_two_processes_that_want_the_same_file_do_not_write_to_it_together(
    server: Server, tmp_path: Path, end: str
) -> None:
    go_on = threading.Event()

    def halting(handler: Handler, data: bytes) -> None:
        handler.head(200, len(data))
        handler.wfile.write(data[:5000])
        go_on.wait(60)
        with suppress(OSError):
            handler.wfile.write(data[5000:])

    server.reset(halting)
    path = tmp_path / "w"
    command = [sys.executable, "-c", ANOTHER, server.url, str(path), DIGEST]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as second,
    ):
        assert first.stdout is not None
        assert second.stdout is not None
        lines = [next(each.stdout) for each in (first, second) if each.stdout]
        # one is connected; the other waits, and tells how far that one is
        assert sorted(line.split()[1] for line in lines) == [str(len(DATA)), "None"]
        assert server.ranges == [None]
        if end == "is killed":
            (first if "None" in lines[1] else second).kill()
        go_on.set()
        first.communicate(timeout=60)
        second.communicate(timeout=60)
    assert sorted([first.returncode, second.returncode]) == ([0, 0] if end == "ends" else [-9, 0])
    assert path.read_bytes() == DATA
    assert only(path)
    assert server.ranges[1:] == ([] if end == "ends" else ["bytes=5000-"])


@settings(max_examples=30, deadline=None)
@given(data=st.binary(max_size=3000), cuts=st.lists(st.integers(0, 3000), max_size=3), had=st.integers(0, 3000))
def test_however_it_is_cut_the_file_comes_out_whole(running: Server, data: bytes, cuts: list[int], had: int) -> None:
    running.reset(*map(cut_at, cuts), data=data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "w")
        path.with_name("w.part").write_bytes(data[:had])
        assert download(running.url, path, sha256=hashlib.sha256(data).hexdigest()).read_bytes() == data
        assert only(path)
