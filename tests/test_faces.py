"""The finder of faces: its numbers against those of CenterFace's own file, and where it finds faces and where none."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from impasto.images import arrays
from impasto.networks import faces
from impasto.networks.faces import Face, face_map, find_faces

# What the original gives, run from its own file by ONNX Runtime: the mean and the deviation of each of the 15 numbers
# over a picture, and the numbers at one place. The first is a score.
ORIGINAL = {
    "portrait": (
        (512, 512),
        (0.00464, 2.76, 2.61, -0.00823, -0.00451, 0.432, 0.329, 0.417, 0.635, 0.583, 0.448, 0.74, 0.373, 0.725, 0.608),
        (0.0283, 0.694, 0.74, 0.0642, 0.0628, 0.111, 0.0902, 0.114, 0.109, 0.127, 0.145, 0.098, 0.113, 0.0968, 0.113),
        (0.929, 3.4, 3.09, 0.003, -0.07, 0.363, 0.246, 0.39, 0.744, 0.56, 0.473, 0.703, 0.245, 0.723, 0.676),
    ),
    "cat": (
        (448, 288),
        (0.00914, 3.25, 3.15, -0.0103, 0.00203, 0.464, 0.376, 0.455, 0.654, 0.629, 0.5, 0.778, 0.402, 0.771, 0.612),
        (0.00892, 0.703, 0.708, 0.056, 0.0541, 0.146, 0.131, 0.146, 0.14, 0.186, 0.218, 0.12, 0.141, 0.122, 0.14),
        (0.013, 3.875, 3.718, 0.046, 0.041, 0.565, 0.264, 0.55, 0.599, 0.821, 0.376, 0.938, 0.379, 0.927, 0.615),
    ),
    "coffee": (
        (480, 320),
        (0.00253, 2.73, 2.61, -0.0111, 0.00515, 0.401, 0.328, 0.4, 0.634, 0.542, 0.426, 0.7, 0.337, 0.695, 0.575),
        (0.00162, 0.726, 0.722, 0.063, 0.0562, 0.146, 0.0843, 0.148, 0.0932, 0.164, 0.113, 0.119, 0.0966, 0.118, 0.101),
        (0.003, 3.598, 3.515, -0.033, 0.068, 0.315, 0.354, 0.325, 0.764, 0.492, 0.548, 0.732, 0.351, 0.742, 0.672),
    ),
}
PLACE = 29, 56
# The face of the portrait by the original: its box, the eyes, the nose, the mouth's corners.
BOX = 181.8, 58.1, 269.7, 178.0
POINTS = (203.4, 101.6), (247.2, 104.8), (223.3, 125.2), (203.3, 142.4), (241.2, 144.7)


def example(name):
    with Image.open(f"examples/{name}.jpg") as image:
        return image.convert("RGB")


@pytest.fixture(scope="module")
def portrait():
    return example("portrait")


@pytest.fixture(scope="module")
def face(portrait):
    """The one face that is in it."""
    (found,) = find_faces(np.asarray(portrait))
    return found


def box(face):
    return np.array([face.left, face.top, face.right, face.bottom])


def at(face, scale=1.0, left=0.0, top=0.0):
    """A face's box in a picture that was resized and pasted elsewhere."""
    return scale * box(face) + [left, top, left, top]


def common(box, other):
    """The area that is common to two boxes, in parts of what they cover."""
    width, height = np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])
    both = max(0, width) * max(0, height)
    return both / (np.prod(box[2:] - box[:2]) + np.prod(other[2:] - other[:2]) - both)


@pytest.mark.parametrize("name", ORIGINAL)
def test_the_networks_numbers_are_the_originals(name):
    (width, height), mean, deviation, numbers = ORIGINAL[name]
    pixels = np.asarray(example(name))[:height, :width]
    with torch.no_grad():
        found = faces._network()(torch.tensor(pixels).permute(2, 0, 1)[None].float())[0].double()
    found[0] = found[0].sigmoid()
    # The weights are rounded, and so are the numbers above.
    np.testing.assert_allclose(found.mean((1, 2)), mean, rtol=4e-3, atol=2e-4)
    np.testing.assert_allclose(found.std((1, 2), correction=0), deviation, rtol=1e-2)
    np.testing.assert_allclose(found[:, PLACE[0], PLACE[1]], numbers, atol=6e-3)


