"""The painting as it grows: server-sent events, from one look at the database for all who watch.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from impasto.studio.jobs.database import Database
from impasto.studio.jobs.rows import ENDS, Job
from impasto.studio.web import connections
from impasto.studio.web.outlooks import Outlooks
from impasto.studio.web.state import described
from impasto.studio.web.visitor import Visitor

# Seconds between two looks; and after which an event without content keeps the connection open, through proxies too,
# and tells the page that the server lives.
LOOK, ALIVE = 0.5, 15.0
STILL_HERE = b"event: here\ndata: {}\n\n"
GONE = b"event: gone\ndata: {}\n\n"


class CrowdedError(RuntimeError):
    """So many watch that no more can; the message is one plain line."""


class Watch:
    """Tells all who watch a job when it has changed."""

    def __init__(self, database: Database, outlooks: Outlooks, root: str) -> None:
        self._database = database
        self._root = root
        self._outlooks = outlooks
        # each stream holds a connection: half of them are for other requests
        self._most = connections.room() // 2
        self._of_one = connections.room() // 8
        self._streams: Counter[str] = Counter()  # watcher → how many streams
        self._watchers: dict[str, set[asyncio.Queue[bytes]]] = defaultdict(set)
        self._latest: dict[str, bytes] = {}

    async def run(self) -> None:
        """Look at what is watched, again and again."""
        while True:
            await asyncio.sleep(LOOK)
            if not self._watchers:
                continue
            try:
                now = await run_in_threadpool(self._look, list(self._watchers))
            except SQLAlchemyError:  # it is back in a moment
                continue
            for token, event in now.items():
                if self._latest.get(token) != event:
                    self._latest[token] = event
                    for queue in self._watchers.get(token, ()):
                        while not queue.empty():  # who was slow gets the newest alone
                            queue.get_nowait()
                        queue.put_nowait(event)

    async def events(self, token: str, who: Visitor) -> AsyncIterator[bytes]:
        """What happens to a job, from its state now until it has ended or is gone.

        Args:
            token: of the job.
            who: watches.

        Raises:
            CrowdedError: too many watch already, or too many of theirs; as the first event is asked for.
        """
        if self._streams.total() >= self._most or self._streams[who.address] >= self._of_one * who.people:
            raise CrowdedError("too many people are watching: look again in a minute, the painting goes on")
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._streams[who.address] += 1
        self._watchers[token].add(queue)
        try:
            event = (await run_in_threadpool(self._look, [token]))[token]
            self._latest.setdefault(token, event)
            while True:
                yield event
                if event == GONE or (event != STILL_HERE and _ended(event)):
                    return
                event = await _next(queue)
        finally:
            self._streams -= Counter((who.address,))
            self._watchers[token].discard(queue)
            if not self._watchers[token]:
                del self._watchers[token]
                self._latest.pop(token, None)

    def _look(self, tokens: list[str]) -> dict[str, bytes]:
        with self._database.reading() as session:
            jobs = {job.token: job for job in session.scalars(select(Job).where(Job.token.in_(tokens)))}
        return {
            token: _event(described(jobs[token], self._outlooks, self._root)) if token in jobs else GONE
            for token in tokens
        }


def _event(state: dict[str, object]) -> bytes:
    return b"event: state\ndata: " + json.dumps(state).encode() + b"\n\n"


def _ended(event: bytes) -> bool:
    return json.loads(event.partition(b"data: ")[2])["state"] in ENDS


async def _next(queue: "asyncio.Queue[bytes]") -> bytes:
    """The next event, or one that only keeps the connection open."""
    try:
        return await asyncio.wait_for(queue.get(), ALIVE)
    except TimeoutError:
        return STILL_HERE
