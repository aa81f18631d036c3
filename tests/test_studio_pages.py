"""The studio's pages in a real browser, without painters: what a person sees, chooses, sends, watches and deletes."""

import io
import re
import time
from contextlib import contextmanager
from pathlib import Path

import browser
import numpy as np
import pillow_heif
import pytest
from curves import point
from PIL import Image
from playwright.sync_api import expect
from studio_web import Web

from impasto.studio.jobs import attempts, queue
from impasto.studio.mail import consent
from impasto.studio.secret import secret_key
from impasto.studio.web import pages, words
from impasto.studio.web.outlooks import Outlooks
from impasto.studio.web.state import described
from impasto.studio.web.visitor import new_owner
from impasto.styles import HOUSE_STYLES

STATIC = Path(pages.__file__).parent / "static"
expect.set_options(timeout=30_000)
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with Web(tmp_path_factory.mktemp("studio"), jobs_per_hour=1000).serving() as web:
        yield web


@pytest.fixture(scope="module")
def browse(studio, chromium):
    """Open a browser of its own; what its scripts complain of, or ask another host for, fails the test."""

    @contextmanager
    def opened(viewport=DESK, script="", **options):
        complaints = []
        with chromium.new_context(viewport=viewport, base_url=studio.url, **options) as context:
            if script:
                context.add_init_script(path=script)
            page = context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda message: "Policy" in message.text and complaints.append(message.text))
            page.on("request", lambda asked: foreign(asked.url) and complaints.append(asked.url))
            yield page
        assert complaints == []

    def foreign(url):
        return not url.startswith((f"{studio.url}/", "blob:", "data:"))

    return opened


@pytest.fixture(scope="module")
def picture():
    """A picture file, in a format of Pillow's."""

    def make(format="PNG", size=(120, 80)):
        y, x = np.mgrid[: size[1], : size[0]]
        pixels = np.stack([x * 2, y * 3, 255 - x], 2).clip(0, 255).astype(np.uint8)
        data = io.BytesIO()
        Image.fromarray(pixels).save(data, format)
        return {"name": f"photo.{format.lower()}", "mimeType": f"image/{format.lower()}", "buffer": data.getvalue()}

    return make


@pytest.fixture
def job(studio, picture):
    """Make a job that waits, is painted, or has ended; answers with its token."""

    def make(state="waiting", owner=None):
        with studio.database.session() as session:
            row = queue.submit(
                session, settings={"quality": "fine", "size": 384, "keep_colors": True},
                styles=[{"name": name, "weight": weight, "file": None} for name, weight in (("mosaic", 3), ("ink", 1))],
                width=384, height=256, email=None, submitter="somebody", owner=owner, now=time.time(), keep_days=7,
                max_waiting=1000,
            )  # fmt: skip
            row.state = state
            row.attempt, row.lease = 1, time.time() + 1000
            row.curve = [point(1, 500.0, 400.0), point(2, 100.0, 200.0)]
            if state == "done":
                row.seconds = row.finished = 75.0
                row.film = True
            if state == "failed":
                row.error = "The photo is too strange."
            for name in (
                "photo.png",
                "photo-view.webp",
                "painting-view.webp",
                "thumb.webp",
                "film.webp",
                "painting.jpg",
                "preview-1-1.webp",
            ):
                suffix = name.rpartition(".")[2].replace("jpg", "jpeg")
                studio.files.write(row.id, name, picture(suffix.upper(), (384, 256))["buffer"])
            return row.token

    return make


def question(studio):
    """The page that a mail links to which asks whether an address may be written to."""
    with studio.database.session() as session:
        row = consent.Confirmation(owner=new_owner(), address="", mailbox="", token=new_owner(), created=time.time())
        session.add(row)
    return f"/mail/confirm/{row.token}"


def row_of(studio, page):
    return studio.row(page.url.rpartition("/")[2])


