"""The house styles: same picture every time, rich, unlike each other, at any size; and their cache on disk."""

import importlib
import itertools
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from impasto import styles
from impasto.styles import HOUSE_STYLES, HouseStyle

Pixels = npt.NDArray[np.uint8]
NAMES = list(HOUSE_STYLES)


def luminance(pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    return np.asarray(pixels @ np.array([0.299, 0.587, 0.114]))


def shrunk(pixels: Pixels, width: int, height: int) -> Pixels:
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX))


@pytest.fixture(scope="module")
def painted() -> Callable[[str, int, int], Pixels]:
    """Renders of this module, each made once."""
    made: dict[tuple[str, int, int], Pixels] = {}

    def get(name: str, width: int, height: int) -> Pixels:
        key = (name, width, height)
        if key not in made:
            made[key] = HOUSE_STYLES[name].render(width, height)
        return made[key]

    return get


def test_there_are_enough_and_all_are_registered() -> None:
    modules = [importlib.import_module(f"{styles.__name__}.{m.name}") for m in pkgutil.iter_modules(styles.__path__)]
    written = {m.STYLE.name for m in modules if hasattr(m, "STYLE")}
    assert written == set(HOUSE_STYLES)
    assert len(HOUSE_STYLES) >= 16
    assert styles.DEFAULT_STYLE in HOUSE_STYLES


@pytest.mark.parametrize("name", NAMES)
def test_names_can_be_typed_and_texts_are_there(name: str) -> None:
    style = HOUSE_STYLES[name]
    assert style.name == name
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    assert style.title
    assert style.description.endswith(".")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("width", "height"), [(131, 97), (64, 171)])
def test_same_picture_every_time(name: str, width: int, height: int) -> None:
    first, second = (HOUSE_STYLES[name].render(width, height) for _ in range(2))
    assert first.dtype == np.uint8
    assert first.shape == (height, width, 3)
    np.testing.assert_array_equal(first, second)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(NAMES), width=st.integers(16, 300), height=st.integers(16, 300))
def test_every_size_is_painted(name: str, width: int, height: int) -> None:
    pixels = HOUSE_STYLES[name].render(width, height)
    assert pixels.shape == (height, width, 3)
    assert pixels.dtype == np.uint8
    assert pixels.std() > 5


@pytest.mark.parametrize("name", NAMES)
def test_has_darks_and_lights_all_over(name: str, painted: Callable[[str, int, int], Pixels]) -> None:
    light = luminance(painted(name, 256, 192))
    low, high = np.percentile(light, [4, 96])
    assert high - low > 85
    # no part of the picture (a sixth of its width and height) is empty
    parts = light.reshape(6, 32, -1, 32)[:, :, :8].std(axis=(1, 3))
    assert np.median(parts) > 14
    assert parts.min() > 1


def signature(pixels: Pixels) -> npt.NDArray[np.float64]:
    """Colours (a histogram of 4 x 4 x 4 bins) and strength of detail at three scales, of a picture."""
    bins = (pixels.reshape(-1, 3) // 64).astype(int) @ np.array([16, 4, 1])
    colours = np.sqrt(np.bincount(bins, minlength=64) / len(bins))
    light = luminance(pixels)
    detail = [np.std(ndimage.gaussian_filter(light, s) - ndimage.gaussian_filter(light, 2 * s)) for s in (0.7, 2, 6)]
    return np.concatenate([colours, np.array(detail) / 40])


def test_each_is_unlike_the_others(painted: Callable[[str, int, int], Pixels]) -> None:
    signatures = {name: signature(painted(name, 256, 192)) for name in NAMES}
    distances = {
        (a, b): float(np.linalg.norm(signatures[a] - signatures[b])) for a, b in itertools.combinations(NAMES, 2)
    }
    closest = min(distances, key=lambda pair: distances[pair])
    assert distances[closest] > 0.25, f"{closest} are alike: {distances[closest]:.2f}"


@pytest.mark.parametrize("name", NAMES)
def test_same_composition_at_every_size(name: str, painted: Callable[[str, int, int], Pixels]) -> None:
    small, large = painted(name, 256, 192), painted(name, 512, 384)
    pair = [shrunk(p, 64, 48).astype(np.float64).ravel() for p in (small, large)]
    assert np.asarray(np.corrcoef(pair))[0, 1] > 0.95


@pytest.mark.parametrize("name", NAMES)
def test_larger_pictures_have_finer_detail(name: str, painted: Callable[[str, int, int], Pixels]) -> None:
    small, large = painted(name, 256, 192), painted(name, 512, 384)
    enlarged = np.asarray(Image.fromarray(small).resize((512, 384), Image.Resampling.BICUBIC))
    fine, coarse = (np.std(luminance(p) - ndimage.gaussian_filter(luminance(p), 1)) for p in (large, enlarged))
    assert fine > 1.1 * coarse


class Probe:
    """A house style that counts how often it is painted."""

    def __init__(self) -> None:
        self.painted = 0

    def render(self, width: int, height: int) -> Pixels:
        self.painted += 1
        return np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8)


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Probe:
    made = Probe()
    monkeypatch.setitem(styles.HOUSE_STYLES, "probe", HouseStyle("probe", "Probe", "A probe.", made.render))
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path))
    return made


def test_a_second_call_is_served_from_the_cache(probe: Probe) -> None:
    first, second = styles.render("probe", 33, 21), styles.render("probe", 33, 21)
    np.testing.assert_array_equal(first, second)
    assert probe.painted == 1
    assert styles.render("probe", 34, 21).shape == (21, 34, 3)
    assert probe.painted == 2


@pytest.mark.usefixtures("probe")
def test_the_cache_is_under_impasto_home(tmp_path: Path) -> None:
    styles.render("probe", 33, 21)
    (file,) = (tmp_path / "cache").rglob("*.*")
    assert file.suffix == ".png"


def write_truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def write_text(file: Path) -> None:
    file.write_text("no picture")


def write_other_size(file: Path) -> None:
    Image.new("RGB", (5, 5)).save(file)


def write_grey(file: Path) -> None:
    Image.new("L", (33, 21)).save(file)


@pytest.mark.parametrize("damage", [write_truncated, write_text, write_other_size, write_grey])
def test_a_damaged_cache_file_is_replaced(probe: Probe, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    first = styles.render("probe", 33, 21)
    (file,) = (tmp_path / "cache").rglob("*.png")
    damage(file)
    np.testing.assert_array_equal(styles.render("probe", 33, 21), first)
    np.testing.assert_array_equal(np.asarray(Image.open(file)), first)
    assert probe.painted == 2


def test_a_cache_that_cannot_be_written_is_no_error(
    probe: Probe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("IMPASTO_HOME", str(blocked))
    for _ in range(2):
        assert styles.render("probe", 33, 21).shape == (21, 33, 3)
    assert probe.painted == 2
    assert blocked.read_text() == "in the way"


@pytest.mark.usefixtures("probe")
def test_a_cache_over_its_limit_loses_its_oldest_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for width in range(40, 48):
        styles.render("probe", width, 40)
    files = sorted((tmp_path / "cache").rglob("*.png"))
    monkeypatch.setattr(styles, "CACHE_LIMIT", 3 * files[-1].stat().st_size)
    styles.render("probe", 30, 30)
    kept = list((tmp_path / "cache").rglob("*.png"))
    assert 1 <= len(kept) < len(files)
    assert any("30x30" in file.name for file in kept)


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        styles.render("no-such-style", 64, 64)
