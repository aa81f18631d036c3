"""Where and in which arithmetic the network computes."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import torch

from impasto.networks.numbers import multiplies_bfloat16
from impasto.networks.vgg import VGG19, Pooling
from impasto.networks.weights import from_file, packaged
from impasto.painter.settings import Settings, SettingsError

# A network in bfloat16 whose features stray further than this from float32's is not used.
AGREEMENT = 0.01


def device_of(settings: Settings) -> torch.device:
    """The device that the settings ask for; "auto" takes CUDA, then MPS, then the processor.

    Raises:
        SettingsError: a device that isn't there.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if settings.device == "auto":
        return torch.device("cuda" if there["cuda"] else "mps" if there["mps"] else "cpu")
    if not there[settings.device]:
        raise SettingsError(f"this machine has no {settings.device} device for PyTorch; use --device cpu")
    return torch.device(settings.device)


def dtype_of(settings: Settings, device: torch.device) -> torch.dtype:
    """The type that the settings ask for; "auto" takes bfloat16 where the processor has units for it."""
    if settings.dtype != "auto":
        return torch.bfloat16 if settings.dtype == "bfloat16" else torch.float32
    if device.type == "cpu" and multiplies_bfloat16():
        return torch.bfloat16
    return torch.float32


@contextmanager
def set_up(settings: Settings) -> Iterator[None]:
    """Compute as the settings ask for it, and leave PyTorch's threads and modes, which are global, as they were."""
    threads = torch.get_num_threads()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    try:
        with torch.inference_mode(False), torch.enable_grad():
            yield
    finally:
        if settings.threads:
            torch.set_num_threads(threads)


def network_for(settings: Settings, layers: Collection[str], device: torch.device) -> VGG19:
    """The network with some layers, the same again where it was the last one asked for.

    In bfloat16 only where that agrees with float32.

    Raises:
        WeightsError: the settings' file of weights can't be used.
    """
    file = settings.weights
    changed = file.stat().st_mtime_ns if file and file.exists() else None
    return _network(
        file, changed, frozenset(layers), settings.pooling, device, dtype_of(settings, device), settings.dtype
    )


@lru_cache(maxsize=1)
def _network(
    file: Path | None, changed: int | None, layers: frozenset[str], pooling: Pooling, device: torch.device,
    dtype: torch.dtype, asked: str,
) -> VGG19:  # fmt: skip
    del changed  # of the file; another time is another network
    weights = from_file(file) if file else packaged()

    def network(dtype: torch.dtype) -> VGG19:
        return VGG19(weights, layers, pooling=pooling, device=device, dtype=dtype)

    made = network(dtype)
    if asked == "auto" and made.dtype != torch.float32:
        reference = network(torch.float32)
        made = made if agrees(made, reference) else reference
    return made


def agrees(network: VGG19, reference: VGG19) -> bool:
    """Whether a network's features of a small picture are within 1 % of the float32 network's, at every layer."""
    device = network.get_buffer("mean").device
    picture = 255 * torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)).to(device)
    with torch.no_grad():
        ours, theirs = network(picture), reference(picture)
    return all(
        float((ours[name].float() - theirs[name]).norm()) <= AGREEMENT * float(theirs[name].norm()) for name in theirs
    )
