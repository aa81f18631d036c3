"""The command, as a process."""

import json
import re
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest
from PIL import Image
from processes import line

from impasto.painter import schedule

QUICK = ("--size", "48", "--quality", "draft")
STEPS = schedule.STEPS["draft"][0]


def test_help_groups_the_options(start):
    text = start("paint", "--help").stdout.decode()
    assert text.index("--style") < text.index("The network") < text.index("--style-layer")


def test_a_photo_becomes_a_painting_beside_it_and_nothing_is_overwritten(start, run, photo, tmp_path):
    (tmp_path / "disc.png").write_bytes(photo.read_bytes())
    first = start("paint", tmp_path / "disc.png", *QUICK)
    assert first.returncode == 0, first.stderr
    assert "house style night" in first.stderr.decode()
    second = run("paint", tmp_path / "disc.png", *QUICK, "--style", "night", "--json")
    row = json.loads(second.stdout)
    assert (row["width"], row["height"], row["steps"]) == (48, 36, STEPS)
    assert {path.name for path in tmp_path.iterdir()} == {"disc.png", "disc-night.jpg", "disc-night-2.jpg"}
    assert Image.open(tmp_path / "disc-night.jpg").size == (48, 36)


def test_standard_input_output_frames_and_plot(start, photo, tmp_path):
    frames, plot = tmp_path / "grow.gif", tmp_path / "plot.png"
    process = start(
        "paint", "-", "-o", "-", *QUICK, "--style", "ink:2", "--style", "night", "--frames", frames, "--plot", plot,
        stdin=photo.read_bytes(),
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert process.stdout.startswith(b"\x89PNG")
    assert Image.open(frames).n_frames == STEPS
    assert Image.open(plot).width > 400


def test_like_repeats_the_settings_on_another_photo(start, run, photo, tmp_path):
    made = tmp_path / "made.png"
    asked = (*QUICK, "--style", "ink", "--content-weight", "7", "--threads", "2")
    assert run("paint", photo, *asked, "-o", made).returncode == 0
    out = tmp_path / "again.png"
    again = start("paint", photo, "--like", made, "--threads", "2", "-o", out)
    assert again.returncode == 0, again.stderr
    assert np.array_equal(np.asarray(Image.open(made)), np.asarray(Image.open(out)))


def test_like_knows_an_added_style_by_its_picture_and_asks_for_a_file(run, photo, tmp_path):
    style, made, again = tmp_path / "stripes.png", tmp_path / "made.png", tmp_path / "again.png"
    Image.fromarray(np.tile(np.arange(0, 250, 5, dtype=np.uint8), (40, 1))).save(style)
    assert run("paint", photo, *QUICK, "--style", style, "-o", made).returncode == 0
    lost = run("paint", photo, "--like", made, "-o", again)
    assert (lost.returncode, "--style FILE" in line(lost), again.exists()) == (2, True, False)
    assert run("styles", "add", style, "--name", "bars").returncode == 0
    found = run("paint", photo, "--like", made, "-o", again)
    assert found.returncode == 0, found.stderr
    assert np.array_equal(np.asarray(Image.open(made)), np.asarray(Image.open(again)))
    assert run("styles", "remove", "bars").returncode == 0


def test_of_many_photos_a_bad_one_is_named_and_passed_over(run, photo, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"no picture")
    (folder / "b.png").write_bytes(photo.read_bytes())
    process = run("paint", folder, *QUICK, "--style", "night", "-o", out)
    assert process.returncode == 1
    assert "passed over" in process.stderr.decode()
    assert [path.name for path in out.iterdir()] == ["b-night.jpg"]


def test_who_gives_an_animation_a_page_or_a_damaged_photo_is_told_what_is_painted(run, tmp_path):
    frames = [Image.new("RGB", (64, 48), color) for color in ("red", "lime", "blue")]
    moving, style, out = tmp_path / "moving.webp", tmp_path / "pages.tiff", tmp_path / "out.png"
    frames[0].save(moving, save_all=True, append_images=frames[1:])
    frames[0].save(style, save_all=True, append_images=frames[1:])
    told = run("paint", moving, "--style", style, *QUICK, "-o", out)
    assert told.returncode == 0, told.stderr
    assert f"{moving}: an animation of 3 frames; the first one is taken" in told.stderr.decode()
    assert f"{style}: a file of 3 pages; the first one is taken" in told.stderr.decode()
    short = tmp_path / "short.jpg"
    Image.effect_noise((320, 240), 90).convert("RGB").save(short, quality=95)
    short.write_bytes(short.read_bytes()[: short.stat().st_size * 6 // 10])
    refused = run("paint", short, *QUICK, "-o", tmp_path / "none.png")
    assert refused.returncode == 1
    assert "of its 240 rows are there" in line(refused)
    assert "--damaged" in line(refused)
    assert not (tmp_path / "none.png").exists()
    taken = run("paint", short, "--damaged", *QUICK, "-o", out)
    assert taken.returncode == 0, taken.stderr
    assert "of its 240 rows are there, and taken" in taken.stderr.decode()
    assert Image.open(out).size[1] < 36


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["missing.jpg"], 1, "missing.jpg"),
        (["PHOTO", "--style", "nigth"], 2, "night"),
        (["PHOTO", "--style", "night:-1"], 2, "weight"),
        (["PHOTO", "--style", "night:nan"], 2, "weight"),
        (["PHOTO", "--content-weight", "-2"], 2, "content weight"),
        (["PHOTO", "--size", "huge"], 2, "size"),
        (["PHOTO", "--quality", "best"], 2, "draft"),
        (["PHOTO", "--device", "cuda"], 2, "--device cpu"),
        (["PHOTO", "--style-layer", "conv6_1"], 2, "conv5_4"),
        (["PHOTO", "--max-pixels", "100"], 1, "--max-pixels"),
        (["PHOTO", "-o", "nowhere/out.jpg"], 1, "nowhere"),
        (["PHOTO", "-o", "out.xyz"], 1, ".xyz"),
        (["PHOTO", "PHOTO", "-o", "out.jpg"], 2, "folder"),
        (["PHOTO", "-o", "-", "--json"], 2, "standard output"),
        (["PHOTO", "--weights", "PHOTO"], 2, "weights"),
        (["EMPTY"], 1, "no pictures"),
        (["TINY"], 1, "too small"),
        (["THIN"], 1, "too small"),
        (["CUT"], 1, "cut"),
    ],
)
def test_bad_input_is_one_plain_line(run, photo, tmp_path, arguments, code, words):
    empty, tiny, thin, cut = tmp_path / "empty", tmp_path / "tiny.png", tmp_path / "thin.png", tmp_path / "cut.png"
    empty.mkdir()
    Image.new("RGB", (1, 1)).save(tiny)
    Image.new("RGB", (40_000, 2)).save(thin)
    cut.write_bytes(photo.read_bytes()[:300])
    names = {"PHOTO": photo, "EMPTY": empty, "TINY": tiny, "THIN": thin, "CUT": cut}
    given = [names.get(argument, argument) for argument in arguments]
    process = run("paint", *given, *(() if "--quality" in arguments else ("--quality", "draft")))
    assert process.returncode == code, process.stderr
    assert words in line(process)
    assert not list(photo.parent.glob("disc-*"))


