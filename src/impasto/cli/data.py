"""Loading a data set for a command: the download shown, what was passed over said, errors in one plain line."""

import sys
from typing import TYPE_CHECKING

from impasto.cli.errors import FAILURE, plain_errors, say

if TYPE_CHECKING:
    from impasto.classify.images import LabelledImages, Part


def loaded(source: str, part: "Part", side: int = 32) -> "LabelledImages":
    """One part of a data set, by its name or folder; `side` of the pictures in pixels."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    from impasto.classify import datasets

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    shown = sys.stderr.isatty()
    bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=not shown)
    with plain_errors(FAILURE), bar:
        task = bar.add_task("fetching", total=None, visible=False)
        images = datasets.load(
            source,
            part,
            lambda done, total: bar.update(task, completed=done, total=total, visible=True),
            side,
        )
    for line in images.doubts:
        say(line)
    for line in images.skipped:
        say(f"passed over: {line}")
    if images.skipped:
        say(f"{len(images.skipped)} of {len(images) + len(images.skipped)} files to {part} were passed over")
    return images
