"""A real browser, Debian's chromium, and axe-core; where they are missing tests are skipped, but never in CI."""

import os
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
PROGRAM = Path("/usr/bin/chromium")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SCREENS = ROOT / "build" / "screens"
"""Every page as it was tested, to be looked at: NAME-THEME-WIDTH.png."""


def needed(path, fix):
    """Skip the test where a file is missing; in CI it fails."""
    if not path.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"there is no {path}; {fix}")


@contextmanager
def chromium(*arguments):
    """The browser, without its own talk to its makers."""
    needed(PROGRAM, "apt-get install chromium")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking", *arguments]
        browser = playwright.chromium.launch(executable_path=PROGRAM, headless=True, args=arguments)
        yield browser
        browser.close()


def axe_finds(page, rules):
    """What axe-core complains of on a page that has loaded it: rules and the elements that break them."""
    found = page.evaluate("(rules) => axe.run(rules).then(({ violations }) => violations)", rules)
    return [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found]


def in_both_themes(page, **media):
    """Show a page in either theme and see that axe-core finds nothing; what the dark one changes is colours alone."""
    for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme, **media)
        assert axe_finds(page, rules) == [], page.url
        yield scheme


def fits(page):
    """Nothing of a page lies beside what the window shows."""
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") == width, page.url


def looked_at(page, name, **media):
    """A page fits its window, and axe-core finds nothing in either theme; both are kept as pictures."""
    fits(page)
    for scheme in in_both_themes(page, **media):
        keep_screen(page, name, scheme)


def keep_screen(page, name, scheme):
    """Keep what the browser shows, all of the page."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}-{scheme}-{page.viewport_size['width']}.png", full_page=True)
