"""The lessons' heavy work: what a network makes of a picture, computed in a process of its own.

One worker at a low priority, started when it is first needed, keeps its networks warm. What is asked waits in a short
queue; who comes when that is full is told so at once. Work that takes too long ends with its process, and the next
question gets a new one.
"""

import json
import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from impasto.files import written
from impasto.studio.painters.priority import WAITS

WAITING = 12
"""Questions that may wait at once, those under way included."""
OF_ONE = 6
"""Of these, from one address: nobody keeps all others from asking; a class may share an address."""
SECONDS = 60
"""That one may take, the first one's loading of the networks included."""
IDLE = 600
"""Seconds without a question after which the worker ends: it holds half a gigabyte."""
POLITE = 10
"""The worker's priority: after the web, and before the painters, who are at it for minutes."""
FIRST_TO_GO = 700
"""Of -1000 to 1000: where memory runs out, it ends before the painters do."""

Answer = dict[str, Any]


class LessonError(Exception):
    """A question that is not answered now; the message is one plain sentence."""


class QuestionError(ValueError):
    """A question that has no answer, such as about a picture that is too small; the message is one plain line."""


class Lessons:
    """Answers questions about pictures, one after the other, in another process.

    Args:
        folder: where answers are kept that will be asked for again.
        seconds: how long one may take.
        idle: how long the worker waits for the next, in seconds.
    """

    def __init__(self, folder: Path, seconds: int = SECONDS, idle: float = IDLE) -> None:
        self.folder, self.seconds, self.idle = folder, seconds, idle
        self._lock = threading.RLock()
        self._pool: ProcessPoolExecutor | None = None
        self._waiting: Counter[str] = Counter()  # who asked → how many answers are waited for
        self._clock: threading.Timer | None = None
        self._shared: dict[str, Future[Answer]] = {}

    def ask(self, who: str, work: Callable[..., Answer], *given: Any, people: int = 1) -> "Future[Answer]":
        """Have `work(*given)` done by the worker; both must be picklable.

        Args:
            who: whose question it is, such as an address.
            work: a function.
            given: its arguments.
            people: that `who` stands for; so many times as many questions may be theirs.

        Returns:
            What will be the answer; or LessonError, where the process died or took too long; or QuestionError, where
            `work` raised ValueError.

        Raises:
            LessonError: too many are waiting, or too many of theirs.
        """
        with self._lock:
            if self._waiting[who] >= OF_ONE * people:
                raise LessonError("Many questions from your network are waiting: ask again in a few seconds.")
            return self._ask(who, work, given)

    def kept(self, name: str, work: Callable[..., Answer], *given: Any) -> "Future[Answer]":
        """The same, but what was answered under this name before is answered again, from the disk.

        Raises:
            LessonError: too many are waiting.
        """
        path = self.folder / f"{name}.json"
        with self._lock:
            if name in self._shared:  # many who ask the same at once wait for one answer
                return self._shared[name]
            if path.is_file():
                ready: Future[Answer] = Future()
                ready.set_result(json.loads(path.read_bytes()))
                return ready
            answer = self._shared[name] = self._ask("", work, given)
            answer.add_done_callback(lambda answer: self._keep(name, path, answer))
            return answer

    def close(self) -> None:
        """End the worker, whatever it is doing; who asks afterwards gets a new one."""
        self._end(busy=True)

    def _end(self, busy: bool = False) -> None:
        with self._lock:
            if self._pool is None or (self._waiting and not busy):
                return
            pool, self._pool = self._pool, None
            self._life.close()
            self._watch_the_clock(False)
        pool.shutdown(wait=True, cancel_futures=True)

    def _watch_the_clock(self, idle: bool) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
        if idle and self._pool is not None:
            self._clock = threading.Timer(self.idle, self._end)
            self._clock.daemon = True
            self._clock.start()

    def _ask(self, who: str, work: Callable[..., Answer], given: tuple[Any, ...]) -> "Future[Answer]":
        if self._waiting.total() >= WAITING:
            raise LessonError("Many people are asking at the moment: try again in a few seconds.")
        answer: Future[Answer] = Future()
        answer.set_running_or_notify_cancel()  # one who goes away must not cancel it for the others
        try:
            done = self._started().submit(_within, self.seconds, work, given)
        except BrokenProcessPool:  # it died while nobody was asking
            self._pool = None
            done = self._started().submit(_within, self.seconds, work, given)
        self._waiting[who] += 1
        self._watch_the_clock(False)
        pool = self._pool
        done.add_done_callback(lambda done: self._answered(done, answer, pool, who))
        return answer

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            held, self._life = context.Pipe(duplex=False)
            self._pool = ProcessPoolExecutor(1, context, _begin, (held,))
        return self._pool

    def _answered(
        self, done: "Future[Answer]", answer: "Future[Answer]", pool: ProcessPoolExecutor | None, who: str
    ) -> None:
        with self._lock:
            self._waiting -= Counter((who,))  # and who has none left is forgotten
            if not done.cancelled() and isinstance(done.exception(), BrokenProcessPool) and self._pool is pool:
                self._pool = None
            if not self._waiting:
                self._watch_the_clock(True)
        if done.cancelled() or isinstance(done.exception(), BrokenProcessPool):
            answer.set_exception(
                LessonError("This took too long, or was interrupted: try again, or with a smaller picture.")
            )
        elif (error := done.exception()) is not None:
            answer.set_exception(error)
        else:
            answer.set_result(done.result())

    def _keep(self, name: str, path: Path, answer: "Future[Answer]") -> None:
        if answer.exception() is None:
            with suppress(OSError):  # on a full disk it is computed anew each time
                self.folder.mkdir(parents=True, exist_ok=True)
                with written(path) as file:
                    file.write(json.dumps(answer.result()).encode())
        with self._lock:  # not before it is on the disk: who asks in between would have it computed again
            self._shared.pop(name)


def _begin(life: Connection) -> None:
    """In the worker, before its first question: give way to all others, and end where the server does."""

    def die_with_it() -> None:
        try:
            life.recv()  # nothing is ever sent; it ends where the server closes it, or dies
        except EOFError:
            os._exit(1)

    threading.Thread(target=die_with_it, daemon=True).start()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "VIPS_CONCURRENCY": "1"}
    os.environ.setdefault("OMP_WAIT_POLICY", WAITS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's
    os.setpriority(os.PRIO_PROCESS, 0, POLITE)
    with suppress(OSError):  # not every system has this
        Path("/proc/self/oom_score_adj").write_text(str(FIRST_TO_GO))


def _within(seconds: int, work: Callable[..., Answer], given: tuple[Any, ...]) -> Answer:
    """Do it, or end this process where it takes longer: what a network computes can't be interrupted otherwise."""
    signal.alarm(seconds)
    try:
        return work(*given)
    except ValueError as error:  # the web could not read this kind without loading torch
        raise QuestionError(str(error).splitlines()[0]) from None
    except Exception as error:
        raise RuntimeError(repr(error)) from None
    finally:
        signal.alarm(0)