def test_styles_are_listed_added_and_removed(start, run, photo, tmp_path):
    rows = [json.loads(row) for row in start("styles", "--json").stdout.splitlines()]
    assert len(rows) >= 16
    assert all(row["name"] and row["title"] and row["description"] for row in rows)
    assert run("styles", "add", photo, "--name", "mine").stdout.strip() == b"mine"
    assert b"mine" in run("styles").stdout
    assert "already" in line(run("styles", "add", photo, "--name", "mine"))
    painted = run("paint", photo, *QUICK, "--style", "mine", "-o", tmp_path / "out.png")
    assert painted.returncode == 0, painted.stderr
    assert run("styles", "remove", "mine").returncode == 0
    gone = run("styles", "remove", "mine")
    assert (gone.returncode, "mine" in line(gone)) == (2, True)


def test_the_sheet_of_styles_is_a_picture(run, tmp_path):
    assert run("styles", "--sheet", tmp_path / "sheet.webp").returncode == 0
    sheet = np.asarray(Image.open(tmp_path / "sheet.webp"))
    assert sheet.shape[1] == 1024
    assert sheet.std() > 30


def test_weights_say_what_is_here_and_how_to_fetch_when_offline(start, run):
    assert b"packaged" in start("weights").stdout
    offline = run("weights", "fetch", "torchvision", IMPASTO_WEIGHTS_URL="http://127.0.0.1:9/vgg.pth")
    assert offline.returncode == 1
    assert "127.0.0.1:9" in line(offline)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["paint", "--nonsense"], "no such option: --nonsense"),
        (["paint"], "missing argument"),
        (["nonsense"], "no such command 'nonsense'"),
        (["paint", "photo.jpg", "--seed", "x"], "invalid value for '--seed'"),
    ],
)
def test_what_does_not_fit_the_command_is_one_plain_line(run, arguments, words):
    process = run(*arguments)
    assert process.returncode == 2
    assert words in line(process)
    assert "--help shows what there is" in line(process)


def test_choices_are_in_the_help_and_completed_by_the_shell(run):
    help_text = run("paint", "--help").stdout.decode()
    for names in ("[draft|standard|fine]", "[max|avg]", "[impasto|pastiche]"):
        assert names in help_text
    completed = run(_IMPASTO_COMPLETE="complete_bash", COMP_WORDS="impasto paint --quality ", COMP_CWORD="3")
    assert completed.stdout.decode().split() == ["draft", "standard", "fine"]


def test_the_version_is_that_of_the_package(run):
    assert run("--version").stdout.decode().split() == ["impasto", version("impasto")]


@pytest.mark.parametrize(
    ("command", "passive"),
    [
        (("shapes", "classifier"), True),
        (("classify", "{photo}"), True),
        (("look", "features", "{photo}", "--layer", "conv1_1", "-o", "{folder}/maps.png"), True),
        (("paint", "{photo}", "--style", "night", "--size", "32", "--quality", "draft", "-o", "{folder}/a.png"), False),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_threads_that_wait_leave_the_processors_to_others(environment, photo, tmp_path, command, passive):
    """The library for threads says how long a thread that waits turns round: not at all where the wait is passive."""
    given = [part.format(photo=photo, folder=tmp_path) for part in command]
    asked = {**environment, "OMP_DISPLAY_ENV": "verbose"}
    del asked["OMP_WAIT_POLICY"]  # which the tests set
    process = subprocess.run([sys.executable, "-m", "impasto", *given], capture_output=True, timeout=240, env=asked)
    assert process.returncode == 0, process.stderr.decode()
    spins = {int(found) for found in re.findall(rb"GOMP_SPINCOUNT = '(\d+)'", process.stderr)}
    assert spins
    assert (spins == {0}) == passive
