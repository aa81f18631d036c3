"""Any encoding, and any name of a file: no command fails for a letter."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

IMPASTO = (sys.executable, "-m", "impasto")
QUICK = ("--size", "48", "--quality", "draft", "--style", "night")
NARROW = [
    {"PYTHONIOENCODING": "cp1252"},
    {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]
STRANGE = os.fsdecode(b"\xff")  # no letter in UTF-8


@pytest.fixture(scope="module")
def narrow(environment):
    """Run the command in another encoding, which is chosen as the interpreter begins."""

    def call(*arguments, **changes):
        command = [*IMPASTO, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, timeout=240, env={**environment, **changes})

    return call


@pytest.mark.parametrize("changes", NARROW)
@pytest.mark.parametrize(
    "arguments", [["conv", "--dilation", "2"], ["shapes"], ["paint", "--help"], ["conv", "--size", "0"]]
)
def test_what_is_printed_can_be_read_in_every_encoding(narrow, arguments, changes):
    process = narrow(*arguments, **changes)
    assert b"Traceback" not in process.stderr
    assert process.returncode == (2 if "0" in arguments else 0)
    encoding = changes.get("PYTHONIOENCODING", "ascii")
    text = (process.stdout + process.stderr).decode(encoding)
    assert "\\" not in text  # no letter of ours is only there by its number
    if "--dilation" in arguments:
        assert "floor((n + 2p - d(k - 1) - 1) / s) + 1 = " in text


@pytest.mark.parametrize("changes", NARROW[:2])
def test_paintings_are_made_whatever_their_names_are(narrow, photo, tmp_path, changes):
    for name in ("été", STRANGE, "漢字"):
        Image.open(photo).save(tmp_path / f"{name}.png")
    process = narrow("paint", tmp_path, *QUICK, **changes)
    assert process.returncode == 0, process.stderr
    assert len(process.stdout.splitlines()) == 3
    made = {path.name for path in tmp_path.iterdir()}
    assert {"été-night.jpg", f"{STRANGE}-night.jpg", "漢字-night.jpg"} <= made


def test_a_name_is_printed_as_the_bytes_that_it_has(narrow, photo, tmp_path):
    Image.open(photo).save(tmp_path / f"{STRANGE}.png")
    printed = narrow("paint", tmp_path / f"{STRANGE}.png", *QUICK).stdout
    assert Path(os.fsdecode(printed.rstrip(b"\n"))).exists()
    row = json.loads(narrow("paint", tmp_path / f"{STRANGE}.png", *QUICK, "--json").stdout)
    assert Path(row["out"]).exists()


@pytest.mark.parametrize("name", [STRANGE, "漢字\t😀", "$a^$"])
def test_every_command_takes_any_name(run, photo, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Image.open(photo).save(f"{name}.png")
    for kind in (name, "other"):
        (tmp_path / "data" / kind).mkdir(parents=True)
        for number in range(4):
            Image.open(photo).save(tmp_path / "data" / kind / f"{name}{number}.png")
    model = f"{name}.safetensors"
    quick = ("--recipe", "fast", "--epochs", "1", "--batch-size", "2")
    for arguments in (
        ["look", "features", f"{name}.png", "--layer", "conv1_1", "--top", "2"],
        ["look", "gram", f"{name}.png", "--style", f"{name}.png", "--layer", "conv1_1", "-o", f"{name}.svg"],
        ["conv", "--image", f"{name}.png", "--kernel", "blur", "-o", f"{name}-conv.png"],
        ["train", "--data", "data", *quick, "-o", model, "--plots", f"plots-{name}"],
        ["evaluate", model, "--data", "data"],
        ["classify", f"{name}.png", "--model", model],
        ["look", "kernels", model],
        ["styles", "add", f"{name}.png", "--name", "any"],
    ):
        process = run(*arguments, IMPASTO_HOME=f"home-{name}")
        assert process.returncode == 0, process.stderr
        assert b"Warning" not in process.stderr
