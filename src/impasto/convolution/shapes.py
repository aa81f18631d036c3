"""What each layer of a network does to the size of a picture, what it holds, and what it costs."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from impasto.convolution.geometry import Field, GeometryError, Layer, see_through

Shape = tuple[int, ...]


@dataclass(frozen=True)
class LayerShape:
    """One layer, as a picture passes it.

    Attributes:
        name: what the network calls it.
        kind: its class in torch.nn, with kernel and stride.
        input: channels × height × width, or features; without the batch.
        output: the same.
        parameters: how many numbers it learns; a layer that is used again has none the second time.
        multiply_adds: for one picture.
        field: what one output sees of the picture, along the rows; None once a linear layer has seen it all.
    """

    name: str
    kind: str
    input: Shape
    output: Shape
    parameters: int
    multiply_adds: int
    field: Field | None


def shapes(model: nn.Module, size: int | tuple[int, int] = 32, channels: int = 3) -> list[LayerShape]:
    """Follow a picture through the layers of a network, in the order in which it passes them.

    Nothing is computed: a copy of the network without numbers (PyTorch's device "meta") is run. Receptive fields take
    the layers as a chain; beside a shortcut, which widens nothing, that is right.

    Args:
        model: a network of torch.nn layers.
        size: the picture's height and width in pixels, or its side.
        channels: 3 for colour.

    Raises:
        ValueError: the picture is too small for the network, or of another size than it was built for.
    """
    height, width = (size, size) if isinstance(size, int) else size
    rows: list[LayerShape] = []
    known: set[int] = set()
    field: Field | None = Field()

    def note(name: str, layer: nn.Module, given: Tensor, made: Tensor) -> None:
        nonlocal field
        geometry = _geometry(layer)
        if isinstance(layer, nn.Linear):
            field = None
        elif geometry is not None and field is not None:
            field = see_through(field, geometry)
        own = 0 if id(layer) in known else sum(parameter.numel() for parameter in layer.parameters(recurse=False))
        known.add(id(layer))
        ins, outs = tuple(given.shape[1:]), tuple(made.shape[1:])
        rows.append(LayerShape(name, _kind(layer), ins, outs, own, _multiply_adds(layer, made), field))

    bare = copy.deepcopy(model).to("meta").eval()
    for name, layer in bare.named_modules():
        if next(layer.children(), None) is None and name:
            layer.register_forward_hook(lambda layer, given, made, name=name: note(name, layer, given[0], made))
    picture = torch.empty(1, channels, height, width, device="meta")
    try:
        with torch.no_grad():
            bare(picture)
    except RuntimeError:
        raise _refusal(height, width, rows) from None
    return rows


def table(rows: Sequence[LayerShape]) -> str:
    """The layers as text, one line each, with a line of sums."""
    titles = ("layer", "", "input", "output", "parameters", "multiply-adds", "field", "jump", "margin")
    lines: list[tuple[str, ...]] = [titles]
    for row in rows:
        seen = ("", "", "") if row.field is None else (row.field.size, row.field.jump, row.field.margin)
        numbers = (f"{row.parameters:,}", f"{row.multiply_adds:,}", *map(str, seen))
        lines.append((row.name, row.kind, _by(row.input), _by(row.output), *numbers))
    parameters, costs = sum(row.parameters for row in rows), sum(row.multiply_adds for row in rows)
    lines.append(("in all", "", "", "", f"{parameters:,}", f"{costs:,}", "", "", ""))
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    left = 2  # the columns of words; numbers stand to the right
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _geometry(layer: nn.Module) -> Layer | None:
    """The layer along the rows, if it has a kernel."""
    if not isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
        return None
    padding = layer.padding if isinstance(layer.padding, int | tuple) else 0
    dilation = getattr(layer, "dilation", 1)
    return Layer(*(_first(value) for value in (layer.kernel_size, padding, layer.stride, dilation)))


def _kind(layer: nn.Module) -> str:
    kind, geometry = type(layer).__name__, _geometry(layer)
    if geometry is None:
        return kind
    words = f"{kind} {geometry.kernel} × {geometry.kernel}"
    return words + f", stride {geometry.stride}" * (geometry.stride > 1)


def _multiply_adds(layer: nn.Module, made: Tensor) -> int:
    if isinstance(layer, nn.Conv2d):
        return made.numel() * layer.weight[0].numel()
    if isinstance(layer, nn.Linear):
        return layer.weight.numel()
    return made.numel() if isinstance(layer, nn.BatchNorm2d) else 0


def _refusal(height: int, width: int, rows: Sequence[LayerShape]) -> GeometryError:
    led = " → ".join([f"{height} × {width}", *(f"{_by(row.output[1:])} ({row.name})" for row in rows)])
    return GeometryError(f"this network does not take {height} × {width}: {led}, and no further; give another size")


def _first(value: Any) -> int:
    return int(value[0] if isinstance(value, tuple) else value)


def _by(shape: Shape) -> str:
    return " × ".join(map(str, shape))
