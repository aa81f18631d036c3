"""Recipes and runs from Python: cheap, repeatable, in any unit, and leaving PyTorch as it was."""

import contextlib
import json
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from torch import nn

import impasto
from impasto import images
from impasto.images import Picture
from impasto.networks.table import NetworkError
from impasto.painter import sources, terms
from impasto.painter.painter import Painter
from impasto.painter.recipe import Recipe, Style
from impasto.painter.settings import MAX_WEIGHT, Settings, SettingsError
from impasto.painter.style_losses import STYLE_LOSSES
from impasto.styles import HOUSE_STYLES

CLASSIFIER = Path(impasto.__file__).parent / "classify" / "models" / "fashion-classifier.safetensors"


@pytest.fixture(autouse=True)
def _own_home(home, monkeypatch):
    monkeypatch.setenv("IMPASTO_HOME", str(home))


def picture(seed, height=48, width=64):
    """A smooth picture in colours."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Picture(images.resize(small, width, height), f"picture{seed}")


def recipe(**settings):
    asked = Settings(**({"size": 64, "quality": "draft", "dtype": "float32"} | settings))
    return Recipe(picture(1), (Style(picture(2)),), asked)


def finished(painter):
    run = painter.start()
    steps = list(run)
    return steps, run.painting()


def test_a_recipe_computes_nothing_before_the_first_step(monkeypatch):
    def too_soon(*_):
        raise AssertionError("a picture was resized, or a style rendered")

    monkeypatch.setattr(images, "resize", too_soon)
    monkeypatch.setattr(sources, "render", too_soon)
    asked = Recipe(picture_of_noise(), (Style(HOUSE_STYLES["ink"]),), Settings(size=64))
    run = Painter(asked).start()
    with pytest.raises(AssertionError):
        next(run)


def picture_of_noise():
    return Picture(np.random.default_rng(3).integers(0, 256, (48, 60, 3), dtype=np.uint8), "noise")


def test_a_recipe_survives_json():
    pictures = {made.digest: made for made in (picture(1), picture(2), picture(3))}
    styles = (Style(HOUSE_STYLES["ink"], 3.0), Style(picture(2), 1.0))
    for init in ("noise", picture(3)):
        made = Recipe(picture(1), styles, Settings(size=None, style_loss="sliced", seed=4), init)
        stored = json.loads(json.dumps(made.to_dict()))
        again = Recipe.from_dict(stored, lambda name, digest: pictures[digest] if digest else HOUSE_STYLES[name])
        assert again.to_dict() == made.to_dict()
        assert again.shares == (0.75, 0.25)
    with pytest.raises(SettingsError, match="stored recipe"):
        Recipe.from_dict({"size": 64}, lambda name, _: HOUSE_STYLES[name])


def test_a_second_iteration_begins_anew_and_progress_stays_as_it_was():
    painter = Painter(recipe())
    first = iter(painter)
    early = next(first)
    shown = early.preview()
    rest = list(first)
    np.testing.assert_array_equal(early.preview(), shown)
    assert np.abs(rest[-1].preview().astype(int) - shown).max() > 0
    with pytest.raises(FrozenInstanceError):
        early.step = 3
    again = list(iter(painter))
    assert [step.objective for step in again] == [step.objective for step in [early, *rest]]
    assert [step.step for step in again] == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_the_network_and_a_styles_averages_are_computed_once(monkeypatch):
    computed = []
    once = terms.StyleTerm._compared
    monkeypatch.setattr(terms.StyleTerm, "_compared", lambda self, scene: computed.append(1) or once(self, scene))
    asked = Settings(size=64, quality="draft", dtype="float32")
    one, two = (Painter(Recipe(picture(seed), (Style(picture(7)),), asked)) for seed in (5, 6))
    finished(one), finished(two)
    assert one.network is two.network
    assert len(computed) == 1
    finished(Painter(Recipe(picture(5), (Style(picture(8)),), asked)))
    assert len(computed) == 2


@given(
    st.sampled_from([2.0**-60, 1e-30, 1e-5, 7.0, 1e15, 1e30]), st.sampled_from([(20.0, 1.0), (0.0, 1.0), (3.0, 50.0)])
)
@hypothesis_settings(max_examples=8, deadline=None)
def test_the_unit_of_the_weights_changes_nothing(unit, weights):
    def painted(factor):
        content, style = (factor * weight for weight in weights)
        return finished(Painter(recipe(content_weight=content, style_weight=style)))

    steps, painting = painted(1.0)
    others, other = painted(unit)
    assert len(others) == len(steps) == 9
    assert other.objective / unit == pytest.approx(painting.objective, rel=1e-4)
    assert other.costs == pytest.approx(painting.costs, rel=1e-4)
    np.testing.assert_allclose(other.pixels, painting.pixels, atol=0.5)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, contextlib.nullcontext])
def test_painting_works_in_every_mode_of_pytorch_and_leaves_it_as_it_was(mode):
    threads = torch.get_num_threads()
    with mode():
        before = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        painting = impasto.paint(picture(1).pixels, picture(2).pixels, size=32, quality="draft", threads=threads + 1)
        assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled()) == before
    assert torch.get_num_threads() == threads
    assert np.isfinite(painting.pixels).all()


def test_importing_changes_nothing_global():
    code = """
