"""`impasto paint --each-style`: every photo in every style, one painting each."""

import json
import signal

import numpy as np
from PIL import Image
from processes import line, ok
from test_stopping import IMPASTO, on_a_terminal

from impasto import images
from impasto.networks.extractor import Extractor
from impasto.painter.terms import StyleTerm

QUICK = ("--size", "48", "--quality", "draft")


def copies(photo, folder, *names):
    for name in names:
        Image.open(photo).save(folder / name)
    return [folder / name for name in names]


def test_each_photo_in_each_style_is_a_file_that_tells_both_and_replaces_none(run, photo, tmp_path):
    photos = copies(photo, tmp_path, "a.png", "b.png")
    own = tmp_path / "stripes.png"
    Image.fromarray(np.tile(np.arange(0, 250, 5, dtype=np.uint8), (40, 1))).save(own)
    out = tmp_path / "out"
    out.mkdir()
    (out / "a-ink.jpg").write_bytes(b"somebody's")
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    finished = run("paint", bad, *photos, "--each-style", "ink", own, "ink", *QUICK, "-o", out, "--json")
    assert finished.returncode == 1
    assert finished.stderr.decode().count(f"passed over {bad}") == 1
    rows = [json.loads(row) for row in finished.stdout.splitlines()]
    assert [(row["photo"], *row["styles"]) for row in rows] == [
        (str(path), style) for path in photos for style in ("ink", "stripes")
    ]
    names = [out / name for name in ("a-ink-2.jpg", "a-stripes.jpg", "b-ink.jpg", "b-stripes.jpg")]
    assert [row["out"] for row in rows] == [*map(str, names)]
    assert {*out.iterdir()} == {*names, out / "a-ink.jpg"}
    assert (out / "a-ink.jpg").read_bytes() == b"somebody's"
    alone = tmp_path / "alone.png"
    ok(run("paint", photos[1], "--style", own, *QUICK, "-o", alone))
    one, other = (np.asarray(Image.open(path), np.float32) for path in (alone, names[3]))
    assert abs(one - other).mean() < 4  # a JPEG of the same


def test_the_network_is_made_once_and_each_style_is_looked_at_once(photo, tmp_path, monkeypatch, capsys):
    from impasto.cli.commands import app

    photos, made, compared = copies(photo, tmp_path, "a.png", "b.png"), [], []
    begin, compare = Extractor.__init__, StyleTerm._compared

    def counted(self, *given, **how):
        made.append(self)
        begin(self, *given, **how)

    monkeypatch.setattr(Extractor, "__init__", counted)
    monkeypatch.setattr(StyleTerm, "_compared", lambda term, scene: compared.append(1) or compare(term, scene))
    asked = ["paint", *map(str, photos), "--each-style", "ink", "night", *QUICK, "--style-scale", "0.9"]
    app(asked, standalone_mode=False)
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert len(made) <= 2  # one to compare with in float32; none where an earlier test has made it
    assert len(compared) == 2


def test_what_is_stopped_goes_on_and_what_was_not_begun_is_left(photo, environment, run, tmp_path):
    (copy,) = copies(photo, tmp_path, "a.png")
    size = ("--size", "48", "--quality", "fine")
    with on_a_terminal(
        [*IMPASTO, "paint", copy, "--each-style", "ink", "night", *size], {**environment, "COLUMNS": "200"}
    ) as terminal:
        terminal.wait_for(b"in ink, 1 of 2 ")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.end() == 130
    assert b"--resume goes on with it" in terminal.shown
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "a-ink.jpg", "a-ink.jpg.checkpoint"}
    resumed = run("paint", copy, "--each-style", "ink", *size, "--resume")
    assert ok(resumed).strip() == str(tmp_path / "a-ink.jpg")
    assert images.read_settings(tmp_path / "a-ink.jpg")["size"] == 48
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "a-ink.jpg"}


def test_what_does_not_fit_is_one_plain_line(run, photo, tmp_path):
    for asked, says in (
        (("paint", photo, "--each-style"), "--each-style names no style"),
        (("paint", photo, "--each-style", *QUICK), "--each-style names no style"),
        (("paint", "--each-style", "night", photo, *QUICK), "name the photos before it"),
        (("paint", photo, "--each-style", "night", "nigth"), "no style is called 'nigth'"),
        (("paint", photo, "--each-style", "night:2"), "no style is called 'night:2'"),
        (("paint", photo, "--style", "ink", "--each-style", "night"), "give one of the two"),
        (("paint", photo, "--each-style", "ink", "night", "-o", tmp_path / "one.png"), "can't go to one file"),
        (("paint", photo, "--each-style", "ink", "night", "--plot", tmp_path / "p.png"), "one photo and one style"),
    ):
        finished = run(*asked)
        assert finished.returncode == 2, asked
        assert says in line(finished)
    assert not list(tmp_path.iterdir())
