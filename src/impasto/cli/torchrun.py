"""A command that torchrun starts several times: the first process is the command, and the others help it to paint.

They parse, read and say nothing, so that everything happens once.
"""

import os
import signal
import traceback
from typing import TYPE_CHECKING, NoReturn

from impasto.painter.torchrun import several

if TYPE_CHECKING:
    from impasto.painter.processes import Processes
    from impasto.painter.sharing import Alone

_joined: "Processes | None" = None


def help_out() -> NoReturn:
    """Help the first process until it needs no more, and end."""
    from impasto.cli.errors import say
    from impasto.painter import joining

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    code = 1
    try:
        code = joining.help_out(lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN), say)
    except Exception:
        traceback.print_exc()
    os._exit(code)  # without waiting for connections to processes that may have ended


def share() -> "Alone":
    """With whom a painting is shared: the other processes, if there are any."""
    global _joined
    from impasto.painter import sharing

    if not several():
        return sharing.ALONE
    if _joined is None:
        from impasto.painter import joining

        _joined = joining.lead()
    return _joined


def let_go() -> None:
    """Let the other processes end, if there are any."""
    if not several():
        return
    if _joined is not None:
        _joined.leave()
    else:
        from impasto.painter import joining

        joining.let_go()
