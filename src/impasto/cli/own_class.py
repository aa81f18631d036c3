"""A network of somebody's own, as commands take it: its class, and why its layers do not fit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.errors import tell

if TYPE_CHECKING:
    from impasto.classify.own import Own

Class = Annotated[
    str | None, typer.Option("--class", help="The class of the model's network, as mynet.py:Mine; its code is run.")
]


def found(named: str | None, *, goes_with: bool = True) -> "Own | None":
    """The class that `--class` names, if it names one.

    Args:
        named: as the user wrote it.
        goes_with: whether there is a model whose class it can be.

    Raises:
        ValueError: there is no such class, its code fails, or there is no model.
    """
    if named is None:
        return None
    if not goes_with:
        raise ValueError("--class names the class of a model's network; name a model too, or leave it out")
    from impasto.classify.own import find

    return find(named)


@contextmanager
def with_sizes() -> Iterator[None]:
    """Where layers do not fit together, print those that a picture passed, before the line that says why."""
    from impasto.convolution.shapes import ShapeError, table

    try:
        yield
    except ShapeError as error:
        if error.rows:
            tell(table(error.rows, sums=False))
        raise