def test_a_photo_is_sent_with_one_style(studio, browse, picture):
    with browse() as page:
        page.goto("/")
        assert "Up to about" in page.inner_text("#estimate")
        page.set_input_files("#photo", picture())
        expect(page.locator("#photo-state")).to_have_text("photo.png")
        expect(page.locator("#preview")).to_be_visible()
        page.get_by_label("Stained glass", exact=True).check()
        page.get_by_label("Draft").check(force=True)
        page.get_by_label("Keep my colours").check()
        expect(page.locator("#estimate")).not_to_contain_text("Up to")
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url("**/p/*")
        row = row_of(studio, page)
    assert [(style["name"], style["file"]) for style in row.styles] == [("stained-glass", None)]
    assert (row.quality, row.settings["keep_colors"], row.width, row.height) == ("draft", True, 512, 341)


def test_three_styles_are_mixed_one_of_them_ones_own(studio, browse, picture):
    with browse(PHONE) as page:
        page.goto("/")
        page.set_input_files("#photo", picture("JPEG"))
        page.get_by_label("Mix up to three").check()
        page.get_by_label("Mosaic", exact=True).check()
        page.set_input_files("#style-file", picture("WEBP"))
        expect(page.locator("#own-style")).to_be_checked()
        expect(page.get_by_label("Batik", exact=True)).to_be_disabled()
        page.get_by_label("Share of Mosaic").fill("100")
        expect(page.locator(".style:has([value=mosaic]) output")).to_have_text("50%")
        expect(page.locator("#photo-state")).to_have_text("photo.jpeg")
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url("**/p/*")
        row = row_of(studio, page)
    assert [(style["name"], style["weight"]) for style in row.styles] == [("night", 50), ("mosaic", 100), ("photo", 50)]
    assert "style-2.png" in studio.files.names(row.id)


def test_a_style_of_ones_own_alone(studio, browse, picture):
    with browse() as page:
        page.goto("/")
        page.set_input_files("#photo", picture())
        page.set_input_files("#style-file", picture())
        expect(page.locator("#own-style")).to_be_checked()
        expect(page.get_by_label("Swirling night", exact=True)).not_to_be_checked()
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url("**/p/*")
        assert [style["file"] for style in row_of(studio, page).styles] == ["style-0.png"]


def test_without_a_script(studio, browse, picture):
    with browse(java_script_enabled=False) as page:
        page.goto("/")
        page.get_by_label("Mosaic", exact=True).check()
        page.get_by_label("Batik", exact=True).check()
        page.get_by_role("button", name="Paint it").click()
        expect(page.get_by_role("alert")).to_have_text("There is no photo: choose one.")
        expect(page.get_by_label("Batik", exact=True)).to_be_checked()
        page.set_input_files("#photo", picture())
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url("**/p/*")
        token = row_of(studio, page).token
        assert [style["name"] for style in row_of(studio, page).styles] == ["mosaic", "batik"]
        assert page.locator("meta[http-equiv=refresh]").count() == 1
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Cancelled")
        page.goto("/mine")
        page.locator("a.card").click()
        page.get_by_role("link", name="Delete").click()
        assert studio.row(token) is not None
        page.get_by_role("button", name="Delete now").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Deleted")
    assert studio.row(token) is None


