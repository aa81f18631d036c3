"""The commands train, evaluate, classify, shapes and conv, as processes."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from processes import line, ok
from torch import nn


@pytest.fixture(scope="module")
def trained(run, tmp_path_factory):
    """A model of the digits, made by the fast recipe, with what the command printed and drew."""
    folder = tmp_path_factory.mktemp("trained")
    process = run(
        "train", "--recipe", "fast", "--epochs", "6", "--batch-size", "32", "-o", folder / "digits.safetensors",
        "--plots", folder / "plots",
    )  # fmt: skip
    return folder / "digits.safetensors", ok(process), folder / "plots"


@pytest.fixture(scope="module")
def digit(tmp_path_factory):
    """A seven, white on black, of 32 × 32."""
    from impasto.classify import datasets

    images = datasets.load("digits", "test")
    index = images.labels.tolist().index(7)
    path = tmp_path_factory.mktemp("digit") / "seven.png"
    Image.fromarray(images.pixels[index, 0].numpy()).save(path)
    return path


def test_the_help_and_the_arithmetic_load_no_torch():
    code = (
        "import sys; from impasto.cli.commands import app; from typer.testing import CliRunner;"
        "done = CliRunner().invoke(app, sys.argv[1:]); assert done.exit_code == 0, done.output;"
        "heavy = {'torch', 'sklearn', 'matplotlib'} & set(sys.modules); assert not heavy, heavy"
    )
    for arguments in (["--help"], ["train", "--help"], ["conv", "--size", "5"]):
        subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)


def test_by_default_it_trains_as_the_slide_and_prints_as_the_slide(start, tmp_path):
    text = ok(start("train", "--epochs", "1", "-o", tmp_path / "m.safetensors"))
    lines = text.splitlines()
    assert re.fullmatch(r"\[1,   360\] loss: \d\.\d{3}", lines[0])  # 1,437 digits in batches of 4
    assert lines[1] == "Finished Training"
    assert re.match(r"accuracy \d+\.\d\d% on 360 test images", lines[2])


def test_the_same_seed_makes_the_same_file_and_resume_goes_on(start, run, tmp_path):
    names = [tmp_path / f"{name}.safetensors" for name in "abc"]
    quick = ("train", "--recipe", "fast", "--batch-size", "128", "--seed", "3", "--threads", "2")
    figures = []
    for begin, name in ((start, names[0]), (run, names[1])):
        ok(begin(*quick, "--epochs", "2", "-o", name))
        figures.append(json.loads(ok(run("evaluate", name, "--json")))["loss"])
    assert figures[0] == figures[1]
    text = ok(run("train", "--resume", names[0], "--epochs", "3", "-o", names[2]))
    assert re.match(r"\[3,    11\] loss:", text)
    assert "3 epochs" in line(run("train", "--resume", names[2], "--epochs", "3", "-o", names[2]))
    in_place = run("train", "--resume", names[0], "--epochs", "3")
    assert (in_place.returncode, str(names[0]) in line(in_place)) == (0, True)
    assert json.loads(ok(run("evaluate", names[0], "--json"))) == json.loads(ok(run("evaluate", names[2], "--json")))
    kept = names[0].read_bytes()
    refused = run(*quick, "--epochs", "1", "-o", names[0])
    assert (refused.returncode, "--resume" in line(refused), names[0].read_bytes() == kept) == (2, True, True)


def test_the_model_says_in_its_file_what_it_is(trained):
    path, _, _ = trained
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    card = json.loads(header["__metadata__"]["impasto"])
    assert card["classes"] == list("0123456789")
    assert (card["architecture"], card["data"]) == ("classifier", "digits")
    assert card["training"]["recipe"] == "fast"
    assert card["figures"]["accuracy"] > 0.8


def test_the_plots_are_pictures(trained):
    _, text, folder = trained
    assert {path.name for path in folder.iterdir()} == {"confusion.png", "curves.png", "kernels.png", "mistakes.png"}
    for path in folder.iterdir():
        assert str(path) in text
        pixels = np.asarray(Image.open(path))
        assert min(pixels.shape[:2]) > 200
        assert pixels.std() > 5


def test_evaluate_says_how_good_it_is_as_text_and_as_json(start, run, trained):
    found = json.loads(ok(run("evaluate", trained[0], "--json")))
    assert found["images"] == sum(map(sum, found["confusion"])) == 360
    assert found["accuracy"] == sum(found["confusion"][n][n] for n in range(10)) / 360
    assert len(found["worst_mistakes"]) <= 16
    assert found["per_class"]["3"] == found["confusion"][3][3] / sum(found["confusion"][3])
    text = ok(start("evaluate", trained[0]))
    assert text.startswith(f"accuracy {found['accuracy']:.2%} on 360 images")
    assert f"accuracy {found['accuracy']:.2%}" in trained[1]


def test_classify_takes_files_folders_and_standard_input(start, run, trained, digit, tmp_path):
    model = ("--model", trained[0])
    rows = ok(run("classify", digit, *model)).splitlines()
    assert len(rows) == 5
    assert rows[0].endswith("  7")
    assert ok(start("classify", "-", *model, stdin=digit.read_bytes())).splitlines() == rows
    folder = tmp_path / "folder" / "below"
    folder.mkdir(parents=True)
    (folder / "one.png").write_bytes(digit.read_bytes())
    (folder / "two.txt").write_text("no picture, and not named as one")
    (tmp_path / "another.png").write_bytes(digit.read_bytes())
    rows = ok(run("classify", tmp_path, *model, "--top", "2")).splitlines()
    assert [row.split(": 7 ")[0] for row in rows] == [str(tmp_path / "another.png"), str(folder / "one.png")]


def test_classify_inverts_dark_on_white_and_says_so(run, trained, digit, tmp_path):
    dark = tmp_path / "dark.png"
    ImageOps.invert(Image.open(digit)).save(dark)
    process = run("classify", dark, "--model", trained[0], "--json")
    row = json.loads(ok(process))
    assert row["inverted"]
    assert "inverted" in line(process)
    plain = json.loads(ok(run("classify", digit, "--model", trained[0], "--json")))
    assert not plain["inverted"]
    assert row["top"] == plain["top"]
    assert sum(entry["probability"] for entry in plain["top"]) <= 1.0001


def test_of_many_pictures_an_unreadable_one_is_named_and_counted(run, trained, digit, tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    (tmp_path / "b.png").write_bytes(digit.read_bytes())
    process = run("classify", tmp_path, "--model", trained[0])
    assert process.returncode == 1
    assert "a.png" in process.stderr.decode()
    assert "1 of 2 files" in line(process)
    assert b"b.png: 7 " in process.stdout


def test_a_folder_trains_with_its_bad_files_named_and_a_model_of_fewer_classes_is_refused(run, tmp_path):
    for name, color in (("leaf", (20, 180, 30)), ("sky", (40, 90, 220))):
        (tmp_path / "kinds" / name).mkdir(parents=True)
        for number in range(12):
            jittered = np.clip(np.random.default_rng(number).normal(color, 20, (48, 64, 3)), 0, 255)
            Image.fromarray(jittered.astype(np.uint8)).save(tmp_path / "kinds" / name / f"{number}.jpg")
    (tmp_path / "kinds" / "sky" / "bad.jpg").write_bytes(b"?")
    out = tmp_path / "kinds.safetensors"
    process = run("train", "--data", tmp_path / "kinds", "--recipe", "fast", "--batch-size", "4", "-o", out)
    assert "accuracy 100.00% on 4 test images; guessing gives 50.00%\n" in ok(process)
    assert "bad.jpg" in process.stderr.decode()
    assert "few pictures" not in process.stderr.decode()
    assert ok(run("classify", tmp_path / "kinds" / "sky" / "3.jpg", "--model", out)).splitlines()[0].endswith("  sky")
    refused = run("evaluate", out, "--data", "digits")
    assert (refused.returncode, "10 classes and the model 2" in line(refused)) == (2, True)
    lots, few = tmp_path / "doubtful" / "sky", tmp_path / "doubtful" / "leaf" / "green"
    lots.mkdir(parents=True)
    few.mkdir(parents=True)
    for source, folder in ((tmp_path / "kinds" / "leaf" / "1.jpg", few), (tmp_path / "kinds" / "sky" / "1.jpg", lots)):
        for number in range(3 if folder is few else 12):
            shutil.copy(source, folder / f"{number}.jpg")
    told = run("train", "--data", tmp_path / "doubtful", "--recipe", "fast", "--epochs", "1", "-o", tmp_path / "d")
    said = told.stderr.decode()
    assert "few pictures to learn from: leaf (2);" in said
    assert "sky has 10 pictures and leaf 2" in said
    assert "folders within leaf count as their class" in said
    shutil.move(lots, lots.with_name("leaf2"))
    shutil.move(few.parent, few.parent.with_name("sky"))
    shutil.move(lots.with_name("leaf2"), lots.with_name("leaf"))
    wrong = json.loads(ok(run("evaluate", out, "--data", tmp_path / "doubtful", "--json")))
    assert (wrong["accuracy"], wrong["guessing"]) == (0, 2 / 3)
    assert {mistake["file"].partition("/")[0] for mistake in wrong["worst_mistakes"]} == {"leaf", "sky"}
    other = run("train", "--resume", out, "--model", "modern", "-o", out)
    assert (other.returncode, "architecture classifier, not modern" in line(other)) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["train", "--data", "nowhere"], 1, "digits, fashion-mnist, cifar10"),
        (["train", "--model", "resnet"], 2, "classifier, modern"),
        (["train", "--recipe", "slow"], 2, "slide or fast"),
        (["train", "--epochs", "0"], 2, "give 1 or more"),
        (["train", "--lr", "1e30"], 1, "learning rate 1e+30 is too high"),
        (["train", "--resume", "nothing"], 2, "no model nothing"),
        (["train", "-o", "nowhere/m"], 1, "no folder nowhere"),
        (["train", "--data", "."], 1, "subfolder"),
        (["evaluate", "nothing"], 2, "fashion-classifier"),
        (["classify", "nothing.jpg"], 1, "nothing.jpg"),
        (["classify", "."], 1, "holds no pictures"),
        (["classify", "x.jpg", "--model", "nothing"], 2, "fashion-classifier"),
        (["classify", "x.jpg", "--top", "0"], 2, "--top 1"),
        (["shapes", "nothing"], 2, "no model nothing"),
        (["shapes", "--size", "12"], 2, "12 → 8 → 4"),
        (["shapes", "vgg19", "--size", "8"], 2, "1 × 1 (conv4_4), and no further"),
        (["shapes", "--size", "0"], 2, "size of 0"),
        (["conv", "--kernel", "9"], 2, "at least 2"),
        (["conv", "--size", "five"], 2, "'five'"),
        (["conv", "--padding", "1,2"], 2, "TOP,BOTTOM,LEFT,RIGHT"),
        (["conv", "--stride", "0"], 2, "stride of 0"),
        (["conv", "--image", "nothing.jpg"], 1, "nothing.jpg"),
        (["conv", "--image", "x.jpg", "--transposed"], 2, "--transposed"),
    ],
)
def test_bad_input_is_one_plain_line(run, tmp_path, monkeypatch, arguments, code, words):
    monkeypatch.chdir(tmp_path)
    process = run(*arguments)
    assert process.returncode == code, process.stderr
    assert words in line(process)
    assert not list(tmp_path.glob("*.safetensors"))


@pytest.mark.parametrize(
    ("arguments", "made", "words"),
    [
        (["--padding", "1"], (5, 5), "⌊(5 + 2·1 − 3) / 1⌋ + 1 = 5"),
        (["--padding", "2", "--kernel", "4"], (6, 6), "⌊(5 + 2·2 − 4) / 1⌋ + 1 = 6"),
        (["--padding", "2"], (7, 7), "5 × 5 → 7 × 7"),
        (["--size", "6", "--stride", "2", "--padding", "1"], (3, 3), "never read: 1 row of the padding"),
        (["--kernel", "2"], (4, 4), "5 × 5 → 4 × 4"),
        (["--padding", "1", "--kernel", "5"], (3, 3), "5 × 5 → 3 × 3"),
        (["--padding", "1", "--stride", "2"], (3, 3), "5 × 5 → 3 × 3"),
        (["--padding", "same", "--kernel", "2"], (5, 5), "⌊(5 + 0 + 1 − 2) / 1⌋ + 1 = 5"),
        (["--padding", "valid"], (3, 3), "5 × 5 → 3 × 3"),
        (["--padding", "1,0,0,2"], (4, 5), "5 × 5 → 4 × 5"),
        (["--size", "5x9", "--stride", "3", "--kernel", "2"], (2, 3), "columns 3, 6, 9 of the matrix"),
        (["--dilation", "2"], (1, 1), "⌊(5 + 2·0 − 2·(3 − 1) − 1) / 1⌋ + 1 = 1"),
        (["--transposed", "--stride", "2", "--size", "3"], (7, 7), "(3 − 1)·2 − 2·0 + 3 = 7"),
    ],
)
def test_conv_works_the_courses_examples_through(start, arguments, made, words):
    assert words in ok(start("conv", *arguments))
    assert tuple(json.loads(ok(start("conv", *arguments, "--json")))["output"]) == made


def test_conv_shows_the_matrix_before_and_after_padding_the_kernel_and_the_output(start):
    blocks = ok(start("conv", "--padding", "1")).split("\n\n")
    padded = next(block for block in blocks if block.startswith("with its padding, 7 × 7")).splitlines()[1:]
    assert padded == [" 0 0 0 0 0 0 0", *[" 0 1 1 1 1 1 0"] * 5, " 0 0 0 0 0 0 0"]
    assert blocks[-2].splitlines()[1] == " 4 6 6 6 4"
    assert blocks[-1].splitlines()[:2] == ["how often each number of the matrix is read, 5 × 5", " 4 6 6 6 4"]
    assert ok(start("conv")).splitlines()[-5:] == [" 1 2 3 2 1", " 2 4 6 4 2", " 3 6 9 6 3", " 2 4 6 4 2", " 1 2 3 2 1"]


def test_conv_works_a_layer_over_channels_through(start, run):
    text = ok(start("conv", "--channels", "3", "--outputs", "6"))
    assert "3 × 5 × 5 → 6 × 3 × 3\nnumbers to learn: 6 · (3 · 3 · 3) + 6 = 168\n" in text
    assert "channel 3, all 3: the products with its kernel sum to 27\n  the bias: 1\n" in text
    assert "all channels and the bias: 55\n" in text
    assert text.endswith(
        "how often each number of each channel is read, 5 × 5\n"
        + "".join(f" {row}\n" for row in ("1 2 3 2 1", "2 4 6 4 2", "3 6 9 6 3", "2 4 6 4 2", "1 2 3 2 1"))
    )
    for arguments in (["--channels", "0"], ["--channels", "3", "--transposed"]):
        refused = run("conv", *arguments)
        assert (refused.returncode, "--channels" in line(refused)) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [["--size", "10001"], ["--channels", "10001"], ["--kernel", "3x10001"], ["--padding", "1,2,1,10001"]],
    ids=lambda arguments: arguments[0],
)
def test_numbers_that_are_a_slip_are_refused_by_conv_and_the_largest_are_worked_out(run, arguments):
    refused = run("conv", *arguments)
    assert (refused.returncode, "larger than 10,000" in line(refused)) == (2, True)
    largest = run("conv", *(argument.replace("10001", "10000") for argument in arguments), "--padding", "5000")
    assert len(ok(largest).splitlines()) < 60


def test_conv_draws_the_named_kernels_on_a_picture(run, photo, tmp_path):
    out = tmp_path / "kernels.png"
    assert ok(run("conv", "--image", photo, "-o", out, "--padding", "same")).strip() == str(out)
    sheet = np.asarray(Image.open(out))
    assert sheet.shape[0] > 2 * 72
    assert sheet.std() > 30
    one = tmp_path / "one.png"
    ok(run("conv", "--image", photo, "--kernel", "sobel-x", "-o", one))
    assert np.asarray(Image.open(one)).size < sheet.size


def test_shapes_shows_vgg19_and_the_classifier(start, run, trained):
    text = ok(start("shapes", "vgg19", "--size", "224"))
    assert re.search(r"conv5_1 +Conv2d 3 × 3 +512 × 14 × 14 +512 × 14 × 14 +2,359,808 +462,422,016 +156 +16", text)
    assert ok(run("shapes")) == ok(run("shapes", trained[0]))


def test_shapes_shows_a_network_of_ones_own_by_the_names_of_its_layers(run, tmp_path):
    layers = nn.Sequential(nn.Conv2d(3, 4, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    torch.save(layers, tmp_path / "own.pt")
    _, first, second, _ = ok(run("shapes", tmp_path / "own.pt")).splitlines()
    assert re.match(r"conv1 +Conv2d 5 × 5 +3 × 32 × 32 +4 × 28 × 28 +304 ", first)
    assert re.match(r"pool1 +MaxPool2d 2 × 2, stride 2 +4 × 28 × 28 +4 × 14 × 14 ", second)
    (tmp_path / "own.pt").write_bytes(b"nothing")
    assert "no network that can be read" in line(run("shapes", tmp_path / "own.pt"))


@pytest.mark.parametrize(("name", "least"), [("fashion-classifier", 0.92), ("fashion-modern", 0.93)])
def test_the_models_that_we_ship_are_as_good_as_the_docs_say(run, name, least):
    found = json.loads(ok(run("evaluate", name, "--data", "fashion-mnist", "--json")))
    assert found["accuracy"] >= least
