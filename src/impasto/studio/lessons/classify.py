"""Classify: what a trained network says of a picture, and what each of its layers made of it on the way.

Runs in the lessons' process.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.classify.model import Model
    from impasto.images import Picture
    from impasto.studio.lessons.layers import Passed

MODELS = {"fashion-classifier": "the slide’s network", "fashion-modern": "a modern one"}
"""The models that can be asked, and what the page calls them."""
MAPS = 24
"""As many of a layer's maps are shown."""
TOP = 5


def classify(picture: "bytes | tuple[int, bytes]", name: str) -> dict[str, Any]:
    """Ask a model what a picture shows.

    Args:
        picture: a file that is known to be harmless, or a drawing: its side, and its grey pixels row by row.
        name: one of `MODELS`.

    Returns:
        What the page shows, ready for JSON; a picture is a data: URL.

    Raises:
        PictureError: there is nothing to be seen; one plain line.
    """
    from impasto.classify.predict import predict
    from impasto.classify.prepare import on_black
    from impasto.studio.lessons.layers import passes
    from impasto.studio.lessons.pictures import address

    model, given = asked(picture, name)
    (prediction,) = predict(model, [given], TOP)
    assert not isinstance(prediction, tuple), "it was read above"
    pixels, inverted = on_black(given)
    steps, scores = passes(model, pixels)
    return {
        "model": name,
        "data": model.card.data,
        "accuracy": model.card.figures.get("accuracy"),
        "top": [{"name": each, "share": round(share, 4)} for each, share in prediction.top],
        "inverted": inverted,
        "given": address(pixels.repeat(3, 0).transpose(1, 2, 0)),
        "steps": [_step(each) for each in steps],
        "scores": [
            {"name": each, "score": round(score, 6)}
            for each, score in zip(model.card.classes, scores.tolist(), strict=True)
        ],
    }


def asked(picture: "bytes | tuple[int, bytes]", name: str) -> "tuple[Model, Picture]":
    """The model and the picture that a question is about; see :func:`classify`."""
    from impasto import images

    return _model(name), images.read(picture) if isinstance(picture, bytes) else _drawing(*picture)


@cache
def _model(name: str) -> "Model":
    import torch

    from impasto.classify.model import load

    torch.set_num_threads(1)
    return load(name)


def _drawing(side: int, grey: bytes) -> Any:
    import numpy as np

    from impasto.images import Picture

    pixels = np.frombuffer(grey, np.uint8).reshape(side, side)
    return Picture(np.repeat(pixels[..., None], 3, 2), "drawing")


def _step(passed: "Passed") -> dict[str, Any]:
    from torch import nn

    from impasto.look.contact_sheet import shaded_map
    from impasto.look.page import DIVERGING, SEQUENTIAL, shaded
    from impasto.studio.lessons.pictures import address

    kinds = {nn.Conv2d: "convolution", nn.MaxPool2d: "max pooling", nn.Linear: "linear"}
    kind = next((word for known, word in kinds.items() if isinstance(passed.layer, known)), "convolution, normalised")
    rectified = passed.rectified or kind == "convolution, normalised"
    after = " and ReLU" if rectified else ": a score for each class" if kind == "linear" else ""
    made = passed.made
    step: dict[str, Any] = {"name": passed.name, "kind": kind + after, "shape": list(made.shape), "maps": []}
    numbers = made.numpy()
    if made.ndim == 3:
        step["maps"] = [address(shaded_map(each, each.shape[1], each.shape[0])) for each in numbers[:MAPS]]
    else:
        strip = numbers[None] / max(float(abs(numbers).max()), 1e-12)
        step["strip"] = address(shaded(strip, SEQUENTIAL) if rectified else shaded(0.5 + strip / 2, DIVERGING))
    return step
