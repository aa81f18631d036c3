"""The languages of the studio: what is in the catalogues, who gets which, and how the pages look in each."""

import re
import time
from contextlib import contextmanager
from gettext import NullTranslations
from html.parser import HTMLParser

import browser
import pytest
from catalogues import extracted
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect
from sqlalchemy import select
from studio_web import Web, picture

from impasto.studio import languages
from impasto.studio.jobs import queue
from impasto.studio.jobs.rows import Job
from impasto.studio.languages import LANGUAGES, catalogue, speaking
from impasto.studio.mail import consent
from impasto.studio.secret import secret_key
from impasto.studio.web import words

expect.set_options(timeout=30_000)
OTHERS = [language for language in LANGUAGES if language != "en"]
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
VALUE = re.compile(r"%\(\w+\)s|</?\w+[^>]*>")
PAGE = {"accept": "text/html"}
# Vowels of a language that nobody speaks: what keeps its own was never translated.
VOWELS = str.maketrans("aeiouAEIOU", "àéîõüÀÉÎÕÜ")
NAMES = re.compile(r"Impasto|English|Français|Deutsch|Español|API|JPEG|PNG|WebP|HEIC|TIFF|AVIF|MB|UTC|you@example.org")


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with Web(tmp_path_factory.mktemp("studio"), jobs_per_hour=1000).serving() as web:
        yield web


def job(studio, state="waiting", **changes):
    """A job that waits, is painted, or has ended."""
    with studio.database.session() as session:
        row = queue.submit(
            session, settings={"quality": "fine", "size": 384, "keep_colors": True},
            styles=[{"name": name, "weight": 1.0, "file": None} for name in ("mosaic", "ink")], width=384, height=256,
            email=None, submitter="somebody", owner=None, now=time.time(), keep_days=7, max_waiting=1000,
        )  # fmt: skip
        row.state, row.attempt, row.lease, row.seconds, row.film = state, 1, time.time() + 1000, 75.0, True
        for name, value in changes.items():
            setattr(row, name, value)
        for name in ("photo.png", "photo-view.webp", "painting-view.webp", "thumb.webp", "film.webp", "painting.jpg"):
            studio.files.write(row.id, name, picture(name.rpartition(".")[2]))
        return row.token


@pytest.fixture(scope="module")
def pages(studio):
    """A page of each kind: name → address."""
    signed = consent.sign(secret_key(studio.configuration), "anna@example.org")
    done = job(studio, "done", share="shown")
    progress = {"share": 0.4, "scale": 1, "scales": 2, "step": 3, "steps": 9, "seconds": 4.0, "seconds_left": 70.0}
    return {
        "start": "/", "again": f"/?again={done}", "mine": "/mine", "nothing": "/p/nothing", "done": f"/p/{done}",
        "delete": f"/p/{done}/delete", "failed": f"/p/{job(studio, 'failed', error='The photo is too strange.')}",
        "cancelled": f"/p/{job(studio, 'cancelled')}", "shared": "/s/shown",
        "painting": f"/p/{job(studio, 'painting', progress=progress)}", "waiting": f"/p/{job(studio)}",
        "never": f"/mail/never/{signed}", "made-up": "/mail/never/made-up", "confirm": "/mail/confirm/old",
    }  # fmt: skip


# The catalogues


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogues_are_whole(language):
    known = {message.id: message for message in catalogue(language) if message.id}
    said = {message.id for message in extracted() if message.id}
    assert said == set(known), "make catalogues brings them up to date"
    for message in known.values():
        assert not message.fuzzy
        translated = message.string if isinstance(message.string, tuple) else (message.string,)
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        for each, original in zip(translated, originals, strict=True):
            assert each, message.id
            assert sorted(VALUE.findall(each)) == sorted(VALUE.findall(original)), message.id
            scripted = all(place.endswith(".js") for place, _ in message.locations)
            assert scripted or "%" not in VALUE.sub("", each), message.id  # it would be taken for a value


class Texts(HTMLParser):
    """What a page says to people: its texts, and those of its attributes; not what is marked as another language."""

    def __init__(self):
        super().__init__()
        self.said, self._silent = [], []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag not in ("meta", "link", "img", "input", "br", "source"):
            other = tag in ("script", "style", "svg") or (tag != "html" and "lang" in given)
            self._silent.append(other or (bool(self._silent) and self._silent[-1]))
        for name in ("alt", "aria-label", "title", "placeholder"):
            self.said.append(given.get(name) or "")
        if given.get("property", given.get("name", "")) in ("og:title", "og:description", "description"):
            self.said.append(given["content"])

    def handle_endtag(self, tag):
        if self._silent and tag not in ("path",):
            self._silent.pop()

    def handle_data(self, data):
        if not (self._silent and self._silent[-1]):
            self.said.append(data)


