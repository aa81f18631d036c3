"""The objective and its parts against time, as a picture."""

from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from impasto import images

if TYPE_CHECKING:
    from impasto.painter import Progress


def draw(rows: "Sequence[Progress]", path: Path) -> None:
    """Draw what each step reported; logarithmic, since style falls by orders of magnitude."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    seconds = [row.seconds for row in rows]
    axes.plot(seconds, [row.objective for row in rows], label="objective")
    for name in rows[0].costs:
        axes.plot(seconds, [row.costs[name] for row in rows], label=name)
    for before, after in pairwise(rows):
        if after.scale != before.scale:
            axes.axvline(after.seconds, color="0.7", linewidth=1)
            axes.text(after.seconds, axes.get_ylim()[1], f" {after.width} × {after.height}", va="top", color="0.4")
    axes.set(xlabel="seconds", ylabel="cost, in the packaged weights' units", yscale="log")
    axes.legend()
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=120)
    images.write(path, images.read(drawn.getvalue()).pixels)
