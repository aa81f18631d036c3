"""What a painter may take of its host: a job brings the service's settings, and the host has its own."""

from typing import Any

from impasto.studio.configuration import Configuration
from impasto.studio.painters import priority

MEMORY = "MEMORY"
"""The resource by which Dask's scheduler knows how many bytes a painting may take on a host."""
_OWN = ("data_dir", "painter_threads", "painter_memory")


def given(configuration: Configuration) -> dict[str, Any]:
    """Dask's configuration for a process of this host's, in which :func:`settled` finds what is the host's own."""
    return {"impasto": configuration.model_dump(include=set(_OWN))}


def machine(configuration: Configuration) -> dict[str, Any]:
    """What of a painting's settings is this painter's own: its threads, its memory and its device."""
    return {
        "threads": configuration.painter_threads or priority.cores(),
        "memory": configuration.painter_memory,
        "device": _device(configuration),
    }


def _device(configuration: Configuration) -> str:
    """Each of a service's own painters has one; they are numbered, and who takes another's place has its number."""
    if not configuration.devices:
        return "auto"
    from distributed import get_worker

    devices = configuration.devices.split(",")
    return devices[int(get_worker().name) % len(devices)]


def settled(configuration: Configuration) -> Configuration:
    """A job's settings on this host: in a process that the service itself started, as they are."""
    import dask

    own: dict[str, Any] = dask.config.get("impasto", {})
    return configuration.model_copy(update=own)
