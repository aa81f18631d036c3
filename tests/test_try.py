"""`impasto try`: photos in several styles on one sheet."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from processes import line, ok

from impasto import examples, images
from impasto.images import PictureError
from impasto.painter.lanes import in_lanes, lanes
from impasto.painter.painter import Painter
from impasto.painter.recipe import Recipe, Style
from impasto.painter.settings import Settings
from impasto.styles import HOUSE_STYLES

QUICK = ("--size", "48")


def test_a_photo_in_the_styles_that_are_named_is_one_sheet(run, photo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    copy = tmp_path / "cat.png"
    Image.open(photo).save(copy)
    finished = run("try", copy, "--style", "ink", "--style", "night", *QUICK)
    assert ok(finished).splitlines() == [str(tmp_path / "cat-styles.png")]
    assert "painting 2 small pictures: 1 in 2 styles" in finished.stderr.decode()
    sheet = np.asarray(Image.open(tmp_path / "cat-styles.png").convert("RGB")).reshape(-1, 3)
    assert len(np.unique(sheet, axis=0)) > 1000  # three pictures
    assert ok(run("try", copy, "--style", "ink", *QUICK)).splitlines() == [str(tmp_path / "cat-styles-2.png")]


def test_several_photos_are_side_by_side(run, photo, tmp_path):
    for name in ("one", "two"):
        Image.open(photo).save(tmp_path / f"{name}.png")
    out = tmp_path / "sheet.webp"
    finished = run("try", tmp_path, "--style", "ink", *QUICK, "-o", out)
    ok(finished)
    assert "painting 2 small pictures: 2 in 1 styles" in finished.stderr.decode()
    assert Image.open(out).width > 500


def test_what_can_not_be_is_said_before_painting(run, photo, tmp_path):
    for asked, code, says in (
        (("--style", "nigth"), 2, "no style is called 'nigth'"),
        (("--style", "ink", "--size", "8"), 2, "a size of 8 px is not possible"),
        (("--style", "ink", "-o", tmp_path / "sheet.txt"), 1, "names no format of a sheet"),
        (("--style", "ink", "-o", photo), 2, "is a photo, and would replace it"),
        (("--quality", "best"), 2, "quality can't be 'best'"),
    ):
        finished = run("try", photo, *asked)
        assert finished.returncode == code, asked
        assert says in line(finished)


def recipes(*names, **settings):
    asked = Settings(**{"size": 48, "quality": "draft", "dtype": "float32"} | settings)
    return [Recipe(images.read(examples.cat), (Style(HOUSE_STYLES[name]),), asked) for name in names]


def test_pictures_painted_at_once_are_those_painted_alone():
    asked, threads = recipes("ink", "night", "mosaic"), torch.get_num_threads()
    shares, ended = [[], [], []], {}
    for number, share, run in in_lanes(asked, 2):
        shares[number].append(share)
        if run is not None:
            ended[number] = run.painting()
    assert torch.get_num_threads() == threads
    assert sorted(ended) == [0, 1, 2]
    for number, recipe in enumerate(asked):
        assert shares[number] == sorted(shares[number])
        alone = Painter(recipe).start()
        for _ in alone:
            pass
        np.testing.assert_allclose(ended[number].pixels, alone.painting().pixels, atol=1)
        assert ended[number].objective == pytest.approx(alone.painting().objective, rel=1e-3)


def test_what_goes_wrong_in_one_picture_is_said_and_ends_the_others():
    good, other = recipes("ink", "night")
    small = replace(good, photo=images.read(np.zeros((40, 400, 3), np.uint8)))
    with pytest.raises(PictureError, match="too thin to paint"):
        list(in_lanes([good, small, other], 2))
    endless = in_lanes(recipes(*["ink"] * 50, size=96, quality="fine"), 2)
    next(endless)
    endless.close()  # returns, and does not paint them all


def test_large_pictures_are_painted_one_after_the_other_and_small_ones_as_memory_allows():
    one = Settings(threads=4)
    assert lanes(one, 256 * 256) == 4
    assert lanes(one, 600 * 600) == 1
    assert lanes(replace(one, memory=300_000_000), 256 * 256) == 1
    assert lanes(replace(one, memory=600_000_000), 256 * 256) == 2
