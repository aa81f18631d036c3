"""What the studio stands: many uploads, many watchers, a database that fails, an address of plain http."""

import threading
import time

import browser
import httpx
import pytest
import structlog
from playwright.sync_api import expect
from sqlalchemy import event, text
from studio_web import Web, picture, until

from impasto.studio.jobs import queue
from impasto.studio.uploads import pool as uploads
from impasto.studio.web.outlooks import Outlooks
from impasto.studio.web.state import described


@pytest.fixture
def web(tmp_path):
    with Web(tmp_path, max_canvas=128, jobs_per_hour=1000, public_url="http://studio.test").serving() as web:
        yield web


def submit(web, who="somebody"):
    with web.database.session() as session:
        return queue.submit(
            session, settings={"quality": "draft", "size": 64}, styles=[{"name": "night", "weight": 1, "file": None}],
            width=64, height=48, email=None, submitter=who, owner=None, now=time.time(), keep_days=7, max_waiting=1000,
        )  # fmt: skip


def test_pages_are_answered_while_many_pictures_wait_to_be_read(web, monkeypatch):
    go_on = threading.Event()
    read = uploads.decode

    def slow(*arguments, **named):
        go_on.wait(120)
        return read(*arguments, **named)

    monkeypatch.setattr(uploads, "decode", slow)
    answers = []

    def check():
        files = {"photo": ("a.png", picture(size=(40, 40)))}
        answers.append(httpx.post(f"{web.url}/api/check", files=files, timeout=120).status_code)

    senders = [threading.Thread(target=check) for _ in range(45)]  # more than a server has threads
    for sender in senders:
        sender.start()
    try:
        for _ in range(20):
            assert httpx.get(web.url, headers={"accept": "text/html"}, timeout=20).status_code == 200
    finally:
        go_on.set()
        for sender in senders:
            sender.join()
    assert answers == [200] * 45


def test_all_who_watch_cost_one_look_at_the_queue(web):
    jobs = [submit(web, f"person {number % 7}") for number in range(30)]
    statements = []
    event.listen(web.database.engine, "before_cursor_execute", lambda *of: statements.append(of[2]))
    outlooks = Outlooks(web.configuration, web.database)
    states = [described(job, outlooks, "") for job in jobs[:1]]
    once = len(statements)
    states += [described(job, outlooks, "") for job in jobs[1:]]
    assert len(statements) == once
    assert sorted(state["place"] for state in states) == list(range(30))


def test_a_fault_of_ours_is_told_with_all_headers_and_says_no_token_in_the_logs(web, caplog):
    token = submit(web).token
    with web.database.session() as session:
        session.execute(text("ALTER TABLE jobs RENAME TO elsewhere"))
    with structlog.testing.capture_logs() as events:
        answer = web.client.get(f"/p/{token}", headers={"accept": "text/html"})
    assert (answer.status_code, "no fault of yours" in answer.text) == (500, True)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    until(lambda: "no such table" in caplog.text)  # the server writes it after its answer
    logged = caplog.text + "".join(str(event.get("exc_info")) for event in events)
    assert "no such table" in str(events)
    assert token not in logged
    with web.database.session() as session:
        session.execute(text("ALTER TABLE elsewhere RENAME TO jobs"))
    assert 'route="/p/{token}",status="500"} 1.0' in web.client.get("/metrics").text


def test_a_database_that_cannot_be_written_to_is_no_full_disk(web):
    @event.listens_for(web.database.engine, "checkout")
    def _read_only(connection, _record, _proxy):
        connection.execute("PRAGMA query_only=1")

    answer = httpx.post(f"{web.url}/api/paintings", files={"photo": ("a.png", picture())}, timeout=60)
    assert answer.status_code == 503
    assert answer.json()["detail"] == "No paintings can be taken at the moment: try again in a few minutes."
    assert int(answer.headers["retry-after"]) > 0
    ready = web.client.get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, False)


def test_the_newest_preview_is_not_kept_by_a_browser(web):
    token = submit(web).token
    job, _ = web.claimed()
    with web.database.session() as session:
        session.execute(text("UPDATE jobs SET preview = 3"))
    web.files.write(job.id, "preview-1-3.webp", picture("webp"))
    image = f"/api/paintings/{token}/image?kind=preview"
    assert web.client.get(image).headers["cache-control"] == "no-store"
    assert "max-age" in web.client.get(f"{image}&n=1-3").headers["cache-control"]


@pytest.fixture(scope="module")
def chromium():
    """It knows a name for this machine that it does not trust as it does loopback: it then says less of itself."""
    with browser.chromium("--host-resolver-rules=MAP studio.test 127.0.0.1") as opened:
        yield opened


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def page(web, chromium, request):
    address = web.url.replace("127.0.0.1", "studio.test")
    with chromium.new_context(base_url=address, java_script_enabled=request.param) as context:
        yield context.new_page()


def test_forms_are_sent_at_an_address_of_plain_http(page):
    page.goto("/")
    page.locator("#photo").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": picture()})
    with page.expect_request(lambda asked: asked.method == "POST" and asked.url == f"{page.url}") as sent:
        page.get_by_role("button", name="Paint it").click()
    assert "sec-fetch-site" not in sent.value.all_headers()  # else this shows nothing
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancelled")
    page.get_by_role("link", name="Delete").click()
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.get_by_role("button", name="Delete now").click()
    assert answered.value.status == 200
    referrer = answered.value.request.all_headers().get("referer", "")
    assert "/p/" not in referrer
    expect(page.get_by_role("heading", level=1)).to_have_text("Deleted")


def test_what_a_proxy_refuses_is_told_in_words(web, chromium):
    with chromium.new_context(base_url=web.url) as context:
        page = context.new_page()
        refusal = {"status": 413, "content_type": "text/html", "body": "<h1>413</h1>"}
        page.route(f"{web.url}/", lambda route: (
            route.fulfill(**refusal) if route.request.method == "POST" else route.continue_()
        ))  # fmt: skip
        page.goto("/")
        page.locator("#photo").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": picture()})
        page.get_by_role("button", name="Paint it").click()
        expect(page.locator("#refused")).to_have_text("That is more than can be sent: choose a smaller picture.")
        expect(page.get_by_role("button", name="Paint it")).to_be_enabled()
