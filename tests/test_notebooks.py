"""The notebooks: that they can be read before they are run. CI runs them."""

import ast
import io
import json
import re
import tokenize
from pathlib import Path

import numpy as np
import pytest

import zoo
from tests import student_copies
from tests.pictures import FOLDER as DRAWN
from tests.pictures import PICTURES

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
RUSSIAN = sorted((FOLDER / "ru").glob("*.ipynb"))
# The one statement that only the Russian notebooks have; `words` translates names in the data.
LANGUAGE = re.compile(r'^zoo\.plots\.language\("ru"(, words=\{[^}]*\})?\)$', re.MULTILINE)

SHOWN = re.compile(r"!\[[^\]]*\]\(([^)]+)\)")  # files of pictures in Markdown


def read(path):
    """Returns the cells of a notebook as pairs: "code" or "markdown", and the source."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [(cell["cell_type"], "".join(cell["source"])) for cell in cells]


def code_of(path):
    return "\n".join(source for kind, source in read(path) if kind == "code")


@pytest.fixture(params=NOTEBOOKS + RUSSIAN, ids=lambda path: f"{path.parent.name}-{path.stem}")
def notebook(request):
    return request.param


@pytest.fixture
def cells(notebook):
    return json.loads(notebook.read_text(encoding="utf-8"))["cells"]


@pytest.fixture(params=RUSSIAN, ids=lambda path: path.stem)
def russian(request):
    return request.param


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 2


def test_a_notebook_begins_with_one_sentence_and_one_picture(notebook, cells):
    title, sentence, picture = "".join(cells[0]["source"]).split("\n\n")
    assert title.startswith("# ")
    assert sentence.endswith(".") and ". " not in sentence
    assert (notebook.parent / re.fullmatch(r"!\[.+\]\((.+)\)", picture)[1]).is_file()


def test_the_command_draws_every_picture_of_the_lecture_in_both_languages():
    """The pictures of the first two notebooks, which show no numbers, are drawn by hand."""
    drawn = [f"{picture.__name__}.svg" for picture in PICTURES]
    for folder in (DRAWN, DRAWN / "ru"):
        assert sorted(path.name for path in folder.iterdir() if path.is_file()) == sorted(drawn)
    docs = DRAWN.parent
    sources = [*docs.rglob("*.md"), docs.parent / "README.md", *FOLDER.rglob("*.ipynb")]
    shown = {Path(name).name for path in sources for name in SHOWN.findall(path.read_text(encoding="utf-8"))}
    assert shown == {*drawn, "from_table_to_model.svg", "image_mlp.svg"}


def test_a_notebook_calls_nothing_but_the_zoo_and_plots(cells):
    allowed = {"zoo", "matplotlib", "numpy", "itertools", "warnings"}  # numpy: the lecture's mathematics, by hand
    allowed |= {"importlib", "os", "pathlib", "subprocess", "sys", "tempfile"}  # files, and processes of other backends
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    nodes = list(ast.walk(ast.parse(code)))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= allowed


def test_there_is_one_a_chapter_of_the_lecture_in_its_order():
    chapters = [path.stem for path in NOTEBOOKS if path.stem.startswith("lecture_")]
    assert [int(name.split("_")[1]) for name in chapters] == list(range(1, 14))


def rows_of(page):
    """Returns the rows of a page's table: what it names, and the notebook that it points to."""
    text = (FOLDER.parent / "docs" / page).read_text(encoding="utf-8")
    found = []
    for row in text.splitlines():
        if link := re.search(r"\]\(\.\./notebooks/((?:ru/)?lecture_\w+\.ipynb)\)", row):
            _, _, entries, _, pictures, _ = row.split("|")
            found.append((re.findall(r"`([^`]+)`", entries), re.findall(r"`([^`]+)`", pictures), link[1]))
    return found


@pytest.mark.parametrize("page", ["lecture.md", "lecture.ru.md"])
def test_what_a_row_of_the_lecture_s_page_names_occurs_in_its_notebook(page):
    missing = []
    for entries, pictures, notebook in rows_of(page):
        code = ast.unparse(ast.parse(code_of(FOLDER / notebook)))  # without its comments
        missing += [(notebook, name) for name in entries + pictures if not re.search(rf"\b{re.escape(name)}\b", code)]
    assert missing == []


@pytest.mark.parametrize("page", ["lecture.md", "lecture.ru.md"])
def test_the_lecture_s_page_names_all_chapters_and_early_entries_and_only_pictures_that_there_are(page):
    rows = rows_of(page)
    chapters = [path.name for path in NOTEBOOKS if path.stem.startswith("lecture_")]
    assert list(dict.fromkeys(Path(notebook).name for *_, notebook in rows)) == chapters
    assert {Path(notebook).parent.name for *_, notebook in rows} == {"ru" if page == "lecture.ru.md" else ""}
    named = {name for entries, *_ in rows for name in entries}
    assert set(zoo.list_models(year="<1987")) <= named
    pictures = {name.removeprefix("zoo.plots.") for _, pictures, _ in rows for name in pictures}
    assert len(pictures) >= 15 and pictures <= set(zoo.plots.__all__)


