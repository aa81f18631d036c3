"""What a release says of itself agrees with the package."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_version_is_in_one_place():
    assert version("impasto") == PROJECT["version"]
    for path in ("CITATION.cff", "Containerfile", "mkdocs.yml", "src/impasto/__init__.py"):
        assert PROJECT["version"] not in (ROOT / path).read_text(), path


def test_the_citation_is_whole():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == [{"name": re.search(r"\(c\) \d+ (.*)", (ROOT / "LICENSE").read_text())[1]}]


def test_all_is_every_extra_that_a_user_may_want():
    extras = PROJECT["optional-dependencies"]
    listed = re.fullmatch(r"impasto\[(.*)\]", extras["all"][0])[1].split(",")
    assert {*listed} == extras.keys() - {"all", "bench", "dev", "site"}
