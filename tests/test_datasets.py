"""Data sets: read whole or refused in one line; downloads from a server on this machine that cuts and lies."""

import gzip
import hashlib
import io
import pickle
import shutil
import socket
import struct
import tarfile
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from test_download import Server, cut_at

from impasto.classify import datasets
from impasto.classify.datasets import cifar10, fashion_mnist
from impasto.classify.images import DataError, LabelledImages, Normalisation, fit

RANDOM = np.random.default_rng(0)


def refused(source, part="train"):
    with pytest.raises(DataError) as caught:
        datasets.load(str(source), part)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def idx(array):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


@pytest.fixture
def idx_folder(tmp_path):
    folder = tmp_path / "idx"
    folder.mkdir()
    for stem, count in (("train", 30), ("t10k", 10)):
        pixels, labels = RANDOM.integers(0, 256, (count, 28, 28)), np.arange(count) % 10
        (folder / f"{stem}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(pixels)))
        (folder / f"{stem}-labels-idx1-ubyte").write_bytes(idx(labels))
    return folder


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setattr("impasto.download._PAUSE", 0)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path / "home"))
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_digits_need_nothing_and_are_3_by_32_by_32_for_the_network():
    train, test = datasets.load("digits", "train"), datasets.load("digits", "test")
    assert (len(train), len(test)) == (1437, 360)
    assert set(train.labels.tolist()) == set(test.labels.tolist()) == set(range(10))
    normalised = Normalisation.of(train).apply(train.pixels)
    assert normalised.shape == (1437, 3, 32, 32)
    assert normalised.mean().item() == pytest.approx(0, abs=1e-4)
    assert normalised.std().item() == pytest.approx(1, abs=1e-3)


def test_fruits_are_always_the_same_in_colour_and_as_many_of_each():
    test = datasets.load("fruits", "test")
    assert test.pixels.shape == (2000, 3, 32, 32)
    assert torch.bincount(test.labels).tolist() == [200] * 10
    assert (test.classes[0], len(set(test.classes))) == ("apple", 10)
    assert torch.equal(datasets.load("fruits", "test").pixels, test.pixels)
    assert len(test.pixels.flatten(1).unique(dim=0)) == 2000
    assert test.pixels.float().std(1).mean() > 10  # colours differ


def test_fashion_mnist_is_the_published_one():
    train, test = datasets.load("fashion-mnist", "train"), datasets.load("fashion-mnist", "test")
    assert train.pixels.shape == (60_000, 1, 32, 32)
    assert torch.bincount(train.labels).tolist() == [6000] * 10
    assert torch.bincount(test.labels).tolist() == [1000] * 10
    assert train.classes[int(train.labels[0])] == "ankle boot"
    assert not train.pixels[:, :, [0, 1, 30, 31]].any()  # a frame of black around 28 × 28


@pytest.mark.parametrize("side", [8, 28, 32, 31])
def test_small_pictures_are_framed_or_repeated_not_blurred(side):
    pixels = torch.arange(side * side).remainder(251).to(torch.uint8).view(1, 1, side, side)
    fitted = fit(pixels)
    assert fitted.shape == (1, 1, 32, 32)
    assert set(fitted.unique().tolist()) <= {0, *pixels.unique().tolist()}
    assert fitted.long().sum() == pixels.long().sum() * (32 // side) ** 2


def test_a_folder_of_idx_files_is_read_compressed_or_not(idx_folder):
    images = datasets.load(str(idx_folder), "test")
    assert (images.pixels.shape, images.classes) == ((10, 1, 32, 32), tuple("0123456789"))
    named = datasets.load(f"fashion-mnist:{idx_folder}", "train")
    assert named.classes == fashion_mnist.CLASSES
    stored = gzip.decompress((idx_folder / "train-images-idx3-ubyte.gz").read_bytes())[16:]
    assert named.pixels[:, 0, 2:30, 2:30].numpy().tobytes() == stored


@pytest.mark.parametrize("cut", [0, 3, 15, 400, -1])
def test_a_broken_idx_file_is_named(idx_folder, cut):
    path = idx_folder / "train-images-idx3-ubyte.gz"
    whole = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(whole[:cut]))
    assert str(path) in refused(idx_folder)
    path.write_bytes(gzip.compress(whole)[: cut or 1])
    assert str(path) in refused(idx_folder)


def test_idx_files_that_do_not_go_together_are_refused(idx_folder):
    labels = idx_folder / "train-labels-idx1-ubyte"
    labels.write_bytes(idx(np.arange(29) % 10))
    assert "30 pictures and 29 labels" in refused(idx_folder)
    labels.write_bytes(idx(np.arange(30) % 12))
    assert "12 classes" in refused(f"fashion-mnist:{idx_folder}")
    labels.unlink()
    assert "train-labels-idx1-ubyte" in refused(idx_folder)
    (idx_folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros((30, 40, 40)))))
    labels.write_bytes(idx(np.arange(30) % 10))
    assert "40 × 40" in refused(idx_folder)


