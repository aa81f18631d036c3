"""A finished painting that is painted larger, going on from it: over HTTP, in a browser, and by the painter."""

import io
import os
import subprocess
import sys

import browser
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from sqlalchemy import select
from studio_web import Web, picture
from test_studio_regions import ATTEMPT, mask

from impasto.studio.jobs import estimates
from impasto.studio.jobs.rows import Job

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with Web(tmp_path_factory.mktemp("larger"), max_canvas=512, jobs_per_hour=1000).serving() as web:
        yield web


@pytest.fixture
def web(studio):
    studio.forget()
    studio.client.cookies.clear()
    return studio


def finished(web, *files, **asked):
    """A painting of 256 × 171, of which only the files are there."""
    sent = [("photo", ("a.png", picture(size=(300, 200)))), *files]
    told = web.client.post("/api/paintings", data={"size": "256", "quality": "draft", **asked}, files=sent).json()
    web.painted(told["token"])
    return told["token"]


def test_all_that_was_asked_for_is_kept_and_the_painting_is_the_start(web):
    files = [("style_file", ("wave.png", picture(size=(80, 80)))), ("mask", ("m.png", mask()))]
    asked = {"style": "ink:2", "mask_style": "oil", "keep_colors": "on", "content_weight": "2", "crop": "0,0,0.6,1"}
    token = finished(web, *files, **asked, email="anna@example.org")
    made = web.client.post(f"/api/paintings/{token}/larger")
    assert made.status_code == 201, made.text
    told, before = made.json(), web.client.get(f"/api/paintings/{token}").json()
    assert max(told["width"], told["height"]) == 2 * max(before["width"], before["height"]) == 512
    assert {**told["settings"], "size": 256} == before["settings"]
    for kind in ("styles", "regions"):
        assert [(each["name"], each["own"]) for each in told[kind]] == [
            (each["name"], each["own"]) for each in before[kind]
        ]
    small, large = web.row(token), web.row(told["token"])
    assert large.email == "anna@example.org"
    for name in ("photo.png", "mask-0.png", "style-1.png"):
        assert web.files.read(large.id, name) == web.files.read(small.id, name)
    assert web.files.read(large.id, "start.png") == web.files.read(small.id, "painting.png")

    web.client.cookies.clear()  # anybody else who has the address
    other = web.client.post(f"/api/paintings/{token}/larger", data={"size": "384"}).json()
    assert web.row(other["token"]).email is None
    assert max(other["width"], other["height"]) == 384


def test_what_cannot_be_painted_larger_is_refused_in_a_sentence(web):
    token = finished(web)
    for size, status, words in (("96", 422, "already"), ("4000", 422, "at most 512"), ("x", 422, "number of pixels")):
        answer = web.client.post(f"/api/paintings/{token}/larger", data={"size": size})
        assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text
    waiting = web.client.post("/api/paintings", files={"photo": ("a.png", picture())}).json()["token"]
    assert web.client.post(f"/api/paintings/{waiting}/larger").status_code == 409
    assert web.client.post("/api/paintings/nothing/larger").status_code == 404


def test_the_painter_goes_on_from_the_painting_and_nobody_learns_from_what_it_took(web, home):
    photo = io.BytesIO()
    Image.new("RGB", (300, 200), (128, 128, 128)).save(photo, "PNG")
    told = web.client.post(
        "/api/paintings", data={"style": "ink", "size": "96", "quality": "draft"}, files={"photo": photo.getvalue()}
    ).json()
    web.painted(told["token"])
    painting = np.full((64, 96, 3), (250, 250, 250), np.uint8)
    painting[:, 48:] = (20, 20, 20)
    data = io.BytesIO()
    Image.fromarray(painting).save(data, "PNG")
    web.files.write(web.row(told["token"]).id, "painting.png", data.getvalue())
    with web.database.reading() as session:
        before = estimates.seconds(session, "draft", 192, 128)
        anew, gone_on = (estimates.seconds(session, "draft", 1600, 1200, painted) for painted in (None, 800 * 600))
    assert gone_on < anew
    made = web.client.post(f"/api/paintings/{told['token']}/larger").json()
    job, _ = web.claimed()
    settings = {"IMPASTO_DATA_DIR": str(web.configuration.data_dir), "IMPASTO_PAINTER_THREADS": "1"}
    environment = {**os.environ, **settings, "IMPASTO_HOME": str(home)}
    subprocess.run([sys.executable, "-c", ATTEMPT, str(job.id)], env=environment, check=True, capture_output=True)
    pixels = np.asarray(Image.open(io.BytesIO(web.files.read(job.id, "painting.png"))).convert("L"), int)
    assert pixels.shape == (128, 192)
    assert pixels[:, :80].mean() - pixels[:, 112:].mean() > 60  # of the photo nothing says so: it is grey
    assert web.row(made["token"]).state == "done"
    with web.database.reading() as session:
        assert session.scalar(select(Job.seconds).where(Job.id == job.id)) is not None
        assert estimates.seconds(session, "draft", 192, 128) == before


@pytest.mark.parametrize(("view", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_by_a_button_on_its_page(web, chromium, view, scheme):
    browser.needed(browser.AXE, "npm install --no-save axe-core")
    token = finished(web, style="mosaic")
    with chromium.new_context(viewport=view, base_url=web.url, java_script_enabled=view is DESK) as context:
        if view is DESK:
            context.add_init_script(path=browser.AXE)
        page = context.new_page()
        page.emulate_media(color_scheme=scheme)
        page.goto(f"/p/{token}")
        assert "512 × 342, about" in page.get_by_label("Size").inner_text()
        if view is DESK:
            for theme in browser.in_both_themes(page):
                browser.keep_screen(page, "larger", theme)
        else:
            browser.keep_screen(page, "larger", scheme)
        page.get_by_label("Size").focus()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Paint it larger")).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/p/" in url and token not in url)
        large = web.row(page.url.rpartition("/")[2])
        assert large.settings["larger"] == [256, 171]
        large_id = large.id
    assert "start.png" in web.files.names(large_id)
