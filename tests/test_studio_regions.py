"""Parts of a photo with styles of their own, and faces that are kept: over HTTP, painted, and in a real browser."""

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import browser
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from studio_web import Web, picture

from impasto.networks.faces import find_faces
from impasto.studio.jobs import queue
from impasto.studio.web import learn
from impasto.styles import HOUSE_STYLES

SIZE = 60, 40
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 800}


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("regions")
    with Web(folder, jobs_per_hour=1000).serving() as web:
        yield web


@pytest.fixture
def web(studio):
    studio.forget()
    return studio


def mask(where=np.s_[:, :30], mode="L"):
    """White in a part of a picture, as a PNG."""
    pixels = np.zeros(SIZE[::-1], np.uint8)
    pixels[where] = 255
    image = Image.fromarray(pixels)
    if mode == "RGBA":
        image = Image.merge("RGBA", [Image.new("L", SIZE, 9)] * 3 + [image])
    data = io.BytesIO()
    image.convert(mode).save(data, "PNG")
    return data.getvalue()


def large():
    """A mask of 256 megapixels, whose file is small."""
    data = io.BytesIO()
    Image.new("1", (16_000, 16_000), 1).save(data, "PNG")
    return data.getvalue()


def ask(web, masks, photo=None, **data):
    files = [("photo", ("a.png", photo or picture(size=SIZE)))]
    return web.client.post("/api/paintings", data=data, files=files + [("mask", ("m.png", each)) for each in masks])


def test_masks_are_taken_shown_used_again_and_deleted_with_the_painting(web):
    told = ask(web, [mask(), mask(np.s_[:20, 30:], "RGBA")], style="night", mask_style=["ink", "oil"]).json()
    assert [style["name"] for style in told["styles"]] == ["night"]
    assert [region["name"] for region in told["regions"]] == ["ink", "oil"]
    job = web.row(told["token"])
    kept = [np.asarray(Image.open(io.BytesIO(web.files.read(job.id, f"mask-{n}.png"))).convert("L")) for n in (0, 1)]
    assert [each[10, [5, 50]].tolist() for each in kept] == [[255, 0], [0, 255]]
    assert web.client.get(told["regions"][1]["mask"]).headers["content-type"] == "image/webp"

    files = {"photo": ("a.png", picture(size=SIZE))}
    again = web.client.post("/api/paintings", data={"masks_of": told["token"], "bare": "on"}, files=files).json()
    assert again["styles"] == []
    assert [region["name"] for region in again["regions"]] == ["ink", "oil"]
    other = web.row(again["token"])
    assert web.files.read(other.id, "mask-1.png") == web.files.read(job.id, "mask-1.png")

    plain = ask(web, [], style="ink").json()["token"]
    refused = web.client.post("/api/paintings", data={"masks_of": plain, "bare": "on"}, files=files)
    assert (refused.status_code, "choose a style" in refused.json()["detail"]) == (422, True)

    page = web.client.get("/", params={"again": again["token"]}).text
    assert f'name="masks_of" value="{again["token"]}" checked' in page
    assert 'name="bare" checked' in page
    assert web.client.delete(f"/api/paintings/{told['token']}").status_code == 204
    assert web.files.names(job.id) == []


