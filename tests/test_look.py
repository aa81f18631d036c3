"""Looking inside the network: numbers against independent ones, and the painters against what they are for."""

import re

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image
from published import published

from impasto import images, look
from impasto.convolution.shapes import shapes
from impasto.images import Picture
from impasto.look.features import tensor_of
from impasto.look.fourier import Fourier
from impasto.look.page import WIDTH, Page
from impasto.look.sheet_files import pixels as drawn
from impasto.look.sheet_files import write
from impasto.networks.sequential import to_sequential
from impasto.networks.vgg import VGG19
from impasto.networks.weights import packaged
from impasto.painter.painter import Painter
from impasto.painter.painting import to_bytes
from impasto.painter.recipe import Recipe
from impasto.painter.schedule import Scale
from impasto.painter.settings import SettingsError


@pytest.fixture(scope="module", autouse=True)
def _own_home(home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPASTO_HOME", str(home))
        yield


@pytest.fixture(scope="module")
def features(photo):
    return look.feature_maps(photo, ["conv3_1", "conv1_1"])


def finished(painter):
    run = iter(painter)
    steps = list(run)
    return steps, run.painting().pixels


def reference(pixels, last):
    """PyTorch's own layers up to one, in float64."""
    weights = packaged()
    x = torch.tensor(pixels).permute(2, 0, 1)[None].double() - torch.tensor(weights.mean).view(1, 3, 1, 1)
    for name, layer in published(weights).named_children():
        x = layer(x)
        if name == last.replace("conv", "relu"):
            return x[0].numpy()
    return None


def test_feature_maps_are_those_of_pytorchs_layers(photo, features):
    assert [layer.layer for layer in features] == ["conv1_1", "conv3_1"]  # in the network's order
    expected = reference(images.read(photo).pixels, "conv3_1")
    found = features[1]
    np.testing.assert_allclose(found.maps, expected, rtol=1e-3, atol=1e-4 * expected.max())
    np.testing.assert_allclose(found.energies, (expected**2).mean((1, 2)), rtol=1e-3)
    assert np.abs(found.silence - (expected == 0).mean((1, 2))).max() < 0.01
    away = expected[:, 3:-3, 3:-3]  # an output sees 24 pixels in steps of 4: there none of the padding
    assert found.ordered()[0] == (away**2).mean((1, 2)).argmax()
    assert found.ordered("number") == list(range(256))


def test_receptive_fields_are_those_that_shapes_measures():
    measured = {row.name: row.field for row in shapes(to_sequential(VGG19), 224)}
    assert {name: look.field_of(name) for name in VGG19.convolutions} == {
        name: measured[name] for name in VGG19.convolutions
    }


def test_a_larger_photo_is_made_smaller_and_a_smaller_one_stays(photo):
    assert look.feature_maps(photo, ["conv1_1"], 48)[0].maps.shape == (64, 36, 48)
    assert look.feature_maps(photo, ["conv1_1"], 500)[0].maps.shape == (64, 72, 96)


def test_gram_matrices_are_means_of_products(photo):
    (found,) = look.layer_grams(photo, "night", ["conv2_1"], 96)
    flat = reference(images.read(photo).pixels, "conv2_1").reshape(128, -1)
    expected = flat @ flat.T / flat.shape[1]
    np.testing.assert_allclose(found.photo, expected, rtol=1e-3, atol=1e-4 * expected.max())
    assert found.style.shape == (128, 128)
    assert found.cost == pytest.approx(10 / 128**2 * ((found.photo - found.style) ** 2).mean(), rel=1e-4)
    assert found.shares.sum() == pytest.approx(1)


def test_pairs_say_what_the_matrix_says(photo):
    (found,) = look.layer_grams(photo, None, ["conv1_1"])
    norms = np.sqrt(np.diag(found.photo))
    for pairs in (found.together(4), found.apart(4)):
        units = [unit for i, j, _ in pairs for unit in (i, j)]
        assert len(set(units)) == len(units) == 8
        for i, j, cosine in pairs:
            assert cosine == pytest.approx(found.photo[i, j] / norms[i] / norms[j], abs=1e-9)
    assert found.together(1)[0][2] > 0.9
    assert found.apart(1)[0][2] < 0.1


def test_the_costliest_pairs_are_counted_from_both_sides(photo):
    (found,) = look.layer_grams(photo, "ink", ["conv1_1"])
    squares = (found.photo - found.style) ** 2
    i, j, share = found.costliest(1)[0]
    assert share == pytest.approx((squares[i, j] + (squares[j, i] if i != j else 0)) / squares.sum())
    both = np.triu(squares + squares.T, 1) + np.diag(np.diag(squares))
    assert share == pytest.approx(both.max() / squares.sum())


def test_units_that_fire_together_are_neighbours_in_the_order(photo):
    (found,) = look.layer_grams(photo, None, ["conv2_1"])
    assert sorted(found.order) == list(range(128))
    beside = np.mean([found.cosines[i, j] for i, j in zip(found.order, found.order[1:], strict=False)])
    by_number = np.diag(found.cosines, 1).mean()
    assert beside > by_number + 0.2


def test_shallow_content_comes_back_and_deep_content_less(photo):
    picture = images.read(photo)
    steps, near = finished(look.reconstruction(photo, look.Kept(content=("conv1_1",)), 64))
    assert {(step.width, step.height) for step in steps} == {(64, 48)}
    wanted = images.resize(picture.pixels, 64, 48).astype(float)
    start = np.abs(wanted - 128).mean()
    assert np.abs(near - wanted).mean() < 0.1 * start
    _, far = finished(look.reconstruction(photo, look.Kept(content=("conv4_1",)), 64))
    assert np.abs(near - wanted).mean() < np.abs(far - wanted).mean() < start


def test_style_comes_back_without_the_arrangement():
    colors = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    blocks = colors.repeat(12, 0).repeat(12, 1)
    steps, pixels = finished(look.reconstruction(blocks, look.Kept(style=("conv2_1", "conv1_1"))))
    assert steps[-1].objective < 0.02  # of what lacked in a flat picture, about 1
    assert abs(np.corrcoef(pixels.ravel(), blocks.ravel())[0, 1]) < 0.4


def test_a_large_canvas_is_begun_at_half_its_size():
    flat = np.full((150, 130, 3), 90, np.uint8)
    scales = look.reconstruction(flat, look.Kept(content=("conv1_1",))).scales()
    assert [(scale.width, scale.height) for scale in scales] == [(65, 75), (130, 150)]


def test_the_same_seed_grows_the_same_picture(photo):
    kept = look.Kept(content=("conv1_2",))
    one, two, other = (finished(look.reconstruction(photo, kept, 32, seed))[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_a_visualised_unit_answers_more_than_to_any_photo(photo):
    unit = look.Unit("conv3_1", 98)

    def answer(picture):
        return look.feature_maps(picture, [unit.layer])[0].maps[unit.index].mean()

    painter = look.visualization(unit, size=64)
    before = answer(painter.recipe.photo)
    _, pixels = finished(painter)
    after = answer(Picture(pixels.round().astype(np.uint8)))
    assert after > 3 * before
    assert after > 3 * answer(photo)


def test_one_position_is_excited_where_it_is():
    unit = look.Unit("conv3_1", 98)
    _, pixels = finished(look.visualization(unit, "centre", size=64))
    answers = look.feature_maps(Picture(pixels.round().astype(np.uint8)), [unit.layer])[0].maps[unit.index]
    row, column = np.unravel_index(answers.argmax(), answers.shape)
    assert (abs(row - 8) <= 2, abs(column - 8) <= 2) == (True, True)


def test_several_pictures_of_a_unit_differ():
    first, second = (finished(painter)[1] for painter in look.visualizations([look.Unit("conv2_1", 3)], 2, size=32))
    assert np.abs(first - second).mean() > 10


def test_fourier_holds_a_picture_of_low_contrast_and_limits_the_others():
    generator = torch.Generator().manual_seed(0)
    faint = 128 + 20 * torch.rand(1, 3, 33, 40, generator=generator)
    fourier = Fourier()
    held = fourier.picture(fourier.parameters(faint))
    torch.testing.assert_close(held, 127.5 + 0.95 * (faint - 127.5), rtol=0, atol=0.05)
    loud = fourier.picture([1e3 * part for part in fourier.parameters(faint)])
    assert 0 <= loud.min() < loud.max() <= 255
    assert torch.atanh((loud / 127.5 - 1).double()).square().mean().sqrt().item() == pytest.approx(0.45, rel=1e-3)


def test_the_best_patch_is_what_the_strongest_output_sees(photo):
    unit = look.Unit("conv2_1", 7)
    flat = Image.new("RGB", (64, 48), (90, 90, 90))
    best, second = look.best_patches(unit, [flat, photo], 2)
    assert (best.picture, second.picture) == ("disc", "photo")
    answers = look.feature_maps(photo, ["conv2_1"])[0].maps[7]
    assert best.answer == pytest.approx(answers.max())
    pixels = images.read(photo).pixels
    x0, y0 = max(best.x, 0), max(best.y, 0)
    inside = pixels[y0 : best.y + 10, x0 : best.x + 10]
    np.testing.assert_array_equal(
        best.pixels[y0 - best.y :, x0 - best.x :][: inside.shape[0], : inside.shape[1]], inside
    )
    assert best.pixels.shape == (10, 10, 3)


class Redness:
    """How far a picture is from a red."""

    name, weight, layers = "redness", 1.0, ()

    def targets(self, scene):
        return torch.tensor([200.0, 50, 50]).view(1, 3, 1, 1)

    def sums(self, view, targets):
        return (torch.tensor(float(view.pixels.numel())), (view.pixels - targets).square().sum())

    def cost(self, sums, targets):
        return sums[1] / sums[0]


def test_a_painter_may_have_terms_and_scales_of_its_own_and_no_style(photo):
    picture = images.read(photo)
    painter = Painter(Recipe(picture), terms=[Redness()], scales=[Scale(48, 36, 2), Scale(96, 72, 40)])
    steps, pixels = finished(painter)
    assert [(step.width, step.steps) for step in steps][:3] == [(48, 2), (48, 2), (96, 40)]
    assert set(steps[-1].costs) == {"redness"}
    assert painter.estimate() > 0
    assert np.abs(pixels.mean((0, 1)) - [200, 50, 50]).max() < 30
    with pytest.raises(SettingsError):
        Painter(Recipe(picture))


def test_what_is_drawn_is_the_figure_on_a_sheet_of_a4s_width(features):
    figure = look.feature_sheet(features, 9)
    assert isinstance(figure, Figure)
    pixels = drawn(figure)
    assert pixels.shape[1] == 1400
    assert figure.get_size_inches()[0] == pytest.approx(8.27, abs=0.01)
    assert pixels.std() > 20


def test_a_map_on_a_sheet_shows_the_map(features):
    """The strongest map's lightest place is where its answer is largest."""
    from impasto.look.contact_sheet import shaded_map

    maps = features[0].maps[features[0].ordered()[0]]
    shown = shaded_map(maps, 96, 72)
    assert shown.shape == (72, 96, 3)
    rank = np.corrcoef(maps.ravel().argsort().argsort(), shown.sum(2).ravel().argsort().argsort())[0, 1]
    assert rank > 0.8


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("conv4_9:1", "nearest are: conv4_1, conv4_2"),
        ("cnv2_1:1", "conv2_1"),
        ("conv4_1:512", "512 units"),
        ("conv4_1", "conv4_1:17"),
        ("conv4_1:x", "conv4_1:17"),
    ],
)
def test_a_unit_that_is_not_there_is_refused_with_the_mend(name, words):
    with pytest.raises(look.LookError, match=words):
        look.Unit.named(name)


def test_the_grid_has_a_painter_for_every_ratio_and_depth(photo):
    painters = list(look.balance(photo, "ink", 32))
    weights = [painter.settings.content_weight for painter in painters[:4]]
    assert weights == sorted(set(weights))
    depths = [[name for name, _ in painter.settings.style_layers] for painter in painters[::4]]
    assert depths == [list(look.FIRST_OF_EACH_BLOCK[:count]) for count in range(1, 6)]
    assert len(finished(painters[0])[0]) > 0
    figure = look.balance_sheet("disc", "ink", [to_bytes(painter.start().painting().pixels) for painter in painters])
    assert drawn(figure).std() > 15


def test_a_classifiers_kernels_are_drawn_too():
    from impasto.classify.model import load

    assert drawn(look.kernel_sheet(load("fashion-classifier"))).std() > 15


def test_nothing_asked_is_refused(features):
    with pytest.raises(look.LookError, match="no layer"):
        look.Kept()
    with pytest.raises(look.LookError, match="1 or more"):
        look.feature_sheet(features, 0)
    with pytest.raises(look.LookError, match="energy, number"):
        look.feature_sheet(features, 3, "size")
    with pytest.raises(look.LookError, match="size of 0"):
        look.feature_maps(np.zeros((20, 30, 3), np.uint8), ["conv1_1"], 0)
    with pytest.raises(look.LookError, match="too small"):
        look.visualization("conv5_1:3", size=8)
    with pytest.raises(look.LookError, match="steps of 16"):
        look.feature_maps(np.zeros((20, 300, 3), np.uint8), ["conv5_1"], 100)


def test_tensor_of_is_the_picture(photo):
    picture = images.read(photo)
    assert np.array_equal(tensor_of(picture)[0].permute(1, 2, 0).numpy(), picture.pixels)


@pytest.mark.parametrize("height", [500, 2600])
def test_a_sheet_prints_on_one_page(tmp_path, height):
    page = Page(height)
    page.title("A sheet", "and what it shows")
    write(tmp_path / "sheet.pdf", page.finished())
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", (tmp_path / "sheet.pdf").read_bytes())
    width, tall = float(box[1]), float(box[2])
    assert width <= 596  # A4 is 595 × 842 points
    assert tall <= 843
    assert tall / width == pytest.approx(height / WIDTH, rel=0.01)
