"""Classify: what a trained network says of a picture, and what each of its layers made of it on the way.

Runs in the lessons' process.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    from impasto.classify.model import Model

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
    from impasto import images
    from impasto.classify.predict import predict
    from impasto.classify.prepare import on_black
    from impasto.studio.lessons.pictures import address

    model = _model(name)
    given = images.read(picture) if isinstance(picture, bytes) else _drawing(*picture)
    (prediction,) = predict(model, [given], TOP)
    assert not isinstance(prediction, tuple), "it was read above"
    pixels, inverted = on_black(given)
    return {
        "model": name,
        "data": model.card.data,
        "accuracy": model.card.figures.get("accuracy"),
        "top": [{"name": each, "share": round(share, 4)} for each, share in prediction.top],
        "inverted": inverted,
        "given": address(pixels.repeat(3, 0).transpose(1, 2, 0)),
        "steps": _steps(model, pixels),
    }


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


def _steps(model: "Model", pixels: Any) -> list[dict[str, Any]]:
    """What comes out of each of the network's layers, in the order in which the picture passes them."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    passed: list[dict[str, Any]] = []

    def note(name: str, layer: nn.Module, made: "Tensor") -> None:
        last = isinstance(layer, nn.Linear) and layer.out_features == len(model.card.classes)
        rectified = isinstance(layer, nn.Conv2d | nn.Linear) and not last
        passed.append(_step(name, layer, F.relu(made[0]) if rectified else made[0], rectified))

    hooks = [
        child.register_forward_hook(lambda layer, _, made, name=name: note(name, layer, made))
        for name, child in _layers(model.network)
    ]
    try:
        model.probabilities(torch.from_numpy(pixels)[None])
    finally:
        for hook in hooks:
            hook.remove()
    return passed


def _layers(network: "nn.Module", path: str = "") -> "Iterator[tuple[str, nn.Module]]":
    """The layers that have a step of their own, with their names: a ReLU is shown with the layer before it."""
    from torch import nn

    for name, child in network.named_children():
        if type(child) is nn.Sequential:
            yield from _layers(child, f"{path}{name}.")
        elif not isinstance(child, nn.ReLU):
            yield f"{path}{name}", child


def _step(name: str, layer: Any, made: "Tensor", rectified: bool) -> dict[str, Any]:
    from torch import nn

    from impasto.look.contact_sheet import shaded_map
    from impasto.look.page import DIVERGING, SEQUENTIAL, shaded
    from impasto.studio.lessons.pictures import address

    kinds = {nn.Conv2d: "convolution", nn.MaxPool2d: "max pooling", nn.Linear: "linear"}
    kind = next((word for known, word in kinds.items() if isinstance(layer, known)), "convolution, normalised")
    after = " and ReLU" if rectified or kind == "convolution, normalised" else ""
    if kind == "linear" and not rectified:
        after = ": a score for each class"
    step: dict[str, Any] = {"name": name, "kind": kind + after, "shape": list(made.shape), "maps": []}
    numbers = made.numpy()
    if made.ndim == 3:
        step["maps"] = [address(shaded_map(each, each.shape[1], each.shape[0])) for each in numbers[:MAPS]]
    else:
        signed = not rectified
        most = max(float(abs(numbers).max()), 1e-12)
        strip = numbers[None] / most
        step["strip"] = address(shaded(0.5 + strip / 2, DIVERGING) if signed else shaded(strip, SEQUENTIAL))
    return step
