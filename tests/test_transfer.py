"""A head on VGG19's features: from a folder of few pictures to answers, as commands; its mathematics beside others'."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from processes import line, ok
from safetensors.torch import load_file
from sklearn.linear_model import LogisticRegression
from torch import nn

import impasto.examples
from impasto.classify import transfer
from impasto.classify.vgg19_head import NORMALISATION, VGG19Head
from impasto.networks.extractor import Extractor
from impasto.networks.weights import packaged

PHOTOS = ("cat", "coffee", "portrait")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Five crops of the left half of three photos to learn from, and five of the right half to test on."""
    home, chance = tmp_path_factory.mktemp("few") / "few", np.random.default_rng(0)
    for name in PHOTOS:
        photo = Image.open(getattr(impasto.examples, name))
        for part, start in (("train", 0), ("test", photo.width // 2)):
            (home / part / name).mkdir(parents=True)
            for number in range(5):
                side = int(chance.uniform(0.5, 0.9) * min(photo.width // 2, photo.height))
                left = start + int(chance.uniform(0, photo.width // 2 - side))
                top = int(chance.uniform(0, photo.height - side))
                photo.crop((left, top, left + side, top + side)).save(home / part / name / f"{number}.png")
    return home


@pytest.fixture(scope="module")
def head(run, folder, tmp_path_factory):
    """A head that has learnt from them, what the command printed, and what it drew."""
    home = tmp_path_factory.mktemp("head")
    out = ("-o", home / "head.safetensors", "--plots", home / "plots")
    return home / "head.safetensors", run("train", "--data", folder, "--transfer", "--epochs", "3", *out), home


def test_it_learns_from_five_pictures_a_class_and_keeps_its_head_alone(run, folder, head):
    path, process, home = head
    rows = ok(process).splitlines()
    assert rows[0] == "[1,     1] loss: 1.099"  # of three classes that it knows nothing of: log 3
    assert rows[3] == "Finished Training"
    assert "few pictures" not in process.stderr.decode()
    found = json.loads(ok(run("evaluate", path, "--data", folder, "--json")))
    assert (found["guessing"], found["images"]) == (1 / 3, 15)
    assert found["accuracy"] >= 14 / 15
    assert rows[4] == f"accuracy {found['accuracy']:.2%} on 15 test images; guessing gives 33.33%"
    assert {each.name for each in (home / "plots").iterdir()} >= {"confusion.png", "curves.png"}
    assert path.stat().st_size < 20_000
    data = path.read_bytes()
    card = json.loads(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["impasto"])
    assert card["architecture"] == "vgg19-head"
    assert {"lr", "momentum"}.isdisjoint(card["training"])


def test_the_same_seed_makes_the_same_head_and_another_one_other_copies(run, folder, head, tmp_path):
    made = [load_file(head[0])["head.weight"]]
    for seed in (0, 1):
        out = tmp_path / f"{seed}.safetensors"
        ok(run("train", "--data", folder, "--transfer", "--epochs", "3", "--seed", str(seed), "-o", out))
        made.append(load_file(out)["head.weight"])
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])


def test_a_head_answers_says_why_and_shows_its_layers(run, folder, head, tmp_path):
    path, photo = head[0], folder / "test" / "cat" / "1.png"
    sheet, maps = tmp_path / "why.png", tmp_path / "maps.png"
    row = json.loads(ok(run("classify", photo, "--model", path, "--why", "-o", sheet, "--json")))
    assert row["top"][0]["class"] == "cat"
    assert np.asarray(Image.open(sheet)).std() > 20
    assert "512 × 8 × 8     512 × 8 × 8   2,359,808" in ok(run("shapes", path))
    ok(run("look", "features", photo, "--model", path, "--layer", "features.relu4_1", "--top", "4", "-o", maps))
    assert np.asarray(Image.open(maps)).std() > 20
    ok(run("look", "network", path, "-o", tmp_path / "network.png"))
    ok(run("look", "kernels", path, "-o", tmp_path / "kernels.png"))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["train", "--transfer", "--data", "{folder}", "--model", "modern"], 2, "leave --model out"),
        (["train", "--transfer", "--data", "{folder}", "--recipe", "fast"], 2, "leave --recipe out"),
        (["train", "--transfer", "--data", "{folder}", "--resume", "{head}"], 2, "leave --resume out"),
        (["train", "--transfer", "--data", "{folder}", "--lr", "0", "--batch-size", "4"], 2, "--batch-size, --lr"),
        (["train", "--transfer", "--data", "{folder}", "--epochs", "0"], 2, "give 1 or more"),
        (["train", "--transfer", "--data", "digits"], 1, "give a folder"),
        (["train", "--resume", "{head}", "--data", "{folder}", "--epochs", "9"], 2, "--transfer"),
        (["train", "--model", "vgg19-head"], 2, "--transfer"),
        (["evaluate", "{head}", "--data", "digits"], 1, "give a folder"),
        (["paint", "{folder}/test/cat/0.png", "--style", "ink", "--network", "{head}"], 2, "VGG19's features"),
    ],
)
def test_what_makes_no_sense_with_it_is_one_plain_line(
    run, folder, head, tmp_path, monkeypatch, arguments, code, words
):
    monkeypatch.chdir(tmp_path)
    process = run(*(each.format(folder=folder, head=head[0]) for each in arguments))
    assert process.returncode == code, process.stderr
    assert words in line(process)
    assert not list(tmp_path.iterdir())


def test_what_is_seen_is_the_mean_of_the_layer_that_paints():
    picture = torch.randint(0, 256, (2, 3, 128, 128), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    network = VGG19Head(3)
    with torch.enable_grad():  # float32
        seen = network.seen(NORMALISATION.apply(picture))
    with torch.no_grad():
        mean = Extractor(packaged(), ["conv5_1"])(picture.float())["conv5_1"].mean((2, 3))
    torch.testing.assert_close(seen, mean / mean.norm(dim=1, keepdim=True), rtol=1e-3, atol=1e-5)
    assert set(network.state_dict()) == {"head.weight", "head.bias"}


def test_the_head_is_the_logistic_regression_of_scikit_learn():
    chance = np.random.default_rng(1)
    labels = np.arange(60) % 3
    seen = chance.normal(size=(60, 8)) + np.eye(3, 8)[labels]
    head = nn.Linear(8, 3).double()
    transfer.fit(head, torch.from_numpy(seen), torch.from_numpy(labels))
    theirs = LogisticRegression(C=1 / (60 * transfer.DECAY), max_iter=10_000, tol=1e-10).fit(seen, labels)
    ours = head(torch.from_numpy(seen)).softmax(1).detach().numpy()
    np.testing.assert_allclose(ours, theirs.predict_proba(seen), atol=1e-3)