def test_box_and_points_are_the_originals(face):
    np.testing.assert_allclose(box(face), BOX, atol=0.5)
    np.testing.assert_allclose(face.points, POINTS, atol=0.5)
    assert face.score == pytest.approx(0.929, abs=2e-3)
    assert math.degrees(face.tilt) == pytest.approx(3, abs=3)


@pytest.mark.parametrize("name", ["coffee", "cat"])
def test_no_face_where_there_is_none(name):
    assert find_faces(np.asarray(example(name))) == []


def test_no_face_in_textures():
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (300, 400, 3), np.uint8)
    brushed = Image.fromarray(noise[:30, :40]).resize((400, 300), Image.Resampling.BICUBIC)
    stripes = np.broadcast_to(np.arange(400, dtype=np.uint8)[None, :, None] // 8 % 2 * 255, (300, 400, 3))
    for texture in (noise, np.asarray(brushed), stripes):
        assert find_faces(texture) == []


@pytest.mark.parametrize("size", [(0, 0), (0, 9), (9, 0), (1, 1), (5, 7), (1, 300), (300, 1), (33, 31)])
def test_pictures_of_any_size(size):
    assert find_faces(np.full((*size, 3), 200, np.uint8)) == []
    assert face_map([], *size).shape == size


def test_a_mirrored_picture_has_mirrored_faces(portrait, face):
    (mirrored,) = find_faces(np.asarray(portrait)[:, ::-1])
    left, top, right, bottom = box(mirrored)
    assert common(np.array([512 - right, top, 512 - left, bottom]), box(face)) > 0.9
    turned = [(512 - x, y) for x, y in mirrored.points]
    eye, other, nose, corner, end = turned
    np.testing.assert_allclose([other, eye, nose, end, corner], face.points, atol=4)
    assert mirrored.tilt == pytest.approx(-face.tilt, abs=0.1)


@pytest.mark.parametrize("degrees", [-40, -20, 20, 40, 90, 180])
def test_a_turned_picture_has_turned_faces(portrait, face, degrees):
    (found,) = find_faces(np.asarray(portrait.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=(128, 128, 128))))
    # Pillow turns counterclockwise around the middle.
    middle = complex(face.left + face.right - 512, face.top + face.bottom - 512) / 2
    middle *= complex(math.cos(math.radians(degrees)), -math.sin(math.radians(degrees)))
    x, y = (found.left + found.right) / 2 - 256, (found.top + found.bottom) / 2 - 256
    assert abs(complex(x, y) - middle) < 0.15 * (face.bottom - face.top)
    if abs(degrees) <= 40:
        leant = math.degrees(found.tilt - face.tilt)
        assert leant == pytest.approx(-degrees, abs=12)


@pytest.mark.parametrize("share", [1 / 30, 1 / 45])
def test_small_faces(portrait, face, share):
    scale = share * 1024 / (face.bottom - face.top)
    side = round(512 * scale)
    canvas = Image.new("RGB", (1024, 700), (90, 110, 130))
    canvas.paste(portrait.resize((side, side), Image.Resampling.LANCZOS), (600, 333))
    (found,) = find_faces(np.asarray(canvas))
    assert common(box(found), at(face, side / 512, 600, 333)) > 0.5


