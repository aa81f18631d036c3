"""Regions: which style holds where, and where the photo is kept."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from processes import line, ok
from random_networks import drawn

import impasto
from impasto import images
from impasto.images import Picture, PictureError
from impasto.images import arrays as pixel_arrays
from impasto.networks.extractor import Extractor
from impasto.networks.table import Table
from impasto.networks.tiles import tiles
from impasto.networks.vgg import VGG19
from impasto.painter import losses
from impasto.painter.canvas import Canvas
from impasto.painter.objective import Objective, OnCanvas
from impasto.painter.painter import Painter
from impasto.painter.pyramid import LaplacianPyramid
from impasto.painter.recipe import Recipe, Style
from impasto.painter.regions import EROSION, Keep, Map, Region, faces_kept, shared
from impasto.painter.settings import Settings, SettingsError
from impasto.painter.sources import Sources
from impasto.painter.term import Scene, StyleSource
from impasto.painter.terms import style_transfer
from impasto.styles import HOUSE_STYLES

QUICK = ("--size", "64", "--quality", "draft")
FAST = Settings(size=64, quality="draft", dtype="float32")


def mask(marked, feather=0.0):
    return Region(images.read_mask(np.asarray(marked, bool)), feather)


def halves(height, width, feather=0.0):
    left = np.arange(width)[None, :].repeat(height, 0) < width // 2
    return mask(left, feather), mask(~left, feather)


def painted(photo, *styles, keep=(), **changes):
    run = Painter(Recipe(photo, tuple(styles), replace(FAST, **changes), keep=tuple(keep))).start()
    for _ in run:
        pass
    return run.painting()


@pytest.fixture(scope="module")
def disc(photo):
    return images.read(photo)


@pytest.fixture(scope="module")
def waves():
    y, x = np.mgrid[:80, :100]
    wave = 128 + 100 * np.sin(x / 5 + 3 * np.sin(y / 9))
    return Picture(np.stack([wave, 255 - wave, y * 3], 2).astype(np.uint8), "waves")


# The maths


@pytest.mark.parametrize("sums", ["gram_sums", "moments_sums", "sliced_sums"])
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_weight_counts_a_position_so_many_times(sums, data):
    counts = data.draw(st.lists(st.integers(0, 3), min_size=6, max_size=12).filter(any))
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 99)))
    features = torch.rand(1, 4, 1, len(counts), generator=generator, dtype=torch.float64)
    repeated = features.repeat_interleave(torch.tensor(counts), dim=3)
    known = ()
    if sums == "sliced_sums":
        mean, gram = features.mean((0, 2, 3)), losses.gram_matrix(features, normalize=True)
        known = (losses.slices(mean, gram),)
    weights = torch.tensor(counts, dtype=torch.float64)
    found = getattr(losses, sums)(features, *known, weights=weights)
    for ours, theirs in zip(found, getattr(losses, sums)(repeated, *known), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("sums", ["gram_sums", "moments_sums", "sliced_sums"])
def test_weighted_sums_have_the_gradient_that_differences_show(sums):
    features = torch.rand(1, 3, 4, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64) + 0.01
    weights = torch.linspace(0.05, 1, 20, dtype=torch.float64)
    known = ()
    if sums == "sliced_sums":
        known = (losses.slices(features.mean((0, 2, 3)), losses.gram_matrix(features, normalize=True)),)

    def summed(features):
        return getattr(losses, sums)(features, *known, weights=weights)

    assert torch.autograd.gradcheck(summed, features.requires_grad_())


def test_a_positions_weight_is_its_share_of_the_region_to_the_fourth():
    table = VGG19.up_to({"conv3_1"})
    height, width = 61, 83
    drawn = np.random.default_rng(0).integers(0, 256, (height, width), np.uint8)
    whole = Map("map", torch.from_numpy(drawn)[None, None], table.fields)
    (tile,) = tiles(height, width, table, {"conv1_1", "conv2_1", "conv3_1"}, None)
    for layer in ("conv1_1", "conv2_1", "conv3_1"):
        field = table.fields[layer]
        side = field.size // 2
        side += (field.size - side) % 2
        first = (field.size - side) // 2 - field.margin
        rows, columns = table.sizes(height)[layer], table.sizes(width)[layer]
        found = whole.on(layer, tile).view(rows, columns)
        for row, column in ((0, 0), (rows // 2, columns // 3), (rows - 1, columns - 1)):
            at = [np.clip(np.arange(side) + i * field.jump + first, 0, size - 1)
                  for i, size in ((row, height), (column, width))]  # fmt: skip
            share = drawn[np.ix_(*at)].mean() / 255
            assert float(found[row, column]) == pytest.approx(share**EROSION, rel=1e-5)


@pytest.mark.parametrize("loss", ["gram", "moments", "wasserstein", "sliced"])
def test_regions_in_tiles_are_those_of_the_whole_picture(loss):
    """Three regions, a kept one, a bare one and a part of a style, on a narrow network in float64."""
    asked = Settings(style_loss=loss)
    table = Table(tuple(replace(layer, channels=layer.channels // 8) for layer in VGG19.layers))
    terms = style_transfer(asked, kept=2.0)
    network = Extractor(drawn(table, 9), {layer for term in terms for layer in term.layers}, dtype=torch.float64)
    height, width, generator = 97, 180, torch.Generator().manual_seed(5)

    def noise(*size):
        return 255 * torch.rand(1, 3, *size, generator=generator, dtype=torch.float64)

    def map_of(key, rows, columns):
        bytes = torch.zeros(1, 1, rows, columns, dtype=torch.uint8)
        bytes[..., rows // 3 :, : columns // 2 + key * 9] = 90 * (key + 1) % 256
        return Map(key, bytes, network.table.fields)

    regions = [map_of(key, height, width) for key in range(3)]
    first, second = noise(90, 77), noise(64, 70)
    styles = [StyleSource(1.0, None, lambda: first, regions[0], map_of(7, 90, 77)),
              StyleSource(0.4, None, lambda: second, regions[1]), StyleSource(0.6, None, lambda: first, regions[1]),
              StyleSource(1.0, None, lambda: second, regions[2])]  # fmt: skip
    pyramid, photo = LaplacianPyramid(), noise(height, width)
    parts = [part.flatten() for part in pyramid.parameters(noise(height, width))]
    canvas = replace(Canvas.shaped(pyramid, width, height), bare=(photo, map_of(8, height, width).pixels))
    found = []
    for pixels in (None, 16_000):
        scene = Scene(network, photo, styles, pixels, kept=replace(regions[2], power=1, _whole={}))
        objective = Objective(terms, scene)
        found.append(OnCanvas(objective, canvas, torch.cat(parts))(torch.cat(parts)))
    assert len(objective.tiles) > 7  # weights are in float32, and averaged over windows that begin elsewhere
    assert found[1].objective == pytest.approx(found[0].objective, rel=1e-6)
    assert found[1].costs == pytest.approx(found[0].costs, rel=1e-6)
    assert float((found[1].gradient - found[0].gradient).norm() / found[0].gradient.norm()) < 1e-5


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 32), st.floats(0.1, 9)), min_size=1, max_size=4),
    st.floats(0, 0.3),
)
@settings(max_examples=50, deadline=None)
def test_regions_share_places_and_sum_to_one_at_most(spans, feather):
    columns = np.arange(40)[None, :].repeat(20, 0)
    regions = [mask((columns >= first) & (columns < first + more), feather) for first, more, _ in spans]
    shares = shared(regions, [weight for *_, weight in spans], 40, 20)
    total, own = sum(shares), [region.at(40, 20) for region in regions]
    assert float(total.max()) <= 1 + 1e-5
    assert min(float(share.min()) for share in shares) >= 0
    np.testing.assert_allclose(total, np.minimum(sum(own), 1), atol=1e-4)


def test_a_large_canvas_has_its_maps_in_files_and_they_are_the_same(monkeypatch, disc, waves):
    left, right = halves(30, 40, feather=0.05)
    recipe = Recipe(disc, (Style(waves), Style(disc, region=left), Style(waves, 2, right)), keep=(Keep(right, 2),))

    def maps():
        sources = Sources(recipe, 160, 120, 32)
        return [*(coat.map for coat in sources.coats_at(160, 120)), sources.kept_at(160, 120)]

    whole = maps()
    monkeypatch.setattr(pixel_arrays, "IN_MEMORY", 1000)
    monkeypatch.setattr(pixel_arrays, "AT_ONCE", 160 * 8)
    for held, before in zip(maps(), whole, strict=True):
        assert isinstance(held.base, np.memmap)
        np.testing.assert_allclose(held, before, atol=1e-6)


# What is painted


def test_regions_of_one_style_that_share_out_the_canvas_are_no_regions(disc, waves):
    left, right = halves(72, 96, feather=0.05)
    whole = painted(disc, Style(waves))
    parted = painted(disc, Style(waves, region=left), Style(waves, region=right))
    assert parted.costs == pytest.approx(whole.costs, rel=1e-4)
    assert np.abs(parted.pixels - whole.pixels).mean() < 0.1
    everywhere = painted(disc, Style(waves, region=mask(np.ones((72, 96)))))
    assert np.abs(everywhere.pixels - whole.pixels).mean() < 0.1


def test_a_mask_and_its_complement_with_the_styles_swapped_agree(disc, waves):
    left, right = halves(72, 96, feather=0.02)
    ink = HOUSE_STYLES["ink"]
    one = painted(disc, Style(waves, region=left), Style(ink))
    other = painted(disc, Style(ink, region=right), Style(waves))
    assert other.costs == pytest.approx(one.costs, rel=2e-2)  # soft edges of a mask and of its complement are rounded
    assert np.abs(other.pixels - one.pixels).mean() < 1


def test_each_region_gets_its_own_style(disc):
    white, black = (Picture(np.full((64, 64, 3), level, np.uint8), str(level)) for level in (250, 5))
    left, right = halves(72, 96)
    painting = painted(disc, Style(white, region=left), Style(black, region=right), content_weight=0.01)
    assert painting.pixels[:, :24].mean() > painting.pixels[:, -24:].mean() + 60


def test_the_photo_stays_where_no_style_is(disc, waves):
    left, _ = halves(72, 96)
    painting = painted(disc, Style(waves, region=left))
    photo = images.resize(disc.pixels, painting.pixels.shape[1], painting.pixels.shape[0])
    assert np.abs(painting.pixels[:, 36:] - photo[:, 36:]).max() < 0.51
    assert np.abs(painting.pixels[:, :28] - photo[:, :28]).mean() > 10


def test_what_is_kept_changes_less_the_stronger_it_is_kept(disc, waves):
    left, _ = halves(72, 96)
    changed = []
    for strength in (None, 0.3, 1, 3):
        keep = [] if strength is None else [Keep(left, strength)]
        painting = painted(disc, Style(waves), keep=keep)
        photo = images.resize(disc.pixels, painting.pixels.shape[1], painting.pixels.shape[0])
        changed.append(np.abs(painting.pixels[:, :30] - photo[:, :30]).mean())
    assert changed == sorted(changed, reverse=True)
    assert changed[-1] < changed[0] / 2
    assert "kept" in painting.costs


def test_part_of_a_picture_is_the_style(disc):
    pixels = np.full((80, 80, 3), 20, np.uint8)
    pixels[:, 40:] = (230, 30, 30)
    both, (left, right) = Picture(pixels, "both"), halves(80, 80)
    dark, red = (painted(disc, Style(both, part=part), content_weight=0.01) for part in (left, right))
    assert red.pixels[..., 0].mean() > dark.pixels[..., 0].mean() + 60


def test_the_light_is_painted_and_the_colours_stay(disc, waves):
    painting = painted(disc, Style(waves), luminance=True)
    photo = images.resize(disc.pixels, *painting.pixels.shape[1::-1]).astype(np.float32)
    light = np.array([0.299, 0.587, 0.114], np.float32)
    ours, theirs = (pixels - (pixels @ light)[..., None] for pixels in (painting.pixels, photo))
    room = (painting.pixels > 2).all(2) & (painting.pixels < 253).all(2)
    assert room.mean() > 0.5
    assert np.abs(ours - theirs)[room].max() < 0.1
    assert np.abs(painting.pixels @ light - photo @ light).mean() > 3


@pytest.mark.parametrize("loss", ["moments", "wasserstein", "sliced"])
def test_every_style_loss_takes_regions_and_bfloat16(disc, waves, loss):
    left, right = halves(72, 96)
    styles = Style(waves, region=left), Style(HOUSE_STYLES["ink"], region=right)
    asked = {"style_loss": loss, "style_layers": [("conv1_1", 1.0), ("conv3_1", 1.0)]}
    costs = [painted(disc, *styles, **asked, dtype=dtype).costs for dtype in ("float32", "bfloat16")]
    assert costs[1] == pytest.approx(costs[0], rel=0.1)


@pytest.mark.parametrize("marked", [(slice(30, 31), slice(None)), (slice(0, 1), slice(0, 1))], ids=["line", "pixel"])
def test_a_region_a_pixel_wide_ends_well(disc, waves, marked):
    thin = np.zeros((720, 960), bool)
    thin[marked] = True
    painting = painted(disc, Style(waves, region=mask(thin)), Style(HOUSE_STYLES["ink"]))
    assert np.isfinite(painting.pixels).all()
    assert np.isfinite(list(painting.costs.values())).all()


@pytest.fixture(scope="module")
def portrait():
    return images.read(portrait_file())


def test_faces_are_found_and_kept(portrait, run, tmp_path):
    (keep,) = faces_kept(portrait, 2.0)
    marked = keep.region.at(512, 512)
    assert marked[110, 225] == 1  # between nose and mouth
    assert not marked[300:].any()
    assert faces_kept(images.read(np.full((96, 96, 3), 90, np.uint8)), 1.0) == []
    out = tmp_path / "out.png"
    ok(run("paint", "--keep-faces", "2", portrait_file(), *QUICK, "--style", "ink", "-o", out))
    stored = images.read_settings(out)["keep"]
    assert [(keep["region"]["name"], keep["strength"]) for keep in stored] == [("faces", 2)]
    again = run("paint", "--like", out, portrait_file(), "--keep-faces", "-o", tmp_path / "again.png")
    ok(again)
    assert images.read_settings(tmp_path / "again.png")["keep"][0]["strength"] == 1
    ok(run("paint", "--like", out, portrait_file(), "-o", tmp_path / "again.png"))
    assert images.read_settings(tmp_path / "again.png")["keep"] == stored


def test_a_photo_without_faces_is_painted_and_says_so(run, photo, tmp_path):
    finished = run("paint", photo, "--keep-faces", *QUICK, "--style", "ink", "-o", tmp_path / "out.png")
    ok(finished)
    assert "no face was found in disc" in finished.stderr.decode()


def test_all_of_it_from_python(photo, portrait, waves):
    left = np.arange(96)[None, :].repeat(72, 0) < 48
    asked = {"size": 64, "quality": "draft", "dtype": "float32"}
    painting = impasto.paint(
        photo, waves, regions=[(left, "ink", 2)], keep=[~left, (left, 0.5)], style_region=left, feather=0.0, **asked
    )
    styles = painting.settings["styles"]
    assert [round(style["weight"], 2) for style in styles] == [0.33, 0.67]
    assert [("part" in style, "region" in style) for style in styles] == [(True, False), (False, True)]
    assert [keep["strength"] for keep in painting.settings["keep"]] == [1, 0.5]
    alone = impasto.paint(portrait, regions=[(left, "ink")], keep_faces=3, **asked)
    assert [style["name"] for style in alone.settings["styles"]] == ["ink"]
    assert alone.settings["keep"][0]["strength"] == 3


# Masks


def portrait_file():
    return Path(__file__).parents[1] / "examples" / "portrait.jpg"


def saved(image, path, **more):
    image.save(path, **more)
    return path


def test_a_mask_may_be_any_kind_of_picture(tmp_path):
    marked = np.zeros((40, 60), np.uint8)
    marked[10:30, 20:50] = 255
    grey, colour = Image.fromarray(marked), np.zeros((40, 60, 4), np.uint8)
    colour[..., 0], colour[..., 3] = 90, marked
    palette = grey.convert("P")
    for path in (
        saved(grey, tmp_path / "grey.png"),
        saved(grey.convert("1"), tmp_path / "bits.png"),
        saved(grey.convert("RGB"), tmp_path / "rgb.tiff"),
        saved(Image.fromarray(colour), tmp_path / "alpha.png"),
        saved(Image.fromarray(colour), tmp_path / "alpha.webp", lossless=True),
        saved(palette, tmp_path / "palette.gif"),
        saved(Image.fromarray(marked.astype(np.uint16) * 257), tmp_path / "deep.png"),
    ):
        found = images.read_mask(path)
        np.testing.assert_array_equal(found.pixels, marked[:, :, None].repeat(3, 2), str(path))
    assert images.read_mask(marked > 0).digest == found.digest


def test_a_mask_may_come_from_a_pipe_or_from_memory(tmp_path):
    marked = np.zeros((40, 60), np.uint8)
    marked[10:30, 20:50] = 255
    transparent = np.dstack([np.full_like(marked, 90)] * 3 + [marked])
    saved(Image.fromarray(marked), tmp_path / "grey.webp", lossless=True)
    saved(Image.fromarray(transparent), tmp_path / "alpha.png")
    found = [images.read_mask(Image.fromarray(transparent)), images.read_mask(transparent)]
    for name in ("grey.webp", "alpha.png"):
        reading, writing = os.pipe()
        os.write(writing, (tmp_path / name).read_bytes())
        os.close(writing)
        found.append(images.read_mask(Path(f"/dev/fd/{reading}")))
        os.close(reading)
    for mask in found:
        np.testing.assert_array_equal(mask.pixels, marked[:, :, None].repeat(3, 2))


def test_colours_of_a_picture_are_masks(tmp_path):
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, :30], pixels[:, 30:] = (255, 0, 0), (0, 0, 255)
    picture = images.read(saved(Image.fromarray(pixels), tmp_path / "map.jpg", quality=80))
    red = images.of_colour(picture, "red").pixels[..., 0]
    assert (red[:, :28] == 255).all()
    assert not red[:, 32:].any()
    with pytest.raises(PictureError, match="map has no green in it: name a colour that it has"):
        images.of_colour(picture, "green")
    with pytest.raises(PictureError, match="'rot' is no colour: give a name such as red"):
        images.of_colour(picture, "rot")


def test_what_makes_no_sense_is_refused_in_one_line():
    empty = images.read_mask(np.zeros((40, 40), bool))
    for wrong, says in (
        (lambda: Region(empty), "marks nothing; paint white"),
        (lambda: mask(np.ones((40, 40)), -0.1), "a feather of -0.1 is not possible"),
        (lambda: Region("mask.png"), "give a picture that impasto.images.read_mask gave"),
        (lambda: Keep(mask(np.ones((40, 40))), 0), "a strength of 0 is not possible"),
        (lambda: Settings(luminance=True, keep_colors=True), "leave one of them out"),
    ):
        with pytest.raises(SettingsError, match=says):
            wrong()


def test_a_recipe_with_regions_goes_to_json_and_back(disc, waves):
    left, right = halves(72, 96)
    recipe = Recipe(disc, (Style(waves, 2, left, right), Style(waves)), FAST, keep=(Keep(right, 0.5),))
    pictures = {picture.digest: picture for picture in (disc, waves, left.mask, right.mask)}
    stored = json.loads(json.dumps(recipe.to_dict()))
    again = Recipe.from_dict(stored, lambda _, digest: pictures[digest])
    assert again.to_dict() == recipe.to_dict()
    assert again.keep[0].region.key == right.key


# The command


@pytest.fixture
def masks(tmp_path):
    left = np.zeros((60, 80, 3), np.uint8)
    left[:, :40] = 255
    Image.fromarray(left).save(tmp_path / "left.png")
    left[:, :40], left[:, 40:] = (255, 0, 0), (0, 0, 255)
    Image.fromarray(left).save(tmp_path / "map.png")
    Image.fromarray(np.zeros_like(left)).save(tmp_path / "nothing.png")
    return tmp_path


def test_regions_from_the_command_line_and_like_one_before(run, photo, masks):
    left, one, two = masks / "left.png", masks / "one.png", masks / "two.png"
    paint = ("paint", photo, *QUICK)
    row = json.loads(ok(run(*paint, "--region", left, "night:2", "--style", "ink", "-o", one, "--json")))
    assert row["styles"] == {"ink": pytest.approx(1 / 3), "night": pytest.approx(2 / 3)}
    stored = images.read_settings(one)
    assert stored["styles"][1]["region"]["name"] == "left"
    refused = run("paint", photo, "--like", one, "-o", two)
    assert (refused.returncode, "a mask 'left'; give it with --mask FILE" in line(refused)) == (2, True)
    ok(run("paint", photo, "--like", one, "--mask", left, "-o", two))
    again = images.read_settings(two)
    assert again["styles"] == stored["styles"]
    np.testing.assert_array_equal(np.asarray(Image.open(one)), np.asarray(Image.open(two)))


def test_colours_of_a_map_are_regions(run, photo, masks):
    out = masks / "out.png"
    ok(run("paint", photo, "--regions", masks / "map.png", "red=night", "blue=ink", *QUICK, "-o", out))
    names = [style["region"]["name"] for style in images.read_settings(out)["styles"]]
    assert names == ["map red", "map blue"]


def test_the_photo_is_kept_and_part_of_a_style_taken(run, photo, masks):
    left, out = masks / "left.png", masks / "out.png"
    ok(run("paint", photo, *QUICK, "--style", "ink", "--style-region", left, "--keep", f"{left}:2", "-o", out))
    stored = images.read_settings(out)
    assert stored["styles"][0]["part"]["name"] == "left"
    assert stored["keep"][0]["strength"] == 2
    ok(run("paint", photo, *QUICK, "--style", "ink", "--luminance", "-o", out))
    assert images.read_settings(out)["luminance"] is True


@pytest.mark.parametrize(
    ("asked", "code", "says"),
    [
        (("--region", "left.png"), 2, "names no style; give a mask and a style"),
        (("--region", "nothing.png", "night"), 2, "the mask nothing marks nothing; paint white"),
        (("--region", "away.png", "night"), 2, "there is no file away.png"),
        (("--region", "left.png", "nigth"), 2, "no style is called 'nigth'; did you mean night"),
        (("--regions", "map.png"), 2, "say which style each one is, such as red=night"),
        (("--regions", "map.png", "green=night"), 2, "has no green in it"),
        (("--keep", "left.png:-1"), 2, "a strength of -1.0 is not possible"),
        (("--feather", "200", "--keep", "left.png"), 2, "a feather of 2.0 is not possible"),
        (("--style-region", "left.png", "--style-region", "left.png"), 2, "2 --style-region for 1 --style"),
        (("--region", "left.png", "night", "-o", "left.png"), 2, "is a mask, and would replace it"),
    ],
)
def test_what_can_not_be_is_said_in_one_line(run, photo, masks, monkeypatch, asked, code, says):
    monkeypatch.chdir(masks)
    finished = run("paint", photo, *QUICK, "--style", "ink", *asked)
    assert finished.returncode == code
    assert says in finished.stderr.decode().splitlines()[-1]
    assert "Traceback" not in finished.stderr.decode()


def test_a_checkpoint_with_another_mask_is_refused(disc, waves, tmp_path):
    left, right = halves(72, 96)

    def painter(region):
        return Painter(Recipe(disc, (Style(waves, region=region), Style(waves)), FAST), checkpoint=tmp_path / "kept")

    run = painter(left).start()
    next(run)
    next(run)
    run.checkpoint()
    resumed = painter(left).start(resume=True)
    assert next(resumed).step == 3
    with pytest.raises(ValueError, match="repeat what it was started with"):
        next(painter(right).start(resume=True))
