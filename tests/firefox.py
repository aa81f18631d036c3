"""A real Firefox, Debian's, by its own remote protocol; where it is missing tests are skipped, but never in CI."""

import base64
import os
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path

import browser
from marionette_driver.errors import NoSuchElementException, StaleElementException
from marionette_driver.marionette import Marionette
from marionette_driver.wait import Wait

PROGRAM = Path("/usr/bin/firefox-esr")
QUIET = {
    "app.normandy.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "ui.prefersReducedMotion": 1,
}


class Firefox(Marionette):
    """One window of the browser."""

    def shape(self, width, height):
        """Show pages as wide and as high as that; by itself the browser's window is at least 450 pixels wide."""
        with self.using_context("chrome"):
            self.execute_script("document.documentElement.style.setProperty('min-width', '0', 'important')")
        self.set_window_rect(width=width, height=height)
        self.until(lambda: self.execute_script("return innerWidth") == width)

    def in_both_themes(self):
        """Have the page in either theme, one after the other."""
        for number, scheme in enumerate(("dark", "light")):
            self.set_pref("layout.css.prefers-color-scheme.content-override", number)
            asked = f"return matchMedia('(prefers-color-scheme: {scheme})').matches"
            self.until(lambda asked=asked: self.execute_script(asked))
            yield scheme

    def axe_finds(self):
        """What axe-core complains of on the page: rules and the elements that break them."""
        self.execute_script(browser.AXE.read_text(), sandbox="axe", new_sandbox=False)
        return self.execute_async_script(
            "const [done] = arguments; axe.run().then(({ violations }) => done(violations.map("
            "each => [each.id, ...each.nodes.map(node => node.html).slice(0, 3)])))",
            sandbox="axe",
            new_sandbox=False,
        )

    def complaints(self):
        """Errors of scripts and styles since it was last asked; a page may be left while it listens to events."""
        with self.using_context("chrome"):
            said = self.execute_script(
                "const all = Services.console.getMessageArray().filter(each => each instanceof Ci.nsIScriptError)"
                "  .filter(each => each.sourceName.startsWith('http') && !(each.flags & Ci.nsIScriptError.warningFlag))"
                "  .map(String); Services.console.reset(); return all"
            )
        return [each for each in said if "was interrupted while the page was loading" not in each]

    def until(self, true):
        """Wait until it holds; what is not there yet does not."""
        return Wait(self, timeout=30, ignored_exceptions=(NoSuchElementException, StaleElementException)).until(
            lambda _: true()
        )

    def keep_screen(self, name):
        """Keep what the browser shows, all of the page, to be looked at."""
        browser.SCREENS.mkdir(parents=True, exist_ok=True)
        shown = base64.b64decode(self.screenshot(full=True))
        (browser.SCREENS / f"firefox-{name}.png").write_bytes(shown)


@contextmanager
def firefox(profile):
    """The browser, without its own talk to its makers; its profile is a new folder."""
    browser.needed(PROGRAM, "apt-get install firefox-esr")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    values = {**QUIET, "marionette.port": port}
    lines = [f'user_pref("{name}", {str(value).lower()});\n' for name, value in values.items()]
    (profile / "user.js").write_text("".join(lines))
    command = [PROGRAM, "--headless", "--no-remote", "--marionette", "-remote-allow-system-access"]
    with subprocess.Popen(
        [*command, "--profile", profile, "about:blank"],
        env={**os.environ, "HOME": str(profile)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            opened = Firefox(host="127.0.0.1", port=port, startup_timeout=60)
            opened.start_session()
            yield opened
        finally:
            process.kill()
