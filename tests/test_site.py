"""The site: which pages it is made of, where links lead, and that links which lead nowhere are seen."""

from pathlib import Path

import nbformat
import pytest

from docs.site import __main__ as site
from docs.site import execution
from docs.site.links import broken_links
from docs.site.pages import Pages

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages of this checkout, with notebooks that were not executed."""
    folder = tmp_path_factory.mktemp("site")
    made = Pages(ROOT, folder / "pages", folder / "downloads", lambda path: nbformat.read(path, as_version=4))
    made.write()
    return made


def test_every_document_and_every_notebook_is_in_the_menu(pages):
    listed = []

    def collect(entry):
        for each in entry.values() if isinstance(entry, dict) else entry:
            listed.append(each) if isinstance(each, str) else collect(each)

    collect(pages.navigation())
    paths = [
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "notebooks").glob("*.ipynb"),
        *(ROOT / "notebooks/ru").glob("*.ipynb"),
    ]
    assert {path.relative_to(ROOT).as_posix() for path in paths} <= set(listed)
    assert {"index.md", "CHANGELOG.md", "gallery.md", "gallery.ru.md"} <= set(listed)
    assert len(listed) == len(set(listed)) and all((pages.folder / page).is_file() for page in listed)


def test_a_linked_source_file_is_a_page_that_shows_it(pages):
    assert "../tests/kserve/server.py.md)" in (pages.folder / "docs/deploy.md").read_text(encoding="utf-8")
    page = (pages.folder / "tests/kserve/server.py.md").read_text(encoding="utf-8")
    assert page.startswith("# tests/kserve/server.py\n\n```python\n")
    assert (ROOT / "tests/kserve/server.py").read_text(encoding="utf-8") in page


def test_links_inside_notebooks_name_pages_as_they_are_built(pages):
    text = "See [the lecture](../docs/lecture.md#what-a-student-may-stumble-over), ![a picture](../docs/image_mlp.svg)."
    linked = pages.linked(text, "notebooks/a.ipynb", "notebooks/a.ipynb", built=True)
    assert linked == text.replace("lecture.md", "lecture.html")


def test_links_to_other_hosts_and_in_code_stay_as_they_are(pages):
    text = "[paper](https://doi.org/10.1038/323533a0) and `[x](nowhere.md)`\n\n```\n[x](nowhere.md)\n```\n"
    assert pages.linked(text, "docs/a.md", "docs/a.md") == text


def test_a_link_that_leads_to_no_file_is_refused(pages):
    with pytest.raises(ValueError, match="must lead to a file of the checkout. Received: docs/nowhere.md"):
        pages.linked("[x](nowhere.md)", "docs/a.md", "docs/a.md")


def test_a_chapter_offers_its_copy_for_students_and_the_other_language(pages):
    for path, other in (("notebooks", "ru/"), ("notebooks/ru", "../")):
        name = "lecture_08_gradient_descent_and_newton"
        links = nbformat.read(pages.folder / path / f"{name}.ipynb", as_version=4).cells[1].source
        assert f"({other}{name}.html)" in links and f"students/{name}.ipynb)" in links
        assert (pages.downloads / path / "students" / f"{name}.ipynb").is_file()


def test_the_gallery_begins_each_chapter_with_its_picture_and_caption(pages):
    for language, page, caption in (("", "gallery.md", "Nine curves"), ("ru/", "gallery.ru.md", "Девять функций")):
        text = (pages.folder / page).read_text(encoding="utf-8")
        assert f'<img src="docs/lecture/{language}activations.svg" alt="{caption}' in text


def test_broken_links_and_pages_that_load_from_other_hosts_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<h1 id="top">A</h1><a href="b.html#there">1</a><a href="b.html#here">2</a><a href="c.html">3</a>'
        '<a href="https://elsewhere.org/">4</a><img src="no.png"><script src="https://elsewhere.org/x.js"></script>'
    )
    (tmp_path / "b.html").write_text('<p id="here">B</p><a href="#here">1</a><a href="#nowhere">2</a>')
    (tmp_path / "playground").mkdir()
    (tmp_path / "playground" / "index.html").write_text('<a href="#axon">its script draws it</a><a href="d.html">5</a>')
    assert sorted(broken_links(tmp_path)) == [
        "a.html links to b.html#there, a heading that is not there.",
        "a.html links to c.html, which is not there.",
        "a.html links to no.png, which is not there.",
        "a.html loads https://elsewhere.org/x.js from another host.",
        "b.html links to #nowhere, a heading that is not there.",
        "playground/index.html links to d.html, which is not there.",
    ]


def notebook_of(path, code, text="A notebook."):
    cells = [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell(code)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.mark.process
def test_a_notebook_is_executed_again_only_where_its_code_has_changed(tmp_path):
    source, kept = tmp_path / "a.ipynb", tmp_path / "kept" / "a.ipynb"

    def printed(code, text="A notebook."):
        executed = execution.with_outputs(notebook_of(source, code, text), kept)
        return executed.cells[0].source, executed.cells[1].outputs[0].text

    assert printed("print(6 * 7)") == ("A notebook.", "42\n")
    first = kept.stat().st_mtime_ns
    assert printed("print(6 * 7)", "Another text.") == ("Another text.", "42\n")
    assert kept.stat().st_mtime_ns == first
    assert printed("print(6 * 8)") == ("A notebook.", "48\n")


def test_what_outputs_depend_on_is_the_zoo_the_data_and_the_packages(tmp_path, monkeypatch):
    for name in ("zoo/a.py", "zoo/play/page.html", "zoo/__pycache__/a.pyc", "datasets/cars/cars.csv", "docs/a.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    keys = [execution.surroundings(tmp_path)]
    for name in ("zoo/a.py", "zoo/play/page.html", "datasets/cars/cars.csv"):
        (tmp_path / name).write_text("2")
        keys.append(execution.surroundings(tmp_path))
    (tmp_path / "zoo/b.py").write_text("")
    keys.append(execution.surroundings(tmp_path))
    for package in ("keras", "tensorflow", "numpy", "matplotlib"):
        versions = {**dict.fromkeys(("keras", "tensorflow", "numpy", "matplotlib"), "1.0"), package: "2.0"}
        monkeypatch.setattr(execution.importlib.metadata, "version", versions.__getitem__)
        keys.append(execution.surroundings(tmp_path))
    assert len(set(keys)) == len(keys)
    for name in ("zoo/__pycache__/a.pyc", "docs/a.md"):
        (tmp_path / name).write_text("2")
    assert execution.surroundings(tmp_path) == keys[-1]


@pytest.mark.process
def test_a_notebook_is_executed_again_where_the_zoo_has_changed(tmp_path):
    source, kept, module = tmp_path / "a.ipynb", tmp_path / "kept.ipynb", tmp_path / "zoo" / "a.py"
    module.parent.mkdir()
    for code, printed in (("x = 1", "1\n"), ("x = 2", "2\n")):
        module.write_text(code)
        notebook_of(source, f"exec(open({str(module)!r}).read())\nprint(x)")
        assert execution.with_outputs(source, kept, tmp_path).cells[1].outputs[0].text == printed


def test_few_executes_the_english_notebooks_and_two_russian_ones():
    sources = site.all_notebooks()
    executed = [path for path in sources if site.is_executed(path, few=True)]
    assert [path.parent.name for path in executed].count("notebooks") == 15
    assert len(executed) == 17
    assert all(site.is_executed(path, few=False) for path in sources)
    first = site.notebook_reader(Path("nowhere"), few=True)(ROOT / "notebooks/ru/lecture_01_neuron.ipynb")
    assert not any(cell.get("outputs") for cell in first.cells)


def test_a_build_replaces_only_folders_that_it_made(tmp_path):
    site.claim(tmp_path / "new")
    (tmp_path / "new" / "pages").mkdir()
    site.claim(tmp_path / "new")
    (tmp_path / "mine" / "site").mkdir(parents=True)
    with pytest.raises(ValueError, match="must have no site that this command did not make.*Name another folder"):
        site.claim(tmp_path / "mine")
    with pytest.raises(ValueError, match="must have no notebooks"):  # of this checkout, by `-o .`
        site.claim(ROOT)
    assert not (ROOT / site.MADE[0]).exists() and list((tmp_path / "mine").iterdir()) == [tmp_path / "mine" / "site"]


@pytest.mark.process
def test_a_notebook_that_writes_to_standard_error_is_refused(tmp_path):
    source = notebook_of(tmp_path / "a.ipynb", "import sys\nprint('red', file=sys.stderr)")
    with pytest.raises(ValueError, match="must write nothing to standard error. Received: red"):
        execution.with_outputs(source, tmp_path / "kept.ipynb")


def test_formulas_become_mathml_and_what_other_hosts_send_is_taken_out():
    pytest.importorskip("latex2mathml", reason="needs the extra `site`")
    pytest.importorskip("mkdocs", reason="needs the extra `site`")
    from docs.site.hooks import with_mathml

    page = with_mathml(r'<p>Let \(x_1\) and $y$.</p><code>$z$</code><script src="https://elsewhere.org/x.js"></script>')
    assert page.count("<math") == 2 and "<msub><mi>x</mi><mn>1</mn></msub>" in page
    assert "<code>$z$</code>" in page and "elsewhere" not in page


def test_the_contents_of_a_notebook_are_the_headings_of_its_page():
    pytest.importorskip("latex2mathml", reason="needs the extra `site`")
    pytest.importorskip("mkdocs", reason="needs the extra `site`")
    from docs.site.hooks import contents

    (first,) = contents('<h1 id="A">A</h1><h2 id="Чаша">Чаша<a href="#Чаша">¶</a></h2><h3 id="c">C</h3>')
    assert (first["id"], [(each["id"], each["name"]) for each in first["children"]]) == ("A", [("Чаша", "Чаша")])
