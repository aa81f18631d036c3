"""Who is written to: an address whose owner has said so, for that browser, and none whose owner wants no mail."""

import re
import threading
import time
from email import policy
from email.parser import BytesParser

import httpx
import pytest
from sqlalchemy import select, update
from studio_web import Web, picture

from impasto.studio.jobs import attempts
from impasto.studio.jobs.rows import Job
from impasto.studio.mail import consent
from impasto.studio.mail.post import Post

JSON = {"accept": "application/json"}
PAGE = {"accept": "text/html"}


class Studio:
    """A studio's web half with its post, and browsers that know nothing of each other."""

    def __init__(self, web):
        self.web = web
        self.seen = set()

    def browser(self):
        return httpx.Client(base_url=self.web.url, timeout=60)

    def letters(self):
        """Send what is due; answers with the mails that are new."""
        web = self.web
        Post(web.configuration, web.database, web.files, threading.Event()).deliver(time.time())
        new = set(web.configuration.mail_folder.glob("*.eml")) - self.seen
        self.seen |= new
        return [BytesParser(policy=policy.default).parsebytes(path.read_bytes()) for path in sorted(new)]

    def ask(self, browser, email="anna@example.org", status=201, **data):
        files = [("photo", ("Cheap pills.png", picture("png")))]
        files += [("style_file", ("Buy pills at pills.example.png", picture("png")))]
        answer = browser.post("/api/paintings", data={"email": email, **data}, files=files, headers=JSON)
        assert answer.status_code == status, answer.text
        return answer.json()

    def painted(self, token):
        self.web.painted(token)
        self.web.files.write(self.web.row(token).id, "painting-mail.jpg", picture("jpg"))


@pytest.fixture
def studio(tmp_path):
    with Web(tmp_path, jobs_per_hour=1000, mails_per_day=100).serving() as web:
        yield Studio(web)


def text_of(letter):
    return letter.get_body(("plain",)).get_content()


def link(letter, kind):
    """The path of the link of that kind in a mail, which must be in its HTML too."""
    (address,) = re.findall(rf"https?://\S+/mail/{kind}/\S+", text_of(letter))
    assert address in letter.get_body(("html",)).get_content()
    return "/mail/" + address.partition("/mail/")[2]


def pictures(letter):
    return [part for part in letter.walk() if part.get_content_maintype() == "image"]


def confirmed(studio, browser, email="anna@example.org"):
    """Ask for a painting with an address, and confirm it."""
    token = studio.ask(browser, email)["token"]
    (letter,) = studio.letters()
    assert browser.post(link(letter, "confirm")).status_code == 200
    return token


def test_the_first_mail_asks_and_says_nothing_of_the_visitors(studio):
    token = studio.ask(studio.browser())["token"]
    (letter,) = studio.letters()
    assert letter["To"] == "anna@example.org"
    said = letter.as_string() + text_of(letter) + letter.get_body(("html",)).get_content()
    assert pictures(letter) == []
    assert "img" not in said
    assert not re.search("pills", said, re.IGNORECASE)
    assert token not in said
    studio.painted(token)
    assert studio.letters() == []  # nobody has said yes


def test_who_follows_the_link_and_says_yes_gets_what_was_painted_meanwhile(studio):
    browser = studio.browser()
    told = studio.ask(browser)
    assert (told["mail"], told["mail_confirmed"]) == (True, False)
    address = f"/p/{told['token']}"
    assert "follow the link" in browser.get(address, headers=PAGE).text
    studio.painted(told["token"])
    assert "follow the link" in browser.get(address, headers=PAGE).text
    (letter,) = studio.letters()
    path = link(letter, "confirm")
    for _ in range(3):  # as scanners of mail do
        page = httpx.get(f"{studio.web.url}{path}", headers=PAGE)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert studio.letters() == []
    assert "<button" in page.text
    assert "anna" not in page.text
    assert httpx.post(f"{studio.web.url}{path}", headers=PAGE).status_code == 200  # another browser, such as a phone's
    (letter,) = studio.letters()
    assert letter["Subject"] == "Your painting is ready"
    assert told["token"] in text_of(letter)
    assert len(pictures(letter)) == 1
    assert browser.get(f"/api/paintings/{told['token']}").json()["mail_confirmed"]
    assert "follow the link" not in browser.get(address, headers=PAGE).text


