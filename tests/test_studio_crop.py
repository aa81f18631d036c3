"""A photo that is turned and cropped before it is painted: its pixels and masks, over HTTP and in a browser."""

import io

import numpy as np
import pytest
from PIL import Image
from studio_web import Web

RED, GREEN, BLUE, WHITE = (220, 40, 40), (40, 200, 60), (40, 60, 220), (240, 240, 240)
NAMES = {RED: "red", GREEN: "green", BLUE: "blue", WHITE: "white"}
SIDE = 800, 600


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with Web(tmp_path_factory.mktemp("crop"), max_canvas=400, jobs_per_hour=1000).serving() as web:
        yield web


@pytest.fixture
def web(studio):
    studio.forget()
    return studio


def quarters(orientation=1):
    """A photo of 800 × 600, held so: upright it is red and green above blue and white, in any orientation."""
    pixels = np.empty((SIDE[1], SIDE[0], 3), np.uint8)
    pixels[:300, :400], pixels[:300, 400:], pixels[300:, :400], pixels[300:, 400:] = RED, GREEN, BLUE, WHITE
    held = Image.fromarray(pixels)
    if orientation == 6:  # a viewer turns it clockwise
        held = held.transpose(Image.Transpose.ROTATE_90)
    exif, data = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    held.save(data, "PNG", exif=exif)
    return data.getvalue()


def seen(png):
    """The colours at the middles of a picture's four quarters, row by row; and its size."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    places = [(round(x * image.width), round(y * image.height)) for y in (0.25, 0.75) for x in (0.25, 0.75)]
    found = [image.getpixel(place) for place in places]
    names = [min(NAMES, key=lambda color: np.abs(np.subtract(color, pixel)).sum()) for pixel in found]
    return " ".join(NAMES[color] for color in names), image.size


def ask(web, *files, **data):
    sent = [("photo", ("a.png", data.pop("photo", quarters())))] if "photo_of" not in data else []
    return web.client.post("/api/paintings", data=data, files=[*sent, *files] or {"none": b""})


def painted(web, answer):
    """What the painter gets of a photo."""
    assert answer.status_code == 201, answer.text
    return seen(web.files.read(web.row(answer.json()["token"]).id, "photo.png"))


CUTS = [
    ({}, "red green blue white", (400, 300)),
    ({"turn": "90"}, "blue red white green", (300, 400)),
    ({"turn": "180"}, "white blue green red", (400, 300)),
    ({"turn": "270"}, "green white red blue", (300, 400)),
    # no pixel is lost to the canvas before the crop: a quarter of 800 px is 400 px still
    ({"crop": "0.5,0,1,0.5"}, "green green green green", (400, 300)),
    ({"crop": "0.25,0,0.75,1"}, "red green blue white", (267, 400)),
    ({"turn": "90", "crop": "0,0.5,1,1"}, "white green white green", (400, 267)),
]


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(("asked", "colors", "size"), CUTS)
def test_the_painter_gets_what_is_kept_of_the_photo(web, orientation, asked, colors, size):
    assert painted(web, ask(web, photo=quarters(orientation), **asked)) == (colors, size)


def test_the_canvas_has_the_crops_shape_and_masks_are_cut_alike(web):
    mask = np.zeros((150, 200), np.uint8)  # of another size than the photo: its left half
    mask[:, :100] = 255
    data = io.BytesIO()
    Image.fromarray(mask).save(data, "PNG")
    asked = {"style": "night", "mask_style": "ink", "turn": "90", "crop": "0,0,1,0.75"}
    told = ask(web, ("mask", ("m.png", data.getvalue())), **asked).json()
    assert (told["width"], told["height"]) == (400, 400)

    def held(token):
        kept = Image.open(io.BytesIO(web.files.read(web.row(token).id, "mask-0.png"))).convert("L")
        return [[int(kept.getpixel((x * kept.width, y * kept.height))) for x in (0.2, 0.8)] for y in (0.3, 0.9)]

    assert held(told["token"]) == [[255, 255], [0, 0]]  # the left half is above, and a third of the rest is cut away

    # again: what was cropped stays so, and the cut is of what is left
    again = {"photo_of": told["token"], "masks_of": told["token"], "style": "night"}
    same = ask(web, **again)
    assert painted(web, same) == ("blue red white green", (400, 400))
    other = ask(web, **again, turn="180")
    assert painted(web, other)[0] == "green white red blue"
    assert held(other.json()["token"]) == [[0, 0], [255, 255]]
    gone = ask(web, ("mask", ("m.png", data.getvalue())), style="night", mask_style="ink", crop="0.6,0,1,1")
    assert (gone.status_code, "nothing of the part that is kept" in gone.json()["detail"]) == (422, True)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"turn": "45"}, "'90', '180'"),
        ({"crop": "0.1,0.1"}, "four numbers from 0 to 1"),
        ({"crop": "0.5,0,0.5,1"}, "four numbers from 0 to 1"),
        ({"crop": "0,0,1,1.5"}, "four numbers from 0 to 1"),
        ({"crop": "nan,0,1,1"}, "four numbers from 0 to 1"),
        ({"crop": "0,0,0.001,0.001"}, "crop less"),
    ],
)
def test_a_cut_that_makes_no_sense_is_refused_in_a_sentence(web, asked, words):
    for address in ("/api/paintings", "/api/faces", "/"):
        answer = web.client.post(
            address, data=asked, files={"photo": ("a.png", quarters())}, headers={"accept": "application/json"}
        )
        assert answer.status_code == 422, answer.text
        sentence = answer.json()["detail"]
        assert words in sentence
        assert "\n" not in sentence
