"""Whether torchrun started this process, and as which of several. Loads no torch."""

import os


def several() -> bool:
    """Whether this is one of several processes that torchrun started."""
    return "TORCHELASTIC_RUN_ID" in os.environ and int(os.environ["WORLD_SIZE"]) > 1


def helps() -> bool:
    """Whether this is one of them, and not the first."""
    return several() and os.environ["RANK"] != "0"