def test_a_link_works_once(studio):
    browser = studio.browser()
    token = studio.ask(browser)["token"]
    (letter,) = studio.letters()
    assert browser.post(link(letter, "confirm"), headers=PAGE).status_code == 200
    studio.painted(token)
    assert len(studio.letters()) == 1
    for answer in (browser.post(link(letter, "confirm"), headers=PAGE), browser.get(link(letter, "confirm"))):
        assert answer.status_code == 410
        assert "used already" in answer.text
    assert studio.letters() == []


def test_a_link_that_is_too_old_or_made_up_does_nothing(studio):
    browser = studio.browser()
    token = studio.ask(browser)["token"]
    (letter,) = studio.letters()
    path = link(letter, "confirm")
    assert len(path.rpartition("/")[2]) >= 22  # 128 bits
    for wrong in ("/mail/confirm/x", path[:-1], path + "x"):
        for method in ("GET", "POST"):
            answer = browser.request(method, wrong, headers=PAGE)
            assert answer.status_code == 410
            assert "<button" not in answer.text
    with studio.web.database.session() as session:
        session.execute(update(consent.Confirmation).values(created=time.time() - consent.KEPT - 1))
    assert "too old" in browser.get(path, headers=PAGE).text
    assert browser.post(path).status_code == 410
    studio.painted(token)
    assert studio.letters() == []
    studio.ask(browser)  # asks anew
    (again,) = studio.letters()
    assert link(again, "confirm") != path
    assert browser.post(link(again, "confirm")).status_code == 200
    assert len(studio.letters()) == 1


def test_once_a_browser_and_it_is_kept(studio):
    browser = studio.browser()
    studio.painted(confirmed(studio, browser))
    assert len(studio.letters()) == 1
    told = studio.ask(browser, "Anna@Example.org")
    assert told["mail_confirmed"]
    assert "we write to you" in browser.get(f"/p/{told['token']}", headers=PAGE).text
    assert studio.letters() == []
    studio.painted(told["token"])
    assert [letter["Subject"] for letter in studio.letters()] == ["Your painting is ready"]
    other = studio.ask(studio.browser())  # who knows the address, but is nobody that its owner knows
    assert not other["mail_confirmed"]
    (letter,) = studio.letters()
    assert link(letter, "confirm")
    studio.painted(other["token"])
    assert studio.letters() == []
    sub = studio.ask(browser, "anna+1@example.org")  # with some servers somebody else's
    assert not sub["mail_confirmed"]


def test_a_browser_that_waits_for_an_answer_does_not_ask_again(studio):
    browser = studio.browser()
    tokens = [studio.ask(browser)["token"] for _ in range(4)]
    (letter,) = studio.letters()
    browser.post(link(letter, "confirm"))
    for token in tokens:
        studio.painted(token)
    assert len(studio.letters()) == 4


def test_nobody_is_asked_often_whoever_asks(studio):
    for _ in range(consent.ASKED_A_DAY):
        studio.ask(studio.browser())
    refusal = studio.ask(studio.browser(), "anna+7@example.org", status=429)
    assert "asked" in refusal["detail"]
    assert len(studio.letters()) == consent.ASKED_A_DAY
    assert studio.ask(studio.browser(), "bert@example.org")["mail"]


