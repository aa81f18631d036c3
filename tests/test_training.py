"""The training loops, model files, evaluation and predictions, as a library."""

import json
import math
from itertools import pairwise

import numpy as np
import pytest
import sklearn.metrics
import torch
from PIL import Image, ImageOps
from safetensors.torch import save_file
from torch import nn

from impasto.classify import datasets, fast, model, prepare
from impasto.classify.classifier import Classifier
from impasto.classify.evaluation import evaluate
from impasto.classify.images import LabelledImages
from impasto.classify.model import ModelError
from impasto.classify.predict import predict
from impasto.classify.training import Pictures, Training
from impasto.classify.training_run import TrainingError, TrainingSettings
from impasto.images import Picture


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits", "train"), datasets.load("digits", "test")


def part(images, count):
    return LabelledImages(images.name, images.classes, images.pixels[:count], images.labels[:count], images.dark_ground)


def new(images, architecture="classifier", seed=0):
    torch.manual_seed(seed)
    return model.untrained(architecture, images)


def train(trained, images, *, done=0, **settings):
    return list(Training(trained, images, TrainingSettings(**settings), done))


def numbers(trained):
    return torch.cat([value.flatten().float() for value in trained.network.state_dict().values()])


def test_the_loop_does_what_the_slide_does_bit_for_bit(digits):
    images = part(digits[0], 200)
    ours = new(images)
    reports = train(ours, images, epochs=2)

    torch.manual_seed(0)
    net = Classifier()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
    losses = []
    for epoch in range(2):
        order = torch.Generator().manual_seed(epoch)
        pictures = Pictures(images, ours.card.normalisation)
        loader = torch.utils.data.DataLoader(pictures, batch_size=4, shuffle=True, generator=order)
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = criterion(net(inputs), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert [report.loss for report in reports] == losses
    assert torch.equal(numbers(ours), torch.cat([value.flatten() for value in net.state_dict().values()]))


def test_the_running_loss_is_given_every_2000_mini_batches_and_for_what_is_left(digits, monkeypatch):
    monkeypatch.setattr("impasto.classify.training_run.PRINT_EVERY", 20)
    images = part(digits[0], 200)
    reports = train(new(images), images, epochs=1)
    given = [report for report in reports if report.running_loss is not None]
    assert [report.batch for report in given] == [20, 40, 50]
    last = [report.loss for report in reports[40:]]
    assert given[-1].running_loss == pytest.approx(sum(last) / 10)
    assert given[0].line == f"[1,    20] loss: {given[0].running_loss:.3f}"


@pytest.mark.parametrize("recipe", ["slide", "fast"])
def test_a_run_is_repeated_bit_for_bit_by_its_seed_and_only_by_it(digits, recipe):
    images = part(digits[0], 240)
    settings = {"recipe": recipe, "epochs": 2, "batch_size": 16}
    made = []
    for seed in (1, 1, 2):
        trained = new(images, seed=seed)
        train(trained, images, seed=seed, **settings)
        made.append(numbers(trained))
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])


