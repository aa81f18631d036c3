"""How a scale of a painting is computed in the memory that there is: at once, or in tiles, and what goes to files."""

from dataclasses import dataclass

import psutil
import torch

from impasto.images.arrays import IN_MEMORY
from impasto.networks.extractor import Extractor
from impasto.networks.vgg import VGG19
from impasto.painter import needs
from impasto.painter.needs import EVALUATION, PICTURES, PLANNED, SHARE, kept
from impasto.painter.settings import SettingsError

# Bytes that one evaluation takes for each pixel, measured; in bfloat16 the picture, its gradient and the statistics are
# float32 all the same.
EVALUATIONS = {torch.bfloat16: 1400, torch.float32: EVALUATION}
# That was VGG19 up to conv5_1. With another network, the activations are another number of numbers.
MEASURED = VGG19.up_to(["conv5_1"]).activations
# Of these bytes, those that the picture and its gradient take without a network, measured.
PICTURE = 160
# The smallest tile that is worth its margin: 352 × 352 pixels, of which a third are its core's. One evaluation of it
# takes more memory than it takes to begin a scale, or to write a painting some rows at a time. Only WebP and AVIF may
# take more: their encoders hold the whole picture.
SMALLEST = 352 * 352


@dataclass(frozen=True)
class Plan:
    """How a scale is computed.

    Attributes:
        pixels: of a tile at most, what it reads counted; None for the whole picture at once.
        files: whether the optimiser's vectors go to files.
    """

    pixels: int | None
    files: bool


def evaluation_bytes(network: Extractor) -> float:
    """The bytes that one evaluation takes for each pixel with a network."""
    return PICTURE + (EVALUATIONS[network.dtype] - PICTURE) * network.table.activations / MEASURED


def plan(
    pixels: int, vectors: int, memory: int | None, device: torch.device, evaluation: float, sharers: int = 1
) -> Plan:
    """The plan for a canvas of so many pixels.

    Args:
        pixels: of the canvas.
        vectors: that the optimiser remembers, beside points and gradients.
        memory: bytes that the process may take; None for a share of what is free.
        device: where the network computes.
        evaluation: bytes that it takes for each pixel; see :func:`evaluation_bytes`.
        sharers: how many processes share what is free.

    Raises:
        SettingsError: too little for one tile.
    """
    taken = 0 if device.type == "cuda" else _taken()
    budget = taken + SHARE * free(device) / sharers if memory is None else memory
    held = kept(pixels, vectors)
    picture = 3 * pixels if device.type == "cuda" else min(3 * pixels, IN_MEMORY)
    left = PLANNED * budget - taken - PICTURES * picture
    if left >= evaluation * pixels + held:
        return Plan(None, files=False)
    files = held > left / 2 and device.type == "cpu"
    tile = (left - (0 if files else held)) / evaluation
    if tile < SMALLEST:
        needed = budget + (SMALLEST - tile) * evaluation / PLANNED
        raise SettingsError(
            f"{budget / 1e9:.1f} GB of memory are too little for a canvas of {pixels / 1e6:.1f} megapixels; "
            f"give at least --memory {needed / 1e9 + 0.05:.1f}G, or a smaller size"
        )
    return Plan(int(tile), files)


def smaller(how: Plan, pixels: int, tiled: bool) -> Plan:
    """A plan that takes less of a device's memory than one that it had too little for.

    Args:
        how: the plan.
        pixels: of the canvas.
        tiled: whether it may be painted in tiles.

    Raises:
        SettingsError: there is none.
    """
    tile = min(how.pixels or pixels, pixels) // 4
    if not tiled or tile < SMALLEST // 4:
        raise SettingsError("the device has too little memory free; give a smaller size, or --device cpu")
    return Plan(tile, how.files)


def _taken() -> int:
    """The bytes that this process has, without those of files, which the system takes back when it needs them."""
    held = psutil.Process().memory_info()
    return int(held.rss) - int(getattr(held, "shared", 0))


def free(device: torch.device) -> int:
    """The bytes that a device has free; of the processor's, what this process's control groups allow it."""
    if device.type == "cuda":
        # What PyTorch keeps for its next tensors is free too.
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + kept
    return needs.free()
