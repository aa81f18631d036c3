"""What the page *Padding and stride* shows, worked out from the settings in its address for browsers without scripts.

With scripts the page computes the same itself (static/learn/convolution.js); the numbers that both start from, and how
far its sliders go, are here alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np

from impasto.convolution import geometry
from impasto.convolution.geometry import GeometryError, Padding
from impasto.convolution.kernels import KERNELS, Matrix, convolve, convolve_channels

LIMITS = {
    "size": (1, 12), "kernel": (1, 7), "pad": (0, 6), "stride": (1, 6), "dilation": (1, 4), "output_padding": (0, 5),
}  # fmt: skip
DEFAULTS = {"size": 5, "kernel": 3, "pad": 1, "stride": 1, "dilation": 1, "output_padding": 0}
WORDS = {
    "size": "an input size", "kernel": "a kernel", "pad": "a padding", "stride": "a stride", "dilation": "a dilation",
    "output_padding": "an output padding",
}  # fmt: skip
COLORS, BIAS = ("red", "green", "blue"), 2
"""Of the layer that is worked through."""
LARGEST = 32
"""A matrix with more rows than this is not drawn."""

_ROWS, _COLUMNS = np.indices((LIMITS["size"][1],) * 2)
INPUTS: dict[str, Matrix] = {
    "numbers": (5.0 * _ROWS + 2 * _COLUMNS + _ROWS * _COLUMNS**2) % 9 + 1,
    "ones": np.ones_like(_ROWS, float),
    "edge": np.where(_COLUMNS < 2, 1.0, 9.0),
    "diagonal": np.where(_ROWS == _COLUMNS, 9.0, 0.0),
    "dot": np.where((_ROWS == 2) & (_COLUMNS == 2), 1.0, 0.0),
}
"""Inputs that have a name, at the largest size; a smaller one is their top left corner."""

EXAMPLES = (
    ("valid: the kernel stays inside", {"padding": "valid"}),
    ("same: a 3 × 3 filter does not reduce the size", {"padding": "same"}),
    ("padding can enlarge: kernel 4, padding 2", {"kernel": "4", "padding": "2"}),
    ("kernel 3, padding 2", {"padding": "2"}),
    ("a stride that does not divide", {"size": "6", "padding": "1", "stride": "2"}),
    ("kernel 2, no padding", {"kernel": "2", "padding": "valid"}),
    ("the slide’s figure: a stride of 2", {"padding": "1", "stride": "2"}),
    ("a kernel with holes: dilation 2", {"size": "7", "padding": "valid", "dilation": "2"}),
    ("a stride wider than the kernel", {"size": "8", "kernel": "2", "padding": "valid", "stride": "3"}),
    ("transposed: back again", {"size": "3", "padding": "1", "stride": "2", "transposed": "1", "output_padding": "1"}),
)  # fmt: skip
"""The worked examples of the course, and some of what comes after them: what each shows, and its settings."""


@dataclass(frozen=True)
class Convolution:
    """What the page was asked for.

    Attributes:
        size, kernel, stride, dilation, output_padding: along both axes.
        padding: "valid", "same", or how many zeros go on each side.
        transposed: whether it goes the other way.
        input: size × size.
        weights: kernel × kernel.
        input_name, weights_name: what these are called; "own" where somebody wrote them.
        problems: sentences about what was asked for and can't be.
    """

    size: int
    kernel: int
    padding: Padding
    stride: int
    dilation: int
    output_padding: int
    transposed: bool
    input: Matrix
    weights: Matrix
    input_name: str
    weights_name: str
    problems: tuple[str, ...]

    @property
    def pads(self) -> tuple[int, int]:
        """Zeros before and after; in transposed mode what is cropped."""
        if self.transposed:
            return geometry.transposed_pads(self.padding, self.kernel, self.stride, self.dilation)
        return geometry.pads(self.padding, self.size, self.kernel, self.stride, self.dilation)

    @property
    def made(self) -> int:
        """The output's size.

        Raises:
            GeometryError: there is none.
        """
        sizes = (self.size, self.kernel, self.padding, self.stride, self.dilation)
        return (
            geometry.transposed_size(*sizes, self.output_padding) if self.transposed else geometry.output_size(*sizes)
        )


def read(query: Mapping[str, str]) -> Convolution:
    """The settings in a page's address; what can't be is replaced by the nearest that can, with a sentence about it."""
    problems: list[str] = []
    numbers = {name: _number(name, query.get(name), problems) for name in LIMITS}
    padding: Padding = numbers["pad"]
    asked = query.get("padding", "custom")
    if asked in ("valid", "same"):
        padding = asked
    elif asked != "custom":
        padding = _number("pad", asked, problems)
    size, kernel = numbers["size"], numbers["kernel"]
    names = {"ones": np.ones((kernel, kernel)), **(KERNELS if kernel == 3 else {})}
    input_name, matrix = _matrix(query.get("input", "numbers"), size, INPUTS, "numbers", problems)
    weights_name, weights = _matrix(
        query.get("weights", "sharpen"), kernel, names, "sharpen" if kernel == 3 else "ones", problems
    )
    return Convolution(
        size, kernel, padding, numbers["stride"], numbers["dilation"], numbers["output_padding"],
        query.get("transposed", "") not in ("", "0"), matrix, weights, input_name, weights_name, tuple(problems),
    )  # fmt: skip


def worked(asked: Convolution) -> dict[str, Any]:
    """Everything that the page shows: the formula, the result or why there is none, and the matrices.

    Returns:
        By their names in the template padding.html.
    """
    try:
        made, before_after = asked.made, asked.pads
    except GeometryError as error:
        sentence = f"{str(error)[0].upper()}{str(error)[1:]}."
        return {"refused": sentence, "made": None, "output": None, "padded": None, "pads": (0, 0)}
    shown: dict[str, Any] = {
        "refused": None, "made": made, "formula": formula(asked, before_after, made),
        "unread": _never_read(asked), "output": None, "padded": None, "pads": before_after,
    }  # fmt: skip
    if max(made, asked.size + sum(before_after)) > LARGEST:
        return shown
    if asked.transposed:
        shown["output"] = _transposed(asked, before_after[0], made)
    else:
        shown["padded"] = np.pad(asked.input, before_after)
        sides = (before_after, before_after)
        shown["output"] = convolve(asked.input, asked.weights, sides, asked.stride, asked.dilation)
    return shown


def page(asked: Convolution) -> dict[str, Any]:
    """All that the template padding.html takes."""
    shown = worked(asked)
    for name in ("padded", "output"):
        shown[name] = _texts(shown[name])
    own = {"input": asked.input, "weights": asked.weights}
    return {
        **shown,
        "settings": asked,
        "limits": LIMITS,
        "matrices": {name: _texts(matrix) for name, matrix in own.items()},
        "own": {name: "_".join(f"{number:g}" for number in matrix.flat) for name, matrix in own.items()},
        "known": {
            "inputs": {name: matrix.tolist() for name, matrix in INPUTS.items()},
            "kernels": {name: matrix.tolist() for name, matrix in KERNELS.items()},
        },
        "kernels": ["ones", *KERNELS],
        "edges": _edges(),
        "channels": _channels(),
        "examples": [_example(words, asked) for words, asked in EXAMPLES],
    }


def _edges() -> list[dict[str, Any]]:
    """How often a 3 × 3 kernel reads each number of a 5 × 5 matrix, without and with padding."""
    counts = {words: np.array(geometry.reads(5, 3, padding), float) for words, padding in (("valid", 0), ("same", 1))}
    return [{"padding": words, "counts": _texts(np.outer(each, each))} for words, each in counts.items()]


def _channels() -> dict[str, Any]:
    """A layer's first output over three channels of 4 × 4, worked through."""
    volume = np.stack([INPUTS[name][:4, :4] for name in ("numbers", "edge", "diagonal")])
    kernels = np.stack([KERNELS[name] for name in ("sobel-x", "identity", "laplacian")])
    parts = [convolve(matrix, kernel) for matrix, kernel in zip(volume, kernels, strict=True)]
    return {
        "parts": [
            {"color": color, "input": _texts(matrix), "kernel": _texts(kernel), "sum": _texts(part)}
            for color, matrix, kernel, part in zip(COLORS, volume, kernels, parts, strict=True)
        ],
        "bias": BIAS,
        "output": _texts(convolve_channels(volume, kernels[None], np.array([float(BIAS)]))[0]),
        "numbers": 6 * (volume.shape[0] * kernels[0].size + 1),
    }


