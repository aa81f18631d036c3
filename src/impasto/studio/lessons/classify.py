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
OWN = "own"
"""What the page calls a model of the visitor's, which comes with each question and is kept nowhere."""
LARGEST = 8_000_000
"""Bytes of such a model."""
MAPS = 24
"""As many of a layer's maps are shown."""
TOP = 5
KINDS = {
    "Conv2d": "convolution", "Convolution": "convolution, normalised", "BatchNorm2d": "normalisation",
    "BatchNorm1d": "normalisation", "MaxPool2d": "max pooling", "AvgPool2d": "average pooling",
    "AdaptiveAvgPool2d": "average pooling", "Linear": "linear",
}  # fmt: skip
"""What the page calls a layer; another one has its name in PyTorch."""


def classify(picture: "bytes | tuple[int, bytes]", name: str | bytes) -> dict[str, Any]:
    """Ask a model what a picture shows.

    Args:
        picture: a file that is known to be harmless, or a drawing: its side, and its grey pixels row by row.
        name: one of `MODELS`, or a file of impasto train.

    Returns:
        What the page shows, ready for JSON; a picture is a data: URL.

    Raises:
        PictureError: there is nothing to be seen; one plain line.
        ModelError: the file is no model that can be shown.
    """
    from impasto.classify.predict import predict
    from impasto.classify.prepare import prepared
    from impasto.studio.lessons.layers import passes
    from impasto.studio.lessons.pictures import address

    model, given = asked(picture, name)
    (prediction,) = predict(model, [given], TOP)
    assert not isinstance(prediction, tuple), "it was read above"
    pixels, inverted = prepared(given, model.card.dark_ground)
    steps, scores = passes(model, pixels)
    return {
        "data": model.card.data,
        "accuracy": model.card.figures.get("accuracy"),
        "top": [{"name": each, "share": round(share, 4)} for each, share in prediction.top],
        "inverted": inverted,
        "grey": len(pixels) == 1,
        "given": address(pixels.repeat(3 // len(pixels), 0).transpose(1, 2, 0)),
        "steps": [_step(each) for each in steps],
        "scores": [
            {"name": each, "score": round(score, 6)}
            for each, score in zip(model.card.classes, scores.tolist(), strict=True)
        ],
    }


def asked(picture: "bytes | tuple[int, bytes]", name: str | bytes) -> "tuple[Model, Picture]":
    """The model and the picture that a question is about; see :func:`classify`."""
    from impasto import images

    model = _model(name) if isinstance(name, str) else _opened(name)
    return model, images.read(picture) if isinstance(picture, bytes) else _drawing(*picture)


@cache
def _model(name: str) -> "Model":
    import torch

    from impasto.classify.model import load

    torch.set_num_threads(1)
    return load(name)


def _opened(data: bytes) -> "Model":
    """A model in a stranger's file, of which no code is run."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    import torch

    from impasto.classify.images import SIDE
    from impasto.classify.model import ModelError, load

    torch.set_num_threads(1)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        path.write_bytes(data)
        try:
            model = load(path)
        except ModelError as error:
            if "--class" in str(error):
                raise ModelError(
                    "this model needs the class that it was trained with, and a page runs no code of yours: "
                    "see it on your own machine, with impasto look network --model"
                ) from None
            raise ModelError(str(error).replace(str(path), "this file")) from None
    if model.side != SIDE:
        raise ModelError("this model looks through VGG19, and a page shows small networks: ask it by impasto classify")
    return model


def _drawing(side: int, grey: bytes) -> Any:
    import numpy as np

    from impasto.images import Picture

    pixels = np.frombuffer(grey, np.uint8).reshape(side, side)
    return Picture(np.repeat(pixels[..., None], 3, 2), "drawing")


def _step(passed: "Passed") -> dict[str, Any]:
    from impasto.look.contact_sheet import shaded_map
    from impasto.look.page import DIVERGING, SEQUENTIAL, shaded
    from impasto.studio.lessons.pictures import address

    kind = KINDS.get(type(passed.layer).__name__, type(passed.layer).__name__)
    rectified = passed.rectified or kind == KINDS["Convolution"]
    made = passed.made
    step: dict[str, Any] = {
        "name": passed.name,
        "kind": kind + " and ReLU" * rectified,
        "shape": list(made.shape),
        "maps": [],
    }
    numbers = made.numpy()
    if made.ndim == 3:
        step["maps"] = [address(shaded_map(each, each.shape[1], each.shape[0])) for each in numbers[:MAPS]]
    else:
        strip = numbers[None] / max(float(abs(numbers).max()), 1e-12)
        step["strip"] = address(shaded(strip, SEQUENTIAL) if rectified else shaded(0.5 + strip / 2, DIVERGING))
    return step
