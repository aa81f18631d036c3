"""Regions: where in a picture a style holds, or where the photo is kept, as maps of weights.

A region is a mask, which is any picture. At a scale it becomes a map of the canvas, with soft edges, and on a layer of
the network a weight for each position: the guidance channels of Gatys et al., "Controlling Perceptual Factors in Neural
Style Transfer", 2017, section 4.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from torch import Tensor
from torch.nn import functional as F

from impasto import images
from impasto.convolution.geometry import Field
from impasto.images import Picture
from impasto.images.arrays import empty, strips
from impasto.networks.faces import face_map, find_faces
from impasto.networks.tiles import Span, Tile
from impasto.painter.painting import Bytes
from impasto.painter.settings import SettingsError, is_number

Share = NDArray[np.float32]
"""H × W, from 0 to 1."""
# Masks are blurred at this many pixels along the long side at most. Finer detail is not left after that.
BLURRED_AT = 2048
# What the mask of the faces that were found is called.
FACES = "faces"
# A feature sees more than its region where that ends. Its share of the region to this power is its weight: one that
# sees half of another region counts a sixteenth. Weights are relative, so a region that is thin everywhere still has
# the features that see most of it.
EROSION = 4


@dataclass(frozen=True)
class Region:
    """Where something holds.

    Attributes:
        mask: white where it holds; as large as one likes, it is stretched over the photo. Of its colours the light
            counts; see :func:`impasto.images.read_mask`.
        feather: how wide its soft edges are, as a share of the photo's long side.

    Raises:
        SettingsError: a mask that marks nothing, or a feather that makes no sense.
    """

    mask: Picture
    feather: float = 0.01

    def __post_init__(self) -> None:
        if not isinstance(self.mask, Picture):
            raise SettingsError(
                f"a mask can't be a {type(self.mask).__name__}; give a picture that impasto.images.read_mask gave"
            )
        if not (is_number(self.feather) and 0 <= self.feather <= 1):
            raise SettingsError(f"a feather of {self.feather!r} is not possible; give a share of the photo from 0 to 1")
        if not self.mask.pixels.any():
            raise SettingsError(f"the mask {self.mask.name} marks nothing; paint white where it is to hold")

    @property
    def key(self) -> Hashable:
        """What it is known by."""
        return self.mask.digest, self.feather

    def at(self, width: int, height: int) -> Share:
        """Its map on a picture of this size."""
        blur = self.feather * max(width, height)
        if blur < 1:
            mask = images.resize(self.mask.pixels, width, height, Image.Resampling.BILINEAR)
            return by_strips(width, height, lambda rows: np.divide(mask[rows, :, 0], 255, dtype=np.float32))
        shrunk = min(1.0, BLURRED_AT / max(width, height))
        size = max(1, round(width * shrunk)), max(1, round(height * shrunk))
        small = images.resize(self.mask.pixels, *size, Image.Resampling.BILINEAR)[:, :, 0]
        blurred = Image.fromarray(np.ascontiguousarray(small)).filter(ImageFilter.GaussianBlur(blur * shrunk / 2))
        soft = np.asarray(blurred, np.float32)[:, :, None] / np.float32(255)
        return by_strips(
            width, height, lambda rows: images.resample(soft, width, height, rows, Image.Resampling.BILINEAR)[:, :, 0]
        )


@dataclass(frozen=True)
class Keep:
    """Where the photo is kept.

    Attributes:
        region: where.
        strength: how much. At 1 a person is recognised under a light coat of the style, at 3 little of that is left.
    """

    region: Region
    strength: float = 1.0

    def __post_init__(self) -> None:
        if not (is_number(self.strength) and 0 < self.strength <= 100):
            raise SettingsError(f"a strength of {self.strength!r} is not possible; give a number above 0, up to 100")


@dataclass(frozen=True, eq=False)
class Map:
    """How much each pixel of a picture belongs to a region, and from that each position of a layer.

    Attributes:
        key: two maps of one key are equal.
        pixels: 1 × 1 × H × W bytes.
        fields: what each layer's positions see, by layer.
        power: a position's share of the region to this power is its weight.
    """

    key: Hashable
    pixels: Tensor
    fields: Mapping[str, Field]
    power: int = EROSION
    _whole: dict[str, Tensor] = field(default_factory=dict)

    @cached_property
    def area(self) -> float:
        """Its share of the picture."""
        return float(self.pixels.sum(dtype=torch.float64 if self.pixels.device.type != "mps" else None)) / (
            255 * self.pixels.numel()
        )

    def on(self, layer: str, tile: Tile) -> Tensor:
        """The weights of a layer's positions in a tile's core, M of them, from 0 to 1."""
        whole = tile.core() == ((0, self.pixels.shape[2]), (0, self.pixels.shape[3]))
        if whole and layer in self._whole:
            return self._whole[layer]
        weights = self._averaged(layer, tile).pow(self.power).flatten()
        if whole:
            self._whole[layer] = weights
        return weights

    def _averaged(self, layer: str, tile: Tile) -> Tensor:
        """The map's mean over the middle half of what each position sees, H' × W'."""
        seen = self.fields[layer]
        side = max(1, seen.size // 2)
        side += (seen.size - side) % 2  # both must have the same middle
        first = (seen.size - side) // 2 - seen.margin
        pixels, spans = self.pixels, tile.core(layer)
        if any(stop <= start for start, stop in spans):
            return torch.empty(*(max(0, stop - start) for start, stop in spans), device=pixels.device)
        for axis, span in enumerate(spans, 2):
            places = _read(span, first, side, seen.jump, pixels.shape[axis]).to(pixels.device)
            pixels = pixels.index_select(axis, places)
        mean: Tensor = F.avg_pool2d(pixels.float() / 255, side, seen.jump)[0, 0]
        return mean


def _read(positions: Span, first: int, side: int, jump: int, size: int) -> Tensor:
    """The pixels that some positions average, along one axis; beyond the picture its last pixel goes on."""
    start, stop = positions
    return torch.arange(start * jump + first, (stop - 1) * jump + first + side).clamp(0, size - 1)


def faces_kept(photo: Picture, strength: float) -> list[Keep]:
    """Where the faces of a photo are, to be kept; nothing where there is none."""
    faces = find_faces(photo.pixels)
    if not faces:
        return []
    mask = face_map(faces, photo.height, photo.width)[:, :, None].repeat(3, 2)
    return [Keep(Region(Picture(mask, FACES), 0.0), strength)]


def by_strips(width: int, height: int, rule: Callable[[slice], Share]) -> Share:
    """A map made some rows at a time, since a large canvas's is held in a file and not in memory.

    Args:
        width: of the canvas.
        height: the same.
        rule: gives the rows that a slice names.
    """
    made = empty((height, width), np.float32)
    for rows in strips(height, width):
        made[rows] = rule(rows)
    return made


def shared(regions: Sequence[Region], weights: Sequence[float], width: int, height: int) -> list[Share]:
    """Maps of regions that may overlap: at each place they sum to 1, or to less where none of them holds fully.

    Where some overlap they share by their weights.

    Args:
        regions: each with a map of its own.
        weights: above 0.
        width: of the picture.
        height: the same.
    """
    maps = [region.at(width, height) for region in regions]
    for rows in strips(height, width):
        here = np.stack([each[rows] for each in maps]) if maps else np.zeros((0, 1, 1), np.float32)
        weighted = here * np.array(weights, np.float32)[:, None, None]
        weighted *= np.minimum(here.sum(0), 1) / np.maximum(weighted.sum(0), 1e-6)
        for each, part in zip(maps, weighted, strict=True):
            each[rows] = part
    return maps


def to_map(share: Share) -> Bytes:
    """A map as bytes, 0 to 255."""
    made = empty(share.shape, np.uint8)
    for rows in strips(*share.shape):
        made[rows] = (share[rows] * 255).round().clip(0, 255)
    return made
