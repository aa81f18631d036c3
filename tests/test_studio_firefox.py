"""The studio in the other family of browsers: one whole story, and every page at two widths and in both themes."""

import pytest

pytest.importorskip("marionette_driver")  # it does not load in Python 3.13, which lacks telnetlib

from firefox import firefox
from marionette_driver import By
from studio_web import Web, picture

PHONE, DESK = (360, 740), (1280, 860)


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with Web(tmp_path_factory.mktemp("studio"), jobs_per_hour=1000).serving() as web:
        yield web


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with firefox(tmp_path_factory.mktemp("firefox")) as opened:
        opened.shape(*DESK)
        yield opened


def sent(page, studio, file):
    """Send a photo by the form; answers with the painting's token."""
    page.navigate(studio.url)
    page.find_element(By.ID, "photo").send_keys(str(file))
    page.until(lambda: page.find_element(By.ID, "photo-state").text == file.name)
    style = page.find_element(By.CSS_SELECTOR, "input[name=style][value=mosaic]")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", [style])  # from under the bar at the bottom
    style.click()
    page.find_element(By.ID, "submit").click()
    page.until(lambda: "/p/" in page.get_url())
    return page.get_url().rpartition("/")[2]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "cat.png"
    path.write_bytes(picture(size=(300, 200)))
    return path


def test_a_photo_is_sent_and_watched_until_it_is_painted_and_shared(studio, page, file):
    page.complaints()
    token = sent(page, studio, file)
    assert [style["name"] for style in studio.row(token).styles] == ["mosaic"]
    studio.painted(token)
    page.until(lambda: page.title.startswith("Done"))  # by itself
    shown = page.find_element(By.CSS_SELECTOR, "main img")
    page.until(lambda: page.execute_script("return arguments[0].complete && arguments[0].naturalWidth > 0", [shown]))
    assert page.complaints() == []


@pytest.mark.parametrize("shape", [PHONE, DESK], ids=["phone", "desk"])
def test_no_page_scrolls_sideways_complains_or_breaks_a_rule_of_axe(studio, page, file, shape):
    page.shape(*DESK)
    done = sent(page, studio, file)
    studio.painted(done)
    page.until(lambda: page.title.startswith("Done"))
    page.complaints()
    page.shape(*shape)
    for name, address in {
        "start": "/", "mine": "/mine", "docs": "/docs", "done": f"/p/{done}", "delete": f"/p/{done}/delete",
        "nothing": "/p/nothing", "learn": "/learn", "padding": "/learn/padding", "inside": "/learn/inside",
        "classify": "/learn/classify", "training": "/learn/training", "transfer": "/learn/transfer",
    }.items():  # fmt: skip
        page.navigate(studio.url + address)
        width = page.execute_script("return document.documentElement.scrollWidth")
        assert width <= shape[0], name
        for scheme in page.in_both_themes():
            assert page.axe_finds() == [], (name, scheme)
            page.keep_screen(f"{name}-{scheme}-{shape[0]}")
    assert page.complaints() == []