def test_a_model_that_was_kept_and_resumed_is_the_one_that_never_stopped(digits, tmp_path):
    images = part(digits[0], 200)
    whole, half = new(images), new(images)
    train(whole, images, epochs=4)
    train(half, images, epochs=2)
    half.save(tmp_path / "half.safetensors")
    resumed = model.load(tmp_path / "half.safetensors")
    reports = train(resumed, images, epochs=4, done=2)
    assert [report.epoch for report in reports][:: len(reports) // 2] == [3, 4]
    assert torch.equal(numbers(whole), numbers(resumed))


@pytest.mark.parametrize("recipe", ["slide", "fast"])
def test_a_loss_that_is_no_number_stops_and_says_why(digits, recipe):
    images = part(digits[0], 200)
    with pytest.raises(TrainingError, match="learning rate 1e\\+30 is too high") as stopped:
        train(new(images), images, recipe=recipe, lr=1e30, batch_size=8, epochs=3)
    assert "\n" not in str(stopped.value)


def test_the_fast_recipe_learns_and_its_time_left_comes_to_0(digits):
    trained = new(digits[0])
    reports = train(trained, digits[0], recipe="fast", epochs=8, batch_size=32, lr=0.025)
    assert evaluate(trained, digits[1]).accuracy > 0.9
    assert reports[-1].seconds_left == 0
    assert reports[0].seconds_left is None
    assert all(a.seconds <= b.seconds for a, b in pairwise(reports))


def test_augmenting_mirrors_and_moves_and_does_nothing_else():
    pixels = torch.randint(1, 256, (64, 1, 6, 5), dtype=torch.uint8)
    mirrored = torch.arange(64) % 3 == 0
    made = fast.augment(pixels, mirrored, 1, torch.Generator().manual_seed(0))
    moves = set()
    for before, after, mirror in zip(pixels[:, 0], made[:, 0], mirrored.tolist(), strict=True):
        framed = nn.functional.pad(before, (1, 1, 1, 1))
        places = [(down, right) for down in range(3) for right in range(3)]
        found = [place for place in places if torch.equal(window(framed, *place, mirror), after)]
        assert len(found) == 1
        moves.add(found[0])
    assert len(moves) == 9


def window(framed, down, right, mirror):
    made = framed[down : down + 6, right : right + 5]
    return made.flip(1) if mirror else made


def test_two_epochs_show_both_sides_of_each_picture_but_of_digits():
    even, odd = fast.sides("fashion-mnist", 1000, 0)
    assert torch.equal(even, ~odd)
    assert 400 < even.sum() < 600
    assert not fast.sides("digits", 1000, 0).any()


def test_the_learning_rate_rises_and_falls_to_nearly_nothing():
    rates = [fast.schedule(step / 100) for step in range(101)]
    assert max(rates) == pytest.approx(1)
    assert rates[100] == 0
    assert rates == sorted(rates[:21]) + sorted(rates[21:], reverse=True)


def test_evaluation_counts_as_scikit_learn_does(digits):
    trained = new(digits[0])
    train(trained, digits[0], recipe="fast", epochs=2, batch_size=32, lr=0.05)
    found = evaluate(trained, digits[1])
    probabilities = trained.probabilities(digits[1].pixels)
    truth, said = digits[1].labels.numpy(), probabilities.argmax(1).numpy()
    assert found.accuracy == pytest.approx(sklearn.metrics.accuracy_score(truth, said))
    assert found.confusion.tolist() == sklearn.metrics.confusion_matrix(truth, said, labels=range(10)).tolist()
    assert found.loss == pytest.approx(sklearn.metrics.log_loss(truth, probabilities.double().numpy()), rel=1e-4)
    recalls = sklearn.metrics.recall_score(truth, said, average=None, labels=range(10))
    assert list(found.per_class.values()) == pytest.approx(recalls.tolist())
    surest = [mistake.probability for mistake in found.mistakes]
    assert surest == sorted(surest, reverse=True)
    assert {mistake.index for mistake in found.mistakes} == set(np.flatnonzero(truth != said).tolist())
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("classes", "words"),
    [(tuple("0123456789X"), "11 classes and the model 10"), (tuple("012345678X"), "no class X"),
     (tuple("1023456789"), "another order")],
)  # fmt: skip
def test_data_that_a_model_can_not_know_is_refused(digits, classes, words):
    other = LabelledImages("other", classes, digits[1].pixels, digits[1].labels)
    with pytest.raises(TrainingError, match=words):
        evaluate(new(digits[0]), other)
    with pytest.raises(TrainingError, match=words):
        Training(new(digits[0]), other, TrainingSettings())


@pytest.mark.parametrize("architecture", ["classifier", "modern"])
def test_a_model_comes_back_from_its_file_as_it_was(digits, tmp_path, architecture):
    trained = new(digits[0], architecture)
    train(trained, part(digits[0], 64), recipe="fast", epochs=1, batch_size=16)
    trained.save(tmp_path / "m.safetensors")
    loaded = model.load(tmp_path / "m.safetensors")
    assert loaded.card == trained.card
    assert torch.equal(numbers(loaded), numbers(trained))
    assert loaded.momentum.keys() == dict(trained.network.named_parameters()).keys()
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]


def test_a_small_file_is_a_quarter_and_says_nearly_the_same(digits, tmp_path):
    trained = new(digits[0])
    train(trained, part(digits[0], 400), recipe="fast", epochs=2, batch_size=16)
    trained.save(tmp_path / "whole")
    trained.save(tmp_path / "small", small=True)
    assert (tmp_path / "small").stat().st_size < 0.27 * (tmp_path / "whole").stat().st_size
    pixels = digits[1].pixels
    difference = model.load(tmp_path / "small").probabilities(pixels) - trained.probabilities(pixels)
    assert 0 < difference.abs().max() < 0.01


def card(**changes):
    stored = {
        "architecture": "classifier", "classes": list("01"), "normalisation": {"mean": [0.5], "std": [0.5]},
        "data": "x",
    }  # fmt: skip
    return {model.KEY: json.dumps({**stored, **changes})}


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        (None, "no model of Impasto"),
        ({model.KEY: "[1]"}, "no model of Impasto"),
        ({model.KEY: "{"}, "broken"),
        (card(normalisation={}), "no model of Impasto"),
        (card(surprise=1), "no model of Impasto"),
        (card(architecture=["classifier"]), "which this version of Impasto does not know"),
        (card(architecture="resnet"), "'resnet', which this version of Impasto does not know"),
        (card(architecture="modern"), "another architecture"),
        (card(classes=list("012")), "another architecture"),
    ],
)
def test_a_file_that_is_no_model_or_another_one_is_refused_in_one_line(tmp_path, metadata, words):
    save_file({name: value.clone() for name, value in Classifier(2).state_dict().items()}, tmp_path / "m", metadata)
    with pytest.raises(ModelError, match=words) as refused:
        model.load(tmp_path / "m")
    assert str(tmp_path / "m") in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"\x80\x02cos\nsystem\n", b"\xff" * 100])
