"""What a trained model makes of a picture: the maps of its layers, at the size that it takes."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from impasto import images
from impasto.classify.model import Model
from impasto.classify.prepare import prepared
from impasto.convolution.geometry import Field
from impasto.convolution.shapes import shapes
from impasto.convolution.watching import leaves, watched
from impasto.images import Picture
from impasto.look.features import FeatureMaps
from impasto.look.layers import LookError

OFFERED = 6
"""So many names are offered in place of one that there isn't."""


def model_maps(model: Model, photo: Any, layers: Iterable[str] | None = None) -> list[FeatureMaps]:
    """The maps of a model's layers, in the order in which the picture passes them.

    Args:
        model: which is asked.
        photo: whatever :func:`impasto.images.read` takes; it is prepared as `impasto classify` does it.
        layers: by the names of `impasto shapes`; without, every ReLU that gives maps, or else every convolution.

    Raises:
        LookError: no layer has that name, or gives maps.
        PictureError: the photo can't be read.
    """
    picture = images.read(photo)
    pixels = prepared(picture, model.card.dark_ground, model.side)[0]
    rows = [row for row in shapes(model.network, model.side, device="cpu") if row.kind]  # a flattening is no layer
    maps = [row for row in rows if len(row.output) == 3]
    if not maps:
        raise LookError("this network gives no maps, for it has no convolution; look at another")
    by_default = [row.name for row in maps if row.kind == "ReLU"] or [row.name for row in maps if "Conv" in row.kind]
    asked = set(layers if layers is not None else by_default or [row.name for row in maps])
    known = list(dict.fromkeys(row.name for row in maps))
    for name in asked.difference(known):
        near = get_close_matches(name, known, OFFERED) or known
        raise LookError(f"no layer is called {name!r}; the nearest are: {', '.join(near)}")
    shown = Picture(
        np.ascontiguousarray(np.broadcast_to(pixels, (3, model.side, model.side)).transpose(1, 2, 0)), picture.name
    )
    made = _made(model, torch.from_numpy(pixels)[None])
    return [
        FeatureMaps(row.name, given.contiguous().numpy(), shown, row.field or Field(model.side, model.side, 0))
        for row, given in zip(rows, made, strict=True)
        if row.name in asked and len(row.output) == 3
    ]


def _made(model: Model, pixels: Tensor) -> list[Tensor]:
    """What each layer gives, in the order in which a picture passes them."""
    made: list[Tensor] = []

    def note(_name: str, _layer: nn.Module, given: Any, output: Any) -> None:
        if given and isinstance(given[0], Tensor) and isinstance(output, Tensor):
            made.append(output[0].detach().float().clone())

    with watched(leaves(model.network), note):
        model.probabilities(pixels)
    return made