def test_a_style_of_ones_own_holds_in_a_part(web):
    mine = picture(size=(48, 48))
    files = [("photo", ("a.png", picture(size=SIZE))), ("mask", ("m.png", mask())), ("style_file", ("mine.png", mine))]
    asked = {"style": "night", "mask_style": "own-0", "style_file_weight": "0"}
    told = web.client.post("/api/paintings", data=asked, files=files).json()
    assert [(style["name"], style["own"]) for style in told["styles"]] == [("night", False)]
    assert [(part["name"], part["own"]) for part in told["regions"]] == [("mine", True)]
    assert web.client.get(told["regions"][0]["image"]).headers["content-type"] == "image/webp"
    page = web.client.get("/", params={"again": told["token"]}).text
    assert '<option value="earlier-1">mine, of before</option>' in page

    photo, token = files[0], told["token"]
    kept = web.files.read(web.row(token).id, "style-1.png")
    for again, sent in (({"masks_of": token}, []), ({"style_of": token, "mask_style": "earlier-1"}, [files[1]])):
        other = web.client.post("/api/paintings", data={"style": "ink", **again}, files=[photo, *sent]).json()
        assert [(part["name"], part["own"]) for part in other["regions"]] == [("mine", True)]
        assert web.files.read(web.row(other["token"]).id, "style-1.png") == kept

    both = web.client.post("/api/paintings", data={"mask_style": "own-0"}, files=files).json()
    assert [style["name"] for style in both["styles"] + both["regions"]] == ["mine", "mine"]
    assert both["styles"][0]["image"] == both["regions"][0]["image"]


def test_a_rest_that_is_to_stay_needs_a_part(web):
    files = [("photo", ("a.png", picture(size=SIZE))), ("style_file", ("mine.png", picture(size=SIZE)))]
    told = web.client.post("/api/paintings", data={"bare": "on"}, files=files).json()
    assert [(style["name"], style["own"]) for style in told["styles"]] == [("mine", True)]


@pytest.mark.parametrize(
    ("masks", "styles", "words"),
    [
        ([mask()], [], "has no style"),
        ([mask()], ["nothing"], "has no style"),
        ([mask()], ["own-0"], "no picture of it"),
        ([mask()], ["earlier-1"], "no longer here"),
        ([mask()] * 4, ["ink"] * 4, "At most 3"),
        ([mask(np.s_[:0])], ["ink"], "marks nothing"),
        ([b"no picture"], ["ink"], "no picture"),
        ([large()], ["ink"], "make it smaller"),
    ],
    ids=["no style", "unknown style", "own", "earlier", "four", "black", "no picture", "large"],
)
def test_masks_that_make_no_sense_are_refused_in_a_sentence(web, masks, styles, words):
    answer = ask(web, masks, style="night", mask_style=styles)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


# One attempt at a job, in a process of its own, which gives way to all others.
ATTEMPT = """
import sys
from impasto.studio.configuration import Configuration
from impasto.studio.jobs.attempts import Attempt
from impasto.studio.painters.task import paint
paint(Configuration(), Attempt(int(sys.argv[1]), 1))
"""


def test_a_part_is_painted_in_its_style_and_the_rest_stays(web, home):
    photo = picture(size=(64, 48))
    asked = {"mask_style": "woodblock", "bare": "on", "keep_faces": "on", "quality": "draft", "size": "64"}
    assert ask(web, [mask()], photo, **asked).status_code == 201
    job, _ = web.claimed()
    assert job.settings["keep_faces"] is True
    settings = {"IMPASTO_DATA_DIR": str(web.configuration.data_dir), "IMPASTO_PAINTER_THREADS": "1"}
    environment = {**os.environ, **settings, "IMPASTO_HOME": str(home)}
    subprocess.run([sys.executable, "-c", ATTEMPT, str(job.id)], env=environment, check=True, capture_output=True)
    painted, before = (
        np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), int)
        for data in (web.files.read(job.id, "painting.png"), photo)
    )
    change = np.abs(painted - before).mean(2)
    assert change[:, 40:].max() <= 1
    assert change[:, :24].mean() > 8


