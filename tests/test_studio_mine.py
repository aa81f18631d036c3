"""A browser's own paintings: several at once as a ZIP, a try that takes the place of one that failed, links to show a
painting by, and an address that comes later.
"""

import io
import re
import time
import unicodedata
import zipfile

import browser
import httpx
import pytest
from playwright.sync_api import expect
from sqlalchemy import select
from studio_web import Web, picture

from impasto.studio.jobs import attempts
from impasto.studio.jobs.rows import Job
from impasto.studio.mail.outbox import Mail
from impasto.studio.web import archive
from impasto.studio.web import mine as mine_page

PAGE, JSON = {"accept": "text/html"}, {"accept": "application/json"}
ADDRESS = "https://paint.example.org/studio"
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio")
    with Web(folder, jobs_per_hour=1000, mails_per_day=3, public_url=ADDRESS).serving() as web:
        yield web


@pytest.fixture
def anna(studio):
    """A browser that knows its cookie; that it is for https alone, the test does without."""
    with Visitor(studio) as visitor:
        yield visitor


class Visitor(httpx.Client):
    """A browser, as the studio knows it by its cookie."""

    def __init__(self, studio):
        super().__init__(base_url=f"{studio.url}/studio", timeout=60, headers=PAGE)
        self.studio = studio

    def ask(self, name="cat.png", **data):
        """Ask for a painting; answers with its token."""
        answer = self.post("/", data=data, files={"photo": (name, picture("png"))})
        assert answer.status_code == 303, answer.text
        self.headers["cookie"] = answer.headers["set-cookie"].partition(";")[0]
        return answer.headers["location"].rpartition("/")[2]

    def painted(self, **data):
        """Ask for a painting, and paint it."""
        token = self.ask(**data)
        self.studio.painted(token)
        self.studio.files.write(self.studio.row(token).id, "painting-mail.jpg", picture("jpg", (90, 60)))
        return token

    def failed(self, **data):
        token = self.ask(**data)
        _, attempt = self.studio.claimed()
        with self.studio.database.session() as session:
            attempts.fail(session, attempt, time.time(), "it went wrong")
        return token


def names_in(answer):
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {archive.read(name) for name in archive.namelist()} == {picture("jpg")}
        return sorted(archive.namelist())


def test_several_are_had_as_one_zip_and_only_ones_own(studio, anna, monkeypatch):
    decomposed = unicodedata.normalize("NFD", "Zoë in Köln")
    asked = [("cat.png", "night"), ("Cat.png", "night"), (f"{decomposed}.png", "ink"), ("../..png", "oil"), ("", "oil")]
    tokens = [anna.painted(name=name or "x.png" if name else ".png", style=style) for name, style in asked]
    waits = anna.ask()
    answer = anna.post("/mine/zip", data={"token": [*tokens, waits]})
    composed = unicodedata.normalize("NFC", "Zoë-in-Köln-ink.jpg")
    assert names_in(answer) == sorted(
        ["Cat-night.jpg", "cat-night-2.jpg", composed, "photo-oil.jpg", "photo-oil-2.jpg"]
    )
    assert names_in(anna.post("/mine/zip", data={"token": tokens[0]})) == ["cat-night.jpg"]
    with Visitor(studio) as bert:
        bert.painted()
        for who in (bert, studio.client):
            path = "/studio/mine/zip" if who is studio.client else "/mine/zip"
            refused = who.post(path, data={"token": tokens[0]}, headers=PAGE)
            assert refused.status_code == 404
            assert "not yours" in refused.text
    for data, words in (({}, "Nothing is chosen"), ({"token": waits}, "None of these is painted")):
        refused = anna.post("/mine/zip", data=data)
        assert (refused.status_code, words in refused.text, "Mine" in refused.text) == (422, True, True)
    monkeypatch.setattr(mine_page, "MOST", 2)
    assert "At most 2 paintings" in anna.post("/mine/zip", data={"token": tokens}, headers=JSON).json()["detail"]
    monkeypatch.setattr(mine_page, "MOST", 50)
    monkeypatch.setattr(mine_page, "MOST_BYTES", 1000)
    assert "at most 0 MB" in anna.post("/mine/zip", data={"token": tokens}, headers=JSON).json()["detail"]
    monkeypatch.undo()
    other = {"sec-fetch-site": "cross-site"}
    for path in ("zip", "delete", "cancel"):
        assert anna.post(f"/mine/{path}", data={"token": tokens}, headers=other).status_code == 403
    studio.files.remove_file(studio.row(tokens[0]).id, "painting.jpg")  # as if it were deleted just then
    assert len(names_in(anna.post("/mine/zip", data={"token": tokens}))) == 4
    studio.forget()