@pytest.mark.parametrize("side", [1100, 300, 60])
def test_a_face_that_fills_the_picture(portrait, face, side):
    left, top, right, bottom = map(round, box(face))
    close = portrait.crop((left, top, right, bottom)).resize((side * (right - left) // (bottom - top), side))
    (found,) = find_faces(np.asarray(close))
    assert common(box(found), np.array([0, 0, *close.size])) > 0.6


def test_a_large_picture(portrait, face):
    large = np.asarray(portrait).repeat(4, 0).repeat(4, 1)
    (found,) = find_faces(large)
    assert common(box(found), at(face, 4)) > 0.8


def test_a_face_that_the_edge_cuts_may_reach_past_it(portrait, face):
    cut = round((face.left + face.right) / 2) - 25
    (found,) = find_faces(np.asarray(portrait)[:, cut:])
    assert found.left < 5
    assert common(box(found), at(face, left=-cut)) > 0.5


def test_a_dark_picture(portrait, face):
    (found,) = find_faces(np.asarray(portrait) // 7)
    assert common(box(found), box(face)) > 0.7


def test_several_faces_the_largest_first(portrait, face):
    canvas = Image.new("RGB", (900, 620), (60, 60, 60))
    places = ((400, 20, 512), (20, 30, 256), (40, 350, 128), (250, 330, 140))
    for left, top, side in places:
        canvas.paste(portrait.resize((side, side), Image.Resampling.LANCZOS), (left, top))
    found = find_faces(np.asarray(canvas))
    assert len(found) == len(places)
    for one, (left, top, side) in zip(found, sorted(places, key=lambda place: -place[2]), strict=True):
        assert common(box(one), at(face, side / 512, left, top)) > 0.6
    assert [one for one in find_faces(np.asarray(canvas), 0.8) if one.score < 0.8] == []
    assert len(find_faces(np.asarray(canvas), 0.99)) == 0


def test_a_map_covers_the_face_and_its_ears(face):
    made = face_map([face], 512, 512)
    assert made.dtype == np.uint8
    assert made.shape == (512, 512)
    x, y = (face.left + face.right) / 2, (face.top + face.bottom) / 2
    for u, v in (*face.points, (x, face.top), (x, face.bottom), (face.left, y), (face.right, y)):
        assert made[round(v), round(u)] == 255
    width, height = face.right - face.left, face.bottom - face.top
    assert made[round(y), round(face.left - 0.5 * width)] == 0
    assert made[round(face.top - 0.5 * height), round(x)] == 0
    # Outwards it only falls, and never by more than a tenth from one pixel to the next.
    line = made[round(y), round(x) :].astype(int)
    assert (np.diff(line) <= 0).all()
    assert np.diff(line).min() > -26


def turned(face, angle):
    """The same face with its points turned around its box's middle."""
    middle = complex(face.left + face.right, face.top + face.bottom) / 2
    at = [middle + (complex(*point) - middle) * complex(math.cos(angle), math.sin(angle)) for point in face.points]
    return replace(face, points=tuple((point.real, point.imag) for point in at))


UPRIGHT = Face(40, 30, 80, 90, 0.9, ((50, 52), (70, 52), (60, 64), (52, 76), (68, 76)))


def test_a_map_leans_as_the_head_does():
    for degrees in (-90, -30, 0, 45, 120):
        leaning = turned(UPRIGHT, math.radians(degrees))
        assert math.degrees(leaning.tilt) == pytest.approx(degrees)
        y, x = np.indices((120, 120))
        made = face_map([leaning], 120, 120).astype(float)
        spread = np.cov(np.stack([x.ravel(), y.ravel()]), aweights=made.ravel())
        long = np.linalg.eigh(spread)[1][:, 1]  # along the face, from brow to chin
        expected = -math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
        assert abs(long @ expected) == pytest.approx(1, abs=1e-3)


def test_in_profile_the_mouth_says_how_a_head_leans():
    profile = replace(UPRIGHT, points=((50, 52), (51, 55), (40, 64), (46, 76), (48, 76)))
    assert abs(math.degrees(profile.tilt)) < 20  # the line between the eyes alone says 72


@given(
    left=st.floats(-200, 200),
    top=st.floats(-200, 200),
    scale=st.floats(0.01, 5),
    angle=st.floats(-math.pi, math.pi),
    height=st.integers(1, 90),
    width=st.integers(1, 90),
)
@settings(max_examples=60, deadline=None)
def test_a_mirrored_face_has_the_mirrored_map_wherever_it_is(left, top, scale, angle, height, width):
    moved = turned(UPRIGHT, angle)
    moved = replace(
        moved,
        left=scale * moved.left + left,
        right=scale * moved.right + left,
        top=scale * moved.top + top,
        bottom=scale * moved.bottom + top,
        points=tuple((scale * x + left, scale * y + top) for x, y in moved.points),
    )
    eye, other, nose, corner, end = ((width - x, y) for x, y in moved.points)
    mirrored = replace(
        moved, left=width - moved.right, right=width - moved.left, points=(other, eye, nose, end, corner)
    )
    made, expected = face_map([moved], height, width), face_map([mirrored], height, width)[:, ::-1]
    assert np.abs(made.astype(int) - expected).max() <= 1
    both = face_map([moved, mirrored], height, width)
    assert (both == np.maximum(made, expected[:, ::-1])).all()


def test_a_map_made_in_strips_is_the_same(face, monkeypatch):
    whole = face_map([face], 512, 512)
    monkeypatch.setattr(arrays, "AT_ONCE", 1000)
    assert (face_map([face], 512, 512) == whole).all()
