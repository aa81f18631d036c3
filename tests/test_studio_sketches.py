"""Sketches: the visitor's own photo, small, in each style and as the form asks for it."""

import base64
import io

import browser
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from studio_web import Web, picture
from test_studio_regions import mask

WIDE = picture(size=(300, 200))


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with Web(tmp_path_factory.mktemp("sketches"), sketches=True, jobs_per_hour=1000).serving() as web:
        yield web


@pytest.fixture
def web(studio):
    studio.forget()
    studio.application.state.outlooks.forget()
    return studio


def ask(web, *files, **data):
    return web.client.post("/api/sketches", data=data, files=[("photo", ("a.png", WIDE)), *files])


def pixels(answer):
    assert answer.status_code == 200, answer.text
    data = base64.b64decode(answer.json()["picture"].partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), int)


def test_a_sketch_is_what_the_form_asks_for(web):
    night, ink = (pixels(ask(web, style=name)) for name in ("night", "ink"))
    assert night.shape == ink.shape == (128, 192, 3)
    assert np.abs(night - ink).mean() > 10
    parted = pixels(ask(web, ("mask", ("m.png", mask())), style="night", mask_style="ink"))
    assert np.abs(parted - ink)[:, :80].mean() < np.abs(parted - night)[:, :80].mean()
    assert np.abs(parted - night)[:, -80:].mean() < np.abs(parted - ink)[:, -80:].mean()
    assert pixels(ask(web, ("style_file", ("mine.png", picture(size=(90, 90)))))).shape == night.shape
    assert pixels(ask(web, style="ink", turn="90", crop="0,0,1,0.5")).shape == (144, 192, 3)
    assert ask(web, style="nothing").status_code == 422


def test_while_paintings_wait_sketches_have_a_twentieth_of_the_time(web):
    assert ask(web, style="ink").status_code == 200
    files = {"photo": ("a.png", WIDE)}
    assert web.client.post("/api/paintings", data={"style": "ink"}, files=files).status_code == 201
    later = ask(web, style="ink")
    assert (later.status_code, "try again" in later.json()["detail"]) == (503, True)
    assert int(later.headers["retry-after"]) > 1


def test_the_cards_show_ones_own_photo_and_follow_the_form(web, chromium):
    errors, asked = [], []
    with chromium.new_context(viewport={"width": 1280, "height": 900}, base_url=web.url) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: "sketches" in request.url and asked.append(request))
        page.goto("/")
        page.set_input_files("#photo", {"name": "a.png", "mimeType": "image/png", "buffer": WIDE})
        figure, cards = page.locator("#sketch"), page.locator(".style img.sketched")
        expect(figure).to_be_visible(timeout=60_000)
        expect(cards.nth(1)).to_be_visible(timeout=60_000)
        first = page.locator("#sketch img").get_attribute("src")
        assert page.locator(".style img.sketched").first.get_attribute("src") == first  # the chosen one's card
        page.get_by_role("button", name="Crop or turn").click()
        page.get_by_label("Square", exact=True).check()
        page.get_by_role("button", name="Use this").click()
        expect(page.locator("#cut-state")).to_have_text("Cropped to 200 × 200 pixels.")
        expect(page.locator("#sketch img")).not_to_have_attribute("src", first, timeout=60_000)
        sides = "image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])"
        assert page.locator("#sketch img").evaluate(sides) == [192, 192]
        expect(cards.nth(1)).to_be_visible(timeout=60_000)
        count = len(asked)
        page.locator("label[title]", has_text="Woodblock").click()
        second = page.locator(".style:has(input[value=woodblock]) img").get_attribute("src")
        expect(page.locator("#sketch img")).to_have_attribute("src", second)  # its card has it already
        assert len(asked) <= count + 2
        browser.keep_screen(page, "sketches", "light")
        page.set_viewport_size({"width": 390, "height": 800})
        page.emulate_media(color_scheme="dark")
        browser.keep_screen(page, "sketches", "dark")
        page.get_by_label("Mix up to three").check()
        page.locator("label[title]", has_text="Oil").click()
        expect(page.locator("#sketch img")).not_to_have_attribute("src", second, timeout=30_000)
        page.get_by_role("button", name="Take it away").first.click()
        expect(cards).to_have_count(0)
        expect(figure).to_be_hidden()
    assert errors == []
