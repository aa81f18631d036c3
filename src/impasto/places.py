"""The user's folders: IMPASTO_HOME where it is set, else those that the system has for programs."""

import os
from pathlib import Path

import platformdirs


def data_folder() -> Path:
    """Where what the user added or fetched is kept: styles, weights, data sets, the studio."""
    return Path(os.environ.get("IMPASTO_HOME") or platformdirs.user_data_dir("impasto"))


def cache_folder() -> Path:
    """Where what can be made again is kept: painted house styles."""
    home = os.environ.get("IMPASTO_HOME")
    return Path(home) / "cache" if home else Path(platformdirs.user_cache_dir("impasto"))
