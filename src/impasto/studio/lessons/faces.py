"""The faces that are kept in a photo, shown before it is painted. Runs in the lessons' process."""

import math
from typing import Any


def faces(photo: bytes) -> dict[str, Any]:
    """Where a photo has faces, as a painter finds them in it.

    Args:
        photo: a file that is known to be harmless.

    Returns:
        The photo's `width` and `height`, and its `faces`: of each, the middle `x` and `y` of the ellipse that is kept,
        its half axes `across` and `down`, all in the photo's pixels, and its `tilt` in degrees, clockwise.
    """
    import torch

    from impasto import images
    from impasto.networks.faces import HALF_HEIGHT, HALF_WIDTH, find_faces

    torch.set_num_threads(1)
    picture = images.read(photo, name="photo")
    return {
        "width": picture.width,
        "height": picture.height,
        "faces": [
            {
                "x": round((face.left + face.right) / 2, 1),
                "y": round((face.top + face.bottom) / 2, 1),
                "across": round(HALF_WIDTH * (face.right - face.left), 1),
                "down": round(HALF_HEIGHT * (face.bottom - face.top), 1),
                "tilt": round(math.degrees(face.tilt), 1),
            }
            for face in find_faces(picture.pixels)
        ],
    }