def test_faces_that_are_kept_are_marked_on_the_photo(web, chromium):
    portrait = Path(learn.STATIC / "portrait.webp").read_bytes()
    with chromium.new_context(viewport=PHONE, base_url=web.url) as context:
        page = context.new_page()
        page.goto("/")
        page.get_by_label("Keep faces").check()
        state, marks = page.locator("#faces-state"), page.locator("#faces ellipse.over")
        expect(state).to_be_empty()
        page.set_input_files("#photo", {"name": "a.webp", "mimeType": "image/webp", "buffer": portrait})
        expect(state).to_have_text("One face is marked on your photo.", timeout=60_000)
        shown, marked = page.locator("#preview").bounding_box(), marks.bounding_box()
        (face,) = find_faces(np.asarray(Image.open(io.BytesIO(portrait)).convert("RGB")))
        middle = marked["x"] + marked["width"] / 2 - shown["x"]
        width, _ = Image.open(io.BytesIO(portrait)).size
        assert middle / shown["width"] == pytest.approx((face.left + face.right) / 2 / width, abs=0.02)
        browser.keep_screen(page, "faces", "light")
        page.set_input_files("#photo", {"name": "b.png", "mimeType": "image/png", "buffer": picture(size=(300, 200))})
        expect(state).to_have_text("No face was found: nothing is kept.")
        expect(marks).to_have_count(0)
        page.get_by_label("Keep faces").uncheck()
        expect(state).to_be_empty()

    token = ask(web, [], photo=portrait, style="ink").json()["token"]
    found = web.client.post("/api/faces", data={"photo_of": token}).json()
    assert found["faces"][0]["x"] == pytest.approx((face.left + face.right) / 2, abs=2)
    assert web.client.post("/api/faces").status_code == 422


@pytest.mark.parametrize(("view", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_parts_are_painted_on_the_photo_by_mouse_and_by_keyboard(web, chromium, view, scheme):
    browser.needed(browser.AXE, "npm install --no-save axe-core")
    errors = []
    with chromium.new_context(viewport=view, color_scheme=scheme, base_url=web.url) as context:
        context.add_init_script(path=browser.AXE)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto("/")
        page.get_by_text("Another style in a part of the photo").click()
        expect(page.locator("#brush-empty")).to_be_visible()
        given = {"name": "a.png", "mimeType": "image/png", "buffer": picture(size=(300, 200))}
        page.set_input_files("#photo", given)
        board, state = page.locator("#board"), page.locator("#brush-state")
        expect(board).to_be_visible()
        board.scroll_into_view_if_needed()
        box = board.bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.5)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.5, steps=4)
        page.mouse.up()
        expect(state).to_have_text("Part 1 covers 4% of the photo.")  # 60 × 30 px and a disc of 30, of 60,000
        page.get_by_role("button", name="Invert").click()
        expect(state).to_have_text("Part 1 covers 96% of the photo.")
        page.get_by_role("button", name="Undo").click()
        expect(state).to_have_text("Part 1 covers 4% of the photo.")

        page.locator("#brush-tools .segments label", has_text="2").click()
        board.focus()
        page.keyboard.press(" ")
        expect(state).to_have_text("Part 2 covers 1% of the photo.")
        page.keyboard.press("Control+z")
        expect(state).to_have_text("Part 2 is empty.")
        page.keyboard.press(" ")
        page.keyboard.press("]")
        page.keyboard.press("Shift+ArrowDown")
        expect(state).to_have_text("Part 2 covers 3% of the photo.")
        assert browser.axe_finds(page, {}) == []
        browser.keep_screen(page, "regions", scheme)
        browser.fits(page)
        second = page.get_by_label("Style of part 2")
        assert second.locator("option[value=own-0]").is_disabled()
        page.set_input_files("#style-file", {"name": "mine.png", "mimeType": "image/png", "buffer": picture()})
        page.locator("label[title]", has_text="Night").click()  # and no longer the own one
        second.select_option("own-0")
        page.get_by_label("Leave the rest as it is").check()
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url("**/p/*")
        token = page.url.rpartition("/")[2]
    assert errors == []
    job = web.row(token)
    assert [(style["name"], style["file"], style["mask"]) for style in job.styles] == [
        (next(iter(HOUSE_STYLES)), None, "mask-0.png"), ("mine", "style-1.png", "mask-1.png")
    ]  # fmt: skip
    first = np.asarray(Image.open(io.BytesIO(web.files.read(job.id, "mask-0.png"))).convert("L"), int)
    assert first[100, [30, 90, 200]].tolist() == [0, 255, 0]
    with web.database.session() as session:
        assert queue.claim(session, time.time(), 30).id == job.id
