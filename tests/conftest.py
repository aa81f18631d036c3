"""What the tests share: photos, a home of their own, and the command as a process."""

import os

# Before anything loads PyTorch, here and in every process that a test starts: the tests run beside each other, and two
# processes of two threads on two processors are ten times as slow as of one thread. Where a test asks for more threads,
# they sleep while they wait.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import json
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
def environment(home):
    """That of the commands that the tests start."""
    return {**os.environ, "IMPASTO_HOME": str(home), "COLUMNS": "120"}


@pytest.fixture(scope="session")
def start(environment):
    """Run `impasto` with arguments, as a user would; answers with the finished process."""

    def call(*arguments, stdin=None):
        command = [sys.executable, "-m", "impasto", *map(str, arguments)]
        return subprocess.run(command, input=stdin, capture_output=True, timeout=240, env=environment)

    return call


@pytest.fixture(scope="session")
def run(environment, tmp_path_factory):
    """The same in a third of the time and less: the process is forked from one that has PyTorch loaded."""
    files = [tmp_path_factory.mktemp("streams") / name for name in ("in", "out", "err")]
    command = [sys.executable, Path(__file__).with_name("warm.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as warm:

        def call(*arguments, stdin=b"", **changes):
            for path, content in zip(files, (stdin, b"", b""), strict=True):
                path.write_bytes(content)
            asked = {
                "arguments": [*map(str, arguments)],
                "environment": {**environment, **changes},
                "folder": str(Path.cwd()),
                "files": [*map(str, files)],
            }
            warm.stdin.write(json.dumps(asked).encode() + b"\n")
            warm.stdin.flush()
            code = int(warm.stdout.readline())
            return subprocess.CompletedProcess(arguments, code, *(path.read_bytes() for path in files[1:]))

        yield call


@pytest.fixture(scope="module")
def chromium():
    """A real browser."""
    import browser

    with browser.chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def photo(tmp_path_factory) -> Path:
    """A photo of 96 × 72: a disc before a sky, so with edges, a gradient and colours."""
    y, x = np.mgrid[:72, :96]
    pixels = np.stack([x * 2, y * 3, 255 - x * 2], 2).astype(np.uint8)
    pixels[(x - 40) ** 2 + (y - 36) ** 2 < 400] = (220, 120, 40)
    path = tmp_path_factory.mktemp("photos") / "disc.png"
    Image.fromarray(pixels).save(path)
    return path
