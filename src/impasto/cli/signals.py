"""SIGINT, SIGTERM and SIGHUP ask a command to stop: Ctrl-C, a service manager, a terminal that closes.

They raise KeyboardInterrupt in the command. Where that has something to keep, a step that is under way is let to its
end first, and nothing disturbs the saving, however often it is asked. While a module loads nothing is raised, for
PyTorch aborts where its loading is interrupted.
"""

import os
import signal
import sys
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from types import FrameType
from typing import NoReturn, TypeVar

from impasto.painter.torchrun import several

T = TypeVar("T")

INTERRUPTED = 130
"""The exit code of a command that was asked to stop."""
PATIENCE = 5.0
"""Seconds that a step has to end. Service managers wait at least 10 before they kill."""
SAME = 1.0
"""Seconds in which several signals ask once: `timeout` sends two, as does a terminal that closes."""

_ASKING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class _Phase(Enum):
    """What is lost where a command ends now."""

    NOTHING = 0
    """Nothing: it may end at once."""
    STEPS = 1
    """What was done so far; it is whole after each step."""
    SAVING = 2
    """What is being saved."""


_phase = _Phase.NOTHING
_last: float | None = None
"""When it was last asked to stop, by the clock that time.monotonic reads."""


def listen() -> None:
    """Take those signals from now on; one that who started us has us ignore, as nohup does, stays ignored."""
    for number in _ASKING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _asked_to_stop)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, _patience_is_over)


def asked() -> bool:
    """Whether it was asked to stop."""
    return _last is not None


@contextmanager
def keeping() -> Iterator[None]:
    """The steps of something, in `until_asked`, and after them the saving of what there is, in one body."""
    global _phase
    try:
        yield
    finally:
        _phase = _Phase.NOTHING


def until_asked(steps: Iterable[T]) -> Iterator[T]:
    """The steps; KeyboardInterrupt after the one in which it was asked to stop, or in the midst of one that is long."""
    global _phase
    iterator = iter(steps)
    try:
        for step in iterator:
            _phase = _Phase.STEPS
            yield step
            if asked():
                raise KeyboardInterrupt
    finally:
        if _phase is _Phase.STEPS:
            _phase = _Phase.SAVING
        if isinstance(iterator, Generator):
            iterator.close()
    _phase = _Phase.SAVING


def leave(code: str | int | None) -> NoReturn:
    """End the process; where it was asked to stop, without the seconds that libraries take to close."""
    for number in _ASKING:
        if signal.getsignal(number) is _asked_to_stop:
            signal.signal(number, signal.SIG_IGN if asked() else signal.SIG_DFL)
    if asked():
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(code if isinstance(code, int) else INTERRUPTED)
    sys.exit(code)


def _asked_to_stop(number: int, frame: FrameType | None) -> None:
    global _last
    before, _last = _last, time.monotonic()
    if _phase is _Phase.SAVING or (before is not None and _last - before < SAME):
        return
    if before is None:
        if not (number == signal.SIGTERM and several()):  # torchrun sends it where another process has ended
            nothing = _phase is _Phase.NOTHING
            _say("interrupted" if nothing else "stopping after this step, and saving what there is")
        _wait(PATIENCE)
    if before is None and _phase is _Phase.STEPS:
        return
    _interrupt(frame)


def _patience_is_over(_: int, frame: FrameType | None) -> None:
    if _phase is not _Phase.SAVING:
        _wait(PATIENCE)  # once more, should this get lost in a callback of a library's
        _interrupt(frame)


def _interrupt(frame: FrameType | None) -> None:
    global _phase
    if not _loads(frame):
        if _phase is _Phase.STEPS:
            _phase = _Phase.SAVING
        raise KeyboardInterrupt
    if _phase is _Phase.NOTHING:
        os._exit(INTERRUPTED)


def _loads(frame: FrameType | None) -> bool:
    """Whether a module is being loaded."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _wait(seconds: float) -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _say(line: str) -> None:
    """Past Python's streams, one of which may be in use just now."""
    with suppress(OSError):
        os.write(2, f"impasto: {line}\n".encode())