@pytest.fixture
def nobodys(monkeypatch):
    """Every language is one that nobody speaks, with vowels of its own."""

    def strange(message):
        kept, places = VALUE.findall(message), iter(VALUE.split(message))
        return "".join(part.translate(VOWELS) + (kept.pop(0) if kept else "") for part in places)

    class Nobodys(NullTranslations):
        def gettext(self, message):
            return strange(message)

        def ngettext(self, one, many, count):
            return strange(one if count == 1 else many)

    monkeypatch.setattr(languages, "_translations", lambda _language: Nobodys())


@pytest.mark.usefixtures("nobodys")
def test_no_page_says_what_is_in_no_catalogue(studio, pages):
    for name, address in pages.items():
        answer = studio.client.get(address, headers={**PAGE, "accept-language": "fr"})
        texts = Texts()
        texts.feed(answer.text)
        said = [NAMES.sub("", text).strip() for text in texts.said]
        assert sum(map(len, said)) > 60, name
        # a file's name, the visitor's words, and months are nobody's to translate
        known = ("The photo is too strange.", "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août")
        known += ("septembre", "octobre", "novembre", "décembre")
        left = [text for text in said if re.search("[aeiouAEIOU]", text) and not any(each in text for each in known)]
        assert left == [], name


def test_what_is_refused_is_said_in_the_visitors_language(studio):
    french = {"accept-language": "fr-CH, fr;q=0.9, en;q=0.8"}
    refused = studio.client.post("/api/paintings", headers=french)
    assert refused.json()["detail"] == "Il n’y a pas de photo : choisissez-en une."
    many = {"style": ["ink", "night", "mosaic", "oil"]}
    refused = studio.client.post("/api/paintings", files={"photo": picture()}, data=many, headers=french)
    assert refused.json()["detail"] == "On peut mélanger 3 styles au plus : retirez-en."
    assert studio.client.post("/api/paintings").json()["detail"] == "There is no photo: choose one."
    page = studio.client.get("/p/nothing", headers={**PAGE, "accept-language": "de"})
    assert (page.status_code, "Dieses Gemälde gibt es nicht" in page.text) == (404, True)
    assert "Zu groß" in studio.client.get("/too-large", headers={**PAGE, "accept-language": "de"}).text
    assert studio.client.get("/language/tlh").status_code == 404
    assert studio.client.get("/words/tlh.json").status_code == 404


# Who gets which


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"), ("fr", "fr"), ("fr-CA,fr;q=0.8,en;q=0.5", "fr"), ("de-AT", "de"), ("es-419, en", "es"),
        ("it, de;q=0.3, es;q=0.7", "es"), ("en-US, fr;q=0.9", "en"), ("ja", "en"), ("fr;q=0, de;q=0.1", "de"),
        ("*", "en"), (";;;,q=,fr;q=x,es", "es"),
    ],
)  # fmt: skip
def test_the_browsers_language_is_spoken(studio, accepted, language):
    answer = studio.client.get("/", headers={**PAGE, "accept-language": accepted})
    assert f'<html lang="{language}">' in answer.text
    assert {"accept-language", "cookie"} <= {each.strip().lower() for each in answer.headers["vary"].split(",")}


@given(st.text(max_size=60))
def test_whatever_a_browser_says_there_is_a_language(accepted):
    assert languages.chosen("", accepted) in LANGUAGES


def test_the_language_that_is_chosen_is_kept_and_leads_back_to_the_page(studio):
    german = {**PAGE, "accept-language": "de"}
    page = studio.client.get("/mine?x=1", headers=german)
    assert 'href="/language/es?back=/mine%3Fx%3D1"' in page.text
    answer = studio.client.get("/language/es?back=/mine%3Fx%3D1", headers=german)
    assert (answer.status_code, answer.headers["location"]) == (303, "/mine?x=1")
    kept = {**german, "cookie": answer.headers["set-cookie"].partition(";")[0]}
    assert '<html lang="es">' in studio.client.get("/mine", headers=kept).text
    for elsewhere in ("//evil.example", "/\\evil.example", "https://evil.example", "evil", "/\n/evil.example"):
        to = studio.client.get("/language/es", params={"back": elsewhere}).headers["location"]
        assert to.startswith("/")
        assert not to.startswith(("//", "/\\"))
        assert "\n" not in to