def test_every_mail_says_how_never_to_get_one_again(studio):
    browser = studio.browser()
    token = studio.ask(browser)["token"]
    found = studio.letters()
    browser.post(link(found[0], "confirm"))
    studio.painted(token)
    token = studio.ask(browser)["token"]
    with studio.web.database.session() as session:
        job = session.scalar(select(Job).where(Job.token == token))
    _, attempt = studio.web.claimed()
    with studio.web.database.session() as session:
        attempts.fail(session, attempt, time.time(), "it went wrong")
    found += studio.letters()
    assert job.email == "anna@example.org"
    assert sorted(letter["Subject"] for letter in found) == [
        "May we write to you?", "Your painting is ready", "Your photo could not be painted",
    ]  # fmt: skip
    for letter in found:
        assert letter["List-Unsubscribe"] == f"<{studio.web.configuration.address}{link(letter, 'never')}>"
        assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_who_wants_no_mail_gets_none_for_ever(studio):
    browser, web = studio.browser(), studio.web
    token = confirmed(studio, browser)
    other = studio.ask(studio.browser(), "Anna+2@example.org")["token"]
    (letter,) = studio.letters()
    path = link(letter, "never")
    page = httpx.get(f"{web.url}{path}", headers=PAGE)
    assert (page.status_code, "<button" in page.text) == (200, True)
    third = studio.ask(browser)
    assert third["mail_confirmed"]  # looking did nothing
    studio.painted(token)
    studio.painted(third["token"])
    # as a program of mail does: https://www.rfc-editor.org/rfc/rfc8058
    answer = httpx.post(f"{web.url}{path}", data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert studio.letters() == []  # not that either which was written before
    assert not web.row(token).email
    for email in ("anna@example.org", "ANNA+3@example.org"):
        for who in (browser, studio.browser()):
            assert "no mail" in studio.ask(who, email, status=422)["detail"]
    assert httpx.post(f"{web.url}{path}").status_code == 200  # and once more
    assert web.client.post(link(letter, "confirm")).status_code == 410
    studio.painted(other)
    assert studio.letters() == []
    with Web(web.configuration.data_dir).serving() as again:  # and at the next start
        studio.web = again
        assert "no mail" in studio.ask(studio.browser(), status=422)["detail"]
        studio.ask(studio.browser(), "bert@example.org")


def test_nobody_says_so_for_another(studio):
    browser = studio.browser()
    studio.ask(browser)
    (letter,) = studio.letters()
    path = link(letter, "never")
    who, _, signature = path.rpartition("/")[2].partition(".")
    turned = who[::-1]
    for wrong in (f"{turned}.{signature}", f"{who}.{signature[::-1]}", who, "x", f"{who}."):
        for method in ("GET", "POST"):
            answer = browser.request(method, f"/mail/never/{wrong}", headers=PAGE)
            assert answer.status_code == 410
            assert "<button" not in answer.text
    assert browser.post(link(letter, "confirm")).status_code == 200
    assert studio.ask(browser)["mail_confirmed"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"content_weight": "100000"}, "0.1 to 4"),
        ({"content_weight": "4.2"}, "0.1 to 4"),
        ({"content_weight": "0"}, "0.1 to 4"),
        ({"style_scale": "0.2"}, "0.25 to 2.5"),
        ({"style_scale": "2.6"}, "0.25 to 2.5"),
        ({"style": "ink:0.5"}, "1 to 100"),
        ({"style": ["ink", "oil:101"]}, "1 to 100"),
        ({"style": "ink", "style_file_weight": "0"}, "1 to 100"),
        ({"size": "255"}, "256 to 2,048"),
    ],
)
def test_with_an_address_no_more_is_taken_than_the_page_offers(studio, data, words):
    browser = studio.browser()
    detail = studio.ask(browser, status=422, **data)["detail"]
    assert words in detail
    assert "address" in detail
    assert studio.letters() == []
    studio.ask(browser, "", **data)
    most = {"content_weight": "4", "style_scale": "2.5", "style": "ink:100", "style_file_weight": "1", "size": "256"}
    studio.ask(browser, **most)