def test_what_cannot_be_painted_is_refused_at_once(studio, browse):
    with browse() as page:
        page.goto("/")
        page.get_by_role("button", name="Paint it").click()
        expect(page.locator("#photo-refused")).to_have_text("There is no photo yet: choose one.")
        page.set_input_files("#photo", {"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"no picture" * 99})
        expect(page.locator("#photo-refused")).to_contain_text("no picture")
        assert page.input_value("#photo") == ""
        assert page.url == f"{studio.url}/"


def test_pictures_that_are_too_large_together_are_not_sent(studio, browse, picture):
    with browse() as page:
        sent = []
        page.goto("/")
        page.evaluate("document.getElementById('ask').dataset.maxBytes = 60000")
        large = picture("BMP", (120, 120))
        assert 30_000 < len(large["buffer"]) < 60_000
        page.set_input_files("#photo", large)
        page.set_input_files("#style-file", large)
        expect(page.locator("#photo-state")).to_have_text("photo.bmp")
        expect(page.locator("#own-style")).to_be_checked()
        page.on("request", lambda asked: asked.method == "POST" and sent.append(asked.url))
        page.get_by_role("button", name="Paint it").click()
        expect(page.locator("#refused")).to_contain_text("together")
        page.get_by_label("Mosaic", exact=True).check()  # then the style is not sent
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url("**/p/*")
    assert sent == [f"{studio.url}/"]


def test_a_photo_of_a_phone_is_shown(browse, picture):
    pillow_heif.register_heif_opener()
    with browse() as page:
        page.goto("/")
        page.set_input_files("#photo", picture("HEIF"))
        expect(page.locator("#photo-state")).to_have_text("photo.heif")
        expect(page.locator("#preview")).to_have_attribute("src", re.compile("^data:image/webp"))
        assert page.locator("#preview").evaluate("image => image.naturalWidth") == 120


def test_of_a_picture_that_moves_the_first_frame_is_shown_and_said(browse):
    frames, file = [Image.new("RGB", (120, 80), color) for color in ("red", "blue")], io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=100)
    moving = {"name": "cat.gif", "mimeType": "image/gif", "buffer": file.getvalue()}
    with browse() as page:
        page.goto("/")
        page.set_input_files("#photo", moving)
        expect(page.locator("#photo-state")).to_have_text("cat.gif: an animation of 2 frames; the first one is taken")
        expect(page.locator("#preview")).to_have_attribute("src", re.compile("^data:image/webp"))
        page.set_input_files("#style-file", moving)
        expect(page.locator("#style-file-label")).to_contain_text("an animation of 2 frames")
        expect(page.locator("#own-preview")).to_have_attribute("src", re.compile("^data:image/webp"))


def give(page, way, place, file):
    """Drop or paste a file at an element, as a browser does when a person does it."""
    page.evaluate(
        """([way, place, name, bytes]) => {
            const carrier = new DataTransfer();
            carrier.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
            document.querySelector(place).dispatchEvent(way === "drop"
                ? new DragEvent("drop", { dataTransfer: carrier, bubbles: true, cancelable: true })
                : new ClipboardEvent("paste", { clipboardData: carrier, bubbles: true, cancelable: true }));
        }""",
        [way, place, file["name"], list(file["buffer"])],
    )


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_photo_is_dropped_or_pasted(browse, picture, way):
    with browse() as page:
        page.goto("/")
        give(page, way, "#drop", picture() | {"name": "given.png"})
        expect(page.locator("#photo-state")).to_have_text("given.png")
        assert page.input_value("#photo").endswith("given.png")


def test_what_is_dropped_on_the_own_style_is_the_style(studio, browse, picture):
    with browse() as page:
        page.goto("/")
        give(page, "drop", "#style-file-label strong", picture(size=(60, 40)) | {"name": "quilt.png"})
        expect(page.locator("#own-style")).to_be_checked()
        expect(page.locator("#own-preview")).to_be_visible()
        assert page.input_value("#photo") == ""
        give(page, "drop", "h1", picture() | {"name": "given.png"})
        expect(page.locator("#photo-state")).to_have_text("given.png")
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url("**/p/*")
        row = row_of(studio, page)
    assert [style["name"] for style in row.styles] == ["quilt"]
    assert Image.open(io.BytesIO(studio.files.read(row.id, "photo.png"))).size == (120, 80)


def test_the_place_that_a_picture_would_be_dropped_at_is_marked(browse):
    with browse() as page:
        page.goto("/")
        for place, marked in (("#style-file-label", "own"), ("main", "drop")):
            page.evaluate(
                """(place) => {
                    const carrier = new DataTransfer();
                    carrier.items.add(new File(["x"], "a.png"));
                    const event = new DragEvent("dragover", { dataTransfer: carrier, bubbles: true, cancelable: true });
                    document.querySelector(place).dispatchEvent(event);
                }""",
                place,
            )
            assert page.evaluate("[...document.querySelectorAll('.over')].map((each) => each.id)") == [marked]


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_a_chosen_photo_and_a_chosen_style_are_taken_away_again(studio, browse, picture, by):
    with browse() as page:

        def take_away(place):
            button = page.locator(place).get_by_role("button", name="Take it away")
            expect(button).to_be_visible()
            if by == "pointer":
                button.click()
            else:
                page.locator(f"{place} input[type=file]").first.focus()
                page.keyboard.press("Tab")
                expect(button).to_be_focused()
                page.keyboard.press("Enter")
            expect(button).to_be_hidden()

        page.goto("/")
        expect(page.get_by_role("button", name="Take it away")).to_have_count(0)
        page.set_input_files("#photo", picture())
        expect(page.locator("#photo-state")).to_have_text("photo.png")
        page.set_input_files("#style-file", picture(size=(60, 40)))
        expect(page.locator("#own-style")).to_be_checked()
        take_away("#drop")
        expect(page.locator("#photo-state")).to_have_text("The photo was taken away.")
        expect(page.locator("#photo")).to_be_focused()
        expect(page.locator("#preview")).to_be_hidden()
        expect(page.locator("#estimate")).to_contain_text("Up to")
        page.get_by_role("button", name="Paint it").click()
        expect(page.locator("#photo-refused")).to_have_text("There is no photo yet: choose one.")
        take_away("#own")
        expect(page.locator("#style-file")).to_be_focused()
        page.set_input_files("#photo", picture())  # the same again
        expect(page.locator("#photo-state")).to_have_text("photo.png")
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url("**/p/*")
        row = row_of(studio, page)
    assert [style["file"] for style in row.styles] == [None]


def test_the_photo_of_an_earlier_painting_is_taken_away(browse, job):
    with browse() as page:
        page.goto(f"/?again={job('done')}")
        page.get_by_role("button", name="Take it away").click()
        page.get_by_role("button", name="Paint it").click()
        expect(page.locator("#photo-refused")).to_have_text("There is no photo yet: choose one.")


def test_the_painting_grows_and_is_there(studio, browse, job):
    token = job("painting")
    attempt = attempts.Attempt(studio.row(token).id, 1)
    with browse() as page:
        page.goto(f"/p/{token}")
        expect(page.get_by_role("heading", level=1)).to_have_text("The painter begins")
        progress = {"share": 0.5, "scale": 2, "scales": 3, "step": 4, "steps": 9, "seconds": 40, "seconds_left": 38}
        with studio.database.session() as session:
            assert attempts.report(session, attempt, progress, point(3, 90.0, 110.0), 1)
        expect(page.get_by_role("heading", level=1)).to_have_text("50% painted")
        expect(page.locator("#when")).to_have_text("About 40 seconds left.")
        expect(page.locator("#growing")).to_have_attribute("src", f"/api/paintings/{token}/image?kind=preview&n=1-1")
        expect(page.locator("#plot")).to_have_attribute("aria-label", "The objective: 900 at step 1, 200 at step 3")
        with studio.database.session() as session:
            assert attempts.finish(session, attempt, time.time(), 80.0)
        expect(page.get_by_role("link", name="Download JPEG")).to_be_visible()
        expect(page.get_by_text("Watch it grow")).to_have_count(0)


def test_the_film_of_a_painting_is_shown_when_asked_for_and_kept(browse, job):
    with browse(script=browser.AXE) as page:
        page.goto(f"/p/{job('done')}")
        film = page.get_by_role("img", name="The painting as it grew, step by step")
        expect(film).to_have_count(0)
        page.get_by_text("Watch it grow").click()
        assert film.evaluate("image => image.decode().then(() => image.naturalWidth)") == 384
        for scheme in browser.in_both_themes(page, reduced_motion="reduce"):
            browser.keep_screen(page, "film", scheme)
        with page.expect_download() as loading:
            page.get_by_role("link", name="Keep the film").click()
        assert loading.value.suggested_filename.endswith(".webp")


def test_cancelling(studio, browse, job):
    token = job()
    with browse() as page:
        page.goto(f"/p/{token}")
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Cancelled")
    assert studio.row(token).state == "cancelled"


def test_photo_and_painting_are_compared(browse, job):
    with browse() as page:
        page.goto(f"/p/{job('done')}")
        divide, photo = page.get_by_role("slider"), page.get_by_alt_text("The photo")
        divide.focus()
        page.keyboard.press("Home")
        expect(photo).to_have_css("clip-path", "inset(0px 100% 0px 0px)")
        page.keyboard.press("ArrowRight")
        expect(photo).to_have_css("clip-path", "inset(0px 99% 0px 0px)")
        expect(divide).to_have_attribute("aria-valuetext", "1% photo")
        box = page.locator("#compare").bounding_box()
        for share in (0.25, 0.9):
            page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
            divider = page.locator(".divider").bounding_box()
            assert abs(divider["x"] + divider["width"] / 2 - box["x"] - share * box["width"]) < 0.01 * box["width"]


def test_paint_again(studio, browse, job):
    token = job("done")
    with browse() as page:
        page.goto(f"/p/{token}")
        page.get_by_role("link", name="Paint again").click()
        expect(page.get_by_label("Mosaic", exact=True)).to_be_checked()
        expect(page.get_by_label("Share of Mosaic")).to_have_value("75")
        expect(page.get_by_label("Keep my colours")).to_be_checked()
        expect(page.get_by_label("Mix up to three")).to_be_visible()  # scripts have moved what they move
        page.get_by_label("Standard").check()
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url("**/p/*")
        row = row_of(studio, page)
    assert (row.quality, row.settings["size"], [style["name"] for style in row.styles]) == (
        "standard",
        384,
        ["ink", "mosaic"],
    )
    assert studio.files.read(row.id, "photo.png") == studio.files.read(studio.row(token).id, "photo.png")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_paint_again_with_the_same_style_of_ones_own(studio, browse, picture, script):
    with browse(java_script_enabled=script) as page:
        page.goto("/")
        page.set_input_files("#photo", picture())
        page.set_input_files("#style-file", picture(size=(60, 40)) | {"name": "quilt.png"})
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url("**/p/*")
        first = row_of(studio, page)
        page.goto(f"/?again={first.token}")
        quilt = page.get_by_label("quilt", exact=True)
        expect(quilt).to_be_checked()
        shown = page.locator(".style img").first
        assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 60
        page.set_input_files("#photo", picture(size=(80, 80)))
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url(lambda url: "/p/" in url and first.token not in url)
        second = row_of(studio, page)
        page.goto(f"/?again={second.token}")
        page.get_by_label("Ink wash", exact=True).check()
        if not script:  # then each is a box to tick
            quilt.uncheck()
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url(lambda url: "/p/" in url and second.token not in url)
        third = row_of(studio, page)
    assert [style["name"] for row in (first, second, third) for style in row.styles] == ["quilt", "quilt", "ink"]
    assert studio.files.read(second.id, "style-0.png") == studio.files.read(first.id, "style-0.png")
    assert (second.width, second.height) == (512, 512)


def test_mine_is_what_this_browser_has_sent(browse, picture):
    with browse() as page, browse() as other:
        for style in ("Mosaic", "Batik"):
            page.goto("/")
            page.set_input_files("#photo", picture())
            page.get_by_label(style, exact=True).check()
            page.get_by_role("button", name="Paint it").click()
            page.wait_for_url("**/p/*")
        page.goto("/mine")
        expect(page.locator(".mine strong")).to_have_text(["Batik", "Mosaic"])
        other.goto("/mine")
        expect(other.locator("main")).to_contain_text("Nothing yet")


def test_by_keyboard_alone(studio, browse, picture):
    with browse() as page:
        page.goto("/")
        met = []
        while "Paint it" not in met and len(met) < 40:
            page.keyboard.press("Tab")
            focused = page.evaluate_handle("document.activeElement").as_element()
            met.append(focused.get_attribute("id") or focused.get_attribute("name") or focused.inner_text())
            seen = focused.bounding_box()
            assert 0 <= seen["y"] <= DESK["height"] - min(seen["height"], 20), met
            if met[-1] == "photo":
                focused.set_input_files(picture())
                expect(page.locator("#photo-state")).to_have_text("photo.png")
            if met[-1] == "style":
                page.keyboard.press("ArrowRight")
            if met[-1] == "submit":
                break
        order = ["photo", "style", "style-file", "size", "quality", "keep_colors", "email", "submit"]
        assert [name for name in met if name in order] == order
        page.keyboard.press("Enter")
        page.wait_for_url("**/p/*")
        assert [style["name"] for style in row_of(studio, page).styles] == ["woodblock"]


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_no_page_scrolls_sideways_and_axe_finds_nothing(studio, browse, job, viewport):
    browser.needed(browser.AXE, "npm install --no-save axe-core")
    done = job("done")
    addresses = {
        "start": "/", "again": f"/?again={done}", "mine": "/mine", "docs": "/docs", "nothing": "/p/nothing",
        "done": f"/p/{done}", "delete": f"/p/{done}/delete", "failed": f"/p/{job('failed')}",
        "painting": f"/p/{job('painting')}", "waiting": f"/p/{job()}", "confirm": question(studio),
        "never": f"/mail/never/{consent.sign(secret_key(studio.configuration), 'anna@example.org')}",
        "made-up": "/mail/never/made-up",
    }  # fmt: skip
    with browse(viewport, script=browser.AXE) as page:
        for name, address in addresses.items():
            page.goto(address)
            browser.looked_at(page, name, reduced_motion="reduce")


def test_the_script_says_times_and_places_as_the_server_does(studio, browse, job):
    seconds = [0, 7, 52, 55, 89, 91, 1000, 3570, 3600, 5000, 9000, 100_000]
    outlooks = Outlooks(studio.configuration, studio.database)
    states = [described(studio.row(job(state)), outlooks, "") for state in ("waiting", "painting")]
    states.append({**states[0], "place": 12, "waiting_seconds": 2, "mail": True})
    states.append({**states[2], "mail_confirmed": True})
    states.append({**states[1], "progress": {"share": 0.423, "seconds_left": 200}})
    with browse() as page:
        page.goto("/")
        said = page.evaluate(
            """async ([seconds, states]) => {
                const words = await import("/static/words.js");
                return [seconds.map(words.duration), states.map(words.headline), states.map(words.when),
                    states.map(words.mail)];
            }""",
            [seconds, states],
        )
    assert said[0] == [words.duration(each) for each in seconds]
    assert said[1] == [words.headline(each) for each in states]
    assert said[2] == [words.when(each) for each in states]
    assert said[3] == [words.mail(each) for each in states]


def test_the_pages_are_light_and_every_style_is_shown():
    own = [path for path in STATIC.glob("*") if path.suffix in (".css", ".js")]
    assert sum(path.stat().st_size for path in own) < 70_000
    for name in HOUSE_STYLES:
        with Image.open(STATIC / "gallery" / f"{name}.webp") as sample:
            assert sample.size == (288, 192)
        assert (STATIC / "gallery" / f"{name}.webp").stat().st_size <= 14_000
