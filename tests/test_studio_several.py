"""Several photos that are chosen together: a painting each, within the limits of whoever sends them."""

from playwright.sync_api import expect
from studio_web import Web, picture


def photos(*names):
    return [{"name": f"{name}.png", "mimeType": "image/png", "buffer": picture(size=(120, 80))} for name in names]


def test_each_photo_becomes_a_painting_until_no_more_are_taken(tmp_path, chromium):
    with Web(tmp_path, jobs_per_hour=3).serving() as web, chromium.new_context(base_url=web.url) as context:
        page = context.new_page()
        page.goto("/")
        page.set_input_files("#photo", photos("one", "two"))
        expect(page.locator("#photo-state")).to_have_text(
            "2 photos: each becomes a painting. This is the first, one.png"
        )
        expect(page.get_by_role("button", name="Crop or turn")).to_have_count(0)
        page.get_by_label("Ink wash", exact=True).check()
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url("**/mine")
        expect(page.locator(".mine strong")).to_have_text(["Ink wash", "Ink wash"])

        page.goto("/")
        page.set_input_files("#photo", photos("three", "four", "five"))
        page.get_by_role("button", name="Paint it").click()
        expect(page.locator("#refused")).to_contain_text("1 of 3 photos were taken")
        expect(page.locator("#refused")).to_contain_text("hour")
        expect(page.locator("#photo-state")).to_contain_text("2 photos")
        page.goto("/mine")
        expect(page.locator(".mine strong")).to_have_count(3)
