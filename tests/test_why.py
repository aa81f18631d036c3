"""Why a model says what it says: Grad-CAM, occlusion and the gradient, against sums by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from processes import line, ok
from torch import nn
from torch.nn import functional as F

from impasto.classify import datasets
from impasto.classify.classifier import Classifier
from impasto.look.explanations import grad_cam, occlusion, saliency

PATCH, STEP = 8, 2
"""Pixels: of the square that covers a part of 32 × 32, and how far it moves."""


@pytest.fixture
def network():
    torch.manual_seed(1)
    return Classifier(classes=4).eval()


@pytest.fixture
def given():
    return torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(2))


def test_grad_cam_is_its_formula(network, given):
    name, found = grad_cam(network, given, 2)
    assert name == "features.3"
    features = network.features[3](network.features[:3](given)).detach().requires_grad_()
    score = network.classifier(network.features[4:](features).flatten(1))[0, 2]
    score.backward()
    cam = torch.zeros(10, 10)
    for slope, of_unit in zip(features.grad[0], features[0].detach(), strict=True):
        cam += slope.mean() * of_unit.clamp(min=0)
    expected = F.interpolate(cam.clamp(min=0)[None, None], size=(32, 32), mode="bilinear")[0, 0]
    np.testing.assert_allclose(found, expected / expected.max(), atol=1e-5)


def test_layers_that_work_in_place_are_explained_too(given):
    torch.manual_seed(3)
    network = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(5 * 30 * 30, 2))
    same = nn.Sequential(network[0], nn.ReLU(), *network[2:])
    np.testing.assert_allclose(grad_cam(network, given, 1)[1], grad_cam(same, given, 1)[1], atol=1e-6)


def test_occlusion_is_the_loss_under_each_square(network, given):
    found = occlusion(network, given, 1)
    with torch.no_grad():
        share = network(given).softmax(1)[0, 1]
        lost = []
        for top in range(0, 32 - PATCH + 1, STEP):
            for left in range(0, 32 - PATCH + 1, STEP):
                if top <= 13 < top + PATCH and left <= 5 < left + PATCH:
                    covered = given.clone()
                    covered[:, :, top : top + PATCH, left : left + PATCH] = 0
                    lost.append(float(share - network(covered).softmax(1)[0, 1]))
    assert found[13, 5] == pytest.approx(np.mean(lost), abs=1e-6)


def test_the_gradient_is_what_a_small_change_makes(network, given):
    network, given = network.double(), given.double()
    found = saliency(network, given, 0)
    changes = []
    for channel in range(3):
        more, less = given.clone(), given.clone()
        more[0, channel, 7, 9] += 1e-5
        less[0, channel, 7, 9] -= 1e-5
        with torch.no_grad():
            changes.append(abs(float(network(more)[0, 0] - network(less)[0, 0])) / 2e-5)
    leaf = given.clone().requires_grad_()
    network(leaf)[0, 0].backward()
    assert found[7, 9] == pytest.approx(max(changes) / float(leaf.grad.abs().max()), rel=1e-4)


def test_the_command_draws_a_sheet_beside_each_picture(run, photo, tmp_path):
    for name in "ab":
        Image.open(photo).save(tmp_path / f"{name}.jpg")
    rows = list(
        map(json.loads, ok(run("classify", tmp_path / "a.jpg", tmp_path / "b.jpg", "--why", "--json")).splitlines())
    )
    assert [row["why"] for row in rows] == [str(tmp_path / f"{name}-why.png") for name in "ab"]
    assert ok(run("classify", tmp_path / "a.jpg", "--why")).splitlines()[-1] == str(tmp_path / "a-why-2.png")
    assert Image.open(tmp_path / "b-why.png").width == 1400
    assert Image.open(tmp_path / "a-why-2.png").tobytes() == Image.open(tmp_path / "a-why.png").tobytes()
    for arguments in (["-o", tmp_path / "x.png"], ["--why", tmp_path / "b.jpg", "-o", tmp_path / "x.png"]):
        refused = run("classify", tmp_path / "a.jpg", *arguments)
        assert (refused.returncode, "--why" in line(refused)) == (2, True)


def test_sheets_of_a_folders_pictures_stay_out_of_the_folder(run, photo, tmp_path, monkeypatch):
    for place in ("cat/p0.png", "dog/p0.png", "dog/p0.jpg"):
        (tmp_path / "pets" / place).parent.mkdir(parents=True, exist_ok=True)
        Image.open(photo).save(tmp_path / "pets" / place)
    monkeypatch.chdir(tmp_path)
    before = sorted(Path("pets").rglob("*"))
    drawn = [f"pets-why/{name}" for name in ("cat/p0-why.png", "dog/p0-why.png", "dog/p0-why-2.png")]
    assert [each for each in ok(run("classify", "pets", "--why")).splitlines() if "p0-why" in each] == drawn
    monkeypatch.chdir("pets/cat")
    assert ok(run("classify", "..", "--why")).splitlines()[1] == str(tmp_path / "pets-why/cat/p0-why-2.png")
    monkeypatch.chdir(tmp_path)
    assert sorted(Path("pets").rglob("*")) == before
    # The sheet of a file that is named by itself lies beside it, and is none of the folder's pictures.
    assert ok(run("classify", "pets/cat/p0.png", "--why")).splitlines()[-1] == "pets/cat/p0-why.png"
    assert len(ok(run("classify", "pets")).splitlines()) == 3
    assert [len(datasets.load("pets", part)) for part in ("train", "test")] == [2, 1]


def test_a_picture_that_shows_nothing_or_may_be_nothing_known_is_told(run, tmp_path):
    Image.new("RGB", (40, 40), (9, 9, 9)).save(tmp_path / "blank.png")
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    blank = run("classify", tmp_path / "blank.png", "--json")
    assert json.loads(ok(blank))["unsure"]
    assert "shows nothing, so its shares mean nothing: the model knows T-shirt/top, trouser" in line(blank)
    assert "may be none of these: the model knows T-shirt/top" in line(run("classify", tmp_path / "noise.png"))
    both = run("classify", tmp_path / "blank.png", tmp_path / "noise.png")
    assert "2 of 2 show nothing, or may be none of these" in line(both)
