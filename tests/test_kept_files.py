"""No file of anybody's is replaced or lost, whatever runs beside it and however it ends."""

import os
import pty
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from processes import line, ok

from impasto import images
from impasto.images.names import numbered, written

QUICK = ("--size", "48", "--quality", "draft")
# The command, with a checkpoint after each step.
CAREFUL = "from impasto.painter import run; run.CHECKPOINT_EVERY = 0; from impasto.cli import main; main()"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_photos_of_one_name_are_two_paintings_and_a_file_that_was_there_stays(run, photo, tmp_path):
    for name in ("a/cat.jpg", "b/cat.jpg", "a/dog.jpg", "a/dog.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.open(photo).save(tmp_path / name)
    out = tmp_path / "out"
    out.mkdir()
    (out / "cat-night.jpg").write_bytes(b"mine")
    given = (tmp_path / "a" / "cat.jpg", tmp_path / "b" / "cat.jpg", tmp_path / "a" / "dog.jpg", tmp_path / "a/dog.png")
    text = ok(run("paint", *given, *QUICK, "--style", "night", "-o", out))
    made = ["cat-night-2.jpg", "cat-night-3.jpg", "dog-night.jpg", "dog-night-2.jpg"]
    assert text.splitlines() == [str(out / name) for name in made]
    assert names(out) == sorted([*made, "cat-night.jpg"])
    assert (out / "cat-night.jpg").read_bytes() == b"mine"


def test_a_folder_painted_twice_does_not_paint_its_paintings(run, photo, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for suffix in ("jpg", "png"):
        Image.open(photo).save(folder / f"IMG_1.{suffix}")
    made = ["IMG_1-ink.jpg", "IMG_1-ink-2.jpg", "IMG_1-ink-3.jpg", "IMG_1-ink-4.jpg"]
    for expected in (made[:2], made[2:]):
        process = run("paint", folder, *QUICK, "--style", "ink")
        assert ok(process).splitlines() == [str(folder / name) for name in expected]
    assert "2 of 4 pictures are Impasto's paintings" in process.stderr.decode()
    for name in ("IMG_1.jpg", "IMG_1.png"):
        (folder / name).unlink()
    only = run("paint", folder, *QUICK, "--style", "ink")
    assert (only.returncode, "name its file" in line(only)) == (1, True)
    assert names(folder) == sorted(made)


@contextmanager
def painting(environment, *arguments):
    """The command that paints, halted after some steps: it lives, and does nothing."""
    ours, terminal = pty.openpty()
    command = [sys.executable, "-c", CAREFUL, "paint", *map(str, arguments)]
    with subprocess.Popen(command, stderr=terminal, env={**environment, "TERM": "xterm"}) as process:
        os.close(terminal)
        shown = b""
        while not re.search(rb"step [1-9]", shown):
            shown += os.read(ours, 1000)
        process.send_signal(signal.SIGSTOP)
        yield process
        process.kill()
    os.close(ours)


def test_two_processes_on_one_photo_make_two_paintings_and_a_checkpoint_is_its_process_s_own(
    environment, run, photo, tmp_path
):
    Image.open(photo).save(tmp_path / "disc.jpg")
    given = (tmp_path / "disc.jpg", "--style", "night")
    checkpoint = tmp_path / "disc-night.jpg.checkpoint" / "checkpoint.json"
    slow = ("--size", "96", "--quality", "fine")
    with painting(environment, *given, *slow) as process:
        assert ok(run("paint", *given, *QUICK)).strip() == str(tmp_path / "disc-night-2.jpg")
        refused = run("paint", *given, *slow, "--resume")
        assert (refused.returncode, "in use by another process" in line(refused)) == (1, True)
        same = run("paint", *given, *QUICK, "-o", tmp_path / "disc-night.jpg")
        assert (same.returncode, "give another file" in line(same)) == (1, True)
        assert process.poll() is None
        assert checkpoint.exists()
    assert process.returncode == -signal.SIGKILL
    again = run("paint", *given, *QUICK)  # the one that was killed can still go on
    assert ok(again).strip() == str(tmp_path / "disc-night-3.jpg")
    assert "disc-night.jpg was stopped; --resume goes on with it" in again.stderr.decode()
    Image.open(photo).transpose(Image.Transpose.ROTATE_180).save(tmp_path / "disc.png")
    other = run("paint", tmp_path / "disc.png", "--style", "night", *slow, "--resume")
    assert (other.returncode, "another photo" in line(other)) == (2, True)
    assert ok(run("paint", *given, *slow, "--resume")).strip() == str(tmp_path / "disc-night.jpg")
    assert names(tmp_path) == ["disc-night-2.jpg", "disc-night-3.jpg", "disc-night.jpg", "disc.jpg", "disc.png"]


def test_what_was_killed_before_its_first_checkpoint_leaves_its_name_to_the_next(environment, run, photo, tmp_path):
    Image.open(photo).save(tmp_path / "disc.jpg")
    command = [sys.executable, "-m", "impasto", "paint", tmp_path / "disc.jpg", "--style", "night", "--quality", "fine"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment) as process:
        while b"painting" not in process.stderr.readline():
            pass
        process.kill()
    assert names(tmp_path) != ["disc.jpg"]  # a hidden file stays, on which nobody has a claim
    ok(run("paint", tmp_path / "disc.jpg", *QUICK, "--style", "night"))
    assert names(tmp_path) == ["disc-night.jpg", "disc.jpg"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["paint", "PHOTO", "-o", "LINK"],
        ["paint", "PHOTO", "--style", "STYLE", "-o", "STYLE"],
        ["paint", "PHOTO", "--style", "added:2", "-o", "ADDED"],
        ["paint", "PHOTO", "--init", "STYLE", "-o", "STYLE"],
        ["paint", "PHOTO", "--like", "STYLE", "-o", "STYLE"],
        ["paint", "PHOTO", "--plot", "PHOTO"],
        ["paint", "PHOTO", "--style", "STYLE", "--frames", "STYLE"],
        ["paint", "PHOTO", "-o", "new.webp", "--frames", "new.webp"],
        ["paint", "PHOTO", "-o", "new.png", "--plot", "./new.png"],
        ["look", "features", "PHOTO", "-o", "PHOTO"],
        ["look", "gram", "PHOTO", "--style", "STYLE", "-o", "STYLE"],
        ["look", "balance", "PHOTO", "--style", "STYLE", "-o", "STYLE"],
        ["look", "reconstruct", "PHOTO", "--content", "conv1_1", "-o", "LINK"],
        ["look", "patches", "conv1_1:3", "FOLDER", "-o", "PHOTO"],
        ["styles", "--sheet", "ADDED"],
        ["conv", "--image", "PHOTO", "-o", "PHOTO"],
    ],
)
def test_what_is_read_is_not_written_to(run, photo, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    for path in (tmp_path / "photo.webp", tmp_path / "style.gif", home / "styles" / "added.png"):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.open(photo).save(path)
    (tmp_path / "link.webp").symlink_to("photo.webp")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    given = {"PHOTO": "photo.webp", "LINK": "link.webp", "STYLE": "style.gif", "ADDED": home / "styles" / "added.png"}
    process = run(*({**given, "FOLDER": "."}.get(word, word) for word in arguments), IMPASTO_HOME=str(home))
    assert process.returncode == 2, process.stderr
    assert "give" in line(process)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_what_nobody_named_gets_a_name_that_is_free(run, photo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("conv.png", "conv-2.png", "digits-classifier.safetensors", "plots/kernels.png"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(b"mine")
    assert ok(run("conv", "--image", photo, "--kernel", "blur")).strip() == "conv-3.png"
    quick = ("--recipe", "fast", "--epochs", "1", "--batch-size", "512")
    assert "plots/kernels-2.png" in ok(run("train", *quick, "--plots", "plots"))
    assert Path("digits-classifier-2.safetensors").exists()
    assert Path("conv.png").read_bytes() == Path("digits-classifier.safetensors").read_bytes() == b"mine"
    assert Path("plots/kernels.png").read_bytes() == b"mine"


def test_frames_do_not_replace_those_of_another_painting(run, photo, tmp_path):
    frames = tmp_path / "frames"
    ok(run("paint", photo, *QUICK, "-o", tmp_path / "a.png", "--frames", frames))
    before = {path: path.read_bytes() for path in frames.iterdir()}
    again = run("paint", photo, *QUICK, "--style", "ink", "-o", tmp_path / "b.png", "--frames", frames)
    assert (again.returncode, "another painting" in line(again)) == (1, True)
    assert {path: path.read_bytes() for path in frames.iterdir()} == before


# The command, where frames find no room.
FULL = """
import os
from impasto.cli import main
fsync = os.fsync
def full(descriptor):
    if "/frames/" in os.readlink(f"/proc/self/fd/{descriptor}"):
        raise OSError(28, "No space left on device")
    fsync(descriptor)
os.fsync = full
main()
"""


def test_frames_that_find_no_room_do_not_cost_the_painting(environment, photo, tmp_path):
    out, frames = tmp_path / "out.png", tmp_path / "frames"
    command = [sys.executable, "-c", FULL, "paint", photo, *QUICK, "--style", "night", "-o", out, "--frames", frames]
    process = subprocess.run(command, capture_output=True, env=environment)
    assert process.returncode == 1
    assert process.stderr.decode().count("No space left on device") == 1
    assert process.stdout.decode().strip() == str(out)
    assert Image.open(out).size == (48, 36)
    assert names(frames) == []


def test_of_many_that_want_one_name_each_gets_its_own(photo, tmp_path):
    pixels = images.read(photo).pixels
    wanted = tmp_path / "p.png"
    with ThreadPoolExecutor(8) as threads:
        calls = [
            threads.submit(written, numbered(wanted), lambda path: images.write(path, pixels, new=True))
            for _ in range(8)
        ]
    assert {call.result().name for call in calls} == {"p.png", *(f"p-{number}.png" for number in range(2, 9))}
    assert len(names(tmp_path)) == 8


@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_replaces_none(photo, tmp_path, monkeypatch, links):
    def refuse(*_):
        raise OSError(95, "Operation not supported")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    pixels = images.read(photo).pixels
    images.write(tmp_path / "new.png", pixels, new=True)
    assert images.read(tmp_path / "new.png").digest == images.read(photo).digest
    (tmp_path / "file.png").write_bytes(b"mine")
    (tmp_path / "nowhere.png").symlink_to("nothing.png")
    (tmp_path / "folder.png").mkdir()
    for name in ("file.png", "nowhere.png", "folder.png"):
        with pytest.raises(FileExistsError):
            images.write(tmp_path / name, pixels, new=True)
    assert (tmp_path / "file.png").read_bytes() == b"mine"
    assert names(tmp_path) == ["file.png", "folder.png", "new.png", "nowhere.png"]


def test_a_painting_whose_reader_is_gone_is_saved_beside(photo, tmp_path):
    (tmp_path / "painting.png").write_bytes(b"mine")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "impasto", "paint", str(photo), *QUICK, "--style", "ink", "-o", "-"]
    process = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, cwd=tmp_path, check=False, text=True)
    os.close(writing)
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1].endswith("standard output can't be written; the painting is painting-2.png")
    assert images.read_settings(tmp_path / "painting-2.png") is not None
    assert (tmp_path / "painting.png").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (("--bits", "16", "-o", "out.jpg"), 1, "16"),
        (("--bits", "16"), 2, "no 16 bits; give -o a PNG or a TIFF"),
        (("--bits", "16", "-o", "."), 2, "no 16 bits; give -o a PNG or a TIFF"),
        (("-o", "/proc"), 1, "can't be written"),
        (("-o", "/proc/cat.jpg"), 1, "can't be written"),
    ],
)
def test_what_can_not_be_written_is_refused_before_painting(run, photo, tmp_path, monkeypatch, more, code, says):
    monkeypatch.chdir(tmp_path)
    process = run("paint", photo, *QUICK, "--style", "ink", *more)
    assert process.returncode == code
    assert says in line(process)
    assert b"painting 48" not in process.stderr
    assert names(tmp_path) == []


def test_stored_styles_that_can_not_be_read_end_in_a_plain_line(run, photo, tmp_path):
    for number, styles in enumerate((None, "night", [{"name": "night"}], [7])):
        file, stored = tmp_path / f"{number}.png", {"content_weight": 1.0}
        images.write(file, images.read(photo).pixels, settings=stored | ({} if styles is None else {"styles": styles}))
        process = run("paint", photo, *QUICK, "--like", file)
        assert (process.returncode, "give --style" in line(process)) == (2, True)
