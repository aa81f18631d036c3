"""Where a sheet goes: as asked, or beside the photo and never over a file of the user's."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.errors import FAILURE, plain_errors
from impasto.cli.files import unused

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Out = Annotated[
    Path | None, typer.Option("-o", "--out", help="A file: png, pdf, svg, jpg, webp, avif or tiff, by its suffix.")
]


def target(out: Path | None, beside: Path, what: str) -> Path:
    """The file to write, which can be written; by default NAME-WHAT.png beside a file or folder."""
    from impasto.look.files import check_target

    path = out or unused(beside.with_name(f"{beside.stem}-{what}.png"))
    with plain_errors(FAILURE):
        check_target(path)
    return path


def keep(figure: "Figure", path: Path) -> None:
    """Write a sheet and print where."""
    from impasto.look.files import write

    with plain_errors(FAILURE):
        write(path, figure)
    print(path, flush=True)
