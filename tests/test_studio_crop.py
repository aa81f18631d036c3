"""A photo that is turned and cropped before it is painted: its pixels and masks, over HTTP and in a browser."""

import io

import browser
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from studio_web import Web

RED, GREEN, BLUE, WHITE = (220, 40, 40), (40, 200, 60), (40, 60, 220), (240, 240, 240)
NAMES = {RED: "red", GREEN: "green", BLUE: "blue", WHITE: "white"}
SIDE = 800, 600
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


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


def given(orientation=1):
    return {"name": "quarters.png", "mimeType": "image/png", "buffer": quarters(orientation)}


def drag(page, place, to):
    """Press at a place of the photo in the dialog, in shares of its sides, and let go at another."""
    box = page.locator("#turned").bounding_box()
    for move, (x, y) in ((page.mouse.down, place), (page.mouse.up, to)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        move()


def touch(page, place, to):
    """The same with a finger."""
    box = page.locator("#turned").bounding_box()
    client = page.context.new_cdp_session(page)
    for kind, (x, y) in (("touchStart", place), ("touchMove", to), ("touchEnd", to)):
        at = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
        points = [] if kind == "touchEnd" else [at]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.mark.parametrize(
    ("view", "scheme", "pull"), [(DESK, "light", drag), (PHONE, "dark", touch)], ids=["desk", "phone"]
)
def test_the_frame_is_drawn_and_moved_and_parts_stay_where_they_were_painted(web, chromium, view, scheme, pull):
    browser.needed(browser.AXE, "npm install --no-save axe-core")
    errors, asked = [], []
    options = {"has_touch": True} if pull is touch else {}
    with chromium.new_context(viewport=view, color_scheme=scheme, base_url=web.url, **options) as context:
        context.add_init_script(path=browser.AXE)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: "Policy" in message.text and errors.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto("/")
        page.set_input_files("#photo", given(6))
        expect(page.locator("#photo-state")).to_have_text("quarters.png")
        assert not any(f"static/{room}/" in url for url in asked for room in ("crop", "parts"))  # loaded when needed

        page.get_by_text("Another style in a part of the photo").click()
        board, covers = page.locator("#board"), page.locator("#brush-state")
        expect(board).to_be_visible()
        board.focus()
        page.keyboard.press(" ")  # a disc of a tenth of the long side, in the middle
        expect(covers).to_have_text("Part 1 covers 1% of the photo.")

        page.get_by_role("button", name="Crop or turn").click()
        frame, state = page.locator("#frame"), page.locator("#frame-state")
        expect(frame).to_be_focused()
        expect(state).to_have_text("800 × 600 pixels, from 0% of the width and 0% of the height.")
        pull(page, (0.99, 0.99), (0.79, 0.49))
        expect(state).to_contain_text("640 × 300 pixels")
        pull(page, (0.4, 0.25), (0.5, 0.5))
        expect(state).to_have_text("640 × 300 pixels, from 10% of the width and 25% of the height.")
        for key in ("ArrowLeft", "ArrowUp", "Shift+ArrowLeft"):
            page.keyboard.press(key)
        expect(state).to_have_text("624 × 300 pixels, from 8% of the width and 23% of the height.")
        page.get_by_role("button", name="Turn right").click()
        expect(state).to_have_text("300 × 624 pixels, from 27% of the width and 8% of the height.")
        page.get_by_label("A4, A3 upright").check()
        expect(state).to_have_text("566 × 800 pixels, from 5% of the width and 0% of the height.")
        frame.focus()
        for key in ("Shift+ArrowLeft", "ArrowRight"):
            page.keyboard.press(key)
        expect(state).to_have_text("554 × 783 pixels, from 7% of the width and 0% of the height.")
        browser.looked_at(page, "crop")
        page.emulate_media(color_scheme=scheme)
        page.get_by_role("button", name="Use this").click()
        expect(page.locator("#cut-state")).to_have_text("Turned to the right. Cropped to 554 × 783 pixels.")
        assert page.locator("#preview").evaluate("({ naturalWidth: w, naturalHeight: h }) => [w, h]") == [554, 783]
        assert page.locator("#board").evaluate("({ width, height }) => [width, height]") == [554, 783]
        expect(covers).to_have_text("Part 1 covers 1% of the photo.")
        browser.keep_screen(page, "cropped", scheme)
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url("**/p/*")
        job = web.row(page.url.rpartition("/")[2])
    assert errors == []
    assert seen(web.files.read(job.id, "photo.png")) == ("blue red white green", (283, 400))
    mask = Image.open(io.BytesIO(web.files.read(job.id, "mask-0.png"))).convert("L")
    assert mask.size == (283, 400)
    middle = mask.getbbox()  # of the photo, which was 300 px from the left and 400 px from above
    assert np.add(middle[:2], middle[2:]) / 2 == pytest.approx(((300 - 41) * 400 / 783, 400 * 400 / 783), abs=2)


def test_a_photo_is_turned_without_a_script_and_again(web, chromium):
    with chromium.new_context(base_url=web.url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/")
        page.set_input_files("#photo", given())
        page.get_by_label("Turn it").select_option("to the left")
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url("**/p/*")
        first = page.url.rpartition("/")[2]
        page.goto(f"/?again={first}")
        assert page.get_by_label("Turn it").input_value() == "0"
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url(lambda url: "/p/" in url and first not in url)
        again = page.url.rpartition("/")[2]
    for token in (first, again):
        assert seen(web.files.read(web.row(token).id, "photo.png")) == ("green white red blue", (300, 400))


def test_another_photo_is_not_cropped_and_the_dialog_gives_up(web, chromium):
    with chromium.new_context(viewport=DESK, base_url=web.url) as context:
        page = context.new_page()
        page.goto("/")
        expect(page.get_by_role("button", name="Crop or turn")).to_have_count(0)
        page.set_input_files("#photo", given())
        for end in ("Escape", "Use this"):
            page.get_by_role("button", name="Crop or turn").click()
            expect(page.get_by_label("Free", exact=True)).to_be_checked()  # and no longer the shape of before
            page.get_by_label("Square", exact=True).check()
            expect(page.locator("#frame-state")).to_contain_text("600 × 600 pixels")
            if end == "Escape":
                page.keyboard.press(end)
                assert page.input_value("#crop") == ""
            else:
                page.get_by_role("button", name=end).click()
        expect(page.locator("#cut-state")).to_have_text("Cropped to 600 × 600 pixels.")
        assert page.input_value("#crop") == "0.125,0,0.875,1"
        page.get_by_role("button", name="Crop or turn").click()
        page.get_by_role("button", name="All of it").click()
        page.get_by_role("button", name="Use this").click()
        expect(page.locator("#cut-state")).to_be_empty()
        page.get_by_role("button", name="Crop or turn").click()
        page.get_by_role("button", name="Turn left").click()
        expect(page.locator("#frame-state")).to_contain_text("600 × 800 pixels")
        page.get_by_role("button", name="Use this").click()
        expect(page.locator("#cut-state")).to_have_text("Turned to the left.")
        page.set_input_files("#photo", given(6) | {"name": "other.png"})
        expect(page.locator("#photo-state")).to_have_text("other.png")
        expect(page.locator("#cut-state")).to_be_empty()
        assert (page.input_value("#turn"), page.input_value("#crop")) == ("0", "")