def test_a_zip_is_sent_piece_by_piece(studio, anna):
    tokens = [anna.painted() for _ in range(2)]
    large = bytes(5_000_000)
    for token in tokens:
        studio.files.write(studio.row(token).id, "painting.jpg", large)
    pieces = list(archive.stream(studio.files, map(studio.row, tokens)))
    assert max(map(len, pieces)) < 300_000
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as found:
        assert [found.read(name) for name in found.namelist()] == [large, large]
    studio.forget()


def test_several_are_deleted_when_that_was_meant_and_one_is_cancelled(studio, anna):
    done, failed, waits = anna.painted(), anna.failed(), anna.ask()
    before = anna.post("/mine/delete", data={"token": [done, failed]})
    assert "Delete 2 paintings?" in before.text
    assert studio.row(done)
    with Visitor(studio) as bert:
        bert.ask()
        assert bert.post("/mine/delete", data={"token": done, "sure": "yes"}).status_code == 404
        assert bert.post("/mine/cancel", data={"token": waits}).status_code == 404
    number = studio.row(done).id
    assert anna.post("/mine/delete", data={"token": [done, failed], "sure": "yes"}).status_code == 303
    assert (studio.row(done), studio.row(failed), studio.files.names(number)) == (None, None, [])
    for _ in range(2):  # one that has ended is shown as it ended
        assert anna.post("/mine/cancel", data={"token": waits}).headers["location"] == "/studio/mine"
    assert studio.row(waits).state == "cancelled"
    studio.forget()


def test_a_new_try_takes_the_place_of_what_failed_and_keeps_the_address(studio, anna):
    failed, done = anna.failed(email="anna@example.org"), anna.painted(email="anna@example.org")
    page = anna.get(f"/?again={failed}").text
    assert 'value="anna@example.org"' in page
    assert f'name="replaces" value="{failed}"' in page
    with Visitor(studio) as bert:
        assert "anna@" not in bert.get(f"/?again={failed}").text  # who has the link alone
        bert.ask(photo_of=done, replaces=failed)
        assert "anna@" not in bert.get(f"/?again={failed}").text
    assert studio.row(failed)
    number = studio.row(failed).id
    again = anna.get(f"/?again={done}").text
    assert 'value="anna@example.org"' in again
    assert "replaces" not in again
    answer = anna.post("/", data={"photo_of": failed, "replaces": failed, "style": "ink"}, files={"x": b""})
    assert answer.status_code == 303
    assert studio.row(answer.headers["location"].rpartition("/")[2]).photo_name == "cat"
    assert (studio.row(failed), studio.files.names(number)) == (None, [])
    anna.ask(replaces=done)
    assert studio.row(done)  # what is painted is nobody's to replace
    studio.forget()


def test_a_link_shows_the_painting_and_nothing_else_until_it_is_taken_back(studio, anna):
    token = anna.painted(name="Geheim.png", email="anna@example.org")
    assert "/s/" not in anna.get(f"/p/{token}").text
    assert anna.get(f"/api/paintings/{token}").json()["share"] is None
    waits = anna.ask()
    assert anna.post(f"/p/{waits}/share").status_code == 409
    assert anna.post(f"/p/{token}/share").headers["location"] == f"/studio/p/{token}#share"
    assert anna.post(f"/p/{token}/share").status_code == 303  # and once more: the same
    link = anna.get(f"/api/paintings/{token}").json()["share"]
    secret = link.rpartition("/")[2]
    assert len(secret) >= 22  # 128 bits
    assert f"{ADDRESS}/s/{secret}" in anna.get(f"/p/{token}").text
    page = httpx.get(f"{studio.url}{link}", headers=PAGE)
    image = httpx.get(f"{studio.url}{link}/picture")
    for answer in (page, image):
        assert answer.status_code == 200
        headers = [answer.headers[name] for name in ("cache-control", "referrer-policy", "x-robots-tag")]
        assert headers == ["no-store", "no-referrer", "noindex, noimageindex"]
        assert "set-cookie" not in answer.headers
    assert (image.headers["content-type"], image.content) == ("image/jpeg", picture("jpg", (90, 60)))
    for hidden in (token, "anna", "Geheim", "kind=photo", f"/{studio.row(token).id}/"):
        assert hidden not in page.text
    card = dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)"', page.text))
    assert card["og:title"] == card["twitter:title"] == "A painting in the style Swirling night"
    assert card["og:url"] == f"{ADDRESS}/s/{secret}"
    assert card["og:image"] == card["twitter:image"] == f"{ADDRESS}/s/{secret}/picture"
    assert (card["og:image:width"], card["og:image:height"]) == ("90", "60")
    assert 'content="noindex"' in page.text
    assert anna.get(f"/p/{secret}").status_code == 404  # it opens nothing else
    assert anna.get(f"/s/{token}").status_code == 404
    assert anna.post(f"/p/{token}/unshare").status_code == 303
    assert [httpx.get(f"{studio.url}{link}{end}").status_code for end in ("", "/picture")] == [404, 404]
    anna.post(f"/p/{token}/share")
    other = anna.get(f"/api/paintings/{token}").json()["share"]
    assert other != link
    assert anna.get(f"/s/{other.rpartition('/')[2]}").status_code == 200
    anna.delete(f"/api/paintings/{token}")
    assert anna.get(f"/s/{other.rpartition('/')[2]}").status_code == 404
    studio.forget()


