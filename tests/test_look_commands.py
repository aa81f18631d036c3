"""`impasto look`, as a process."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from processes import line, ok


def test_the_help_loads_nothing_heavy():
    code = (
        "import sys; from impasto.cli.commands import app; from typer.testing import CliRunner;"
        "done = CliRunner().invoke(app, sys.argv[1:]); assert done.exit_code == 0, done.output;"
        "import impasto.look;"
        "heavy = {'torch', 'numpy', 'scipy', 'matplotlib'} & set(sys.modules); assert not heavy, heavy"
    )
    for arguments in (["look", "--help"], ["look", "unit", "--help"]):
        subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)


def test_the_sheet_lies_beside_the_photo_and_nothing_is_overwritten(start, run, photo, tmp_path):
    (tmp_path / "disc.png").write_bytes(photo.read_bytes())
    for begin, name in ((start, "disc-features.png"), (run, "disc-features-2.png")):
        text = ok(begin("look", "features", tmp_path / "disc.png", "--layer", "conv2_1", "--top", "5"))
        assert text.strip() == str(tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == {"disc.png", "disc-features.png", "disc-features-2.png"}
    sheet = np.asarray(Image.open(tmp_path / "disc-features.png"))
    assert sheet.shape[1] == 1400
    assert sheet.std() > 20


@pytest.mark.parametrize(("suffix", "start"), [("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_the_suffix_says_the_format(run, tmp_path, suffix, start):
    out = tmp_path / f"network.{suffix}"
    assert ok(run("look", "network", "classifier", "-o", out)).strip() == str(out)
    assert out.read_bytes().startswith(start)


@pytest.mark.parametrize(
    "arguments",
    [
        ["gram", "PHOTO", "--style", "ink", "--layer", "conv1_1", "--layer", "conv3_1"],
        ["reconstruct", "PHOTO", "--content", "conv2_1", "--style", "conv1_1", "--size", "48"],
        ["reconstruct", "PHOTO", "--all", "--size", "32"],
        ["unit", "conv2_1:7", "--count", "2", "--centre", "--size", "32"],
        ["kernels"],
    ],
)
def test_every_sheet_is_a_picture(run, photo, tmp_path, arguments):
    given = [photo if argument == "PHOTO" else argument for argument in arguments]
    ok(run("look", *given, "-o", tmp_path / "sheet.png"))
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert 1390 <= sheet.shape[1] <= 1400
    assert sheet.std() > 15


def test_of_many_pictures_an_unreadable_one_is_named(run, photo, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"no picture")
    (folder / "b.png").write_bytes(photo.read_bytes())
    process = run("look", "patches", "conv1_1:3", folder, "-o", tmp_path / "patches.png")
    ok(process)
    assert "passed over: " in process.stderr.decode()
    assert "a.png" in line(process)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["features", "missing.jpg"], 1, "missing.jpg"),
        (["features", "CUT"], 1, "cut"),
        (["features", "PHOTO", "--layer", "conv4_9"], 2, "nearest are: conv4_"),
        (["features", "PHOTO", "--size", "12"], 2, "steps of 16 px, and disc is 12 × 9"),
        (["features", "PHOTO", "-o", "nowhere/sheet.png"], 1, "no folder nowhere"),
        (["features", "PHOTO", "-o", "sheet.doc"], 1, ".pdf .svg"),
        (["reconstruct", "PHOTO"], 2, "give a content or a style layer"),
        (["reconstruct", "PHOTO", "--all", "--style", "conv1_1"], 2, "--all"),
        (["unit", "conv4_1:512"], 2, "conv4_1 has 512 units, numbered from 0"),
        (["unit", "conv5_1:3", "--count", "0"], 2, "--count 1"),
        (["patches", "conv4_1:17", "nowhere"], 1, "no folder nowhere"),
        (["patches", "conv4_1:17", "EMPTY"], 1, "no pictures"),
        (["patches", "conv4_1:17", "FOLDER", "--top", "9"], 1, "fewer than the 9 asked for"),
        (["balance", "PHOTO", "--style", "nigth"], 2, "night"),
        (["kernels", "nothing"], 2, "no model nothing"),
        (["network", "vgg19", "--size", "8"], 2, "no further"),
    ],
)
def test_bad_input_is_one_plain_line(run, photo, tmp_path, monkeypatch, arguments, code, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "cut.png").write_bytes(photo.read_bytes()[:300])
    names = {"PHOTO": photo, "CUT": "cut.png", "EMPTY": "empty", "FOLDER": photo.parent}
    process = run("look", *(names.get(argument, argument) for argument in arguments))
    assert process.returncode == code, process.stderr
    assert words in line(process)
    assert {path.name for path in tmp_path.iterdir()} == {"empty", "cut.png"}
    assert [path.name for path in photo.parent.iterdir()] == ["disc.png"]


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "avif", "tiff", "pdf", "svg"])
def test_a_sheet_replaces_a_sheet_and_nothing_else(run, photo, tmp_path, suffix):
    out = tmp_path / f"sheet.{suffix}"
    out.write_bytes(photo.read_bytes())
    refused = run("look", "network", "classifier", "-o", out)
    said = f"impasto: -o {out} is there already, and no sheet that Impasto drew; give another name"
    assert (refused.returncode, line(refused), out.read_bytes()) == (2, said, photo.read_bytes())
    out.unlink()
    for _ in range(2):
        ok(run("look", "network", "classifier", "-o", out))
    assert out.stat().st_size > 1000


def test_every_sheet_that_is_asked_for_spares_a_photo_and_replaces_itself(run, photo, tmp_path):
    theirs, sheet = tmp_path / "holiday.png", tmp_path / "sheet.png"
    theirs.write_bytes(photo.read_bytes())
    for command in (
        ("classify", photo, "--why", "-o"),
        ("conv", "--image", photo, "-o"),
        ("look", "kernels", "-o"),
    ):
        refused = run(*command, theirs)
        assert (refused.returncode, "give another name" in line(refused)) == (2, True)
        ok(run(*command, sheet))
    for command in (("styles", "--sheet"), ("try", photo, "-o")):
        refused = run(*command, theirs)
        assert (refused.returncode, "give another name" in line(refused)) == (2, True)
    assert theirs.read_bytes() == photo.read_bytes()
