"""Amounts of memory, as people write them."""

import re

from impasto.cli.errors import MISUSE, stop


def in_bytes(amount: str | None) -> int | None:
    """A number of bytes, from 4G, 500M or plain bytes."""
    if amount is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", amount.strip().lower())
    if not found:
        stop(f"a memory of {amount!r} is not possible; give bytes, such as 4G or 500M", MISUSE)
    return int(float(found[1]) * 1000 ** " kmgt".index(found[2] or " "))
