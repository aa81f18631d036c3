"""Sizes that are called after what a painting is for: over HTTP, and in a browser."""

import io

import browser
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from studio_web import Web

LARGEST = 1960
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with Web(tmp_path_factory.mktemp("sizes"), max_canvas=LARGEST, jobs_per_hour=1000).serving() as web:
        yield web


@pytest.fixture
def web(studio):
    studio.forget()
    return studio


def photo(width, height):
    data = io.BytesIO()
    Image.fromarray(np.full((height, width, 3), (90, 140, 60), np.uint8)).save(data, "PNG")
    return {"name": "plain.png", "mimeType": "image/png", "buffer": data.getvalue()}


def ask(web, of, **asked):
    return web.client.post("/api/paintings", data=asked, files={"photo": ("a.png", photo(*of)["buffer"])})


@pytest.mark.parametrize(
    ("name", "size", "canvas"),
    [
        ("a4", (3508, 2480), (1754, 1240)),
        ("a4", (2480, 3508), (1240, 1754)),
        ("a4", (1000, 1000), (1240, 1240)),  # what fits on the sheet
        ("square", (2000, 2000), (1181, 1181)),
        ("phone", (1800, 3900), (900, 1950)),
        ("desktop", (1600, 900), (1920, 1080)),
        ("photo", (700, 300), (700, 300)),
        ("photo", (4000, 1000), (1960, 490)),  # no larger than the studio's largest
    ],
)
def test_a_size_with_a_name_is_as_large_as_what_it_is_for(web, name, size, canvas):
    told = ask(web, size, size=name).json()
    assert (told["width"], told["height"]) == canvas
    assert told["settings"]["named"] == name
    assert web.row(told["token"]).settings["size"] == max(canvas)
    assert f'value="{name}" checked' in web.client.get("/", params={"again": told["token"]}).text
    estimate = web.client.get("/api/estimate", params={"size": name, "width": size[0], "height": size[1]}).json()
    assert (estimate["width"], estimate["height"]) == canvas
    assert [each["seconds"] for each in estimate["sizes"] if each["name"] == name] == [estimate["seconds"]]


def test_a_size_that_is_too_large_or_unknown_is_refused_in_a_sentence(web):
    for asked, words in (("a3", "at most 1960 pixels here, and A3 has more"), ("letter", "or one of a4, a3, square")):
        answer = ask(web, (1400, 1000), size=asked)
        assert (answer.status_code, words in answer.json()["detail"]) == (422, True), answer.text
    refused = web.client.post("/", data={"size": "desktop"}, headers={"accept": "text/html"})
    assert refused.status_code == 422
    assert 'value="desktop" checked' in refused.text


@pytest.mark.parametrize(("view", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_each_size_says_what_it_takes_and_one_that_is_not_offered_cannot_be_chosen(web, chromium, view, scheme):
    browser.needed(browser.AXE, "npm install --no-save axe-core")
    with chromium.new_context(viewport=view, base_url=web.url) as context:
        context.add_init_script(path=browser.AXE)
        page = context.new_page()
        page.goto("/")
        if view is PHONE:  # the bar that stays is one line, and nothing is dropped there
            assert page.locator(".submit").bounding_box()["height"] <= 70
            said = "Up to about 47 minutes of painting, to begin in about 45 minutes: one is being painted, none waits."
            page.locator("#estimate").evaluate("(line, said) => { line.textContent = said; }", said)
            assert page.locator(".submit").bounding_box()["height"] <= 70
            expect(page.locator("#drop-words")).to_be_hidden()
        sheet = page.locator("input[value=a3]")
        expect(sheet).to_be_disabled()
        page.set_input_files("#photo", photo(1000, 1000))
        expect(sheet).to_be_enabled()  # a square on A3 has 1754 pixels
        sheet.check()
        expect(page.locator("#canvas")).to_have_text(
            "1754 × 1754 pixels: 29.7 × 29.7 cm in print, at 150 dots an inch."
        )
        page.set_input_files("#photo", photo(1400, 1000))
        expect(sheet).to_be_disabled()
        expect(page.get_by_label("1,960")).to_be_checked()
        takes = page.locator(".named label", has_text="A4").locator("small")
        before = takes.text_content()
        page.get_by_label("Fine").check()
        expect(takes).not_to_have_text(before)
        page.locator("input[value=a4]").check()
        browser.looked_at(page, "sizes")
        page.emulate_media(color_scheme=scheme)
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url("**/p/*")
        row = web.row(page.url.rpartition("/")[2])
    assert (row.width, row.height, row.settings["named"]) == (1736, 1240, "a4")
