"""The notebooks: that they can be read before they are run. CI runs them."""

import ast
import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def cells(request):
    return json.loads(request.param.read_text(encoding="utf-8"))["cells"]


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 2


def test_a_notebook_begins_with_one_sentence_and_one_picture(cells):
    title, sentence, picture = "".join(cells[0]["source"]).split("\n\n")
    assert title.startswith("# ")
    assert sentence.endswith(".") and ". " not in sentence
    assert (FOLDER / re.fullmatch(r"!\[.+\]\((.+)\)", picture)[1]).is_file()


def test_a_notebook_calls_nothing_but_the_zoo_and_plots(cells):
    allowed = {"zoo", "matplotlib", "pathlib", "tempfile"}
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    nodes = list(ast.walk(ast.parse(code)))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= allowed


def test_a_notebook_is_kept_without_its_outputs(cells):
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    assert [cell["execution_count"] for cell in code] == [None] * len(code)
