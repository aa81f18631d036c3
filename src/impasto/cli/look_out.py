"""Where a sheet goes: as asked, or beside the photo and never over a file of the user's."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.errors import FAILURE, plain_errors, tell
from impasto.cli.named_files import check_outputs, check_replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

Out = Annotated[
    Path | None, typer.Option("-o", "--out", help="A file: png, pdf, svg, jpg, webp, avif or tiff, by its suffix.")
]


@dataclass(frozen=True)
class Target:
    """Where a sheet goes.

    Attributes:
        path: its file.
        tail: the end of a name that is ours, and not one that was asked for.
    """

    path: Path
    tail: str | None

    def names(self) -> "Iterator[Path]":
        """The name that was asked for; or those of which the first that is free will be taken."""
        from impasto.images.names import numbered

        return iter([self.path]) if self.tail is None else numbered(self.path, tail=self.tail)


def target(out: Path | None, beside: Path, what: str, *read: tuple[str, Path | None]) -> Target:
    """The file to write, which can be written; by default NAME-WHAT.png beside a file or folder.

    A file that was asked for may be there already only where it is a sheet of Impasto's.

    Args:
        out: what was asked for.
        beside: what the sheet shows.
        what: what kind of sheet it is.
        read: the files that are read, each with what it is.
    """
    from impasto.look.sheet_files import check_target

    check_outputs({"-o": out}, read)
    check_replaced("-o", out)
    path = out or beside.with_name(f"{beside.stem}-{what}.png")
    where = Target(path, None if out else f"-{what}")
    with plain_errors(FAILURE):
        check_target(next(where.names()))
    return where


def keep(figure: "Figure", where: Target) -> None:
    """Write a sheet and print where."""
    tell(write_sheet(figure, where))


def write_sheet(figure: "Figure", where: Target) -> Path:
    """Write a sheet; gives its file."""
    from impasto.images.names import written
    from impasto.look.sheet_files import write

    path = where.path
    with plain_errors(FAILURE):
        if where.tail is None:
            write(path, figure)
        else:
            path = written(where.names(), lambda free: write(free, figure, new=True))
    return path
