"""A Dask cluster that the operator names, as of SLURM or Kubernetes, with as many painters as there is work for."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from impasto.studio import schedulers
from impasto.studio.configuration import Configuration

if TYPE_CHECKING:
    from distributed import Client

# Seconds between two looks at how much work there is; and so many looks a painter idles before it is given back, since
# a new one takes long to be there.
LOOK, IDLE = 2.0, 60


class ClusterError(ValueError):
    """The cluster that the settings name can't be had; the message is one plain line that names the fix."""


def factory(name: str) -> Callable[[], Any]:
    """The function that makes the cluster.

    Args:
        name: "module:function".

    Raises:
        ClusterError: there is no such function.
    """
    module, _, function = name.partition(":")
    try:
        made = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise ClusterError(
            f"IMPASTO_CLUSTER names {name}, which can't be loaded: {error}; install it, or set PYTHONPATH to its folder"
        ) from error
    if not callable(made):
        raise ClusterError(f"IMPASTO_CLUSTER names {name}, which is no function; see docs/many.md")
    return cast("Callable[[], Any]", made)


@contextmanager
def grown(configuration: Configuration, wanted: Callable[[], int]) -> "Iterator[Client]":
    """A client of a new cluster, which has painters while there is work, and ends with this process.

    Args:
        configuration: names the function that makes the cluster, and how many may paint at once.
        wanted: says how many paintings wait or are under way.

    Raises:
        ClusterError: it can't be had, or anybody on the network could run code in it.
    """
    from distributed import Adaptive, Client

    class ByQueue(Adaptive):
        """Dask knows of no painting that waits: it is handed over when a painter is free."""

        async def target(self) -> int:
            return wanted()

    with factory(configuration.cluster)() as cluster, Client(cluster, set_as_default=False) as client:
        place = urlsplit(cluster.scheduler_address)
        strangers = place.scheme == "tcp" and not schedulers.on_loopback(place.hostname or "")
        if strangers and not configuration.insecure:
            raise ClusterError(
                f"IMPASTO_CLUSTER has a scheduler at {cluster.scheduler_address}: whoever reaches it can run code "
                "there; give the cluster security=Security.temporary(), or say IMPASTO_INSECURE=true"
            )
        cluster.adapt(Adaptive=ByQueue, minimum=0, maximum=configuration.painters, interval=LOOK, wait_count=IDLE)
        yield client
