"""What the network makes of a picture: a layer's N × M features, as N maps."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from impasto import images
from impasto.convolution.geometry import Field
from impasto.images import Picture
from impasto.look.layers import FIRST_OF_EACH_BLOCK, LookError, Order, field_of, in_order
from impasto.networks.backbone import Backbone
from impasto.networks.extractor import Extractor
from impasto.networks.weights import packaged

SIZE = 512
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """A layer's features of one picture.

    Attributes:
        layer: its name.
        maps: N × H × W; VGG19's after the ReLU, so 0 or more.
        photo: what the network was given.
        field: what one number of a map sees of the picture.
    """

    layer: str
    maps: Floats
    photo: Picture
    field: Field

    @cached_property
    def energies(self) -> Floats:
        """The mean square of each map; N. These are the Gram matrix's diagonal, divided by the number of positions."""
        flat = self.maps.reshape(len(self.maps), -1)
        return np.asarray(np.einsum("nm,nm->n", flat, flat) / np.float32(flat.shape[1]))

    @cached_property
    def silence(self) -> Floats:
        """The share of each map that is zero, from 0 to 1; N."""
        return np.asarray((self.maps == 0).mean((1, 2), dtype=np.float32))

    @cached_property
    def inner(self) -> Floats:
        """The positions that see nothing but the picture, N × H' × W'; along an axis that has none, all of them.

        At an edge some units answer to the zeros of the padding, and more strongly than to anything in the picture.
        """
        edge = -(-self.field.margin // self.field.jump)
        rows, columns = (
            slice(edge, -edge) if edge and side > 2 * edge else slice(None) for side in self.maps.shape[1:]
        )
        return self.maps[:, rows, columns]

    def ordered(self, by: Order = "energy") -> list[int]:
        """The units, the one with the most energy away from the edges first, or by number.

        Raises:
            LookError: another order.
        """
        if by not in get_args(Order):
            raise LookError(f"maps can't be ordered by {by!r}; choose one of: {', '.join(get_args(Order))}")
        return list(range(len(self.maps))) if by == "number" else self._strongest()

    def _strongest(self) -> list[int]:
        strength = np.einsum("nhw,nhw->n", self.inner, self.inner)
        order: list[int] = np.argsort(-strength, kind="stable").tolist()
        return order


def feature_maps(photo: Any, layers: Iterable[str] = FIRST_OF_EACH_BLOCK, size: int = SIZE) -> list[FeatureMaps]:
    """The features of a picture, layer by layer in the network's order.

    Args:
        photo: whatever :func:`impasto.images.read` takes.
        layers: of conv1_1 … conv5_4.
        size: a photo whose long side is longer is made smaller first.

    Raises:
        LookError: an unknown layer, or a photo smaller than the stride of one.
        PictureError: the photo can't be read.
    """
    names = in_order(layers)
    picture = fitted(photo, size, names)
    network = Extractor(weights(), names, prepare=False)
    with torch.no_grad():
        found = network(tensor_of(picture))
    return [FeatureMaps(name, found[name][0].contiguous().numpy(), picture, field_of(name)) for name in names]


def fitted(photo: Any, size: int, layers: Iterable[str]) -> Picture:
    """A picture whose long side is `size` at most, and in which each of the layers has a position.

    Raises:
        LookError: it has none, or the size makes no sense.
        PictureError: the photo can't be read.
    """
    if size < 1:
        raise LookError(f"a size of {size} px is not possible; give 1 or more")
    picture = images.read(photo)
    scale = min(1.0, size / max(picture.width, picture.height))
    width, height = round(picture.width * scale), round(picture.height * scale)
    for layer in layers:
        stride = field_of(layer).jump
        if min(width, height) < stride:
            raise LookError(
                f"{layer} takes steps of {stride} px, and {picture.name} is {width} × {height}; "
                "give a larger photo or size, or a layer before it"
            )
    return Picture(images.resize(picture.pixels, width, height), picture.name)


def tensor_of(picture: Picture) -> torch.Tensor:
    """A picture as networks take it: 1 × 3 × H × W in 0–255."""
    return torch.tensor(picture.pixels).permute(2, 0, 1)[None].float()


@cache
def weights() -> Backbone:
    """VGG19 with the packaged weights, unpacked once."""
    return packaged()
