"""How the processes that torchrun started find one another: through torchrun's store, before they are a group."""

import os
import socket
from collections.abc import Callable
from datetime import timedelta

import torch.distributed as dist
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from impasto.painter.processes import PATIENCE, Processes
from impasto.painter.sharing import LostError


def _store() -> Store:
    store, _, _ = next(rendezvous("env://", timeout=PATIENCE))
    return PrefixStore(f"impasto-{os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}", store)


def lead() -> Processes:
    """Have the other processes join the first one, which this is."""
    store = _store()
    store.set("begun", "join")
    return Processes(store)


def let_go() -> None:
    """Let the other processes end, which have not been asked to join."""
    _store().set("begun", "over")


def help_out(joined: Callable[[], object], say: Callable[[str], None]) -> int:
    """Help the first process, if it asks for help, until it needs none any more.

    Args:
        joined: called when it has asked.
        say: called with what is to be said where the first process can't say it.

    Returns:
        The exit code.
    """
    store, rank = _store(), os.environ["RANK"]
    try:
        store.wait(["begun"], timedelta(days=365))
    except RuntimeError:  # torchrun has ended
        return 1
    if store.get("begun") != b"join":
        return 0
    joined()
    try:
        processes = Processes(store)
        processes.help()
    except LostError:
        if rank == "1":  # one of those that are left
            try:
                store.wait(["known"], timedelta(seconds=5))
            except RuntimeError:
                say("the first process has ended; if it had written a checkpoint, --resume goes on with it")
        return 1
    except Exception as error:
        store.set("why", f"process {rank}, on {socket.gethostname()}: {str(error).splitlines()[0]}")
        if not isinstance(error, ValueError):
            raise
        return 1
    dist.destroy_process_group()
    return 0
