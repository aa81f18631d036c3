"""Pictures with labels, in memory: what a data set gives and training, evaluation and plots take."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

SIDE = 32
"""Every picture reaches a network as 3 × 32 × 32; but VGG19 with a head of one's own takes larger ones."""

Part = Literal["train", "test"]


class DataError(ValueError):
    """A data set that can't be had or used; the message is one plain line that names the fix."""


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """One part of a data set.

    Attributes:
        name: the data set's.
        classes: what the labels stand for.
        pixels: uint8, N × C × 32 × 32 (or larger, of a folder), where C is 1 for grey pictures (their one channel
            stands for all three) and 3 for colour, RGB.
        labels: int64, N, indices of `classes`.
        dark_ground: whether what is shown is bright on a black ground, so that photos must be made so too.
        skipped: what of a folder could not be read, one line each.
        files: the pictures' names in their folder; empty where they are no files.
        doubts: what is wrong with a folder, one line each; it can be used all the same.
    """

    name: str
    classes: tuple[str, ...]
    pixels: Tensor
    labels: Tensor
    dark_ground: bool = False
    skipped: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def grey(self) -> bool:
        """Whether the pictures have one channel."""
        return self.pixels.shape[1] == 1


@dataclass(frozen=True)
class Normalisation:
    """What brings pixels to a mean of 0 and a deviation of 1: one number for grey, three for RGB, in 0–1."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def of(cls, images: LabelledImages) -> "Normalisation":
        """Measured on all pixels of a data set."""
        channels = images.pixels.transpose(0, 1).flatten(1)
        counts = torch.stack([torch.bincount(channel, minlength=256) for channel in channels]).double()
        values = torch.arange(256, dtype=torch.float64) / 255
        share = counts / counts.sum(1, keepdim=True)
        mean = share @ values
        std = (share @ values.square() - mean.square()).clamp(min=1e-6).sqrt()
        return cls(tuple(mean.tolist()), tuple(std.tolist()))

    def apply(self, pixels: Tensor) -> Tensor:
        """uint8 (B × C × H × W) to float32 (B × 3 × H × W); grey is repeated, which takes no memory."""
        mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (self.mean, self.std))
        if pixels.shape[1] == 3 and len(self.mean) == 1:
            pixels = pixels.float().mean(1, keepdim=True)
        return ((pixels.float() / 255 - mean) / std).expand(-1, 3, -1, -1)


def fit(pixels: Tensor) -> Tensor:
    """Small square pictures as 32 × 32: a frame of black around 28 × 28, and 8 × 8 enlarged by repeating pixels.

    Args:
        pixels: uint8, N × C × S × S with S at most 32.
    """
    times = SIDE // pixels.shape[-1]
    if times > 1:
        pixels = pixels.repeat_interleave(times, 2).repeat_interleave(times, 3)
    missing = SIDE - pixels.shape[-1]
    before, after = missing // 2, missing - missing // 2
    return torch.nn.functional.pad(pixels, (before, after, before, after))
