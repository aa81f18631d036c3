"""What the tests share: photos, a home of their own, and the command as a process."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """Where added styles, fetched weights and the cache of house styles lie during the tests."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def run(home):
    """Run `impasto` with arguments, as a user would; answers with the finished process."""

    def call(*arguments, stdin=None, **environment):
        return subprocess.run(
            [sys.executable, "-m", "impasto", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            timeout=240,
            env={**os.environ, "IMPASTO_HOME": str(home), "COLUMNS": "120", **environment},
        )

    return call


@pytest.fixture(scope="session")
def photo(tmp_path_factory) -> Path:
    """A photo of 96 × 72: a disc before a sky, so with edges, a gradient and colours."""
    y, x = np.mgrid[:72, :96]
    pixels = np.stack([x * 2, y * 3, 255 - x * 2], 2).astype(np.uint8)
    pixels[(x - 40) ** 2 + (y - 36) ** 2 < 400] = (220, 120, 40)
    path = tmp_path_factory.mktemp("photos") / "disc.png"
    Image.fromarray(pixels).save(path)
    return path
