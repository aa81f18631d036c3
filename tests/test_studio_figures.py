"""The page of figures: for who knows the token alone, true, and readable by everybody."""

import time

import browser
import pytest
from sqlalchemy import update
from structlog.testing import capture_logs
from studio_web import Web

from impasto.studio.jobs import attempts, queue
from impasto.studio.jobs.rows import Job
from impasto.studio.mail.outbox import Mail

TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with Web(tmp_path_factory.mktemp("studio"), operator_token=TOKEN).serving() as serving:
        yield serving


def submitted(web, email=None):
    with web.database.session() as session:
        return queue.submit(
            session, settings={"quality": "draft", "size": 64}, styles=[{"name": "ink", "weight": 1.0, "file": None}],
            width=64, height=48, email=email, submitter="anna", owner="anna", now=time.time(), keep_days=7,
            max_waiting=99, confirmed=email is not None,
        )  # fmt: skip


def failed(web, error):
    _, attempt = web.claimed()
    with web.database.session() as session:
        attempts.fail(session, attempt, time.time(), error)


@pytest.fixture(scope="module")
def busy(web):
    """Three jobs that failed in two ways, one of them with a mail; one is painted, and one waits."""
    for size in (31, 29):
        submitted(web)
        failed(web, f"a canvas of {size} px is too small")
    submitted(web, "anna@example.org")
    failed(web, "the disk is full")
    submitted(web)
    web.claimed()
    submitted(web)
    with web.database.session() as session:
        session.execute(update(Job).where(Job.state == "waiting").values(created=time.time() - 7200))
        session.execute(update(Mail).values(tries=2))


def test_only_who_knows_the_token_gets_the_page(web):
    for given in ({}, {"auth": ("me", "a-token")}, {"headers": {"authorization": "Bearer a-token"}},
                  {"headers": {"authorization": "Basic !"}}):  # fmt: skip
        refused = web.client.get("/figures", headers={"accept": "text/html", **given.pop("headers", {})}, **given)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic ")
        assert "IMPASTO_OPERATOR_TOKEN" in refused.text
    for given in ({"auth": ("me", TOKEN)}, {"headers": {"authorization": f"Bearer {TOKEN}"}}):
        answer = web.client.get("/figures", **given)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"


def test_without_a_token_there_is_no_such_page_and_a_short_one_is_refused(run, tmp_path):
    with Web(tmp_path).serving() as other:
        assert other.client.get("/figures", auth=("me", "")).status_code == 404
    short = run("serve", "--port", "0", IMPASTO_DATA_DIR=str(tmp_path), IMPASTO_OPERATOR_TOKEN="short")
    assert short.returncode == 2
    assert b"IMPASTO_OPERATOR_TOKEN can't be what it is: give one of at least 20 letters" in short.stderr


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("viewport", [{"width": 360, "height": 740}, {"width": 1440, "height": 900}])
def test_the_figures_are_those_of_the_jobs_and_everybody_can_read_them(web, chromium, viewport):
    password = {"username": "operator", "password": TOKEN}
    with chromium.new_context(viewport=viewport, http_credentials=password, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{web.url}/figures")
        said = {
            section.locator("h2").inner_text(): dict(
                zip(section.locator("dt").all_inner_texts(), section.locator("dd").all_inner_texts(), strict=True)
            )
            for section in page.locator("main section").all()
        }
    assert said["The queue"]["waiting"] == "1, the first for 2 hours"
    assert said["The queue"]["painting"] == "1"
    assert said["The queue"]["failed"] == "3, of them 3 within a day"
    assert list(said["What a painting takes"]) == ["draft", "standard", "fine"]
    assert said["The disk"]["free"].endswith(" GB")
    assert said["Why paintings failed"] == {"2": "a canvas of N px is too small", "1": "the disk is full"}
    assert said["Mails"]["waiting"].startswith("1, the first for ")
    assert said["Mails"]["tried in vain"].startswith("1")

    browser.needed(browser.AXE, "npm install --no-save axe-core")
    with chromium.new_context(viewport=viewport, http_credentials=password) as context:
        context.add_init_script(path=browser.AXE)
        page = context.new_page()
        page.goto(f"{web.url}/figures")
        browser.looked_at(page, "figures")


def test_a_file_of_the_pages_is_no_line_of_the_log_unless_it_is_missing(web):
    with capture_logs() as lines:
        for address in ("/static/studio.css", "/static/nothing.css", "/learn"):
            web.client.get(address)
    assert [(line["route"], line["status"]) for line in lines] == [("/static", 404), ("/learn", 200)]
    assert 'route="/static",status="200"' in web.client.get("/metrics").text
