"""One number of a layer, worked out: the window that it reads, times its kernels, over all channels, and the bias.

Runs in the lessons' process.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

    from impasto.studio.lessons.layers import Passed

CHANNELS = 8
"""Of a layer that reads more, only those with the largest sums are spelled out."""
DIGITS = 6


def number(
    picture: "bytes | tuple[int, bytes]", name: str | bytes, step: int, unit: int, row: int, column: int
) -> dict[str, Any]:
    """How a convolution, or a pooling, made one of its numbers.

    Args:
        picture: as :func:`impasto.studio.lessons.classify.classify` takes it.
        name: as well.
        step: which of the layers that the picture passes, from 0.
        unit: which of that layer's maps, from 0.
        row: of the number on the map, from 0.
        column: as well.

    Returns:
        What the page shows, ready for JSON.

    Raises:
        ValueError: the layer has no such number, or has no windows.
    """
    import torch

    from impasto.classify.prepare import prepared
    from impasto.studio.lessons.classify import asked
    from impasto.studio.lessons.layers import passes

    model, given = asked(picture, name)
    steps, _ = passes(model, prepared(given, model.card.dark_ground)[0])
    if not 0 <= step < len(steps) or steps[step].made.ndim != 3:
        raise ValueError("there is no such map: choose one of the page")
    passed = steps[step]
    if not all(0 <= at < most for at, most in zip((unit, row, column), passed.made.shape, strict=True)):
        raise ValueError("the map has no such number: choose one on it")
    before = steps[step - 1].made if step else passed.read
    return worked(passed, unit, row, column) | {"shortcut": not torch.equal(before, passed.read)}


def worked(passed: "Passed", unit: int, row: int, column: int) -> dict[str, Any]:
    """See :func:`number`.

    Raises:
        ValueError: the layer is no convolution and no pooling of the largest.
    """
    from torch import nn

    layer = passed.layer
    value = float(passed.made[unit, row, column])
    if isinstance(layer, nn.MaxPool2d):
        window, frame = _window(passed.read[unit : unit + 1], layer, row, column, float("-inf"))
        numbers = [[None if each == float("-inf") else each for each in line] for line in _rounded(window[0])]
        return {"kind": "pool", "window": numbers, "frame": frame, "value": round(value, DIGITS)}
    conv = next((each for each in layer.modules() if isinstance(each, nn.Conv2d)), None)
    if conv is None or conv.padding_mode != "zeros":
        raise ValueError("the page works out convolutions and max poolings: choose a map of one of these")
    many = conv.in_channels // conv.groups
    first = unit // (conv.out_channels // conv.groups) * many
    windows, frame = _window(passed.read[first : first + many], conv, row, column, 0.0)
    kernels = conv.weight.detach()[unit]
    sums = (windows * kernels).sum((1, 2))
    largest = sorted(sums.abs().argsort(descending=True)[:CHANNELS].tolist())
    bias = None if conv.bias is None else float(conv.bias.detach()[unit])
    total = float(sums.sum()) + (bias or 0.0)
    answer: dict[str, Any] = {
        "kind": "convolution",
        "parts": [
            {
                "channel": first + at,
                "window": _rounded(windows[at]),
                "kernel": _rounded(kernels[at]),
                "sum": round(float(sums[at]), DIGITS),
            }
            for at in largest
        ],
        "others": many - len(largest),
        "rest": round(float(sums.sum() - sums[largest].sum()), DIGITS),
        "bias": None if bias is None else round(bias, DIGITS),
        "total": round(total, DIGITS),
        "frame": frame,
        "value": round(value, DIGITS),
        "rectified": passed.rectified,
    }
    if norm := next((each for each in layer.modules() if isinstance(each, nn.BatchNorm2d)), None):
        scale, shift = _affine(norm, unit)
        answer |= {"scale": scale, "shift": shift, "normalised": round(total * scale + shift, DIGITS)}
        answer["rectified"] = any(isinstance(each, nn.ReLU) for each in layer.modules())
    return answer


def _window(
    read: "Tensor", layer: "nn.Conv2d | nn.MaxPool2d", row: int, column: int, outside: float
) -> "tuple[Tensor, dict[str, float]]":
    """What a position reads, C × kernel, and where that lies, as shares of the height and width."""
    from torch.nn.functional import pad

    from impasto.convolution import geometry

    (height, width), around, places = read.shape[1:], [], []
    for axis, (size, at) in enumerate(((height, row), (width, column))):
        k, s, d = (_of(getattr(layer, each), axis) for each in ("kernel_size", "stride", "dilation"))
        padding = layer.padding if isinstance(layer.padding, str) else _of(layer.padding, axis)
        before, after = geometry.pads(
            "same" if padding == "same" else 0 if padding == "valid" else padding, size, k, s, d
        )
        around.append((before, after + k * d))  # a pooling that rounds up reaches further
        places.append((at * s, k, d, before, size))
    padded = pad(read, (*around[1], *around[0]), value=outside)
    (top, k1, d1, before1, _), (left, k2, d2, before2, _) = places
    window = padded[:, top : top + d1 * (k1 - 1) + 1 : d1, left : left + d2 * (k2 - 1) + 1 : d2]
    frame = {
        "top": (top - before1) / height,
        "left": (left - before2) / width,
        "height": (d1 * (k1 - 1) + 1) / height,
        "width": (d2 * (k2 - 1) + 1) / width,
    }
    return window, frame


def _of(setting: Any, axis: int) -> Any:
    return setting[axis] if isinstance(setting, tuple) else setting


def _affine(norm: "nn.BatchNorm2d", unit: int) -> tuple[float, float]:
    """What a trained normalisation does to a number: times the first, plus the second."""
    mean, var = norm.running_mean, norm.running_var
    assert mean is not None
    assert var is not None
    weight, bias = (norm.weight.detach()[unit], norm.bias.detach()[unit]) if norm.affine else (1, 0)
    scale = float(weight / (var[unit] + norm.eps).sqrt())
    shift = float(bias - mean[unit] * scale)
    return scale, shift


def _rounded(numbers: "Tensor") -> list[list[float]]:
    return [[round(each, DIGITS) for each in line] for line in numbers.tolist()]
