"""Where and in which arithmetic the network computes."""

import torch

from impasto.networks.extractor import Extractor
from impasto.networks.numbers import multiplies_bfloat16
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


def network_for(settings: Settings, device: torch.device) -> Extractor:
    """The network with the layers that the settings name; in bfloat16 only where that agrees with float32.

    Raises:
        NetworkError: the settings' file of weights can't be used.
    """
    weights = from_file(settings.weights) if settings.weights else packaged()
    layers = {name for name, _ in (*settings.content_layers, *settings.style_layers)}

    def network(dtype: torch.dtype) -> Extractor:
        return Extractor(weights, layers, pooling=settings.pooling, device=device, dtype=dtype)

    made = network(dtype_of(settings, device))
    if settings.dtype == "auto" and made.dtype != torch.float32:
        reference = network(torch.float32)
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
