"""Connections: a client that is slow to ask or to read, or asks at great length, holds none for long.

How fast a request's body must come, `bodies` says.
"""

import asyncio
import logging
import resource
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Seconds until the head of a request must be there; and in which a client must have read an answer, or so many bytes a
# second of it.
HEAD_SECONDS, STALL_SECONDS, LEAST = 10.0, 30.0, 8_000
# Bytes of a head, all its headers and the address together.
LONGEST_HEAD = 32_768
# Files that the process needs beside connections: the database's, those of uploads, pipes to its painters and decoders.
RESERVE = 400
# Of the files that a service may open; more take time to count through where a process is started.
MOST_FILES = 65_536
TOO_LONG = b"The head of this request is too long.\n"

# What clients do wrong is no line of the log; what we do wrong is.
logging.getLogger("uvicorn.error.clients").setLevel(logging.ERROR)


def open_more_files() -> None:
    """Let this process open as many files as the system allows it to, within reason."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def room() -> int:
    """How many connections can be open at once."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(32, (MOST_FILES if soft == resource.RLIM_INFINITY else min(soft, MOST_FILES)) - RESERVE)


def server_config(app: ASGIApp, *, trusted_proxy: bool) -> uvicorn.Config:
    """How the application is served.

    Args:
        app: the application.
        trusted_proxy: all connections are a proxy's, and by their address not told apart.
    """
    crowd = Crowd(room(), room() if trusted_proxy else room() // 2)
    return uvicorn.Config(
        app, http=cast("type[asyncio.Protocol]", partial(Connection, crowd)), ws="none", log_config=None,
        access_log=False, server_header=False, proxy_headers=False, backlog=2048, port=0,
    )  # fmt: skip


class Crowd:
    """All connections; where there are too many, the one that has waited longest without asking for anything goes.

    Args:
        most: connections.
        of_one: of one address.
    """

    def __init__(self, most: int, of_one: int) -> None:
        self._most, self._of_one = most, of_one
        self._of: Counter[str] = Counter()
        self._idle: dict[Connection, None] = {}  # the one that has waited longest comes first

    def enter(self, connection: "Connection") -> bool:
        """Let a new connection in; False where there is no room, and nobody can go."""
        host = connection.host
        if self._of[host] >= self._of_one:
            room = self._leave_one(host)
        else:
            room = self._of.total() < self._most or self._leave_one(None)
        if room:
            self._of[host] += 1
        return room

    def leave(self, connection: "Connection") -> None:
        """A connection that was let in has ended."""
        self._of -= Counter((connection.host,))
        self.asks(connection)

    def waits(self, connection: "Connection") -> None:
        """It asks for nothing."""
        self._idle[connection] = None

    def asks(self, connection: "Connection") -> None:
        """It asks for something, whose answer is not there yet."""
        self._idle.pop(connection, None)

    def _leave_one(self, host: str | None) -> bool:
        for connection in self._idle:
            if host in (None, connection.host):
                connection.give_up()
                return True
        return False


class Connection(HttpToolsProtocol):
    """Uvicorn's, with an end to its patience."""

    def __init__(self, crowd: Crowd, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.logger = logging.getLogger("uvicorn.error.clients")
        self.host = ""
        self._crowd = crowd
        self._inside = False
        self._in_body = self._completed = False
        self._head = self._sent = 0  # bytes so far: of what is understood of it, and of what was sent
        self._until: asyncio.TimerHandle | None = None  # when the head must be there
        self._reading: asyncio.TimerHandle | None = None  # when something of the answer must have been read

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has come."""
        super().connection_made(transport)
        self.host = self.client[0] if self.client else ""
        self._inside = self._crowd.enter(self)
        if not self._inside:
            self.give_up()
            return
        self._crowd.waits(self)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Somebody has gone."""
        self._leave()
        for timer in (self._until, self._reading, self.timeout_keep_alive_task):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def give_up(self) -> None:
        """End it at once."""
        self._leave()
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Something was sent."""
        if self.transport.is_closing():
            return
        if not self._in_body and self._until is None:
            self._await_head()
        self._completed = False  # a message, by these bytes
        super().data_received(data)
        if not self._in_body and not self._completed and not self.transport.is_closing():
            self._sent += len(data)  # the parser says nothing about a header without an end
            if self._sent > LONGEST_HEAD:
                self.send_400_response("")

    def on_message_begin(self) -> None:
        """A request begins."""
        self._head = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Its address, or a part of it."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or what is like one after the body."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """All of the head is there."""
        if self._until is not None:
            self._until.cancel()
            self._until = None
        self._in_body = True
        self._crowd.asks(self)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of the body is there."""
        self._in_body, self._completed, self._sent = False, True, 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """All of the answer is on its way."""
        super().on_response_complete()
        if self._inside and not self.pipeline and not self.transport.is_closing():
            self._crowd.waits(self)

    def send_400_response(self, msg: str) -> None:
        """What was sent is no request, or too long."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.give_up()  # the answer is half sent
        elif max(self._head, self._sent) > LONGEST_HEAD:
            head = f"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: {len(TOO_LONG)}\r\n"
            self.transport.write(head.encode() + b"content-type: text/plain\r\nconnection: close\r\n\r\n" + TOO_LONG)
            self.transport.close()
        else:
            super().send_400_response(msg)

    def pause_writing(self) -> None:
        """The client does not read as fast as we write."""
        super().pause_writing()
        self._await_reading(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """It has read."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        super().resume_writing()

    def _leave(self) -> None:
        if self._inside:
            self._inside = False
            self._crowd.leave(self)

    def _count(self, size: int) -> None:
        self._head += size
        if self._head > LONGEST_HEAD:
            raise ValueError("too long")  # the parser stops, and `send_400_response` is called

    def _await_head(self) -> None:
        def look() -> None:
            if self.cycle is None or self.cycle.response_complete:
                self.give_up()
            else:  # it gets its answer first
                self._await_head()

        self._until = self.loop.call_later(HEAD_SECONDS, look)

    def _await_reading(self, unread: int) -> None:
        def look() -> None:
            now = self.transport.get_write_buffer_size()
            if now <= unread - LEAST * STALL_SECONDS:
                self._await_reading(now)
            else:
                self.give_up()

        self._reading = self.loop.call_later(STALL_SECONDS, look)
