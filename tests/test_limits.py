"""Names that are too long, and files that are too large or have no end."""

import gzip
import io
import os
import subprocess
import threading

import pytest
from PIL import Image
from processes import line, ok

from impasto import images
from impasto.classify.datasets import idx
from impasto.classify.images import DataError
from impasto.images import PictureError, opening
from impasto.images.names import belonging, numbered

QUICK = ("--size", "48", "--quality", "draft", "--style", "night")


def long(length, suffix):
    """A name of so many bytes, most of them of letters that take two."""
    letters, odd = divmod(length - len(suffix), 2)
    return "é" * letters + "x" * odd + suffix


def test_a_photo_with_a_long_name_is_painted_and_looked_into(run, photo, tmp_path):
    name = tmp_path / long(255, ".png")
    Image.open(photo).save(name)
    for ending in ("-night.jpg", "-night-2.jpg"):
        assert ok(run("paint", name, *QUICK)).strip().endswith(ending)
    for ending in ("-features.png", "-features-2.png"):
        assert ok(run("look", "features", name, "--layer", "conv1_1", "--top", "2")).strip().endswith(ending)
    assert len(list(tmp_path.iterdir())) == 5


@pytest.mark.parametrize("length", [245, 255])
def test_what_is_asked_for_may_have_a_long_name(run, photo, tmp_path, length):
    out = tmp_path / long(length, ".png")
    assert ok(run("paint", photo, *QUICK, "-o", out)).strip() == str(out)
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    "arguments",
    [
        ["paint", "LONG"],
        ["paint", "PHOTO", "-o", "LONG"],
        ["paint", "PHOTO", "--style", "LONG"],
        ["paint", "PHOTO", "--weights", "LONG"],
        ["paint", "PHOTO", "--frames", "LONG"],
        ["look", "patches", "conv1_1:2", "LONG"],
        ["look", "kernels", "LONG"],
        ["classify", "PHOTO", "--model", "LONG"],
        ["train", "--data", "LONG"],
        ["train", "--data", "fashion-mnist:LONG"],
        ["train", "-o", "LONG"],
        ["train", "--plots", "LONG"],
        ["styles", "add", "PHOTO", "--name", "NAME"],
        ["serve", "--settings", "LONG"],
    ],
)
def test_what_is_too_long_to_be_a_name_is_one_plain_line(run, photo, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    names = {"PHOTO": str(photo), "LONG": long(256, ".png"), "NAME": "n" * 256}
    given = [argument.replace("LONG", names["LONG"]) for argument in (names.get(word, word) for word in arguments)]
    process = run(*given, IMPASTO_HOME="home")
    assert process.returncode in (1, 2)
    assert line(process).startswith("impasto: ")
    assert {path.name for path in tmp_path.iterdir()} <= {"home"}


def test_names_fit_and_stay_apart(tmp_path):
    wanted = tmp_path / f"{long(300, '')}-night.jpg"
    one, two, *_ = [path for _, path in zip(range(12), numbered(wanted, tail="-night", room=11), strict=False)]
    for path in (one, two):
        assert len(os.fsencode(path.name)) <= 255 - 11
        path.name.encode()  # no letter is cut in two
    assert one.name.endswith("é-night.jpg")
    assert two.name.endswith("é-night-2.jpg")
    alike = [belonging(tmp_path / f"{long(250, '')}{end}", ".checkpoint") for end in ("a.png", "b.png")]
    assert alike[0] != alike[1]
    assert all(len(os.fsencode(path.name)) <= 255 for path in alike)


@pytest.mark.parametrize(
    "arguments",
    [
        ["paint", "ENDLESS"],
        ["paint", "PHOTO", "--style", "ENDLESS"],
        ["paint", "PHOTO", "--like", "ENDLESS"],
        ["paint", "PHOTO", "--init", "ENDLESS"],
        ["paint", "PHOTO", "--weights", "ENDLESS"],
        ["classify", "ENDLESS"],
        ["classify", "PHOTO", "--model", "ENDLESS"],
        ["look", "features", "ENDLESS"],
        ["conv", "--image", "ENDLESS"],
        ["styles", "add", "ENDLESS"],
    ],
)
@pytest.mark.parametrize("endless", ["/dev/zero", "huge.png"])
def test_what_has_no_end_is_refused(run, photo, tmp_path, monkeypatch, arguments, endless):
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(2_000_000_001)  # it takes no room
    process = run(*({"ENDLESS": endless, "PHOTO": photo}.get(word, word) for word in arguments))
    assert process.returncode in (1, 2)
    assert endless in line(process)


@pytest.mark.parametrize("largest", [5_000, 200_000])
def test_of_a_pipe_or_a_stream_no_more_is_read_than_the_limit(monkeypatch, tmp_path, largest):
    monkeypatch.setattr(opening, "MAX_BYTES", largest)
    monkeypatch.setattr(opening, "IN_MEMORY", 20_000)  # beyond, it is held in a file
    monkeypatch.setattr(opening, "_PIECE", 1_000)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    given = [0]

    class Endless(io.RawIOBase):
        def read(self, size=-1):
            given[0] += size
            return bytes(size)

    with pytest.raises(PictureError, match="holds more than"):
        images.read(Endless())
    assert given[0] <= largest + 1_000
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    endless = subprocess.Popen(["sh", "-c", f'exec cat /dev/zero > "{pipe}"'], stderr=subprocess.DEVNULL)
    with endless, pytest.raises(PictureError, match="holds more than"):
        images.read(pipe)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe.png"]


def test_what_a_pipe_gives_is_read_from_a_file_where_it_is_large(monkeypatch, photo, tmp_path):
    monkeypatch.setattr(opening, "IN_MEMORY", 500)
    monkeypatch.setattr(opening, "_PIECE", 100)
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(photo.read_bytes()))
    writer.start()
    assert images.read(pipe).digest == images.read(photo).digest
    writer.join()


def test_a_pipe_in_a_folder_is_no_picture_of_it(run, photo, tmp_path):
    os.mkfifo(tmp_path / "a.png")  # opened, it would wait for ever
    Image.open(photo).save(tmp_path / "b.png")
    assert len(ok(run("classify", tmp_path)).splitlines()) == 5  # as of one file
    writer = threading.Thread(target=lambda: (tmp_path / "a.png").write_bytes(photo.read_bytes()))
    writer.start()
    refused = run("styles", "add", tmp_path / "a.png")
    writer.join()
    assert (refused.returncode, "give a file" in line(refused)) == (2, True)


def test_a_packed_data_set_that_unpacks_to_too_much_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(idx, "LARGEST", 1_000)
    with gzip.open(tmp_path / "train-images-idx3-ubyte.gz", "wb") as file:
        file.write(bytes((0, 0, 8, 3)) + bytes(1_000_000))
    with pytest.raises(DataError, match="holds more than"):
        idx.read_pair(tmp_path, "train")
