"""Where and in which arithmetic the network computes."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from impasto.networks.backbone import Backbone
from impasto.networks.extractor import Extractor
from impasto.networks.loading import load
from impasto.networks.numbers import multiplies_bfloat16
from impasto.networks.table import Pooling
from impasto.networks.weights import from_file, packaged
from impasto.painter.balance import OBJECTIVES
from impasto.painter.settings import Settings, SettingsError

# A network in bfloat16 whose features stray further than this from float32's is not used.
AGREEMENT = 0.01
# What MPS, cuDNN and cuBLAS say in an error of no type of its own.
FULL = ("out of memory", "STATUS_ALLOC_FAILED")


def device_of(settings: Settings) -> torch.device:
    """The device that the settings ask for; "auto" takes CUDA, then MPS, then the processor.

    Raises:
        SettingsError: a device that isn't there.
    """
    there = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if settings.device == "auto":
        return torch.device("cuda" if there["cuda"] else "mps" if there["mps"] else "cpu")
    device = torch.device(settings.device)
    if (device.index or 0) >= there[device.type]:
        last = there[device.type] - 1
        fix = f"the last one is cuda:{last}" if last >= 0 else "use --device cpu"
        raise SettingsError(f"this machine has no {settings.device} device for PyTorch; {fix}")
    return device


def dtype_of(settings: Settings, device: torch.device) -> torch.dtype:
    """The type that the settings ask for; "auto" takes bfloat16 where the device has units for it."""
    if settings.dtype != "auto":
        return torch.bfloat16 if settings.dtype == "bfloat16" else torch.float32
    return torch.bfloat16 if multiplies_bfloat16(device) else torch.float32


@contextmanager
def set_up(settings: Settings, device: torch.device) -> Iterator[None]:
    """Compute as the settings ask for it, and leave PyTorch's threads and modes, which are global, as they were.

    On CUDA the device is the current one, in whose stream graphs are recorded. There float32 is multiplied as TF32
    unless float32 was asked for: that keeps ten bits of bfloat16's seven.
    """
    threads = torch.get_num_threads()
    if settings.threads:
        torch.set_num_threads(settings.threads)
    try:
        with torch.inference_mode(False), torch.enable_grad(), _on_cuda(device, tf32=settings.dtype != "float32"):
            yield
    finally:
        if settings.threads:
            torch.set_num_threads(threads)


@contextmanager
def _on_cuda(device: torch.device, *, tf32: bool) -> Iterator[None]:
    """CUDA's arithmetic on a device, and cuDNN's search for its fastest kernel for each size."""
    if device.type != "cuda":
        yield
        return
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    try:
        with torch.cuda.device(device), torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=tf32):
            yield
    finally:
        torch.set_float32_matmul_precision(before)


def is_full(error: RuntimeError) -> bool:
    """Whether an operation failed because a device had no memory left: PyTorch, Apple's and CUDA's libraries say so."""
    return isinstance(error, torch.OutOfMemoryError) or any(said in str(error) for said in FULL)


def backbone_of(settings: Settings) -> Backbone:
    """The network that settings ask for: its layers and their numbers.

    Raises:
        NetworkError: the file of weights or of a network can't be used.
    """
    file, changed = settings.weights or settings.network, None
    if isinstance(file, Path):
        with suppress(OSError):  # who reads it says why it can't be
            changed = file.stat().st_mtime_ns
    return _backbone(settings.weights, settings.network, changed)


@lru_cache(maxsize=2)
def _backbone(weights: Path | None, network: Any, changed: int | None) -> Backbone:
    del changed  # when the file was; with another time it is another network
    if network is not None:
        return load(network)
    return from_file(weights) if weights else packaged()


def network_for(
    settings: Settings, layers: Collection[str], device: torch.device, backbone: Backbone | None = None
) -> Extractor:
    """The network with some layers; the same again if it is the last one that was asked for.

    In bfloat16 only where that agrees with float32.

    Args:
        settings: which network, and how it computes.
        layers: those that are wanted.
        device: where it computes.
        backbone: its numbers, where the settings' files are another machine's.

    Raises:
        NetworkError: the file of weights or of a network can't be used.
    """
    # Max is what VGG19 was trained with; another network keeps its own poolings unless averages are asked for.
    pooling = settings.pooling if settings.network is None or settings.pooling == "avg" else None
    dtype = dtype_of(settings, device)
    backbone = backbone or backbone_of(settings)
    replicate = OBJECTIVES[settings.objective].replicate
    return _network(backbone, frozenset(layers), pooling, device, dtype, replicate, settings.dtype == "auto")


@lru_cache(maxsize=1)
def _network(
    backbone: Backbone,
    layers: frozenset[str],
    pooling: Pooling | None,
    device: torch.device,
    dtype: torch.dtype,
    replicate: bool,
    unless_rough: bool,
) -> Extractor:
    made = Extractor(backbone, layers, pooling=pooling, device=device, dtype=dtype, replicate=replicate)
    if unless_rough and dtype != torch.float32:
        reference = Extractor(backbone, layers, pooling=pooling, device=device, replicate=replicate)
        with _on_cuda(device, tf32=False):
            made = made if agrees(made, reference) else reference
    return made


def agrees(network: Extractor, reference: Extractor) -> bool:
    """Whether a network's features of a small picture are within 1 % of the float32 network's, at every layer."""
    device = network.get_buffer("mean").device
    picture = 255 * torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)).to(device)
    with torch.no_grad():
        ours, theirs = network(picture), reference(picture)
    return all(
        float((ours[name].float() - theirs[name]).norm()) <= AGREEMENT * float(theirs[name].norm()) for name in theirs
    )
