"""The whole studio as a person meets it: `impasto serve`, a browser, painters, and a mail from a real SMTP server."""

import re

import pytest
from PIL import Image
from playwright.sync_api import expect
from smtp_server import Mailbox, serve
from studio_server import DEADLINE, Studio, until


@pytest.fixture(scope="module")
def mailbox():
    mailbox = Mailbox()
    controller, mailbox.port = serve(mailbox)
    yield mailbox
    controller.stop()


@pytest.fixture(scope="module")
def studio(tmp_path_factory, home, mailbox):
    studio = Studio(tmp_path_factory.mktemp("whole"), home, smtp_host="127.0.0.1", smtp_port=mailbox.port,
                    smtp_security="none", max_canvas=256)  # fmt: skip
    del studio.environment["IMPASTO_MAIL_FOLDER"]
    yield studio.start()
    studio.close()


@pytest.mark.slow
def test_from_a_photo_to_a_painting_and_a_mail(studio, chromium, photo, mailbox, tmp_path):
    with chromium.new_context(base_url=studio.address) as context:
        page = context.new_page()
        page.set_default_timeout(DEADLINE * 1000)
        page.goto("/")
        page.set_input_files("#photo", photo)
        page.get_by_label("Ink wash", exact=True).check()
        page.get_by_label("Draft").check(force=True)
        page.get_by_label("Email").fill("anna@example.org")
        page.get_by_role("button", name="Paint it").click()
        page.wait_for_url("**/p/*")
        address = page.url
        expect(page.locator("#mail")).to_contain_text("follow the link in it")
        (question,) = until(mailbox.letters, "a mail that asks")
        assert question["To"] == "anna@example.org"
        with chromium.new_context() as phone:  # where the mail is read
            reader = phone.new_page()
            reader.goto(re.search(r"http://\S+/mail/confirm/\S+", question.get_body(("plain",)).get_content())[0])
            reader.get_by_role("button", name="Yes, write to me").click()
            expect(reader.get_by_role("heading", level=1)).to_have_text("Thank you")
        expect(page.get_by_role("link", name="PNG")).to_be_visible(timeout=DEADLINE * 1000)
        with page.expect_download() as download:
            page.get_by_role("link", name="PNG").click()
        download.value.save_as(tmp_path / "painting.png")
        with Image.open(tmp_path / "painting.png") as painting:
            assert max(painting.size) == 256
        page.goto("/mine")
        expect(page.locator(f"a[href='{address.removeprefix(studio.address)}']").first).to_be_visible()

    (letter,) = until(lambda: mailbox.letters()[1:], "a mail")
    assert letter["To"] == "anna@example.org"
    text = letter.get_body(("plain",)).get_content()
    assert address in text
    pictures = [part for part in letter.walk() if part.get_content_maintype() == "image"]
    assert len(pictures) == 1
    delete = re.search(r"http://\S+/delete\S*", text)[0]

    with chromium.new_context() as context:  # somebody else's browser, which has the link of the mail
        page = context.new_page()
        page.goto(delete)
        page.goto(address)
        assert page.title()
        expect(page.get_by_role("link", name="PNG")).to_be_visible()  # following it did nothing
        page.goto(delete)
        page.get_by_role("button", name="Delete now").click()
        assert page.goto(address).status == 404
    assert studio.files.jobs() == []
    never = re.search(r"http://\S+/mail/never/\S+", text)[0]
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(never)
        page.get_by_role("button", name="Never write to me again").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("No mail ever again")
        page.goto(studio.address)
        page.set_input_files("#photo", photo)
        page.get_by_label("Email").fill("anna@example.org")
        page.get_by_role("button", name="Paint it").click()
        expect(page.locator("#refused")).to_contain_text("wants no mail")
    assert len(mailbox.letters()) == 2
