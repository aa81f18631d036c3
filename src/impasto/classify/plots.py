"""Training and its outcome as pictures."""

import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch

from impasto import images
from impasto.classify.evaluation import Evaluation
from impasto.classify.images import LabelledImages
from impasto.classify.model import Model
from impasto.images.names import numbered, written
from impasto.images.picture import printable

WORST, COLUMNS = 16, 4
INK, GRID = "0.25", "0.88"
FIRST, SECOND = "tab:blue", "tab:orange"


@dataclass
class History:
    """What to draw curves of.

    Attributes:
        losses: of each mini-batch.
        accuracies: on the test part, 0 to 1, by the number of mini-batches before; at each epoch's end, or where
            training was interrupted.
    """

    losses: list[float] = field(default_factory=list)
    accuracies: dict[int, float] = field(default_factory=dict)

    def ended(self, accuracy: float) -> None:
        """Note the accuracy after the mini-batches so far."""
        self.accuracies[len(self.losses)] = accuracy


def write_all(
    folder: Path, model: Model, evaluation: Evaluation, tested: LabelledImages, history: History | None = None
) -> list[Path]:
    """Write every picture that there is something for, under names that no file has, and return their paths.

    Raises:
        PictureError: the folder can't be made or written in.
    """
    make_folder(folder)
    figures = {
        "confusion": confusion(evaluation),
        "mistakes": mistakes(evaluation, tested),
    }
    with suppress(ValueError):  # a network without convolutions has none
        figures["kernels"] = kernels(model)
    if history is not None and history.losses:
        figures["curves"] = curves(history)
    paths = []
    for name, figure in figures.items():
        drawn = BytesIO()
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # the font may lack letters
            figure.savefig(drawn, format="png", dpi=120)
        pixels = images.read(drawn.getvalue()).pixels
        paths.append(written(numbered(folder / f"{name}.png"), partial(_write, pixels)))
    return sorted(paths)


def make_folder(folder: Path) -> None:
    """Make the folder for the pictures, where it is not there.

    Raises:
        PictureError: it can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise images.PictureError(f"{folder} can't be made: {error.strerror}; give another folder") from None


def _write(pixels: Any, path: Path) -> None:
    images.write(path, pixels, new=True)


def curves(history: History) -> Any:
    """The running loss, and the accuracy at each epoch's end."""
    figure = _figure(8, 4.5)
    axes = figure.subplots()
    ends, losses = smoothed(history.losses)
    axes.plot(ends, losses, color=FIRST, marker="o" if len(losses) < 30 else None)
    axes.set_xlabel("mini-batches")
    axes.set_ylabel("loss in training (nats)", color=FIRST)
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.grid(color=GRID)
    if history.accuracies:
        other = axes.twinx()
        other.plot(list(history.accuracies), [100 * share for share in history.accuracies.values()], color=SECOND,
                   marker="o")  # fmt: skip
        other.set_ylabel("accuracy on the test part (%)", color=SECOND)
        other.set_ylim(0, 100)
    axes.set_title("Training")
    return figure


def confusion(evaluation: Evaluation) -> Any:
    """How many pictures of each class were taken for which: shares as shades, and the numbers."""
    count = len(evaluation.classes)
    side = max(5.0, 0.62 * count + 2)
    figure = _figure(side + 0.5, side)
    axes = figure.subplots()
    matrix = evaluation.confusion.numpy()
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if count <= 30:
        for (row, column), number in np.ndenumerate(matrix):
            if number:
                color = "white" if shares[row, column] > 0.5 else INK
                axes.text(column, row, f"{number:,}", ha="center", va="center", color=color, fontsize=8)
    names = list(map(printable, evaluation.classes))
    axes.set_xticks(range(count), names, rotation=45, ha="right", rotation_mode="anchor", parse_math=False)
    axes.set_yticks(range(count), names, parse_math=False)
    axes.set(xlabel="taken for", ylabel="what it is")
    axes.set_title(f"{evaluation.accuracy:.1%} of {evaluation.images:,} recognised")
    return figure


def mistakes(evaluation: Evaluation, tested: LabelledImages) -> Any:
    """The pictures of whose wrong class the model was surest."""
    worst = evaluation.mistakes[:WORST]
    rows = max(1, -(-len(worst) // COLUMNS))
    figure = _figure(8, 2.25 * rows + 0.4)
    if not worst:
        figure.text(0.5, 0.5, "no mistakes", ha="center", va="center", fontsize=14)
        return figure
    figure.suptitle("What the model was surest of, and wrong")
    for index, axes in enumerate(np.atleast_1d(figure.subplots(rows, COLUMNS)).flat):
        axes.axis("off")
        if index < len(worst):
            mistake = worst[index]
            pixels = tested.pixels[mistake.index].expand(3, -1, -1).permute(1, 2, 0).numpy()
            axes.imshow(pixels, interpolation="nearest")
            truth, taken_for = printable(mistake.truth), printable(mistake.taken_for)
            title = f"{truth}, taken for\n{taken_for} ({mistake.probability:.0%})"
            axes.set_title(title, fontsize=9, parse_math=False)
    return figure


def kernels(model: Model) -> Any:
    """The first layer's kernels of a model."""
    convolutions = [each for each in model.network.modules() if isinstance(each, torch.nn.Conv2d)]
    weights = next((each.weight.detach().float() for each in convolutions if each.weight.shape[1] == 3), None)
    if weights is None:  # (C_out, 3, k, k)
        raise ValueError("this network has no convolution that takes RGB, so no kernels to look at; look at another")
    if model.grey:  # the three channels were always equal, so only their sum means anything
        weights = weights.sum(1, keepdim=True).expand(-1, 3, -1, -1)
    return kernel_grid(weights)


def kernel_grid(weights: torch.Tensor) -> Any:
    """Kernels (C_out × 3 × k × k, for RGB), each in the colours that it answers to; grey stands for 0."""
    columns = min(8, len(weights))
    rows = -(-len(weights) // columns)
    figure = _figure(columns + 0.25, 1.25 * rows + 0.6)
    figure.suptitle(f"The {len(weights)} kernels of the first layer")
    for index, axes in enumerate(np.atleast_1d(figure.subplots(rows, columns)).flat):
        axes.axis("off")
        if index < len(weights):
            kernel = weights[index]
            shown = 0.5 + 0.5 * kernel / kernel.abs().max().clamp(min=1e-12)
            axes.imshow(shown.permute(1, 2, 0).numpy(), interpolation="nearest")
            axes.set_title(str(index), fontsize=9)
    return figure


def smoothed(losses: Sequence[float], points: int = 200) -> tuple[list[int], list[float]]:
    """Means over stretches of a long curve, at most `points` of them, and where each stretch ends."""
    stretch = max(1, -(-len(losses) // points))
    ends = [min(start + stretch, len(losses)) for start in range(0, len(losses), stretch)]
    return ends, [float(np.mean(losses[max(0, end - stretch) : end])) for end in ends]


def _figure(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")
