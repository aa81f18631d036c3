"""What a painting can be asked for."""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, get_args

from impasto.networks.table import Table
from impasto.networks.vgg import VGG19
from impasto.painter.balance import DEEP, OBJECTIVES
from impasto.painter.style_losses import STYLE_LOSSES

Quality = Literal["draft", "standard", "fine"]
LayerWeights = tuple[tuple[str, float], ...]
CHOICES: dict[str, tuple[str, ...]] = {
    "quality": get_args(Quality),
    "objective": tuple(OBJECTIVES),
    "style_loss": tuple(STYLE_LOSSES),
    "pooling": ("max", "avg"),
    "device": ("auto", "cpu", "cuda", "cuda:1", "mps"),
    "dtype": ("auto", "float32", "bfloat16"),
}
# One of several devices, as PyTorch counts them.
NUMBERED = re.compile(r"cuda:\d{1,3}")
# A smaller canvas shows nothing. Where the short side is half of that, VGG19's deepest layer still has a position.
MIN_SIZE, MAX_SIZE = 32, 100_000
# Weights are relative to one another, so larger ones say nothing more.
MAX_WEIGHT = 1e100
# Settings that are whole numbers: their unit, and what None stands for where they may be that.
WHOLE_NUMBERS = {
    "size": ("pixels", "None for the photo's own size"),
    "seed": ("", ""),
    "threads": ("threads", "None for PyTorch's choice"),
    "memory": ("bytes", "None for a share of what is free"),
}
# What describes the machine and not the painting.
OF_THE_MACHINE = ("device", "threads", "weights", "network", "memory")


class SettingsError(ValueError):
    """A setting that makes no sense; the message is one plain line that names the fix."""


