"""Inside VGG: one layer's strongest feature maps of a picture, and its Gram matrix. Runs in the lessons' process."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.look.features import FeatureMaps
    from impasto.look.grams import LayerGram, Pair

SIDE = 320
"""Of the picture that the network is given, in pixels: what shows enough and takes about a second."""
WIDEST = 160
"""Of a map as it is shown; a wider one is averaged."""
MAPS, PAIRS = 32, 4
GRAM_SIDE = 256
CLIPPED = 0.001
"""The share of a Gram matrix's entries that are all shown as the largest."""


def inside(picture: bytes | Path, layer: str) -> dict[str, Any]:
    """What a layer makes of a picture.

    Args:
        picture: a file, or its bytes, that is known to be harmless.
        layer: conv1_1 … conv5_4.

    Returns:
        What the page shows, ready for JSON; a picture is a data: URL.

    Raises:
        LookError: there is no such layer, or the picture is too small for it; one plain line.
    """
    import torch

    from impasto.look import layer_grams
    from impasto.networks.vgg import VGG19
    from impasto.studio.lessons.pictures import address

    torch.set_num_threads(1)
    (gram,) = layer_grams(picture, None, [layer], SIDE)
    features, photo = gram.features, gram.features.photo
    units, height, width = features.maps.shape
    strongest = features.ordered()[:MAPS]
    together, apart = gram.together(PAIRS), gram.apart(PAIRS)
    named = {unit for i, j, _ in together + apart for unit in (i, j)}
    return {
        "layer": layer,
        "depth": VGG19.convolutions.index(layer) + 1,
        "units": units,
        "height": height,
        "width": width,
        "field": features.field.size,
        "jump": features.field.jump,
        "photo": {"picture": address(photo.pixels), "width": photo.width, "height": photo.height},
        "seen": _middle(features),
        "strongest": strongest,
        "maps": {str(unit): _map(gram, unit) for unit in sorted(named.union(strongest))},
        "gram": {"picture": _heat_map(gram), "together": list(map(_pair, together)), "apart": list(map(_pair, apart))},
    }


def _middle(features: "FeatureMaps") -> dict[str, int]:
    """What the number in the middle of a map sees of the photo, in its pixels; beyond the photo's edges is padding."""
    _, height, width = features.maps.shape
    field = features.field
    left, top = (side // 2 * field.jump - field.margin for side in (width, height))
    return {"left": left, "top": top, "side": field.size}


def _map(gram: "LayerGram", unit: int) -> dict[str, Any]:
    from impasto.look.contact_sheet import shaded_map
    from impasto.studio.lessons.pictures import address

    found = gram.features.maps[unit]
    height, width = found.shape
    wide = min(width, WIDEST)
    return {
        "low": round(float(found.min()), 1),
        "high": round(float(found.max()), 1),
        "zeros": round(float(gram.features.silence[unit]), 3),
        "picture": address(shaded_map(found, wide, max(1, round(height * wide / width)))),
    }


def _heat_map(gram: "LayerGram") -> str:
    """√G with those side by side that fire together, so that small entries show."""
    import numpy as np
    from PIL import Image

    from impasto.look.page import SEQUENTIAL, shaded
    from impasto.studio.lessons.pictures import address

    ordered = gram.photo[np.ix_(gram.order, gram.order)]
    largest = max(float(np.quantile(ordered, 1 - CLIPPED)), 1e-300)
    picture = Image.fromarray(shaded(np.sqrt(np.maximum(ordered, 0) / largest), SEQUENTIAL))
    side = min(picture.width, GRAM_SIDE)
    return address(np.asarray(picture.resize((side, side), Image.Resampling.BOX)))


def _pair(pair: "Pair") -> dict[str, Any]:
    return {"units": [pair[0], pair[1]], "cosine": round(pair[2], 3)}
