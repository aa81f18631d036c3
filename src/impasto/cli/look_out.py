"""Where a sheet goes: as asked, or beside the photo and never over a file of the user's."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.errors import FAILURE, plain_errors, tell
from impasto.cli.files import check_outputs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Out = Annotated[
    Path | None, typer.Option("-o", "--out", help="A file: png, pdf, svg, jpg, webp, avif or tiff, by its suffix.")
]


@dataclass(frozen=True)
class Target:
    """Where a sheet goes.

    Attributes:
        path: its file.
        chosen: whether that is a name of ours; where a file has it by then, the next one is taken.
    """

    path: Path
    chosen: bool


def target(out: Path | None, beside: Path, what: str, *read: tuple[str, Path | None]) -> Target:
    """The file to write, which can be written; by default NAME-WHAT.png beside a file or folder.

    Args:
        out: what was asked for.
        beside: what the sheet shows.
        what: what kind of sheet it is.
        read: the files that are read, each with what it is.
    """
    from impasto.images.names import numbered
    from impasto.look.files import check_target

    check_outputs({"-o": out}, read)
    path = out or next(numbered(beside.with_name(f"{beside.stem}-{what}.png")))
    with plain_errors(FAILURE):
        check_target(path)
    return Target(path, chosen=out is None)


def keep(figure: "Figure", where: Target) -> None:
    """Write a sheet and print where."""
    from impasto.images.names import numbered, written
    from impasto.look.files import write

    path = where.path
    with plain_errors(FAILURE):
        if where.chosen:
            path = written(numbered(path), lambda free: write(free, figure, new=True))
        else:
            write(path, figure)
    tell(path)
