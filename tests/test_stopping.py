"""SIGINT, SIGTERM and SIGHUP: what there is is saved and nothing else is left, whenever and however often they come."""

import os
import pty
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress

import pytest
from PIL import Image
from processes import line, ok

IMPASTO = ("-m", "impasto")


class Terminal:
    """A command with a terminal for its standard error."""

    def __init__(self, command, environment):
        self.ours, terminal = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, *map(str, command)],
            stdout=subprocess.PIPE,
            stderr=terminal,
            env={**environment, "TERM": "xterm"},
        )
        os.close(terminal)
        self.shown = b""

    def wait_for(self, words):
        while words not in self.shown:
            self.shown += os.read(self.ours, 1000)

    def end(self):
        with suppress(OSError):  # what Linux says of a terminal that nobody holds any more
            while piece := os.read(self.ours, 1000):
                self.shown += piece
        return self.process.wait(240)


@contextmanager
def on_a_terminal(command, environment):
    terminal = Terminal(command, environment)
    try:
        yield terminal
    finally:
        terminal.process.kill()
        terminal.process.communicate()
        os.close(terminal.ours)


def slow(photo, out):
    return ("paint", photo, "--size", "256", "--quality", "fine", "--style", "night", "-o", out)


@pytest.mark.parametrize("numbers", [(signal.SIGTERM,), (signal.SIGINT,) * 4, (signal.SIGHUP, signal.SIGTERM)])
def test_a_painting_that_is_asked_to_stop_is_saved_and_can_go_on(photo, environment, tmp_path, numbers):
    out = tmp_path / "out.png"
    with on_a_terminal([*IMPASTO, *slow(photo, out)], environment) as terminal:
        terminal.wait_for(b"step 3/")
        for number in numbers:
            terminal.process.send_signal(number)
            terminal.wait_for(b"stopping after this step")
        assert terminal.end() == 130
    assert b"what there is was saved; --resume goes on with it" in terminal.shown
    assert b"Traceback" not in terminal.shown
    assert Image.open(out).size == (256, 192)
    assert (tmp_path / "out.png.checkpoint" / "checkpoint.json").exists()


def test_a_step_that_takes_too_long_is_not_waited_for(photo, environment, tmp_path):
    out = tmp_path / "out.png"
    impatient = "from impasto.cli import main, signals; signals.PATIENCE = 0.001; main()"
    with on_a_terminal(["-c", impatient, *slow(photo, out)], environment) as terminal:
        terminal.wait_for(b"step 3/")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == 130
    assert b"what there is was saved" in terminal.shown
    assert Image.open(out).size == (256, 192)


@pytest.mark.parametrize(
    ("module", "number"),
    [
        ("typer.main", signal.SIGINT),
        ("numpy", signal.SIGHUP),
        ("torch._C", signal.SIGTERM),
        ("torch.fx", signal.SIGINT),
    ],
)
def test_while_modules_load_it_ends_in_one_line(photo, environment, tmp_path, module, number):
    command = [sys.executable, "-X", "importtime", *IMPASTO, *map(str, slow(photo, tmp_path / "out.png"))]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment, text=True) as process:
        while process.stderr.readline().split("|")[-1].strip() != module:
            pass
        for _ in range(2):
            process.send_signal(number)
        said = [text for text in process.stderr.read().splitlines() if not text.startswith("import time:")]
    assert process.returncode == 130
    assert said == ["impasto: interrupted"]
    assert list(tmp_path.iterdir()) == []


def test_of_many_photos_the_one_that_is_being_saved_is_kept_whole_and_no_other_begun(photo, environment, tmp_path):
    code = (
        "import os, signal; from impasto import images; from impasto.cli import main; write = images.write\n"
        "def asked(*given, **how):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    write(*given, **how)\n"
        "images.write = asked; main()"
    )
    for name in "ab":
        Image.open(photo).save(tmp_path / f"{name}.jpg")
    command = [sys.executable, "-c", code, "paint", tmp_path, "--size", "48", "--quality", "draft", "--style", "night"]
    process = subprocess.run(command, capture_output=True, env=environment)
    assert process.returncode == 130
    assert line(process) == f"impasto: interrupted before {tmp_path / 'b.jpg'}"
    assert process.stdout.decode().splitlines() == [str(tmp_path / "a-night.jpg")]
    assert {path.name for path in tmp_path.iterdir()} == {"a.jpg", "b.jpg", "a-night.jpg"}
    Image.open(tmp_path / "a-night.jpg").load()


def test_who_has_signals_ignored_is_not_stopped_by_them(photo, environment, tmp_path):
    out = tmp_path / "out.png"
    command = [sys.executable, *IMPASTO, "paint", photo, "--size", "64", "--style", "night", "-o", out]
    ignoring = ["sh", "-c", 'trap "" HUP INT; exec "$@"', "sh", *map(str, command)]  # as nohup, and a script's & do
    with subprocess.Popen(ignoring, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        while b"painting" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        shown, _ = process.communicate(timeout=240)
    assert process.returncode == 0
    assert shown.decode().strip() == str(out)


def test_training_keeps_what_was_learned(run, environment, tmp_path):
    out = tmp_path / "m.safetensors"
    asked = ["train", "--epochs", "500", "-o", out, "--plots", tmp_path / "plots"]
    with on_a_terminal([*IMPASTO, *asked], environment) as terminal:
        terminal.wait_for(b"epoch 2/500, batch ")
        for number in (signal.SIGINT, signal.SIGTERM):
            terminal.process.send_signal(number)
            terminal.wait_for(b"stopping after this step")
        assert terminal.end() == 130
    assert b"what there is was saved" in terminal.shown
    assert b"Traceback" not in terminal.shown
    assert "accuracy" in ok(run("evaluate", out))
    assert {path.name for path in (tmp_path / "plots").iterdir()} >= {"curves.png", "confusion.png", "kernels.png"}


def test_what_has_nothing_to_keep_leaves_nothing(photo, environment, tmp_path):
    sheet = ("look", "balance", photo, "--style", "night", "-o", tmp_path / "sheet.png")
    with on_a_terminal([*IMPASTO, *sheet], environment) as terminal:
        terminal.wait_for(b"picture 1 of")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == 130
    assert b"impasto: interrupted" in terminal.shown
    assert b"Traceback" not in terminal.shown
    assert list(tmp_path.iterdir()) == []
