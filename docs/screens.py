"""The pictures of the studio that the docs show: the page to start at, and the lesson on padding.

    python docs/screens.py

Needs the extra `dev` and Debian's chromium. Run from the project's folder.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

SIZE = {"width": 1280, "height": 860}


def keep(page: Page, name: str) -> None:
    """Write what the browser shows."""
    page.wait_for_load_state("networkidle", timeout=600_000)  # each card is painted with the photo
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(Path("docs") / name, quality=82, method=6)


def main() -> None:
    """Start the studio, look at it, and stop it."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "IMPASTO_DATA_DIR": folder, "IMPASTO_MAIL_FOLDER": f"{folder}/mails"}
        server = subprocess.Popen(
            [sys.executable, "-m", "impasto", "serve", "--port", "0"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, env=environment,
        )  # fmt: skip
        try:
            assert server.stdout is not None
            found = (re.search(r"http://\S+", line) for line in server.stdout)
            address = next(match[0] for match in found if match)
            with sync_playwright() as playwright:
                arguments = ["--no-sandbox", "--disable-background-networking"]
                browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
                page = browser.new_page(viewport=SIZE, base_url=address)  # type: ignore[arg-type]
                page.goto("/")
                page.set_input_files("#photo", "examples/portrait.jpg")
                page.get_by_label("Stained glass", exact=True).check()
                page.wait_for_function("document.querySelector('#preview').naturalWidth > 0")
                page.evaluate("window.scrollTo(0, 0)")
                keep(page, "studio.webp")
                page.goto("/learn/padding")
                keep(page, "padding.webp")
                browser.close()
        finally:
            server.terminate()
            server.wait(60)


if __name__ == "__main__":
    main()
