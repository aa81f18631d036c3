"""`impasto try`: photos in several styles on one sheet."""

import numpy as np
from PIL import Image
from processes import line, ok

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
