"""The bodies of requests: how many are sent at once, how fast they must come, and the disk that they will take."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import Message, Receive

from impasto.studio.configuration import Configuration
from impasto.studio.languages import later
from impasto.studio.web.problem import FULL, ProblemError
from impasto.studio.web.turns import NoTurnError, Turns
from impasto.studio.web.visitor import Visitor

# Bodies that are sent at once, and of these from one address; others wait so many seconds for their turn.
AT_ONCE, OF_ONE, PATIENCE = 40, 8, 60.0
# Bytes of a body that needs no turn.
SMALL = 65_536
# Seconds at least between the end of a body and its answer. Caddy cuts off an answer that comes in the moment in which
# it looks whether the body has ended.
SETTLE = 0.1
# Bytes a second that a client must send, once it has been slower for so many seconds.
LEAST, GRACE = 8_000, 20.0


class Bodies:
    """Those that are under way.

    Attributes:
        under_way: how many that needed a turn.
        promised: bytes of them that are still to come.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._turns = Turns(AT_ONCE, OF_ONE)
        self.under_way = self.promised = 0

    @asynccontextmanager
    async def taken(self, who: Visitor, length: int, receive: Receive) -> AsyncIterator["Body"]:
        """Take a body in, when it is its turn.

        Args:
            who: sends it.
            length: in bytes, or the most that it can have.
            receive: brings its pieces.

        Raises:
            ProblemError: it was not its turn for long (503), or there is no room for it (507).
        """
        if length <= SMALL:
            yield Body(self, 0, receive)
            return
        try:
            async with self._turns.of(who.address, PATIENCE, who.people):
                free = shutil.disk_usage(tempfile.gettempdir()).free
                if free - self.promised - length < self._configuration.min_free:
                    raise ProblemError(507, FULL)
                body = Body(self, length, receive)
                self.under_way += 1
                self.promised += length
                try:
                    yield body
                finally:
                    self.under_way -= 1
                    self.promised -= body.promised
        except NoTurnError:
            text = later("Many pictures are being sent from your network: try again in a minute.")
            raise ProblemError(503, text, {"retry-after": "60"}) from None


class Body:
    """One of them.

    Attributes:
        received: bytes so far.
        promised: bytes that are still to come.
        whole: no more will come.
    """

    def __init__(self, bodies: Bodies, length: int, receive: Receive) -> None:
        self._bodies = bodies
        self._receive = receive
        self._left = GRACE
        self.received = 0
        self.promised = length
        self.whole = False
        self._ended = 0.0

    async def receive(self) -> Message:
        """The next piece.

        Raises:
            ProblemError: the client is too slow (408).
        """
        if self.whole:  # after the body comes only the news that the client has gone
            return await self._receive()
        clock = asyncio.get_running_loop()
        began = clock.time()
        try:
            async with asyncio.timeout(self._left):
                message = await self._receive()
        except TimeoutError:
            self.whole = True
            raise ProblemError(
                408, "Your picture came too slowly: try again with a better connection, or make it smaller.",
                {"connection": "close"},
            ) from None  # fmt: skip
        size = len(message.get("body", b""))
        self._left = min(GRACE, self._left - (clock.time() - began) + size / LEAST)
        self.received += size
        come = min(size, self.promised)
        self.promised -= come
        self._bodies.promised -= come
        self.whole = not message.get("more_body", False)
        self._ended = clock.time()
        return message

    async def discard(self, seconds: float) -> bool:
        """Take the rest and forget it: who is still sending reads no answer. False where that would take longer."""
        try:
            async with asyncio.timeout(seconds):
                while not self.whole:
                    await self.receive()
        except (TimeoutError, ProblemError):
            return False
        if self.received:
            await asyncio.sleep(max(0.0, SETTLE - (asyncio.get_running_loop().time() - self._ended)))
        return True
