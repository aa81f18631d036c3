"""What the site's reader of docstrings, mkdocstrings, does to them first."""

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:func|class|meth|mod|attr):`~?([^`]+)`")


class Roles(griffe.Extension):
    """Takes Sphinx's roles off what docstrings name."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """See above."""
        if obj.docstring:
            obj.docstring.value = ROLE.sub(r"`\1`", obj.docstring.value)
