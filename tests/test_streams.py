"""Standard output and error that are closed, full, or gone with their terminal: nothing that was made is lost."""

import fcntl
import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from PIL import Image
from processes import line

IMPASTO = (sys.executable, "-m", "impasto")
QUICK = ("--size", "48", "--quality", "draft", "--style", "night")


@pytest.fixture(scope="module")
def shell(environment):
    """Run the command with the redirections that a shell gives it."""

    def call(*arguments, redirected, **changes):
        command = ["bash", "-o", "pipefail", "-c", f'"$@" {redirected}', "bash", *IMPASTO, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, timeout=240, env={**environment, **changes})

    return call


@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/full >&-", ">/dev/full", "<&- >&- 2>&-", "| true"])
def test_a_painting_is_made_whatever_the_streams_are(shell, photo, tmp_path, redirected):
    process = shell("paint", photo, *QUICK, "-o", tmp_path / "out.png", redirected=redirected)
    assert process.returncode == 0
    assert b"Traceback" not in process.stderr
    Image.open(tmp_path / "out.png").load()
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]
    if redirected in (">/dev/full", "| true"):
        assert line(process) == f"impasto: {tmp_path / 'out.png'}"


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--recipe", "fast", "--epochs", "1", "--batch-size", "512", "--plots", "."],
        ["look", "features", "PHOTO", "--layer", "conv1_1", "--top", "2"],
        ["conv", "--image", "PHOTO", "--kernel", "blur"],
    ],
)
def test_what_was_made_counts_where_its_name_cannot_be_printed(shell, photo, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    out = "made.safetensors" if arguments[0] == "train" else "made.png"
    given = [photo if argument == "PHOTO" else argument for argument in arguments]
    process = shell(*given, "-o", out, redirected=">/dev/full")
    assert process.returncode == 0, process.stderr
    assert out in process.stderr.decode()
    assert b"Traceback" not in process.stderr
    assert Path(out).stat().st_size > 1000


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["conv"], ["paint", "--help"], ["styles"]])
def test_a_result_that_cannot_be_printed_is_one_plain_line(shell, arguments, unbuffered):
    process = shell(*arguments, redirected=">/dev/full", PYTHONUNBUFFERED=unbuffered)
    assert process.returncode == 1
    assert process.stderr.decode().splitlines() == [
        "impasto: standard output can't be written to (No space left on device): send it to another place"
    ]


def test_who_has_read_enough_is_told_nothing(shell):
    process = shell("styles", redirected="| head -n 1 | true")
    assert process.stderr == b""


def test_a_painting_for_standard_output_that_is_closed_is_not_begun(shell, photo):
    process = shell("paint", photo, *QUICK, "-o", "-", redirected=">&-")
    assert (process.returncode, line(process)) == (2, "impasto: standard output is closed; give -o a file")


def test_a_terminal_that_closes_takes_no_painting_along(photo, environment, tmp_path):
    ours, terminal = pty.openpty()
    command = [*IMPASTO, "paint", photo, "--size", "256", "--quality", "fine", "--style", "night"]
    with subprocess.Popen(
        [*command, "-o", tmp_path / "out.png"], stdin=terminal, stdout=terminal, stderr=terminal,
        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        env={**environment, "TERM": "xterm"},
    ) as process:  # fmt: skip
        os.close(terminal)
        shown = b""
        while b"step 3/" not in shown:
            shown += os.read(ours, 1000)
        os.close(ours)
        assert process.wait(240) == 130
    Image.open(tmp_path / "out.png").load()
    assert (tmp_path / "out.png.checkpoint").exists()