def fill(folder, counts, side=40):
    """A folder of classes; each class has its own colour."""
    for index, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = RANDOM.integers(0, 60, (side, side + 9, 3)).astype(np.uint8)
            pixels[..., index % 3] += 150
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def test_a_folder_has_a_subfolder_a_class_and_holds_a_fifth_of_each_out(tmp_path):
    folder = fill(tmp_path / "kinds", {"leaf": 10, "sky": 15, "brick": 2})
    train, test = datasets.load(str(folder), "train"), datasets.load(str(folder), "test")
    assert train.classes == ("brick", "leaf", "sky")
    assert torch.bincount(train.labels).tolist() == [1, 8, 12]
    assert torch.bincount(test.labels).tolist() == [1, 2, 3]
    assert train.pixels.shape[1:] == (3, 32, 32)
    both = torch.cat([train.pixels, test.pixels]).flatten(1)
    assert len(both.unique(dim=0)) == 27  # no picture is in both parts


NAMES = st.sets(st.text("abcdefgh0123456789", min_size=1, max_size=6), min_size=1, max_size=24)


@given(names=NAMES, more=NAMES)
@settings(max_examples=20, deadline=None)
def test_a_fifth_is_held_out_and_a_picture_that_is_added_moves_one_other_at_most(names, more):
    with TemporaryDirectory() as place:
        fill(Path(place), {"leaf": 1, "sky": 2}, side=16)
        home, picture = Path(place) / "leaf", Path(place) / "sky" / "0.png"
        (home / "0.png").unlink()

        def add(name):
            shutil.copy(picture, home / f"{name}.png")
            shown = {part: datasets.load(place, part).files for part in ("train", "test")}
            train, test = ({each for each in shown[part] if each.startswith("leaf")} for part in ("train", "test"))
            count = len(list(home.iterdir()))
            assert len(train) + len(test) == len(train | test) == count
            assert len(test) == (count // 5 or int(count > 1))
            return test

        for name in sorted(names)[:-1]:
            shutil.copy(picture, home / f"{name}.png")
        before, known = add(max(names)), {f"leaf/{name}.png" for name in names}
        for name in sorted(more - names)[:3]:
            after = add(name)
            moved = (before ^ after) & known
            assert len(moved) <= 1
            before, known = after, known | {f"leaf/{name}.png"}


def test_a_folder_divided_into_train_and_test_is_taken_as_it_is(tmp_path):
    fill(tmp_path / "train", {"a": 3, "b": 4})
    fill(tmp_path / "test", {"a": 2, "b": 1})
    assert torch.bincount(datasets.load(str(tmp_path), "train").labels).tolist() == [3, 4]
    assert torch.bincount(datasets.load(str(tmp_path), "test").labels).tolist() == [2, 1]
    fill(tmp_path / "test", {"c": 1})
    assert "has classes that train has not: c" in refused(tmp_path, "test")


def test_unreadable_files_among_good_ones_are_named_skipped_and_counted(tmp_path):
    folder = fill(tmp_path / "kinds", {"leaf": 10, "sky": 10})
    chosen = sorted((folder / "sky").iterdir())
    chosen[0].write_bytes(b"no picture")
    chosen[1].write_bytes(chosen[1].read_bytes()[:200])
    parts = [datasets.load(str(folder), part) for part in ("train", "test")]
    skipped = [line for part in parts for line in part.skipped]
    assert len(skipped) == 2
    assert any(str(chosen[0]) in line for line in skipped)
    assert sum(map(len, parts)) == 18


@pytest.mark.parametrize(
    ("counts", "words"),
    [({}, "no subfolders"), ({"one": 3}, "one class, one,"), ({"full": 3, "empty": 0}, "empty holds no pictures")],
)
def test_a_folder_with_nothing_to_tell_apart_is_refused(tmp_path, counts, words):
    folder = tmp_path / "kinds"
    folder.mkdir()
    assert words in refused(fill(folder, counts))


def test_a_class_of_which_nothing_can_be_read_is_refused(tmp_path):
    folder = fill(tmp_path / "kinds", {"leaf": 3, "sky": 3})
    for path in (folder / "sky").iterdir():
        path.write_bytes(b"?")
    assert "sky no picture can be read" in refused(folder)


def test_a_data_set_that_is_not_there_is_answered_with_the_names_that_are():
    assert "digits, fashion-mnist, cifar10, fruits" in refused("cifar100")


@pytest.fixture
def fashion_server(server, monkeypatch, idx_folder, tmp_path):
    """Serves a small Fashion-MNIST, one file after another, to a machine without Debian's package."""
    files = {}
    for name in fashion_mnist.SHA256:
        path = idx_folder / name
        files[name] = (
            path.read_bytes() if path.exists() else gzip.compress((idx_folder / name.removesuffix(".gz")).read_bytes())
        )
    monkeypatch.setattr(fashion_mnist, "DEBIAN", tmp_path / "no package")
    monkeypatch.setattr(
        fashion_mnist, "SHA256", {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    )
    monkeypatch.setenv("IMPASTO_FASHION_MNIST_URL", server.url.rpartition("/")[0])
    names = [name for name in files if name.startswith("t10k")]
    server.reset(*[lambda handler, _, name=name: give(handler, files[name]) for name in names])
    return server


def give(handler, data):
    handler.head(200, len(data))
    handler.wfile.write(data)


def test_fashion_mnist_is_downloaded_where_debian_has_it_not_and_only_once(fashion_server):
    told = []
    images = datasets.load("fashion-mnist", "test", lambda done, total: told.append((done, total)))
    assert len(images) == 10
    assert told[-1][0] == told[-1][1]
    assert len(fashion_server.ranges) == 2
    assert torch.equal(datasets.load("fashion-mnist", "test").pixels, images.pixels)
    assert len(fashion_server.ranges) == 2


def test_wrong_bytes_are_not_taken_for_fashion_mnist(fashion_server):
    fashion_server.reset(data=b"something else")
    assert "not the expected file" in refused("fashion-mnist", "test")


@pytest.mark.usefixtures("server")
def test_without_a_network_it_says_so_and_where_to_put_the_file(monkeypatch, tmp_path):
    monkeypatch.setattr(fashion_mnist, "DEBIAN", tmp_path / "no package")
    with socket.socket() as taken:  # bound and not listening: nobody answers here
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("IMPASTO_FASHION_MNIST_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        message = refused("fashion-mnist", "test")
    assert "can't be reached" in message
    assert "put it at" in message


def archive(batches):
    """An archive as CIFAR-10's author packs it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as files:
        for name, stored in batches.items():
            data = stored if isinstance(stored, bytes) else pickle.dumps(stored, protocol=2)
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(data)
            files.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def batch(count):
    return {
        b"data": RANDOM.integers(0, 256, (count, 3072)).astype(np.uint8),
        b"labels": [int(label) for label in RANDOM.integers(0, 10, count)],
    }


def cifar(server, monkeypatch, data):
    monkeypatch.setenv("IMPASTO_CIFAR10_URL", server.url)
    monkeypatch.setattr(cifar10, "SHA256", hashlib.sha256(data).hexdigest())
    server.reset(data=data)


def test_cifar10_is_downloaded_over_cut_connections_and_read(server, monkeypatch):
    batches = {f"data_batch_{number}": batch(4) for number in range(1, 6)} | {"test_batch": batch(3)}
    data = archive(batches)
    cifar(server, monkeypatch, data)
    server.answers = [cut_at(len(data) // 3), cut_at(2 * len(data) // 3)]
    train = datasets.load("cifar10", "train")
    assert len(server.ranges) == 3
    assert train.pixels.shape == (20, 3, 32, 32)
    assert train.pixels[4].flatten().tolist() == batches["data_batch_2"][b"data"][0].tolist()
    assert train.labels[4] == batches["data_batch_2"][b"labels"][0]
    assert len(datasets.load("cifar10", "test")) == 3


def test_a_cifar10_that_would_call_something_is_refused(server, monkeypatch, tmp_path):
    class Bad:
        def __reduce__(self):
            return (open, (str(tmp_path / "made"), "w"))

    cifar(server, monkeypatch, archive({"test_batch": {b"data": Bad(), b"labels": []}}))
    assert "remove it" in refused("cifar10", "test")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "content",
    [b"no archive", archive({}), archive({"test_batch": {b"labels": [1]}})],
    ids=["no archive", "nothing in it", "no pictures in it"],  # not the bytes, which hold the time
)
def test_something_else_in_place_of_cifar10_is_refused(server, monkeypatch, content):
    cifar(server, monkeypatch, content)
    assert "no CIFAR-10" in refused("cifar10", "test")


def test_colour_pictures_are_made_grey_for_a_model_of_grey_ones():
    grey = LabelledImages("x", ("a", "b"), torch.zeros(1, 1, 32, 32, dtype=torch.uint8), torch.zeros(1).long())
    made = Normalisation.of(grey).apply(torch.full((2, 3, 32, 32), 9, dtype=torch.uint8))
    assert made.shape == (2, 3, 32, 32)
    assert made.stride(1) == 0