def test_a_link_of_an_own_style_does_not_say_what_its_file_was_called(studio, anna):
    files = {"photo": ("cat.png", picture()), "style_file": ("Pills.png", picture())}
    answer = anna.post("/", files=files)
    token = answer.headers["location"].rpartition("/")[2]
    studio.painted(token)  # an earlier version has made no picture for mails
    anna.post(f"/p/{token}/share")
    link = anna.get(f"/api/paintings/{token}").json()["share"].removeprefix("/studio")
    assert "a style of one’s own" in anna.get(link).text
    assert "Pills" not in anna.get(link).text
    assert anna.get(f"{link}/picture").headers["content-type"] == "image/webp"
    studio.forget()


def test_an_address_is_added_while_it_waits_as_if_it_had_come_with_the_photo(studio, anna):
    token = anna.ask()
    assert "Tell me by mail" in anna.get(f"/p/{token}").text
    assert "<form" in anna.get(f"/p/{token}/mail").text
    with Visitor(studio) as bert:
        bert.ask()
        assert "Tell me by mail" not in bert.get(f"/p/{token}").text
        assert bert.get(f"/p/{token}/mail").status_code == 303
        assert bert.post(f"/p/{token}/mail", data={"email": "anna@example.org"}).status_code == 403
    for email, words in (("", "type one"), ("anna", "no email address")):
        answer = anna.post(f"/p/{token}/mail", data={"email": email})
        assert (answer.status_code, words in answer.text) == (422, True)
    assert studio.row(token).email is None
    assert anna.post(f"/p/{token}/mail", data={"email": "anna@example.org"}).status_code == 303
    assert (studio.row(token).email, studio.row(token).confirmed) == ("anna@example.org", False)
    assert "follow the link" in anna.get(f"/p/{token}").text
    with studio.database.reading() as session:
        mails = session.scalars(select(Mail).join(Job, Mail.job_id == Job.id).where(Job.token == token))
        assert [(mail.kind, mail.recipient) for mail in mails] == [("confirm", "anna@example.org")]
    answer = anna.post(f"/p/{token}/mail", data={"email": "bert@example.org"})
    assert (answer.status_code, "given already" in answer.text) == (409, True)
    more = [anna.ask() for _ in range(3)]
    statuses = [anna.post(f"/p/{each}/mail", data={"email": "anna@example.org"}).status_code for each in more]
    assert statuses == [303, 303, 429]  # three mails a day
    wild = anna.ask(content_weight="100000")
    answer = anna.post(f"/p/{wild}/mail", data={"email": "carl@example.org"})
    assert (answer.status_code, "0.1 to 4" in answer.text) == (422, True)
    assert studio.row(wild).email is None
    anna.post(f"/p/{wild}/cancel")
    assert anna.post(f"/p/{wild}/mail", data={"email": "carl@example.org"}).status_code == 409
    studio.forget()


@pytest.fixture(scope="module")
def near(tmp_path_factory):
    """A studio that a browser on this machine may open."""
    with Web(tmp_path_factory.mktemp("near"), jobs_per_hour=1000).serving() as web:
        yield web


PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 860}
NOTIFIED = """
window.told = [];
window.Notification = class extends EventTarget {
  static permission = "default";
  static async requestPermission() { return "granted"; }
  constructor(title) { super(); window.told.push(title); }
};
"""


def sent(page, style="Mosaic"):
    """Send a photo by the form; answers with the painting's token."""
    page.goto("/")
    page.set_input_files("#photo", {"name": "cat.png", "mimeType": "image/png", "buffer": picture()})
    page.get_by_label(style, exact=True).check()
    page.get_by_role("button", name="Paint it").click()
    page.wait_for_url("**/p/*")
    return page.url.rpartition("/")[2]