def test_numbers_and_times_are_those_of_the_language():
    for language, number, day in (
        ("en", "12,345.5", "3 May 2026, 10:11 UTC"),
        ("fr", "12\u202f345,5", "3 mai 2026, 10:11 UTC"),
        ("de", "12.345,5", "3. Mai 2026, 10:11 UTC"),
        ("es", "12.345,5", "3 de mayo de 2026, 10:11 UTC"),
    ):
        with speaking(language):
            assert languages.number(12345.5) == number
            assert words.moment(1777803060)["words"] == day
    with speaking("fr"):
        assert words.duration(60) == "1 minute"
        assert words.duration(3900) == "1 heure 5 minutes"
    with speaking("nobody's"):
        assert words.duration(120) == "2 minutes"


# In a browser


@pytest.fixture(scope="module")
def browse(studio, chromium):
    @contextmanager
    def opened(language, viewport, script=""):
        with chromium.new_context(viewport=viewport, base_url=studio.url, locale=language) as context:
            if script:
                context.add_init_script(path=script)
            complaints, page = [], context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            yield page
            assert complaints == []

    return opened


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_pages_fit_in_every_language_and_axe_finds_nothing(browse, pages, language, viewport):
    browser.needed(browser.AXE, "npm install --no-save axe-core")
    with browse(language, viewport, browser.AXE) as page:
        for name in ("start", "again", "done", "painting", "mine", "failed"):
            page.goto(pages[name])
            browser.looked_at(page, f"{name}-{language}", reduced_motion="reduce")
        page.goto("/")
        if viewport == PHONE:  # the bar is one line of buttons and words, with room for the page above it
            assert page.locator(".submit").bounding_box()["height"] < 110


@pytest.mark.parametrize("language", LANGUAGES)
def test_scripts_speak_as_the_server_does(browse, language):
    seconds = [7, 55, 91, 3600, 5000]
    states = [
        *({"state": "waiting", "place": place, "waiting_seconds": wait} for place, wait in ((0, 2), (3, 90), (12, 9))),
        {"state": "painting", "progress": None},
        {"state": "painting", "progress": {"share": 0.42, "seconds_left": 200}},
    ]
    states = [{**state, "mail": place % 2 == 0, "mail_confirmed": place == 4} for place, state in enumerate(states)]
    with browse(language, DESK) as page:
        page.goto("/")
        said = page.evaluate(
            """async ([seconds, states]) => {
                const words = await import("/static/words.js");
                return [seconds.map(words.duration),
                    ...[words.headline, words.when, words.mail].map((tell) => states.map(tell))];
            }""",
            [seconds, states],
        )
    with speaking(language):
        assert said[0] == [words.duration(each) for each in seconds]
        assert said[1:] == [[tell(each) for each in states] for tell in (words.headline, words.when, words.mail)]


def test_a_lesson_is_in_english_and_the_page_around_it_is_not(browse):
    with browse("fr", DESK) as page:
        page.goto("/learn/transfer")
        expect(page.get_by_role("link", name="Les miens")).to_be_visible()
        assert page.evaluate("document.getElementById('main').lang") == "en"
        assert page.evaluate("import('/static/language.js').then(({ language }) => language)") == "en"


def test_a_visitor_reads_french_from_the_form_to_the_page(studio, browse):
    with browse("fr", DESK) as page:
        page.goto("/")
        expect(page.locator("#estimate")).to_contain_text("de peinture")
        page.get_by_role("button", name="Peindre", exact=True).click()
        expect(page.get_by_role("alert")).to_have_text("Il n’y a pas encore de photo : choisissez-en une.")
        file = {"name": "photo.png", "mimeType": "image/png", "buffer": picture("png")}
        page.locator("#photo").set_input_files([file, file])
        expect(page.locator("#photo-state")).to_contain_text("2 photos : chacune devient un tableau.")
        page.get_by_role("button", name="Peindre", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Les miens")
        page.get_by_role("link", name="Lavis à l’encre").or_(page.locator(".card")).first.click()
        expect(page.locator("#headline")).to_contain_text("Le vôtre est")
        page.get_by_role("link", name="Español").click()
        expect(page.locator("#headline")).to_contain_text("El suyo es")
    with studio.database.reading() as session:
        assert "fr" in set(session.scalars(select(Job.language)))
