"""Tiles against the whole picture: features, objective and gradient, in float64 and float32."""

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_networks import drawn

from impasto.convolution.geometry import GeometryError
from impasto.networks.extractor import Extractor
from impasto.networks.table import Layer, Table
from impasto.networks.tiles import PICTURE, tiles
from impasto.networks.vgg import VGG19
from impasto.networks.weights import packaged
from impasto.painter.canvas import Canvas
from impasto.painter.memory import EVALUATIONS, plan
from impasto.painter.objective import Objective, OnCanvas
from impasto.painter.pyramid import LaplacianPyramid
from impasto.painter.scratch import in_files
from impasto.painter.settings import Settings, SettingsError
from impasto.painter.term import Scene, StyleSource
from impasto.painter.terms import TotalVariation, style_transfer

GRAM = Settings()
MOMENTS = Settings(style_loss="moments", tv_weight=1.0, content_layers=(("conv1_2", 1.0), ("conv3_3", 0.5)))
WASSERSTEIN = Settings(style_loss="wasserstein", pooling="avg", style_layers=(("conv2_2", 1.0), ("conv4_4", 2.0)))

SLICED = Settings(style_loss="sliced")


@pytest.fixture(scope="module")
def narrow():
    """VGG19 with an eighth of its channels, which makes float64 bearable, and random kernels."""
    return drawn(Table(tuple(replace(layer, channels=layer.channels // 8) for layer in VGG19.layers)), 9)


def network(weights, asked, dtype):
    layers = {layer for term in style_transfer(asked) for layer in term.layers}
    return Extractor(weights, layers, pooling=asked.pooling, dtype=dtype)


def noise(height, width, seed, dtype=torch.float64):
    return 255 * torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed), dtype=dtype)


class Redness:
    """A term that somebody else wrote: how red a layer's first features and the pixels are."""

    name, weight, layers = "redness", 3.0, ("conv2_1",)

    def targets(self, scene):
        return scene.photo.double().mean()

    def sums(self, view, targets):
        (top, bottom), (left, right) = view.tile.core()
        (first_row, _), (first_column, _) = view.tile.window
        red = view.pixels[0, 0, top - first_row : bottom - first_row, left - first_column : right - first_column]
        features = view.features["conv2_1"][0, :3].to(torch.promote_types(view.pixels.dtype, torch.float32))
        return (red - targets).square().sum(), features.sum((1, 2))

    def cost(self, sums, targets):
        return sums[0].sqrt() + sums[1].square().mean() / (1 + sums[1].sum().abs())


def both(weights, asked, height, width, pixels, dtype, more=(), held=0):
    """Costs and gradient of the whole picture, and of the same in tiles; and how many tiles those were."""
    net, pyramid, photo = network(weights, asked, dtype), LaplacianPyramid(), noise(height, width, 0, dtype)
    first, second = noise(90, 77, 1, dtype), noise(64, 40, 2, dtype)
    styles = [StyleSource(0.7, None, lambda: first), StyleSource(0.3, None, lambda: second)]
    parts = [part.flatten() for part in pyramid.parameters(noise(height, width, 3, dtype))]
    moving = len(parts) - held
    canvas = Canvas.shaped(pyramid, width, height, torch.cat(parts[moving:]) if held else None)
    point = torch.cat(parts[:moving])
    terms = [*style_transfer(asked), *more]
    whole, tiled = (Objective(terms, Scene(net, photo, styles, tile, allocate)) for tile in (None, pixels))
    assert len(whole.tiles) == 1
    expected, found = (OnCanvas(each, canvas, point)(point) for each in (whole, tiled))
    difference = (expected.gradient - found.gradient).norm() / expected.gradient.norm()
    values = [
        [each.objective, *each.costs.values(), *(cost for term in each.layers.values() for cost in term.values())]
        for each in (found, expected)
    ]
    return *values, float(difference), len(tiled.tiles)


def allocate(shape, dtype):
    return torch.empty(*shape, dtype=dtype)


def loss_of(value):
    """Names settings in a test's name."""
    return value.style_loss if isinstance(value, Settings) else None


# Both axes are cut, some parts end inside the picture on both sides, and the tiles are no smaller than that needs.
@pytest.mark.parametrize(
    ("asked", "height", "width", "pixels"),
    [
        (GRAM, 203, 149, 26_000),
        (GRAM, 97, 180, 16_000),
        (MOMENTS, 203, 149, 26_000),
        (MOMENTS, 97, 180, 16_000),
        (WASSERSTEIN, 203, 149, 20_000),
        (WASSERSTEIN, 97, 180, 14_000),
        (SLICED, 203, 149, 26_000),
        (SLICED, 97, 180, 16_000),
    ],
    ids=loss_of,
)
def test_tiles_are_the_whole_picture(narrow, asked, height, width, pixels):
    values, whole, difference, count = both(narrow, asked, height, width, pixels, torch.float64)
    assert count >= 15
    assert values == pytest.approx(whole, rel=1e-9)
    assert difference < 1e-9


def test_tiles_are_the_whole_picture_where_coarse_levels_are_held(narrow):
    values, whole, difference, count = both(narrow, GRAM, 203, 149, 26_000, torch.float64, held=3)
    assert count >= 15
    assert values == pytest.approx(whole, rel=1e-9)
    assert difference < 1e-9


def test_a_term_of_somebody_elses_works_in_tiles(narrow):
    asked = replace(GRAM, style_layers=(("conv2_1", 1.0),))
    values, whole, difference, count = both(narrow, asked, 97, 180, 16_000, torch.float64, [Redness()])
    assert count >= 2
    assert len(values) == 6  # the objective, three terms, and a layer of two of them
    assert values == pytest.approx(whole, rel=1e-9)
    assert difference < 1e-9


def test_a_term_of_pixels_alone_needs_no_layer_of_the_network(narrow):
    photo, pyramid = noise(97, 180, 0), LaplacianPyramid()
    canvas = Canvas.shaped(pyramid, 180, 97)
    point = torch.cat([part.flatten() for part in pyramid.parameters(photo)])
    scenes = [Scene(Extractor(narrow, (), dtype=torch.float64), photo, tile=tile) for tile in (None, 2_000)]
    whole, tiled = (Objective([TotalVariation(2.0)], scene) for scene in scenes)
    assert len(whole.tiles) == 1
    assert len(tiled.tiles) > 8
    expected, found = (OnCanvas(each, canvas, point)(point) for each in (whole, tiled))
    by_hand = photo.diff(dim=3).abs().mean() + photo.diff(dim=2).abs().mean()
    assert expected.costs["tv"] == pytest.approx(float(by_hand), rel=0.1)  # the pyramid draws contrasts in a little
    assert found.objective == pytest.approx(expected.objective, rel=1e-12)
    torch.testing.assert_close(found.gradient, expected.gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("asked", "pixels"), [(GRAM, 15_000), (MOMENTS, 15_000), (WASSERSTEIN, 13_000)], ids=loss_of)
def test_tiles_are_the_whole_picture_in_float32(asked, pixels):
    values, whole, difference, count = both(packaged(), asked, 189, 91, pixels, torch.float32)
    assert count >= 18
    assert values[0] == pytest.approx(whole[0], rel=1e-5)
    assert difference < 1e-3


@settings(max_examples=10, deadline=None)
@given(st.integers(17, 150), st.integers(17, 150), st.integers(1_000, 20_000), st.sampled_from(["conv3_1", "conv5_1"]))
def test_any_size_in_any_tiles(narrow, height, width, pixels, deepest):
    asked = Settings(content_layers=(("conv2_2", 1.0),), style_layers=(("conv1_1", 1.0), (deepest, 1.0)))
    values, whole, difference, _ = both(narrow, asked, height, width, pixels, torch.float64)
    assert values == pytest.approx(whole, rel=1e-9)
    assert difference < 1e-9


@settings(deadline=None)
@given(st.integers(16, 3000), st.integers(16, 3000), st.integers(10_000, 3_000_000), st.sampled_from(VGG19.names))
def test_cores_share_out_every_layer_and_lie_in_what_is_read(height, width, pixels, layer):
    made = tiles(height, width, VGG19, [layer], pixels)
    for name in (PICTURE, *VGG19.up_to([layer]).names):
        places = [tile.core(name) for tile in made]
        areas = [(bottom - top) * (right - left) for (top, bottom), (left, right) in places]
        assert sum(areas) == math.prod(made[0].size(name))
        assert len({(rows[0], columns[0]) for rows, columns in places}) == len(places)
        for tile in made:
            for axis in (tile.rows, tile.columns):
                assert axis.held[name][0] <= axis.core[name][0] < axis.core[name][1] <= axis.held[name][1]


@st.composite
def tables(draw):
    """A network of 1 to 5 convolutions and poolings, some with a ReLU after them."""
    rows, channels = [], 3
    for number in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["convolution", "convolution", "pooling"]))
        kernel, stride = draw(st.integers(1, 5)), draw(st.integers(1, 3))
        pooling = draw(st.sampled_from(["max", "avg"]))
        dilation = draw(st.integers(1, 2)) if kind == "convolution" else 1
        padding = draw(st.integers(0, 2 if kind == "convolution" else min(2, kernel // 2)))
        channels = draw(st.integers(1, 3)) if kind == "convolution" else channels
        numbers = kernel, padding, stride, dilation
        rows.append(Layer(*numbers, name=f"layer{number}", kind=kind, channels=channels, pooling=pooling))
        if draw(st.booleans()):
            rows.append(Layer(1, name=f"relu{number}", kind="relu", channels=channels))
    return Table(tuple(rows))


@settings(max_examples=80, deadline=None)
@given(tables(), st.data())
def test_tiles_of_any_network_put_together_are_the_whole_picture(table, data):
    backbone = drawn(table, 5, torch.float64)
    wanted = data.draw(st.sets(st.sampled_from(table.names), min_size=1))
    extractor = Extractor(backbone, wanted, dtype=torch.float64, replicate=data.draw(st.booleans()))
    height, width = (extractor.smallest + data.draw(st.integers(0, 30)) for _ in range(2))
    picture, reach = noise(height, width, 6).requires_grad_(), data.draw(st.integers(0, 3))
    expected = extractor(picture)
    (slope,) = torch.autograd.grad(energy(expected), picture)
    made = extractor.tiles(height, width, data.draw(st.integers(1, height * width)), reach)
    found = {name: torch.full_like(features, torch.nan) for name, features in expected.items()}
    seen, slopes = torch.zeros(height, width), torch.zeros_like(picture)
    for tile in made:
        (top, bottom), (left, right) = tile.window
        features = extractor(picture[..., top:bottom, left:right], tile)
        slopes += torch.autograd.grad(energy(features), picture)[0]
        for name, numbers in features.items():
            assert tile.size(name) == expected[name].shape[2:]
            rows, columns = tile.core(name)
            place = found[name][..., slice(*rows), slice(*columns)]
            assert place.isnan().all()
            place.copy_(numbers.detach())
        core = tile.core()
        seen[slice(*core[0]), slice(*core[1])] += 1
        for (first, last), (start, stop), side in zip(core, tile.window, tile.size(), strict=True):
            if first < last:
                assert start <= max(0, first - reach)
                assert stop >= min(side, last + reach)
    assert (seen == 1).all()
    for name, numbers in expected.items():
        torch.testing.assert_close(found[name], numbers, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(slopes, slope, rtol=1e-9, atol=1e-9 * float(slope.abs().max()))


def energy(features):
    """The sum of the squares of all features."""
    return torch.stack([numbers.square().sum() for numbers in features.values()]).sum()


@given(tables())
@settings(deadline=None)
def test_the_smallest_picture_has_a_position_and_a_smaller_one_none(table):
    side = table.smallest
    assert min(table.sizes(side).values()) >= 1
    assert [tile.window for tile in tiles(side, side, table, table.names, 1)]
    if side > 1:
        with pytest.raises(GeometryError, match="too small"):
            table.sizes(side - 1)


def test_without_a_limit_the_whole_picture_is_one_tile_and_nothing_is_copied(narrow):
    extractor, picture = Extractor(narrow, ["conv1_1", "conv3_2"]), noise(75, 50, 7, torch.float32)
    (tile,) = extractor.tiles(75, 50, None)
    assert tile.window == tile.core() == ((0, 75), (0, 50))
    for name in narrow.table.up_to(["conv3_2"]).names:
        features = torch.zeros(1, 1, *tile.size(name))
        assert tile.core_of(tile.trim(features, name), name) is features
    whole = extractor(picture)
    assert all(torch.equal(features, whole[name]) for name, features in extractor(picture, tile).items())


def test_a_deep_feature_reads_as_far_as_its_receptive_field_reaches():
    (tile, *_) = tiles(2048, 2048, VGG19, ["conv5_1"], 700 * 700)
    (_, bottom), _ = tile.core()
    assert tile.window[0] == (0, bottom + 70)  # 1 · 2 + 2 · 2 + 4 · 4 + 8 · 4 + 16 · 1


@settings(deadline=None)
@given(st.integers(16, 90), st.integers(16, 90), st.data())
def test_a_window_of_the_pyramid_is_that_of_its_picture(height, width, data):
    pyramid, picture = LaplacianPyramid(), noise(height, width, 4)
    parameters = pyramid.parameters(picture)
    window = tuple(
        tuple(sorted(data.draw(st.lists(st.integers(0, side), min_size=2, max_size=2, unique=True))))
        for side in (height, width)
    )
    shapes = [part.shape for part in parameters]
    windows = pyramid.windows(shapes, window)
    parts = [part[..., a:b, c:d] for part, ((a, b), (c, d)) in zip(parameters, windows, strict=True)]
    (top, bottom), (left, right) = window
    expected = pyramid.picture(parameters)[..., top:bottom, left:right]
    torch.testing.assert_close(pyramid.part(parts, shapes, window), expected, rtol=0, atol=1e-9)


def test_a_plan_fits_the_memory():
    cpu, float32 = torch.device("cpu"), EVALUATIONS[torch.float32]
    assert plan(200_000, 40, 8 * 10**9, cpu, float32).pixels is None
    twelve = plan(4032 * 3024, 8, 4 * 10**9, cpu, float32)
    assert twelve.pixels is not None
    assert 200_000 < twelve.pixels < 2_000_000
    assert twelve.files
    assert plan(4032 * 3024, 8, 4 * 10**9, cpu, EVALUATIONS[torch.bfloat16]).pixels > 1.5 * twelve.pixels
    assert plan(11600 * 8700, 6, 8 * 10**9, cpu, float32).files


@pytest.mark.parametrize("megapixels", [0.1, 3, 12, 100])
def test_the_memory_that_a_refusal_asks_for_is_enough(megapixels):
    asked = int(megapixels * 1e6), 8
    with pytest.raises(SettingsError) as refusal:
        plan(*asked, 10**8, torch.device("cpu"), EVALUATIONS[torch.float32])
    needed = float(re.search(r"give at least --memory (\d+\.\d)G", str(refusal.value))[1])
    assert plan(*asked, int(needed * 1e9) + 10**8, torch.device("cpu"), EVALUATIONS[torch.float32])
    with pytest.raises(SettingsError):
        plan(*asked, int(needed * 1e9) - 3 * 10**8, torch.device("cpu"), EVALUATIONS[torch.float32])


def test_tiles_take_no_more_open_files_than_a_few(narrow, tmp_path):
    asked, photo = replace(GRAM, content_layers=(("conv1_2", 1.0), ("conv3_3", 0.5))), noise(203, 149, 0)
    before = len(list(Path("/proc/self/fd").iterdir()))
    styles = [StyleSource(1.0, None, lambda: photo)]
    scene = Scene(network(narrow, asked, torch.float64), photo, styles, 26_000, in_files(tmp_path))
    made = Objective(style_transfer(asked), scene)
    assert len(made.tiles) >= 15
    assert len(list(Path("/proc/self/fd").iterdir())) == before + 2


def test_a_tensor_in_a_file_leaves_nothing_behind(tmp_path):
    made = in_files(tmp_path)((3, 5), torch.float32)
    made.copy_(torch.arange(15).view(3, 5))
    assert made.sum() == 105
    assert list(tmp_path.iterdir()) == []