def _example(words: str, asked: Mapping[str, str]) -> dict[str, str]:
    query = {"size": "5", "kernel": "3", "padding": "valid", "stride": "1", **asked}
    example = read(query)
    result = f"{example.size} × {example.size} → {example.made} × {example.made}"
    return {"words": words, "query": urlencode(query), "result": result}


def _texts(matrix: Matrix | None) -> list[list[str]] | None:
    if matrix is None:
        return None
    rows = [[f"{number:.5g}" if number.is_integer() else f"{number:.3g}" for number in row] for row in matrix.tolist()]
    return [[text.replace("-", "−") for text in row] for row in rows]


def formula(asked: Convolution, pads: tuple[int, int], made: int) -> tuple[str, str]:
    """The formula in letters, and with the numbers filled in."""
    n, k, s, d = asked.size, asked.kernel, asked.stride, asked.dilation
    even = pads[0] == pads[1]
    if asked.transposed:
        letters = f"(n − 1)s − {'2p' if even else 'p₁ − p₂'} + d(k − 1) + 1 + o"
        cropped = f"2·{pads[0]}" if even else f"{pads[0]} − {pads[1]}"
        return letters, f"({n} − 1)·{s} − {cropped} + {d}·({k} − 1) + 1 + {asked.output_padding} = {made}"
    letters = f"⌊(n + {'2p' if even else 'p₁ + p₂'} − d(k − 1) − 1) / s⌋ + 1"
    around = f"2·{pads[0]}" if even else f"{pads[0]} + {pads[1]}"
    free = n + sum(pads) - geometry.span(k, d)
    return letters, f"⌊({n} + {around} − {d}·({k} − 1) − 1) / {s}⌋ + 1 = ⌊{free} / {s}⌋ + 1 = {made}"


