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


def found(named: str | None) -> "Own | None":
    """The class that `--class` names, if it names one.

    Raises:
        OwnError: there is none, or its code fails.
    """
    if named is None:
        return None
    from impasto.classify.own import find

    return find(named)


@contextmanager
def with_sizes() -> Iterator[None]:
    """Where layers do not fit together, print those that a picture passed, before the line that says why."""
    from impasto.convolution.shapes import ShapeError, table

    try:
        yield
    except ShapeError as error:
        tell(table(error.rows, sums=False))
        raise