def test_a_file_that_is_no_safetensors_is_refused(tmp_path, content):
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(ModelError, match="safetensors"):
        model.load(tmp_path / "m")


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    tensors = {name: value * math.nan for name, value in Classifier(2).state_dict().items()}
    save_file(tensors, tmp_path / "m", card())
    with pytest.raises(ModelError, match="not finite"):
        model.load(tmp_path / "m")


def thing(ground=255, ink=30, at=(60, 40)):
    """A dark bar on a bright ground, 60 × 20, somewhere in 200 × 150."""
    pixels = np.full((150, 200, 3), ground, np.uint8)
    pixels[at[1] : at[1] + 20, at[0] : at[0] + 60] = ink
    return Picture(pixels)


def test_a_dark_thing_on_white_is_inverted_trimmed_and_centred():
    made, inverted = prepare.on_black(thing())
    assert inverted
    rows, columns = np.flatnonzero(made[0].max(1) > 100), np.flatnonzero(made[0].max(0) > 100)
    assert (columns[0], columns[-1]) == (2, 29)  # 28 across, in the middle of 32
    assert len(rows) in (9, 10)
    assert abs(rows[0] + rows[-1] - 31) <= 1


@pytest.mark.parametrize("ground", [255, 230])
def test_where_a_thing_lies_and_how_white_the_ground_is_does_not_matter(ground):
    first, _ = prepare.on_black(thing(255, 30))
    second, _ = prepare.on_black(thing(ground, 30 - (255 - ground), at=(90, 100)))
    assert np.abs(first.astype(int) - second.astype(int)).max() <= 1


def test_a_bright_thing_on_black_is_left_as_bright_as_it_is():
    made, inverted = prepare.on_black(thing(0, 200))
    assert not inverted
    assert made.max() == 200


@pytest.mark.parametrize("ground", [0, 255])
def test_an_empty_picture_becomes_black_and_no_error(ground):
    assert not prepare.on_black(Picture(np.full((50, 70, 3), ground, np.uint8)))[0].any()


def test_prepared_pictures_of_28_and_32_are_taken_as_they_are():
    pixels = np.zeros((28, 28), np.uint8)
    pixels[3:9, 4:20] = 120
    made, inverted = prepare.on_black(Picture(np.repeat(pixels[..., None], 3, 2)))
    assert not inverted
    assert np.array_equal(made[0, 2:30, 2:30], pixels)


def test_of_a_colour_photo_the_middle_square_is_seen():
    pixels = np.zeros((64, 128, 3), np.uint8)
    pixels[:, 32:96] = (200, 100, 50)
    made = prepare.in_colour(Picture(pixels))
    assert made.shape == (3, 32, 32)
    assert (made == np.array([200, 100, 50])[:, None, None]).all()


def test_predictions_come_in_order_with_the_unreadable_named(digits, tmp_path):
    trained = new(digits[0])
    train(trained, digits[0], recipe="fast", epochs=6, batch_size=32, lr=0.025)
    paths = []
    for number in range(12):
        path = tmp_path / f"{number:02}.png"
        picture = Image.fromarray(digits[1].pixels[number, 0].numpy())
        (ImageOps.invert(picture) if number % 2 else picture).save(path)
        paths.append(path)
    paths[5].write_bytes(b"no picture")
    found = list(predict(trained, paths, top=3))
    assert [row[0] if isinstance(row, tuple) else row.source for row in found] == paths
    assert "05.png" in str(found[5][1])
    good = [row for row in found if not isinstance(row, tuple)]
    assert [row.inverted for row in good] == [bool(n % 2) for n in range(12) if n != 5]
    expected = trained.probabilities(digits[1].pixels[:12]).argmax(1).tolist()
    assert [int(row.top[0][0]) for row in good] == [label for n, label in enumerate(expected) if n != 5]
    assert all(len(row.top) == 3 and row.top[0][1] >= row.top[1][1] >= row.top[2][1] for row in good)


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"lr": 0},
        {"lr": math.nan},
        {"momentum": 1.0},
        {"recipe": "slow"},
        {"seed": -1},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(TrainingError, match=r"give|choose"):
        TrainingSettings(**settings)