import os, logging
before = dict(os.environ), dict(logging.root.manager.loggerDict)
import impasto, impasto.painter, impasto.look, impasto.images
assert dict(os.environ) == before[0]
import torch
from torch import nn
threads = torch.get_num_threads()
from impasto.painter.painter import Painter
assert dict(os.environ) == before[0] and torch.get_num_threads() == threads
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=240).returncode == 0


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"size": "64"}, "whole number of pixels"),
        ({"size": 64.0}, "whole number of pixels"),
        ({"size": True}, "whole number of pixels"),
        ({"memory": "4G"}, "whole number of bytes"),
        ({"threads": "two"}, "whole number of threads"),
        ({"style_layers": ["conv1_1"]}, "give pairs"),
        ({"style_layers": "conv1_1"}, "give pairs"),
        ({"content_weight": "much"}, "from 0 to"),
        ({"content_weight": 10 * MAX_WEIGHT}, "from 0 to"),
        ({"style_weight": None}, "from 0 to"),
        ({"keep_colors": "yes"}, "True or False"),
        ({"style_loss": "grams"}, ", ".join(STYLE_LOSSES)),
        ({"quality": ["fine"]}, "draft, standard, fine"),
        ({"siez": 64}, "did you mean size"),
        ({"nonsense": 64}, "they are: "),
        ({"init": "nois"}, "nois"),
        ({"network": 3}, "give a file, or an nn.Sequential"),
        ({"weights": 3}, "give a file"),
        ({"network": "nowhere.pt"}, "nowhere.pt"),
        ({"weights": "nowhere.pt"}, "nowhere.pt"),
    ],
)
def test_what_makes_no_sense_is_one_plain_line(bad, words):
    with pytest.raises(ValueError) as error:  # noqa: PT011 - each of the package's errors is one
        impasto.paint(picture(1).pixels, "night", **bad)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Painter("photo.jpg"),
        lambda: Recipe("photo.jpg", (Style(picture(2)),)),
        lambda: Style("night"),
        lambda: Style(picture(2), "much"),
        lambda: Style(picture(2), float("nan")),
        lambda: Recipe(picture(1), (Style(picture(2), 0),)),
        lambda: Recipe(picture(1), init=3),
        lambda: Painter(Recipe(picture(1))),
        lambda: Painter(recipe()).start(resume=True),
    ],
)
def test_a_recipe_of_what_is_no_picture_is_refused_with_the_fix(make):
    with pytest.raises(SettingsError, match="give"):
        make()


def chain():
    """A network of somebody's own."""
    torch.manual_seed(3)
    return nn.Sequential(nn.Conv2d(3, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 12, 3), nn.ReLU())


@pytest.mark.parametrize("kind", ["sequential", "saved", "classifier", "path as text"])
def test_any_chain_of_convolutions_paints(kind, tmp_path):
    kinds = {
        "sequential": chain(),
        "saved": tmp_path / "net.pt",
        "classifier": CLASSIFIER,
        "path as text": str(CLASSIFIER),
    }
    network = kinds[kind]
    torch.save(chain(), tmp_path / "net.pt")
    painter = Painter(recipe(network=network, dtype="auto"))
    steps, painting = finished(painter)
    assert steps[-1].objective < steps[0].objective
    assert {layer for term in painter.terms for layer in term.layers} == {"conv1", "conv2"}
    assert set(painting.settings["network"]) == {"name", "digest"}
    assert "network" not in finished(Painter(recipe()))[1].settings
    tiled = Painter(recipe(network=network, memory=3 * 10**9, size=256))
    assert tiled.plan(tiled.scales()[0]).pixels is None  # a small network takes little


def test_a_network_of_ones_own_refuses_what_it_has_not():
    with pytest.raises(SettingsError, match="they are: conv1, conv2"):
        Painter(recipe(network=chain(), style_layers=[("conv1_1", 1)]))
    with pytest.raises(SettingsError, match="one of the two"):
        recipe(network=chain(), weights="vgg.pth")
    with pytest.raises(NetworkError, match="no convolution"):
        Painter(recipe(network=nn.Sequential(nn.Linear(3, 4))))
