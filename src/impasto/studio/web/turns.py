"""Turns: few do a thing at once, and nobody who wants it often keeps others from it."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class NoTurnError(Exception):
    """It was not one's turn for too long."""


class Turns:
    """Gives turns round robin over who waits.

    Args:
        at_once: that are had at once.
        of_one: of these, by the same one at most.
    """

    def __init__(self, at_once: int, of_one: int) -> None:
        self._free = at_once
        self._of_one = of_one
        self._had: Counter[str] = Counter()
        self._most: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # the one who is next comes first

    @asynccontextmanager
    async def of(self, who: str, patience: float, people: int = 1) -> AsyncIterator[None]:
        """Have a turn, as soon as there is one.

        Args:
            who: wants it.
            patience: seconds.
            people: that this one stands for; so many times as many turns may be theirs.

        Raises:
            NoTurnError: there was none for so many seconds.
        """
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(turn)
        self._most[who] = self._of_one * people
        self._give()
        try:
            await asyncio.wait((turn,), timeout=patience)
            if not turn.done():
                raise NoTurnError
            yield
        finally:
            if turn.done():
                self._free += 1
                self._had -= Counter((who,))  # and who has none is forgotten
                self._give()
            else:
                self._forget(who, turn)

    def _give(self) -> None:
        """Give the turns that are free to those who wait."""
        for who in list(self._waiting):
            if self._free and self._had[who] < self._most[who]:
                turn = self._waiting[who][0]
                self._forget(who, turn)
                if who in self._waiting:  # the next of theirs is after all others
                    self._waiting[who] = self._waiting.pop(who)
                self._free -= 1
                self._had[who] += 1
                turn.set_result(None)

    def _forget(self, who: str, turn: "asyncio.Future[None]") -> None:
        self._waiting[who].remove(turn)
        if not self._waiting[who]:
            del self._waiting[who], self._most[who]
