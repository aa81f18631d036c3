"""A painting's page while its server is gone: it says so, and goes on by itself when the server is back."""

import signal
import time

import browser
import pytest
from curves import point
from playwright.sync_api import expect
from studio_server import Studio

from impasto.studio.jobs import attempts, queue
from impasto.studio.jobs.attempts import Attempt

expect.set_options(timeout=60_000)


@pytest.fixture(scope="module")
def studio(tmp_path_factory, home):
    studio = Studio(tmp_path_factory.mktemp("studio"), home)
    yield studio.start()
    studio.close()


@pytest.fixture
def watched(studio, chromium, photo):
    """The page of a painting whose painter is another machine's; answers with the page and what sets the progress."""
    number = studio.submit(photo)
    with studio.database.session() as session:
        job = queue.claim(session, time.time(), 10_000)
        assert job.id == number

    def paint(share):
        progress = {"share": share, "scale": 1, "scales": 2, "step": 4, "steps": 9, "seconds": 7, "seconds_left": 10}
        with studio.database.session() as session:
            assert attempts.report(session, Attempt(number, job.attempt), progress, point(3, 90.0, 110.0), None)

    paint(0.4)
    with chromium.new_context() as context:
        page = context.new_page()
        page.clock.install()
        page.goto(f"{studio.address}/p/{job.token}")
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text("40% painted")
        page.evaluate("window.loaded = 1")  # which is gone with the page that it was set in
        yield page, heading, paint


def test_a_page_whose_server_hangs_says_so(studio, watched):
    page, heading, paint = watched
    studio.server.send_signal(signal.SIGSTOP)
    page.clock.fast_forward(36_000)
    expect(heading).to_have_text("The studio does not answer")
    studio.server.send_signal(signal.SIGCONT)
    paint(0.5)
    expect(heading).to_have_text("50% painted")
    assert page.evaluate("window.loaded") == 1


def test_a_page_whose_server_was_killed_says_so_and_goes_on_when_it_is_back(studio, watched):
    page, heading, paint = watched
    port = int(studio.address.rpartition(":")[2])
    studio.stop(signal.SIGKILL)
    expect(heading).to_have_text("The studio does not answer")
    expect(page.locator("#when")).to_contain_text("looks for it every few seconds, and goes on by itself")
    expect(page.locator("#spoken[role=status]")).to_contain_text("The studio does not answer")
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
    assert page.title() == "The studio does not answer · Impasto"
    browser.keep_screen(page, "lost", "light")
    page.clock.fast_forward(3_000)  # it looks in vain
    expect(heading).to_have_text("The studio does not answer")
    studio.start(port=port)
    expect(heading).to_have_text("40% painted")
    paint(0.5)  # told by the stream
    expect(heading).to_have_text("50% painted")
    expect(page.get_by_role("button", name="Cancel")).to_be_enabled()
    assert page.evaluate("window.loaded") == 1
