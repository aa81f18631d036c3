"""The outside judge of paintings: benchmarks/quality.py, as a process, puts obvious cases in order."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def judge(*arguments):
    command = [sys.executable, BENCHMARKS / "quality.py", *arguments]
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=240)


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """The rows of five pictures, judged beside a photo and a style of slanted strokes: name → row."""
    folder = tmp_path_factory.mktemp("judged")
    photo = Image.open(BENCHMARKS.parent / "examples" / "cat.jpg").convert("RGB").resize((192, 128))
    noise = np.random.default_rng(0)
    y, x = np.mgrid[:128, :192]
    waves = np.sin((x + y) / 3 + np.cumsum(noise.normal(0, 0.2, 192)))[..., None]
    style = (128 + waves * [90, 60, -40]).astype(np.uint8)
    grid = np.asarray(photo).astype(int)
    grid[::2] += 12
    specks = np.asarray(photo).copy()
    specks[noise.random(specks.shape[:2]) < 0.05] = (255, 0, 255)
    pictures = {
        "photo": photo,
        "style": style,
        "mirrored": style[::-1, ::-1],
        "noise": noise.integers(0, 256, style.shape),
        "grid": grid.clip(0, 255),
        "specks": specks,
        "mixed": (np.asarray(photo) // 2 + style // 2),
        "enlarged": np.asarray(Image.fromarray(np.asarray(photo) // 2 + style // 2).resize((384, 256))),
    }
    for name, pixels in pictures.items():
        Image.fromarray(np.asarray(pixels).astype(np.uint8)).save(folder / f"{name}.png")
    paintings = [folder / f"{name}.png" for name in list(pictures)[2:]]
    ends = ["--photo", folder / "photo.png", "--style", folder / "style.png"]
    out = folder / "rows.json"
    done = judge(*paintings, *ends, "--json", out)
    assert done.returncode == 0, done.stderr
    rows = json.loads(out.read_text())["rows"]
    assert all(f"| {row['name']} |" in done.stdout for row in rows)
    return {Path(row["name"]).stem: row for row in rows}


def test_the_ends_of_the_scale(judged):
    photo, style = judged["the photo"], judged["the style"]
    assert (photo["cfsd"], style["magenta"], style["colors"]) == pytest.approx((0, 0, 0), abs=1e-5)
    assert photo["magenta"] > 0.1
    assert photo["colors"] > 1
    assert style["cfsd"] > 0.1


def test_style_and_structure_are_told_apart(judged):
    photo, style, noise, mixed, mirrored = (
        judged[name] for name in ("the photo", "the style", "noise", "mixed", "mirrored")
    )
    assert mirrored["magenta"] < mixed["magenta"] < photo["magenta"]
    assert mirrored["colors"] < mixed["colors"] < noise["colors"]
    assert photo["cfsd"] < mixed["cfsd"] < min(style["cfsd"], noise["cfsd"])


def test_artefacts_are_found(judged):
    photo, grid, specks = judged["the photo"], judged["grid"], judged["specks"]
    assert photo["period_two"] < 3 < 10 < grid["period_two"]
    assert grid["axis"] > 1.5 * photo["axis"]
    assert specks["outliers"] > photo["outliers"] + 3


def test_strokes_have_an_angle_and_a_scale_whatever_the_size(judged):
    style, photo, mixed, enlarged = (judged[name] for name in ("the style", "the photo", "mixed", "enlarged"))
    assert style["angle"] == pytest.approx(45, abs=15)  # x + y is constant along it: up to the right
    assert style["coherence"] > photo["coherence"]
    assert judged["noise"]["scale"] < photo["scale"]
    assert enlarged["size"] == "384 × 256"
    for field in ("scale", "angle", "coherence", "chroma", "magenta"):
        assert enlarged[field] == pytest.approx(mixed[field], rel=0.1), field
