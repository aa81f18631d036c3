"""The static site: what its check of links finds; `.ci/run` makes the site itself."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_a_link_that_leads_nowhere_and_what_is_loaded_from_elsewhere_are_named(tmp_path):
    (tmp_path / "a.html").write_text(
        '<h1 id="top">A</h1> <a href="b.html#there">1</a> <a href="#top">2</a> <a href="https://example.org">3</a>'
        '<a href="b.html#gone">4</a> <a href="c.html">5</a> <script src="https://example.org/x.js"></script>'
        '<img src="d.png"> <link rel="stylesheet" href="//example.org/x.css">'
    )
    (tmp_path / "b.html").write_text('<a name="there"></a> <a href="a.html">back</a>')
    code = "import sys, website, pathlib; print(*website.wrong_links(pathlib.Path(sys.argv[1])), sep='\\n')"
    command = [sys.executable, "-c", code, tmp_path]
    done = subprocess.run(command, cwd=ROOT / "docs", capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "a.html links to b.html#gone, where there is no such place",
        "a.html links to c.html, which is not there",
        "a.html loads https://example.org/x.js",
        "a.html links to d.png, which is not there",
        "a.html loads //example.org/x.css",
    ]
