"""What each layer of a network does to the size of a picture, what it holds, and what it costs."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from impasto.convolution.geometry import Field, GeometryError, Layer, see_through
from impasto.convolution.misfits import Shape, by, misfit, of_other_numbers, rows_of_others, too_small, viewed
from impasto.convolution.watching import leaves, watched

PICTURES = 2
"""In the mini-batch that is followed: with one alone, a flattening of several into one row would not be seen."""

WIDENING = frozenset(
    {"conv2d", "max_pool2d", "avg_pool2d", "max_pool2d_with_indices", "conv_transpose2d", "interpolate"}
)
"""Functions of PyTorch that change what a number sees of the picture; the size alone does not always show it."""


@dataclass(frozen=True)
class LayerShape:
    """One layer, as a picture passes it.

    Attributes:
        name: what the network calls it; "flatten" where that is done between two layers.
        kind: its class in torch.nn, with kernel and stride; empty for such a flattening.
        input: channels × height × width, or features; without the batch.
        output: the same.
        parameters: how many numbers it learns; a layer that is used again has none the second time.
        multiply_adds: for one picture.
        field: what one output sees of the picture, along the rows; None once a linear layer has seen it all, or where
            something between the layers changed it.
        followed: False where the field is None because of that.
    """

    name: str
    kind: str
    input: Shape
    output: Shape
    parameters: int
    multiply_adds: int
    field: Field | None
    followed: bool = True


class ShapeError(GeometryError):
    """A picture that a network does not take; the message is one plain line that says where it ends, and the fix.

    Attributes:
        rows: the layers that it passed.
        explained: whether the message says why; else the error's cause has what PyTorch said.
    """

    def __init__(self, message: str, rows: Sequence[LayerShape], *, explained: bool = True) -> None:
        super().__init__(message)
        self.rows, self.explained = list(rows), explained


def shapes(
    model: nn.Module, size: int | tuple[int, int] = 32, channels: int = 3, device: str = "meta"
) -> list[LayerShape]:
    """Follow a picture through the layers of a network, in the order in which it passes them.

    Nothing is computed: a copy of the network without numbers (PyTorch's device "meta") is run. Receptive fields take
    the layers as a chain; beside a shortcut, which widens nothing, that is right. Where features are flattened between
    two layers by no layer, a row says so.

    Args:
        model: a network of torch.nn layers.
        size: the picture's height and width in pixels, or its side.
        channels: 3 for colour.
        device: "cpu" for a network of somebody's own, whose forward may look at numbers.

    Raises:
        ShapeError: the picture is too small for the network, or of another size than it was built for, or two layers
            do not fit together.
    """
    height, width = (size, size) if isinstance(size, int) else size
    walk = _Walk((channels, height, width))
    copied = copy.deepcopy(model).to(device).eval()
    layers = leaves(copied)
    for name, layer in layers:
        layer.register_forward_pre_hook(lambda layer, given, name=name: walk.enter(name, layer, given))
    pictures = torch.zeros(PICTURES, channels, height, width, device=device)
    try:
        with torch.no_grad(), watched(layers, walk.leave), _Between(walk):
            made = copied(pictures)
    except RuntimeError as error:
        raise walk.refusal(str(error)) from error
    if isinstance(made, Tensor) and made.ndim and len(made) != PICTURES and walk.parted:
        raise ShapeError(walk.parted, walk.rows)
    return walk.rows


class _Walk:
    """The way of a mini-batch through a network: the rows so far, and the layer that it has entered and not left."""

    def __init__(self, picture: Shape) -> None:
        self.rows: list[LayerShape] = []
        self.picture = picture
        self.known: set[int] = set()
        self.field: Field | None = Field()
        self.followed = True
        self.inside: tuple[str, nn.Module, Tensor] | None = None
        self.parted: str | None = None

    @property
    def before(self) -> tuple[str, Shape]:
        """What the picture passed last that has a name, and what that gave."""
        named = [row for row in self.rows if row.kind not in ("", "Flatten")]
        return (named[-1].name, named[-1].output) if named else ("the picture", self.picture)

    def enter(self, name: str, layer: nn.Module, given: Any) -> None:
        """A layer begins."""
        if given and isinstance(given[0], Tensor):
            self.inside = name, layer, given[0]
            if len(given[0]) != PICTURES and self.parted is None:
                self.parted = rows_of_others(*self.before, len(given[0]), PICTURES)

    def leave(self, name: str, layer: nn.Module, given: Any, made: Any) -> None:
        """A layer is done."""
        self.inside = None
        if not (given and isinstance(given[0], Tensor) and isinstance(made, Tensor)):
            return
        ins, outs = tuple(given[0].shape[1:]), tuple(made.shape[1:])
        last = self.rows[-1].output if self.rows else self.picture
        if len(ins) == 1 < len(last) and math.prod(ins) == math.prod(last):
            self.rows.append(LayerShape("flatten", "", last, ins, 0, 0, self.field, self.followed))
        elif len(ins) != len(last) or ins[1:] != last[1:]:
            self.lose()
        geometry = _geometry(layer)
        if isinstance(layer, nn.Linear | nn.AdaptiveAvgPool2d):
            self.field, self.followed = None, True
        elif geometry is not None and self.field is not None:
            self.field = see_through(self.field, geometry)
        own = 0 if id(layer) in self.known else sum(each.numel() for each in layer.parameters(recurse=False))
        self.known.add(id(layer))
        costs = _multiply_adds(layer, math.prod(outs))
        self.rows.append(LayerShape(name, _kind(layer), ins, outs, own, costs, self.field, self.followed))

    def lose(self) -> None:
        """Something between two layers changed what a number sees of the picture."""
        if self.field is not None:
            self.field, self.followed = None, False

    def refusal(self, error: str) -> ShapeError:
        """Why it went no further, from where it is and PyTorch's words."""
        before, made = self.before
        stopped, geometry = "give another size", None
        if self.inside is None:
            found = viewed(error, before, made, PICTURES)
        else:
            name, layer, given = self.inside
            found = misfit(name, layer, tuple(given.shape), before, made, PICTURES)
            found, geometry = found or of_other_numbers(name, layer, given), _geometry(layer)
            if geometry is not None:
                stopped = (
                    f"{name} ({_kind(layer)}) is larger: give a larger picture, padding, or fewer layers before it"
                )
        height, width = self.picture[1:]
        passed = [(row.name, row.output) for row in self.rows if row.kind]
        explained = found is not None or geometry is not None
        return ShapeError(found or too_small(height, width, passed, stopped), self.rows, explained=explained)


class _Between(TorchFunctionMode):
    """Sees what is computed between the layers of a walk."""

    def __init__(self, walk: _Walk) -> None:
        super().__init__()
        self.walk = walk

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if self.walk.inside is None and getattr(func, "__name__", "") in WIDENING:
            self.walk.lose()
        return func(*args, **(kwargs or {}))


def unfollowed(rows: Sequence[LayerShape]) -> str | None:
    """Why the table has no fields from some layer on, where something between the layers is the reason."""
    first = next((row.name for row in rows if not row.followed), None)
    if first is None:
        return None
    return (
        f"before {first} forward does what no layer says, as F.max_pool2d: so field, jump and margin are not known "
        "from there on; make it a layer, as nn.MaxPool2d"
    )


def table(rows: Sequence[LayerShape], *, sums: bool = True) -> str:
    """The layers as text, one line each, with a line of sums where the network ends there."""
    titles = ("layer", "", "input", "output", "parameters", "multiply-adds", "field", "jump", "margin")
    lines: list[tuple[str, ...]] = [titles]
    for row in rows:
        seen = ("", "", "") if row.field is None else (row.field.size, row.field.jump, row.field.margin)
        numbers = (f"{row.parameters:,}", f"{row.multiply_adds:,}", *map(str, seen))
        lines.append((row.name, row.kind, by(row.input), by(row.output), *numbers))
    parameters, costs = sum(row.parameters for row in rows), sum(row.multiply_adds for row in rows)
    if sums:
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


def _multiply_adds(layer: nn.Module, outputs: int) -> int:
    if isinstance(layer, nn.Conv2d):
        return outputs * layer.weight[0].numel()
    if isinstance(layer, nn.Linear):
        return layer.weight.numel()
    return outputs if isinstance(layer, nn.BatchNorm2d) else 0


def _first(value: Any) -> int:
    return int(value[0] if isinstance(value, tuple) else value)