def test_both_pages_have_the_same_table():
    english, russian = rows_of("lecture.md"), rows_of("lecture.ru.md")
    assert [(*names, notebook.removeprefix("ru/")) for *names, notebook in russian] == [tuple(row) for row in english]


def exercises(path, cells=None):
    """Returns the pairs of a cell that holds a solution and the next one, the check, of `cells` or of the notebook."""
    code = [source for kind, source in read(path) if kind == "code"]
    shown = code if cells is None else [source for kind, source in cells if kind == "code"]
    solutions = [number for number, source in enumerate(code) if student_copies.SOLUTION.search(source)]
    return [(shown[number], shown[number + 1]) for number in solutions]


def test_a_chapter_ends_with_two_exercises_or_more_whose_checks_say_what_is_expected(notebook):
    if not notebook.stem.startswith("lecture_"):
        return
    sources = [source for _, source in read(notebook)]
    titles = [source.startswith(("## Exercises", "## Упражнения")) for source in sources]
    assert titles.count(True) == 1
    found = exercises(notebook)
    assert len(found) >= 2 and sources.index(found[0][0]) > titles.index(True)
    for _, check in found:
        assertions = [node for node in ast.parse(check).body if isinstance(node, ast.Assert)]
        assert assertions and all(node.msg is not None for node in assertions), check


def test_the_students_copies_are_what_the_command_writes():
    copies = student_copies.copies()
    folders = [folder / "students" for folder in student_copies.FOLDERS]
    assert {path for folder in folders for path in folder.glob("*.ipynb")} == set(copies)
    changed = [str(path) for path, text in copies.items() if path.read_text(encoding="utf-8") != text]
    assert changed == [], "Write them anew: python -m tests.student_copies"


def test_every_check_fails_on_the_blank_before_it_computes_anything(notebook):
    copy = notebook.parent / "students" / notebook.name
    comment = student_copies.COMMENTS[notebook.parent.name]
    for blank, check in exercises(notebook, read(copy)) if copy.is_file() else ():
        assert f"...  # {comment}" in blank and "SOLUTION" not in blank
        names = {"np": np, "zoo": zoo}  # nothing of the cells above: these may take a minute
        exec(blank, names)
        with pytest.raises(AssertionError, match="."):
            exec(check, names)


def test_a_blank_stands_for_each_name_that_a_later_cell_reads():
    code = "x = 2\n### BEGIN SOLUTION\nhalf = x / 2\na, b = half, x\n### END SOLUTION\n"
    assert student_copies.blanked(code, "assert b == 2 and a == 1", "fill in") == (
        "x = 2\na = ...  # fill in\nb = ...  # fill in"
    )
    inside = "def f(x):\n    ### BEGIN SOLUTION\n    y = x + 1\n    return y\n    ### END SOLUTION"
    assert student_copies.blanked(inside, "f(1)", "fill in") == "def f(x):\n    return ...  # fill in"


def test_names_that_later_cells_assign_themselves_get_no_blank():
    cells = [source for kind, source in read(FOLDER / "students" / "lecture_01_neuron.ipynb") if kind == "code"]
    blanks = [re.findall(r"^(\w+) = \.\.\.", cell, re.MULTILINE) for cell in cells]
    assert [names for names in blanks if names] == [["smallest"], ["wait"]]


@pytest.mark.parametrize(
    "code, names",
    [
        ("a = a + 1\nprint(a, b)", ["a", "print", "b"]),
        ("a = 1\nprint(a)", ["print"]),
        ("a += 1", ["a"]),
        ("for a in b:\n    c = a\na, c", ["b"]),
        ("c = [a for a in b if a]\na", ["b", "a"]),
        ("def f(x):\n    y = x + z\n    return y\nf(1)", ["z"]),
        ("lambda x: x + y", ["y"]),
        ("def f(x=y):\n    return lambda z: z + x\nz", ["y", "z"]),
        ("a[0] = 1", ["a"]),
    ],
)
def test_what_code_reads_before_it_assigns_it(code, names):
    assert student_copies.read_first(code) == names


def test_a_solution_that_no_cell_reads_is_refused():
    with pytest.raises(ValueError, match="A later cell must read what a solution assigns"):
        student_copies.blanked("### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n", "print(y)", "fill in")


def test_every_chapter_is_there_in_russian():
    chapters = {path.name for path in NOTEBOOKS if path.stem.startswith("lecture_")}
    assert chapters <= {path.name for path in RUSSIAN} <= {path.name for path in NOTEBOOKS}


def is_russian(text):
    return re.search("[а-яё]", text, re.IGNORECASE) is not None


def is_translated(english, russian):
    """Returns whether two trees of code differ in nothing but strings that are Russian in the second."""
    if type(english) is not type(russian):
        return False
    if isinstance(english, list):
        return len(english) == len(russian) and all(map(is_translated, english, russian))
    if isinstance(english, ast.Constant) and isinstance(russian.value, str) and is_russian(russian.value):
        return isinstance(english.value, str)
    if isinstance(english, ast.JoinedStr) and is_russian(ast.unparse(russian)):  # its numbers in the same order
        values = [[part for part in node.values if isinstance(part, ast.FormattedValue)] for node in (english, russian)]
        return is_translated(*values)
    if isinstance(english, ast.AST):
        return all(is_translated(getattr(english, name), getattr(russian, name)) for name in english._fields)
    return english == russian


