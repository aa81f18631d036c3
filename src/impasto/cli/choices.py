"""Options that take one of a few names: the help and the shell's completion show them all.

Whoever takes the name refuses others, in a line that holds those there are.
"""

from collections.abc import Iterable
from typing import Any

import typer


def choice(names: Iterable[str], *, help: str, panel: str | None = None) -> Any:
    """An option that takes one of these names."""
    known = tuple(names)

    def starting(incomplete: str) -> list[str]:
        return [name for name in known if name.startswith(incomplete)]

    return typer.Option(metavar=f"[{'|'.join(known)}]", autocompletion=starting, help=help, rich_help_panel=panel)
