"""libvips, set up for us: it prints nothing, and holds on to no file. The other modules take `pyvips` from here."""

import io
import os
import sys
from typing import Any, BinaryIO

if "pyvips" not in sys.modules:
    # libvips reads this as it starts, and keeps its warnings to itself. pyvips would turn them into log records, and
    # prints a traceback where a warning quotes bytes of a broken file that are no UTF-8. Where a program has pyvips
    # already, its warnings are that program's to handle.
    os.environ.setdefault("VIPS_WARNING", "1")
    import pyvips

    pyvips._remove_log_handler()
else:
    import pyvips

# libvips keeps its last hundred operations, with their files open, in case one is asked for again; ours never are
pyvips.cache_set_max(0)


def source_of(file: BinaryIO) -> Any:
    """What libvips reads a file from, from its beginning; the file's own place is lost."""
    if isinstance(file, io.BytesIO):
        return pyvips.Source.new_from_memory(file.getvalue())
    file.seek(0)
    return pyvips.Source.new_from_descriptor(file.fileno())


def noted() -> str:
    """What libvips has noted of errors since it was asked before, in any thread; it may have gone on after them."""
    return str(pyvips.Error("").detail)


__all__ = ["noted", "pyvips", "source_of"]
