"""The static site: the pages of this folder, and those that are made of the rest of the repository.

The README and its like, the notebooks, the commands' own help, and the API from its docstrings. Links between them,
which in the repository are paths, become links of the site. At the end every link is followed.
"""

import ast
import html
import os
import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import latex2mathml.converter
import nbconvert
import typer.cli
import typer.main

from impasto.cli.commands import app

ROOT = Path(__file__).parents[1]
STAGED, SITE = ROOT / "build" / "pages", ROOT / "build" / "site"
PACKAGE = ROOT / "src" / "impasto"
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "NOTICE": "notice.md",
    "benchmarks/README.md": "benchmarks.md",
    "notebooks/README.md": "notebooks/index.md",
}
"""Pages from elsewhere: the file in the repository → the page of the site."""
ROOMS = {
    "impasto": "Painting",
    "impasto.images": "Pictures",
    "impasto.look": "Inside the network",
    "impasto.painter": "The painter's parts",
    "impasto.networks": "Networks",
    "impasto.convolution": "Convolutions",
    "impasto.classify": "Classifying",
    "impasto.styles": "Styles",
}
"""Pages of the API: a package → its title."""
LISTED = ("impasto", "impasto.images", "impasto.look")
"""Packages that list what they give to others; of the rest all modules are shown."""
LINK = re.compile(r"(\]\()([^)\s#:]+)((?:#[^)\s]*)?\))")
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[([](.+?)\\[)\]]</\1>', re.DOTALL)


def main() -> None:
    """Write all pages to build/pages, have MkDocs make build/site of them, and follow every link."""
    shutil.rmtree(STAGED, ignore_errors=True)
    shutil.copytree(ROOT / "docs", STAGED, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for page, content in _made().items():
        path = STAGED / page
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    for path in STAGED.glob("**/*.md"):
        path.write_text(_linked(path.read_text(), str(path.relative_to(STAGED))))
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    # its warnings count as failures where they are said, so not with --quiet
    command = [sys.executable, "-m", "mkdocs", "build"]
    built = subprocess.run(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    if built.returncode:
        sys.exit(built.stderr)
    (SITE / "404.html").unlink(missing_ok=True)  # its links hold at the root of a host alone
    for path in SITE.glob("notebooks/*.html"):
        path.write_text(FORMULA.sub(_mathml, path.read_text()))
    if wrong := list(wrong_links(SITE)):
        sys.exit("\n".join(wrong))
    print(SITE / "index.html")


def _made() -> dict[str, str | bytes]:
    """The pages and pictures that are not in this folder."""
    pages: dict[str, str | bytes] = {page: (ROOT / source).read_text() for source, page in PAGES.items()}
    pages["assets/mark.svg"] = (PACKAGE / "studio" / "web" / "static" / "mark.svg").read_bytes()
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        pages |= _of_notebook(notebook)
    pages |= _helps()
    for package, title in ROOMS.items():
        options = f"\n    options:\n      show_root_full_path: {str(package not in LISTED).lower()}\n"
        if package == "impasto":  # the painter's page shows them too, and is where others link to
            options += "      skip_local_inventory: true\n"
        shown = "\n".join(f"::: {each}{options}" for each in _documented(package))
        pages[f"api/{package}.md"] = f"# {title}\n\n`import {package}`\n\n{shown}\n"
    return pages


def _linked(markdown: str, page: str) -> str:
    """Turn paths of the repository into links of the site."""
    source = {site: path for path, site in PAGES.items()}.get(page, f"docs/{page}")
    if page.startswith(("api/", "commands/")):
        return markdown

    def link(found: re.Match[str]) -> str:
        before, path, after = found.groups()
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        site = PAGES.get(target, target.removeprefix("docs/").replace(".ipynb", ".md"))
        return f"{before}{posixpath.relpath(site, posixpath.dirname(page) or '.')}{after}"

    return LINK.sub(link, markdown)


def wrong_links(site: Path) -> Iterator[str]:
    """What leads nowhere, and what a page loads from another host."""
    pages = {path: _Page(path.read_text()) for path in site.rglob("*.html")}
    for path, page in pages.items():
        for link, loaded in page.links:
            parts, where = urlsplit(link), path.relative_to(site)
            if parts.scheme or parts.netloc:
                if loaded and parts.scheme != "data":
                    yield f"{where} loads {link}"
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                yield f"{where} links to {link}, which is not there"
            elif target in pages and unquote(parts.fragment) not in pages[target].names:
                yield f"{where} links to {link}, where there is no such place"


class _Page(HTMLParser):
    """The links of a page, each with whether a browser loads it by itself, and the places in it that can be linked."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, bool]] = []
        self.names = {"", "__skip", "__search"}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if name := given.get("id") or given.get("name"):
            self.names.add(name)
        link = given.get("href") or given.get("src")
        if link and tag != "base":
            self.links.append(
                (link, tag not in ("a", "form") and given.get("rel") not in ("prev", "next", "canonical"))
            )


def _helps() -> dict[str, str]:
    """Each command's help as a page."""
    command = typer.main.get_command(app)
    text = typer.cli.get_docs_for_click(obj=command, ctx=typer.Context(command), name="impasto")
    whole, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    pages = {part.split("`")[1].removeprefix("impasto "): f"# {part}".replace("\n### ", "\n## ") for part in parts}

    def linked(found: re.Match[str]) -> str:
        name = found[1]
        summary = pages[name].split("\n\n")[1]  # which the list of commands cuts off
        return f"* [`{name}`]({name}.md): {summary}"

    listed = re.sub(r"^\* `(\w+)`: .*$", linked, whole, flags=re.MULTILINE)
    return {f"commands/{name}.md": page for name, page in {"index": listed, **pages}.items()}


def _documented(package: str) -> list[str]:
    """What a page of the API shows: the names that a package lists, or else its modules."""
    if package == "impasto":  # the painter's, and the photos that come along
        places = _listed("impasto.painter")
        return [
            f"impasto.painter.{places[name]}.{name}" if name in places else f"{package}.{name}"
            for name in _listed(package)
        ]
    if package in LISTED:
        return [f"{package}.{module}.{name}" for name, module in _listed(package).items()]
    return [f"{package}.{path.stem}" for path in sorted(_folder(package).glob("[!_]*.py"))]


def _listed(package: str) -> dict[str, str]:
    """The names that a package gives to others → the module that each is from."""
    listing = _folder(package) / ("__init__.py" if package == "impasto.images" else "__init__.pyi")
    imports = [node for node in ast.walk(ast.parse(listing.read_text())) if isinstance(node, ast.ImportFrom)]
    return {each.name: (node.module or "").removeprefix(f"{package}.") for node in imports for each in node.names}


def _folder(package: str) -> Path:
    return PACKAGE.joinpath(*package.split(".")[1:])


def _of_notebook(path: Path) -> dict[str, str | bytes]:
    """A notebook's page and its pictures."""
    text, resources = nbconvert.MarkdownExporter().from_filename(str(path))
    pages: dict[str, str | bytes] = {}
    for name, data in resources["outputs"].items():
        pages[f"notebooks/{path.stem}-{name}"] = data
        text = text.replace(f"]({name})", f"]({path.stem}-{name})")
    # the answers, which fold out, are Markdown too
    pages[f"notebooks/{path.stem}.md"] = text.replace("<details>", '<details markdown="1">')
    return pages


def _mathml(found: re.Match[str]) -> str:
    """A formula in MathML, which browsers show by themselves."""
    display = "inline" if found[1] == "span" else "block"
    return latex2mathml.converter.convert(html.unescape(found[2]), display=display)


if __name__ == "__main__":
    main()
