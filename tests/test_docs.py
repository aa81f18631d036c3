"""The Python of the docs runs as it stands, page by page, from top to bottom."""

import re
import subprocess
import sys
from pathlib import Path
from shutil import copyfile

import pytest
from PIL import Image

import impasto

ROOT = Path(__file__).parent.parent
PAGES = [
    "README.md",
    "docs/classify.md",
    "docs/convolutions.md",
    "docs/engine.md",
    "docs/inside.md",
    "docs/networks.md",
    "docs/painting.md",
]


def code_of(page):
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def test_every_page_with_python_is_run():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md")]
    assert sorted(str(page.relative_to(ROOT)) for page in pages if code_of(page)) == PAGES


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_the_python_of_a_page_runs(name, photo, environment, tmp_path):
    (tmp_path / "examples").mkdir()
    for example in ("cat", "coffee"):
        Image.open(photo).save(tmp_path / "examples" / f"{example}.jpg")
    models = Path(impasto.__file__).parent / "classify" / "models"
    copyfile(models / "fashion-classifier.safetensors", tmp_path / "mine.safetensors")
    Image.open(photo).resize((512, 16)).save(tmp_path / "holiday.jpg")  # of few pixels at any size that is asked for

    command = [sys.executable, "-c", "\n".join(code_of(ROOT / name))]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240)

    assert done.returncode == 0, done.stderr