def looked_at(page, name):
    """Nothing is wrong with a page at two widths and in both themes."""
    browser.needed(browser.AXE, "npm install --no-save axe-core")
    page.wait_for_load_state("load")  # without its style sheet a page is as wide as its pictures
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        browser.looked_at(page, name, reduced_motion="reduce")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_story_in_a_browser(near, chromium, script):
    near.forget()
    with chromium.new_context(viewport=DESK, base_url=near.url, java_script_enabled=script) as context:
        if script:
            context.add_init_script(path=browser.AXE)
            context.add_init_script(NOTIFIED)
        page = context.new_page()
        tokens = [sent(page, style) for style in ("Mosaic", "Batik", "Oil impasto")]
        if script:
            looked_at(page, "tell")
            page.get_by_role("button", name="Notify me in this browser").click()
            expect(page.locator("#notify")).to_contain_text("Keep this page open")
        else:
            page.get_by_role("link", name="Tell me by mail").click()
        page.get_by_label("Email").fill("anna@example.org")
        page.get_by_role("button", name="Tell me by mail").click()
        page.wait_for_url(f"**/p/{tokens[2]}")
        expect(page.locator("#mail")).to_contain_text("follow the link")
        assert near.row(tokens[2]).email == "anna@example.org"
        for token in tokens:
            near.painted(token)
        near.files.write(near.row(tokens[2]).id, "painting-mail.jpg", picture("jpg", (900, 600)))
        expect(page).to_have_title(re.compile("^Done"))
        if script:
            expect(page.locator("#notify")).to_have_count(0)
            page.wait_for_load_state("load")  # its scripts have run; the title is there before
            assert page.evaluate("told") == ["Done: Oil impasto · Impasto"]
        page.get_by_role("button", name="Make a link to share").click()
        link = page.get_by_label("The link that shows the painting").input_value()
        if script:
            looked_at(page, "share")
        page.goto(f"/s/{link.rpartition('/')[2]}")
        expect(page.get_by_role("heading", level=1)).to_have_text("A painting in the style Oil impasto")
        if script:
            assert page.locator("article img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 900
            looked_at(page, "shared")
        last = sent(page, "Linocut")
        page.goto("/mine")
        card = page.locator(f"[data-token='{last}']")
        if script:
            page.get_by_label("Choose Batik").check()
            expect(page.locator("#summary")).to_have_text("1 waits.")
            looked_at(page, "mine-own")
            near.painted(last)
            expect(card.locator(".state")).to_have_text("Painted")  # by itself
            expect(page.get_by_label("Choose Batik")).to_be_checked()
            expect(page.locator("#summary")).to_have_text("")
            page.get_by_label("Choose Batik").uncheck()
            page.get_by_label("Choose all").check()
            expect(page.locator(".mine :checked")).to_have_count(4)
            page.get_by_label("Choose Batik").uncheck()
            expect(page.get_by_label("Choose all")).not_to_be_checked()
        else:
            card.get_by_role("button", name="Cancel").click()
            expect(card.locator(".state")).to_have_text("Cancelled")
            for style in ("Mosaic", "Oil impasto", "Linocut"):
                page.get_by_label(f"Choose {style}").check()
        with page.expect_download() as loading:
            page.get_by_role("button", name="Download chosen as ZIP").click()
        with zipfile.ZipFile(loading.value.path()) as found:
            assert {"cat-mosaic.jpg", "cat-oil.jpg"} <= set(found.namelist())
        page.get_by_role("button", name="Delete chosen").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Delete 3 paintings?")
        if script:
            looked_at(page, "delete-several")
        page.get_by_role("button", name="Delete now").click()
        page.wait_for_url("**/mine")
        expect(page.locator(".mine strong")).to_have_text(["Batik"])
        card = page.locator(f"[data-token='{tokens[1]}']")
        card.get_by_role("button", name="Delete").click()
        page.get_by_role("button", name="Delete now").click()
        expect(page.locator("main")).to_contain_text("Nothing yet")


def test_a_failed_one_is_tried_again_from_its_card(near, chromium):
    near.forget()
    with chromium.new_context(viewport=DESK, base_url=near.url) as context:
        page = context.new_page()
        token = sent(page)
        _, attempt = near.claimed()
        with near.database.session() as session:
            attempts.fail(session, attempt, time.time(), "it went wrong")
        page.goto("/mine")
        page.get_by_role("link", name="Try again").click()
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url(lambda url: "/p/" in url and token not in url)
        page.goto("/mine")
        expect(page.locator(".mine li")).to_have_count(1)
    assert near.row(token) is None
