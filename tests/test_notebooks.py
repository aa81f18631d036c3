"""The practical: every notebook runs from top to bottom, answers included, and is committed as it came out."""

import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import pytest
from nbclient import NotebookClient
from traitlets.config import Config

FOLDER = Path(__file__).parent.parent / "notebooks"
NAMES = ["1-classification", "2-padding-and-stride", "3-style-transfer", "4-inside-vgg"]
LARGEST = 500_000
ANSWER = "<details><summary>Answer</summary>\n\n"
# Of the machine that ran it: folders, and when and how long.
OF_THE_MACHINE = re.compile(r"/(?:home|root|tmp|usr|work|Users)/|\d (?:ms|seconds)\b|\bat 0x[0-9a-f]{6}")


@pytest.fixture(params=NAMES)
def notebook(request):
    return nbformat.read(FOLDER / f"{request.param}.ipynb", as_version=4)


def code_of_answers(source):
    return re.findall(r"```python\n(.*?)```", source, re.DOTALL)


def with_answers(notebook):
    """The notebook with the code of every folded answer as a cell of its own after it."""
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type == "markdown" and cell.source.startswith(ANSWER):
            cells += [nbformat.v4.new_code_cell(code) for code in code_of_answers(cell.source)]
    return nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)


def shown(cell):
    """What a code cell gave: text, or the kinds of a picture or a value."""
    kinds = set()
    for output in cell.outputs:
        kinds |= {output.name} if output.output_type == "stream" else set(output.data)
    return kinds - {"stderr"}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_it_runs_from_top_to_bottom_with_the_answers(notebook, home, tmp_path):
    committed = {cell.id: shown(cell) for cell in notebook.cells if cell.cell_type == "code"}
    environment = {**os.environ, "IMPASTO_HOME": str(home), "IPYTHONDIR": str(home / "ipython")}
    environment.pop("MPLBACKEND", None)  # else figures are not shown
    run = with_answers(notebook)

    # Sockets in a folder: ports of the network are chosen before they are bound, and two tests could choose the same.
    with TemporaryDirectory() as sockets:  # a socket's path is of 107 bytes at most, which tmp_path's would exceed
        config = Config(KernelManager={"transport": "ipc", "connection_file": f"{sockets}/kernel.json"})
        resources = {"metadata": {"path": str(tmp_path)}}  # an empty folder: what it needs comes with the package
        NotebookClient(run, timeout=400, resources=resources, config=config).execute(env=environment)

    now = {cell.id: shown(cell) for cell in run.cells if cell.cell_type == "code" and cell.id in committed}
    assert now == committed


def test_it_is_committed_as_it_came_out(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]

    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    assert sum(any(kind.startswith("image/") for kind in output.get("data", {})) for output in outputs) >= 8
    assert not any(cell.metadata for cell in notebook.cells)


def test_it_is_small_and_says_nothing_of_the_machine(notebook):
    assert len(nbformat.writes(notebook)) < LARGEST
    for cell in notebook.cells:
        if cell.cell_type == "code":
            text = [output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in cell.outputs]
            assert not OF_THE_MACHINE.search("".join(text))


def test_every_exercise_has_a_place_for_code_and_an_answer_that_folds_out(notebook):
    cells = notebook.cells
    exercises = [index for index, cell in enumerate(cells) if "### Exercise" in cell.source]

    numbers = [re.findall(r"^### Exercise (\d+) · \S", cells[index].source, re.MULTILINE) for index in exercises]
    assert len(exercises) >= 5
    assert numbers == [[str(number)] for number in range(1, len(exercises) + 1)]
    for index in exercises:
        place, answer = cells[index + 1], cells[index + 2].source
        assert place.source == "# your code"
        # Without the empty line, what follows would be shown as it is written and not as Markdown.
        assert answer.startswith(ANSWER)
        assert answer.endswith("\n</details>")
        assert re.search(r"\b(assert|close\()", "".join(code_of_answers(answer)))  # it checks itself
    assert sum(cell.source.startswith(ANSWER) for cell in cells) == len(exercises)