@dataclass(frozen=True)
class Settings:
    """What a painting can be asked for; the defaults are a good painting.

    Attributes:
        size: the canvas's long side in pixels; None for the photo's own size.
        quality: how long to work.
        objective: how layers and terms are brought to one scale; a name in `OBJECTIVES`.
        content_weight: α, multiplies the objective's content term.
        style_weight: β, multiplies its style term.
        tv_weight: multiplies the total variation.
        style_scale: the size of the brush; at 1 the style has as many pixels as the canvas.
        keep_colors: recolour the style to the photo's palette first.
        luminance: paint the light only, and give it the photo's colours.
        content_layers: (layer, weight) pairs, after the ReLU; None for the network's own, conv4_2 in VGG19.
        style_layers: the same; in VGG19 conv1_1, conv2_1, … conv5_1.
        pooling: "max" or "avg".
        style_loss: what of a layer's features is compared; a name in `STYLE_LOSSES`.
        seed: of the noise that "noise" starts from.
        device: where to compute; "auto" takes CUDA or MPS where there is one, "cuda:1" the second of several.
        dtype: of the network; "auto" takes bfloat16 where the device has units for it.
        threads: how many the processor may use; None for PyTorch's choice.
        weights: a file in torchvision's format; None for the packaged weights.
        network: to paint with instead of VGG19: a file, or an nn.Sequential; see :mod:`impasto.networks.loading`.
        memory: bytes that painting may take; None for a share of what is free.

    Raises:
        SettingsError: a value that makes no sense.
    """

    size: int | None = 512
    quality: Quality = "standard"
    objective: str = "impasto"
    content_weight: float = 1.0
    style_weight: float = 1.0
    tv_weight: float = 0.0
    style_scale: float = 1.0
    keep_colors: bool = False
    luminance: bool = False
    content_layers: LayerWeights | None = None
    style_layers: LayerWeights | None = None
    pooling: Literal["max", "avg"] = "max"
    style_loss: str = "gram"
    seed: int = 0
    device: str = "auto"
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    threads: int | None = None
    weights: Path | None = None
    network: Any = None
    memory: int | None = None

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value not in choices and not (name == "device" and isinstance(value, str) and NUMBERED.fullmatch(value)):
                raise SettingsError(f"{name} can't be {value!r}; choose one of: {', '.join(choices)}")
        for name, (unit, none) in WHOLE_NUMBERS.items():
            value = getattr(self, name)
            if not (_is_whole(value) or (value is None and none)):
                kind = f"a whole number of {unit}" if unit else "a whole number"
                raise SettingsError(f"{name} can't be {value!r}; give {kind}{f', or {none}' if none else ''}")
        for name in ("content_weight", "style_weight", "tv_weight"):
            _check_weight(name.replace("_", " "), getattr(self, name))
        for name in ("keep_colors", "luminance"):
            if not isinstance(value := getattr(self, name), bool):
                raise SettingsError(f"{name} can't be {value!r}; give True or False")
        if self.keep_colors and self.luminance:
            raise SettingsError("keep_colors and luminance both say what becomes of colours; leave one of them out")
        if self.size is not None and not MIN_SIZE <= self.size <= MAX_SIZE:
            raise SettingsError(f"a size of {self.size} px is not possible; give one from {MIN_SIZE} to {MAX_SIZE}")
        if self.content_weight == 0 and self.style_weight == 0:
            raise SettingsError("the content and the style weight are both 0; give one of them a weight above 0")
        if not (is_number(self.style_scale) and 0.05 <= self.style_scale <= 20):
            raise SettingsError(f"a style scale of {self.style_scale!r} is not possible; give one from 0.05 to 20")
        if self.threads is not None and self.threads < 1:
            raise SettingsError(f"{self.threads} threads are not possible; give 1 or more")
        if self.memory is not None and self.memory < 1:
            raise SettingsError(f"{self.memory} bytes of memory are not possible; give more, such as 4G")
        for name in ("weights", "network"):
            if isinstance(value := getattr(self, name), str | os.PathLike):
                object.__setattr__(self, name, Path(value))
        if not (self.weights is None or isinstance(self.weights, Path)):
            raise SettingsError(f"weights can't be {self.weights!r}; give a file")
        if not (self.network is None or isinstance(self.network, Path) or hasattr(self.network, "state_dict")):
            raise SettingsError(f"network can't be {self.network!r}; give a file, or an nn.Sequential")
        if self.network is not None and self.weights is not None:
            raise SettingsError("weights are VGG19's, and another network has its own; leave one of the two out")
        for kind in ("content", "style"):
            if (layers := getattr(self, f"{kind}_layers")) is not None:
                object.__setattr__(self, f"{kind}_layers", _checked_layers(kind, layers))
        if self.network is None:
            self.layers_of(VGG19)

    def layers_of(self, table: Table) -> tuple[LayerWeights, LayerWeights]:
        """The content layers and the style layers of a network, with their weights.

        Raises:
            SettingsError: one that it doesn't have.
        """
        content = self.content_layers or tuple((layer, 1.0) for layer in table.content_layers)
        deepest = OBJECTIVES[self.objective].deepest if self._deep(table) else 1.0
        *others, last = table.style_layers
        style = self.style_layers or (*((layer, 1.0) for layer in others), (last, deepest))
        for layer, _ in (*content, *style):
            if layer not in table.names:
                raise SettingsError(f"no layer is called {layer!r}; they are: {', '.join(table.convolutions)}")
        return content, style

    def sparing_layer(self, table: Table) -> str | None:
        """The style layer of a network whose units count as much as they are the styles'; None where there is none.

        Layers that somebody names count as they are, by the course's formula.
        """
        spares = OBJECTIVES[self.objective].spares and self._deep(table) and self.style_layers is None
        return table.style_layers[-1] if spares else None

    def _deep(self, table: Table) -> bool:
        return len(table.style_layers) >= DEEP

    def to_dict(self) -> dict[str, Any]:
        """What makes the painting, and nothing of the machine, as JSON can hold it."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in OF_THE_MACHINE}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Settings":
        """The inverse of :meth:`to_dict`; names that are not a setting's are passed over.

        Raises:
            SettingsError: a value that makes no sense.
        """
        known = {field.name for field in fields(cls)} - set(OF_THE_MACHINE)
        if "content_weight" in stored and "objective" not in stored:  # written when there was only one objective
            stored = {**stored, "objective": "pastiche"}
        values = {name: value for name, value in stored.items() if name in known}
        try:
            for name in ("content_layers", "style_layers"):
                if values.get(name) is not None:
                    values[name] = tuple((str(layer), float(weight)) for layer, weight in values[name])
            return cls(**values)
        except TypeError:
            raise SettingsError("these stored settings can't be read; give the options instead") from None


def _checked_layers(kind: str, layers: Any) -> LayerWeights:
    """(layer, weight) pairs, in tuples."""
    if not isinstance(layers, list | tuple) or not all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in layers
    ):
        raise SettingsError(f'{kind}_layers can\'t be {layers!r}; give pairs, such as [("conv1_1", 1.0)]')
    if not layers:
        raise SettingsError(f"no {kind} layer; give at least one, such as conv1_1")
    for layer, weight in layers:
        _check_weight(f"weight of the {kind} layer {layer}", weight)
    return tuple((layer, weight) for layer, weight in layers)


def _check_weight(name: str, weight: Any) -> None:
    if not (is_number(weight) and 0 <= weight <= MAX_WEIGHT):
        raise SettingsError(f"a {name} of {weight!r} is not possible; give a number from 0 to {MAX_WEIGHT:g}")


def is_number(value: Any) -> bool:
    """Whether it is a finite number; True and False are none."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