def test_a_russian_notebook_has_the_code_of_the_english_one_but_for_its_texts(russian):
    english, translation = code_of(FOLDER / russian.name), code_of(russian)
    assert len(LANGUAGE.findall(translation)) == 1 and "zoo.plots.language" not in english
    assert is_translated(ast.parse(english), ast.parse(LANGUAGE.sub("", translation)))


def text_of(node):
    """Returns a string as it stands in the code, with empty braces for what an f-string computes."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts)


def texts(english, russian, keyword=None):
    """Yields the strings at the same places of two trees, and the keyword argument that each is a part of."""
    if isinstance(english, list):
        for pair in zip(english, russian, strict=True):
            yield from texts(*pair, keyword)
    elif isinstance(english, ast.JoinedStr):
        yield text_of(english), text_of(russian), keyword
        values = [[part for part in node.values if isinstance(part, ast.FormattedValue)] for node in (english, russian)]
        yield from texts([part.value for part in values[0]], [part.value for part in values[1]], keyword)
    elif isinstance(english, ast.Constant) and isinstance(english.value, str):
        yield english.value, russian.value, keyword
    elif isinstance(english, ast.keyword):
        yield from texts(english.value, russian.value, english.arg)
    elif isinstance(english, ast.Call):  # a call inside a keyword argument has arguments of its own
        yield from texts(
            [english.func, *english.args, *english.keywords], [russian.func, *russian.args, *russian.keywords]
        )
    elif isinstance(english, ast.AST):
        for name in english._fields:
            yield from texts(getattr(english, name), getattr(russian, name), keyword)


def hidden_changes(english, russian):
    """Returns the strings with more than one translation, or whose translation reaches more than what is shown."""
    shown = {None, "label", "labels", "title", "xlabel", "ylabel", "words"}
    pairs = list(texts(ast.parse(english), ast.parse(russian)))
    translations = {}
    for text, translation, _ in pairs:
        translations.setdefault(text, set()).add(translation)
    several = {text for text, found in translations.items() if len(found) > 1}
    return several | {text for text, translation, keyword in pairs if text != translation and keyword not in shown}


def test_a_translated_text_is_so_everywhere_and_chooses_nothing(russian):
    assert hidden_changes(code_of(FOLDER / russian.name), LANGUAGE.sub("", code_of(russian))) == set()


@pytest.mark.parametrize(
    "english, russian, found",
    [
        ("f(label='line', title=['line'])", "f(label='прямая', title=['прямая'])", set()),
        ("f(rule='oja')", "f(rule='Ойя')", {"oja"}),
        ("d['age'] + d['age']", "d['возраст'] + d['age']", {"age"}),
        ("f(label=g(name='age'))", "f(label=g(name='возраст'))", {"age"}),
        ("f'{a:.1f} of {b}', f'{b} of {a}'", "f'{a:.1f} из {b}', f'{b} от {a}'", {"{} of {}"}),
        ("f'{d[\"age\"]} years', d['age']", "f'{d[\"возраст\"]} лет', d['age']", {"age"}),
    ],
)
def test_what_a_translation_may_hide_is_found(english, russian, found):
    assert hidden_changes(english, russian) == found


@pytest.mark.parametrize(
    "english, russian, same",
    [
        ("f(label='line')", "f(label='прямая')", True),
        ("print(f'{a} of {b:.2f}')", "print(f'верно {a} из {b:.2f}')", True),
        ("f(rule='oja')", "f(rule='hebb')", False),
        ("x = 2", "y = 2", False),
        ("print(f'{a} of {b}')", "print(f'{b} из {a}')", False),
        ("f(label=1)", "f(label='один')", False),
    ],
)
def test_only_shown_texts_may_differ(english, russian, same):
    assert is_translated(ast.parse(english), ast.parse(russian)) is same


def test_a_russian_notebook_speaks_russian(russian):
    pairs = list(zip(read(russian), read(FOLDER / russian.name), strict=True))
    assert [kind for (kind, _), _ in pairs] == [kind for _, (kind, _) in pairs]
    for kind, source in (pair[0] for pair in pairs):
        if kind == "markdown":
            text = re.sub(r"\$\$.*?\$\$|\$.*?\$|`.*?`|\]\(.*?\)", "", source, flags=re.DOTALL)
            assert len(re.findall("[а-яё]", text, re.IGNORECASE)) > len(re.findall("[a-z]", text, re.IGNORECASE)), text
    code = code_of(russian)
    asserted = [node.msg for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Assert)]
    assert [ast.unparse(text) for text in asserted if not is_russian(ast.unparse(text))] == []
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    assert [text for text in comments if not is_russian(text) and not text.endswith(" SOLUTION")] == []


def test_a_notebook_is_kept_without_its_outputs(cells):
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    assert [cell["execution_count"] for cell in code] == [None] * len(code)
