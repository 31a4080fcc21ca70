"""The notebooks: that they can be read before they are run. CI runs them."""

import ast
import json
import re
from pathlib import Path

import pytest

import zoo

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
    allowed = {"zoo", "matplotlib", "numpy", "pathlib", "tempfile"}  # numpy: the lecture's mathematics, by hand
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    nodes = list(ast.walk(ast.parse(code)))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= allowed


def test_there_is_one_a_chapter_of_the_lecture_in_its_order():
    chapters = [path.stem for path in NOTEBOOKS if path.stem.startswith("lecture_")]
    assert [int(name.split("_")[1]) for name in chapters] == list(range(1, 14))
    for page in ("lecture.md", "lecture.ru.md"):
        text = (FOLDER.parent / "docs" / page).read_text(encoding="utf-8")
        assert [name for name in chapters if f"../notebooks/{name}.ipynb" not in text] == []


@pytest.mark.parametrize("page", ["lecture.md", "lecture.ru.md"])
def test_the_lecture_s_page_names_entries_and_plots_that_there_are(page):
    text = (FOLDER.parent / "docs" / page).read_text(encoding="utf-8")
    plots = re.findall(r"`zoo\.plots\.(\w+)`", text)
    assert len(plots) >= 15 and set(plots) <= set(zoo.plots.__all__)
    entries = [name for row in text.splitlines() if row.startswith("|") for name in re.findall(r"`(\w+)`", row)]
    assert set(entries) - {"activation", "1", "20"} <= set(zoo.list_models())
    first = set(zoo.list_models(year="<1987"))
    assert first <= set(entries)


def test_a_chapter_ends_with_exercises_whose_checks_run():
    for path in NOTEBOOKS:
        if not path.stem.startswith("lecture_"):
            continue
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        titles = ["".join(cell["source"]).startswith("## Exercises") for cell in cells]
        assert titles.count(True) == 1, path.stem
        exercises = cells[titles.index(True) :]
        checks = [cell for cell in exercises if cell["cell_type"] == "code" and "assert " in "".join(cell["source"])]
        assert len(checks) >= 2 and "assert " in "".join(cells[-1]["source"]), path.stem


def test_a_notebook_is_kept_without_its_outputs(cells):
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    assert [cell["execution_count"] for cell in code] == [None] * len(code)