def _number(name: str, text: str | None, problems: list[str]) -> int:
    if not text:
        return DEFAULTS[name]
    least, most = LIMITS[name]
    if text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most:
        return int(text)
    problems.append(f"{WORDS[name].capitalize()} of {text[:20]!r} is not possible here: give {least} to {most}.")
    known = text.isascii() and text.isdigit()
    return min(most, max(least, int(text[:9]))) if known else DEFAULTS[name]


def _matrix(
    asked: str, side: int, names: Mapping[str, Matrix], default: str, problems: list[str]
) -> tuple[str, Matrix]:
    """A matrix by its name, or as its numbers one after the other, row by row: 1_0_-1_…"""
    if asked in names:
        return asked, names[asked][:side, :side]
    if re.fullmatch(r"[\d.eE+_-]+", asked):
        try:
            numbers = np.array([float(part) for part in asked.split("_")])
            if len(numbers) == side * side and np.isfinite(numbers).all() and (np.abs(numbers) < 1e6).all():
                return "own", numbers.reshape(side, side)
        except ValueError:
            pass
        problems.append(f"The address does not hold {side} × {side} numbers, so others stand here.")
    return default, names[default][:side, :side]


def _never_read(asked: Convolution) -> str:
    """Which rows and columns the stride passes over, as a sentence; those of the padding are only counted."""
    if asked.transposed:
        return ""
    at = geometry.unread(asked.size, asked.kernel, asked.padding, asked.stride, asked.dilation)
    own = [str(index + 1) for index in at if 0 <= index < asked.size]
    padded = len(at) - len(own)
    parts = []
    if own:
        parts.append(f"row{'s' * (len(own) > 1)} {', '.join(own)} of the input")
    if padded:
        parts.append(f"{padded} row{'s' * (padded > 1)} of the padding")
    return f"Never read: {' and '.join(parts)}; and the same of the columns." if parts else ""


def _transposed(asked: Convolution, before: int, made: int) -> Matrix:
    """As :func:`impasto.convolution.kernels.convolve_transposed`, with an output padding, which that has not."""
    n, s, d = asked.size, asked.stride, asked.dilation
    reach = (n - 1) * s + geometry.span(asked.kernel, d)
    whole = np.zeros((max(reach, before + made),) * 2)
    for (u, v), tap in np.ndenumerate(asked.weights):
        rows, columns = (slice(at * d, at * d + (n - 1) * s + 1, s) for at in (u, v))
        whole[rows, columns] += tap * asked.input
    return whole[before : before + made, before : before + made]
