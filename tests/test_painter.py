"""The painter from Python: against the peer's own numbers, and what a caller may rely on."""

import gc
import itertools
import subprocess
import sys
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import impasto
from impasto import examples, images
from impasto.images import arrays
from impasto.networks.extractor import Extractor
from impasto.networks.vgg import VGG19
from impasto.networks.weights import packaged
from impasto.painter import color, compute, losses, sources
from impasto.painter.balance import OBJECTIVES
from impasto.painter.objective import Objective
from impasto.painter.optimizers import Adam
from impasto.painter.painter import Painter
from impasto.painter.pyramid import Pixels
from impasto.painter.recipe import Recipe, Style
from impasto.painter.schedule import FINEST_PIXELS, Scale, canvas_size, scales
from impasto.painter.settings import Settings, SettingsError
from impasto.painter.style_losses import STYLE_LOSSES
from impasto.painter.term import Scene, StyleSource
from impasto.painter.terms import style_transfer
from impasto.styles import HOUSE_STYLES


@pytest.fixture(autouse=True)
def _own_home(home, monkeypatch):
    monkeypatch.setenv("IMPASTO_HOME", str(home))


@pytest.fixture(scope="module")
def style(tmp_path_factory):
    path = tmp_path_factory.mktemp("style") / "stripes.png"
    y, x = np.mgrid[:72, :96]
    wave = (127 + 127 * np.sin((x + y) / 3)).astype(np.uint8)
    Image.fromarray(np.stack([wave, 255 - wave, wave // 2], 2)).save(path)
    return path


def tensor(path):
    return torch.tensor(images.read(path).pixels).permute(2, 0, 1)[None].float()


def costs_of(picture, photo, style, settings):
    """The costs of a file, against those of a photo and a style."""
    layers = {layer for term in style_transfer(settings) for layer in term.layers}
    network = Extractor(packaged(), layers, replicate=OBJECTIVES[settings.objective].replicate)
    scene = Scene(network, tensor(photo), [StyleSource(1.0, None, lambda: tensor(style))])
    return Objective(style_transfer(settings), scene)(tensor(picture))


@pytest.mark.parametrize("loss", STYLE_LOSSES)
def test_a_styles_picture_is_made_once(loss):
    terms, made = style_transfer(Settings(style_loss=loss)), []
    network = Extractor(packaged(), {layer for term in terms for layer in term.layers})

    def pixels():
        made.append(loss)
        return torch.full((1, 3, 48, 48), 90.0)

    Objective(terms, Scene(network, torch.full((1, 3, 48, 48), 120.0), [StyleSource(1.0, None, pixels)]))
    assert made == [loss]


def recipe(photo, style, settings, **more):
    return Recipe(images.read(photo), (Style(images.read(style)),), settings, **more)


def tensor_of_noise():
    return 255 * torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(3))


def test_importing_impasto_loads_no_torch():
    code = "import impasto, impasto.painter, sys; assert 'torch' not in sys.modules; assert callable(impasto.paint)"
    assert subprocess.run([sys.executable, "-c", code], timeout=240).returncode == 0


def test_both_parts_are_the_peers_own_numbers(photo, style, tmp_path):
    from pastiche.pastiche import PasticheArtist

    start = tmp_path / "start.png"
    noise = np.random.default_rng(0).integers(0, 256, (72, 96, 3), dtype=np.uint8)
    Image.fromarray(noise).save(start)
    peer = PasticheArtist(str(photo), [str(style)], size=96, device="cpu", init=str(start))
    with torch.no_grad():
        whole = peer._calc_loss().item()
        peer.content_weight = 0.0
        expected_style = peer._calc_loss().item()
    costs = costs_of(start, photo, style, Settings(objective="pastiche"))
    assert costs.parts["style"].item() == pytest.approx(expected_style, rel=1e-4)
    assert costs.objective.item() == pytest.approx(whole, rel=1e-4)
    # The peer's content alone is a difference of two large numbers of float32.
    assert costs.parts["content"].item() == pytest.approx(whole - expected_style, rel=1e-4, abs=1e-6 * whole)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_what_each_layer_costs_is_what_its_formula_gives_and_sums_to_the_objective(objective):
    chance = np.random.default_rng(1)
    photo, style = (chance.integers(0, 256, (48, 64, 3), dtype=np.uint8) for _ in range(2))
    layers = (("conv1_1", 1.0), ("conv2_1", 0.5), ("conv4_1", 2.0))
    settings = Settings(
        size=64, objective=objective, content_weight=30.0, style_layers=layers, content_layers=(("conv3_2", 1.0),),
        dtype="float32",
    )  # fmt: skip
    recipe = Recipe(images.read(photo), (Style(images.read(style)),), settings)
    run, unpainted = (Painter(recipe, scales=[Scale(64, 48, steps)]).start() for steps in (1, 0))
    assert list(unpainted) == []
    (last,) = run

    names = [*(layer for layer, _ in layers), "conv3_2"]
    network = Extractor(packaged(), names, replicate=objective == "impasto")

    def flat(pixels):
        with torch.no_grad():
            features = network(pixels.permute(2, 0, 1)[None].float())
        return {name: found.flatten(2)[0] for name, found in features.items()}

    def by_hand(painting):
        picture = torch.tensor(painting.pixels)
        found, wanted, kept = flat(picture), flat(torch.tensor(style)), flat(torch.tensor(photo))
        half = losses.content_loss(found["conv3_2"], kept["conv3_2"])
        blank = kept["conv3_2"].square().sum() / 2
        content = 0.04 * half / blank if objective == "impasto" else 0.02 / kept["conv3_2"].numel() * half
        of_style = {}
        for name, weight in layers:
            gram, target = (losses.gram_matrix(each[name], normalize=True) for each in (found, wanted))
            factor = 1 / 3.5 / (target.square().sum() / 2) if objective == "impasto" else 20 / len(gram) ** 4
            of_style[name] = float(weight * factor * losses.style_loss([gram], [target]))
        return {"content": {"conv3_2": float(content)}, "style": of_style}

    for found, painting in ((run.start, unpainted.painting()), (last, run.painting())):
        for term, of_layers in by_hand(painting).items():
            assert found.layers[term] == pytest.approx(of_layers, rel=1e-3)
            assert sum(found.layers[term].values()) == pytest.approx(found.costs[term], rel=1e-5)
        assert 30 * found.costs["content"] + found.costs["style"] == pytest.approx(found.objective, rel=1e-5)


@pytest.mark.parametrize("style_loss", ["gram", "moments", "wasserstein"])
def test_the_deepest_style_layer_spares_what_only_the_photo_has(style_loss):
    chance = np.random.default_rng(2)
    photo, *styles, painting = (chance.integers(0, 256, (48, side, 3), dtype=np.uint8) for side in (64, 40, 80, 64))
    asked = Settings(style_loss=style_loss, dtype="float32")
    *shallow, deepest = VGG19.style_layers
    network = Extractor(packaged(), [*VGG19.style_layers, *VGG19.content_layers], replicate=True)

    def picture(pixels):
        return torch.tensor(pixels).permute(2, 0, 1)[None].float()

    def features(pixels):
        with torch.no_grad():
            return {name: of.flatten(2)[0] for name, of in network(picture(pixels)).items()}

    def averages(of, share):
        scaled = of * share[:, None]
        gram = scaled @ scaled.T / of.shape[1]
        return (gram,) if style_loss == "gram" else (scaled.mean(1), gram)

    weights, distance = (0.7, 0.3), getattr(losses, f"{style_loss}_distance")
    ours, theirs, kept = features(painting), [features(each) for each in styles], features(photo)
    of_styles = sum(w * of[deepest].square().mean(1) for w, of in zip(weights, theirs, strict=True))
    faint = 1e-3 * of_styles.mean()
    half = ((of_styles + faint) / (of_styles + kept[deepest].square().mean(1) + 2 * faint)).sqrt()
    expected = {}
    for layer in VGG19.style_layers:
        share, cost = half if layer == deepest else torch.ones(len(ours[layer])), 0.0
        for weight, of in zip(weights, theirs, strict=True):
            target = averages(of[layer], share)
            blank = distance(tuple(torch.zeros_like(each) for each in target), target)
            cost += weight * float(distance(averages(ours[layer], share), target) / blank)
        expected[layer] = cost * (0.2 if layer == deepest else 1.0) / (len(shallow) + 0.2)

    sources = [StyleSource(w, None, lambda of=of: picture(of)) for w, of in zip(weights, styles, strict=True)]
    found = Objective(style_transfer(asked), Scene(network, picture(photo), sources))(picture(painting))
    assert {name: float(cost) for name, cost in found.layers["style"].items()} == pytest.approx(expected, rel=1e-3)

    # What somebody names is the course's formula: it does not depend on the photo.
    named = Settings(style_loss=style_loss, dtype="float32", style_layers=((deepest, 1.0),))
    (_, one), (_, other) = (
        Objective(style_transfer(named), Scene(network, picture(each), sources))(picture(painting)).layers.values()
        for each in (photo, photo[::-1].copy() // 2)
    )
    assert float(one[deepest]) == float(other[deepest])


def test_a_face_in_ink_has_no_spots_of_green():
    asked = Settings(size=192, quality="draft")
    run = Painter(Recipe(images.read(examples.portrait), (Style(HOUSE_STYLES["ink"]),), asked)).start()
    for _ in run:
        pass
    red, green, blue = run.painting().pixels.transpose(2, 0, 1).astype(int)
    assert (green - np.maximum(red, blue) > 15).sum() < 5


@pytest.mark.parametrize("style_loss", list(STYLE_LOSSES))
def test_painting_lowers_the_objective_and_stays_a_picture(photo, style, style_loss):
    asked = Settings(size=96, style_loss=style_loss, objective="pastiche", content_weight=20.0)
    painter = Painter(recipe(photo, style, asked))
    run = painter.start()
    steps = list(run)
    assert [(s.scale, s.step) for s in steps] == [(0, i) for i in range(1, painter.scales()[0].steps + 1)]
    assert steps[-1].objective < 0.5 * steps[0].objective
    assert all(b.objective <= a.objective for a, b in itertools.pairwise(steps))
    painting = run.painting()
    assert painting.pixels.shape == (72, 96, 3)
    assert painting.pixels.min() >= 0
    assert painting.pixels.max() <= 255
    assert painting.objective == pytest.approx(20 * painting.costs["content"] + painting.costs["style"], rel=1e-5)
    assert (painting.image().width, painting.steps) == (96, len(steps))


def test_the_file_is_as_good_as_reported(photo, style, tmp_path):
    painting = impasto.paint(photo, style, size=96, quality="draft")
    painting.save(tmp_path / "out.png")
    costs = costs_of(tmp_path / "out.png", photo, style, Settings())
    assert costs.objective.item() == pytest.approx(painting.objective, rel=0.02)


def test_every_kind_of_picture_and_mixed_styles_give_the_same_painting(photo, style):
    pixels = images.read(photo).pixels
    kinds = [photo, str(photo), Image.fromarray(pixels), pixels, torch.tensor(pixels).permute(2, 0, 1)]
    paintings = [impasto.paint(kind, {str(style): 3, "night": 1}, size=48, quality="draft").pixels for kind in kinds]
    for painting in paintings[1:]:
        np.testing.assert_array_equal(painting, paintings[0])


def test_one_call_starts_from_noise_or_from_a_picture(photo, style):
    noise = impasto.paint(photo, style, size=48, quality="draft", init="noise").pixels
    pictured = impasto.paint(photo, style, size=48, quality="draft", init=np.full((16, 16, 3), 90, np.uint8)).pixels
    assert np.abs(noise - pictured).mean() > 5


def test_other_parameterizations_optimizers_and_starts(photo, style):
    asked = Settings(size=64, quality="draft", keep_colors=True, pooling="avg", tv_weight=1.0)
    painter = Painter(recipe(photo, style, asked, init="noise"), parameterization=Pixels(), optimizer=Adam(0.1))
    steps = list(painter)
    assert steps[-1].objective < steps[0].objective
    assert painter.estimate() > 0


def test_a_canvas_begun_in_strips_is_that_begun_at_once(photo, style, monkeypatch):
    def painted():
        two = [Scale(48, 36, 2), Scale(97, 73, 1)]
        run = Painter(recipe(photo, style, Settings(size=97, dtype="float32")), scales=two).start()
        costs = [dict(step.costs) for step in run]
        return costs[-1], run.painting().pixels

    def by_pillow(pixels, width, height, kernel=Image.Resampling.LANCZOS):
        # in strips, a half may be rounded the other way, which painting magnifies
        return np.asarray(Image.fromarray(pixels).resize((width, height), kernel))

    monkeypatch.setattr(images, "resize", by_pillow)
    at_once, whole = painted()
    monkeypatch.setattr(arrays, "AT_ONCE", 1000)
    in_strips, pieces = painted()
    assert in_strips == pytest.approx(at_once, rel=1e-4)
    # Rounding may make one pooling take another number, which some fifty pixels show. A wrong row would be 0.01.
    assert np.abs(pieces - whole).mean() < 0.005


@given(
    st.integers(16, 3000), st.integers(16, 3000), st.sampled_from(["draft", "standard", "fine"]),
    st.sampled_from(["impasto", "pastiche"]),
)  # fmt: skip
def test_a_small_canvas_is_painted_on_a_finer_one_at_last(width, height, quality, objective):
    found = scales(width, height, Settings(quality=quality, objective=objective))
    last, finer = found[-1], min(2, max(1, (FINEST_PIXELS / (width * height)) ** 0.5))
    if quality == "draft" or objective == "pastiche":
        finer = 1
    assert (last.width, last.height) == (round(width * finer), round(height * finer))
    assert [found[0].moving, *(scale.moving for scale in found[1:])] == [None] + [2] * (len(found) - 1)
    for coarse, fine in itertools.pairwise(found):
        assert abs(fine.width / 2 - coarse.width) <= 1
        assert abs(fine.height / 2 - coarse.height) <= 1
    if finer == 2:
        assert (found[-2].width, found[-2].height) == (width, height)


def test_what_is_painted_finer_has_the_size_asked_for_in_the_end(photo, style):
    run = Painter(recipe(photo, style, Settings(size=48, dtype="float32"))).start()
    shapes = [(step.width, step.preview().shape) for step in run]
    painting = run.painting()
    assert {width for width, _ in shapes} == {48, 96}
    assert {shape for _, shape in shapes} == {painting.pixels.shape} == {(36, 48, 3)}


def test_a_house_style_is_as_large_as_the_canvas_but_no_larger_than_bearable(photo, monkeypatch):
    monkeypatch.setattr(sources, "STYLE_PIXELS", 160 * 120)
    asked = Recipe(images.read(photo), (Style(HOUSE_STYLES["ink"]),), Settings(size=320))
    made = sources.Sources(asked, 320, 240, 16)
    assert [made.style_at(0, pixels).shape for pixels in (80 * 60, 160 * 120, 320 * 240)] == [
        (60, 80, 3), (120, 160, 3), (120, 160, 3),
    ]  # fmt: skip


def test_colours_take_a_palette_however_many_are_worked_on_at_once(monkeypatch):
    seeded = np.random.default_rng(5)
    picture, other = (
        np.clip(seeded.normal(m, s, (40, 50, 3)), 0, 255).astype(np.uint8) for m, s in ((90, 20), (140, 9))
    )
    monkeypatch.setattr(arrays, "AT_ONCE", 300)
    recolored = color.recolor(picture, color.Palette.of(other)).reshape(-1, 3).astype(float)
    np.testing.assert_allclose(recolored.mean(0), other.reshape(-1, 3).mean(0), rtol=0, atol=0.1)
    np.testing.assert_allclose(np.cov(recolored.T), np.cov(other.reshape(-1, 3).T), rtol=0, atol=1)


def test_a_painter_that_is_let_go_frees_its_memory_at_once(photo, style):
    painter = Painter(recipe(photo, style, Settings(size=48, quality="draft")))
    gone = weakref.ref(painter)
    gc.disable()
    try:
        run = painter.start()
        for _ in run:
            pass
        run.painting()
        del _, run, painter
        assert gone() is None
    finally:
        gc.enable()


def test_bfloat16_stays_near_float32():
    layers = ["conv1_1", "conv3_1", "conv5_1"]
    rough, exact = Extractor(packaged(), layers, dtype=torch.bfloat16), Extractor(packaged(), layers)
    assert compute.agrees(rough, exact)
    exact.get_buffer("conv3_1_bias").add_(exact(tensor_of_noise())["conv3_1"].mean())
    assert not compute.agrees(rough, exact)


def test_colors_are_kept(photo):
    plain = impasto.paint(photo, "night", size=64, quality="draft").pixels
    kept = impasto.paint(photo, "night", size=64, quality="draft", keep_colors=True).pixels
    wanted = images.resize(images.read(photo).pixels, 64, 48).mean((0, 1))
    assert np.abs(kept.mean((0, 1)) - wanted).sum() < np.abs(plain.mean((0, 1)) - wanted).sum()


@pytest.mark.parametrize(
    ("width", "height", "size", "canvas"),
    [(4000, 3000, 512, (512, 384)), (300, 451, 512, (341, 512)), (77, 50, None, (77, 50)), (100, 100, 64, (64, 64))],
)
def test_the_canvas_keeps_the_photos_shape(width, height, size, canvas):
    assert canvas_size(width, height, size) == canvas


@pytest.mark.parametrize(
    "bad",
    [
        {"size": 3},
        {"quality": "best"},
        {"content_weight": -1.0},
        {"style_weight": float("nan")},
        {"content_weight": 0.0, "style_weight": 0.0},
        {"style_layers": (("conv9_1", 1.0),)},
        {"content_layers": ()},
        {"threads": 0},
        {"style_scale": 0.0},
    ],
)
def test_settings_that_make_no_sense_are_refused(bad):
    with pytest.raises(SettingsError):
        Settings(**bad)


def test_settings_survive_being_stored():
    settings = Settings(size=None, quality="fine", style_layers=(("conv1_2", 0.5),), keep_colors=True)
    assert Settings.from_dict(settings.to_dict()) == settings


def test_house_styles_are_enough():
    assert len(HOUSE_STYLES) >= 16
