"""The README tells the truth: its table is the registry's, its commands are the two that CI runs."""

import re

import pytest

import zoo
from tests import readme_table

README = readme_table.README.read_text(encoding="utf-8")


def test_the_table_of_entries_is_what_the_registry_says():
    assert readme_table.updated(README) == README, "run: python -m tests.readme_table"


def test_a_changed_table_is_seen():
    assert readme_table.updated(README.replace("`perceptron`", "`perceptrons`")) == README


def test_a_readme_without_the_marks_of_the_table_is_refused():
    with pytest.raises(ValueError, match="one pair of the lines"):
        readme_table.updated("# zoo\n")


def test_two_commands_of_one_line_do_all_the_set_up():
    commands = re.findall(r"<!-- ci -->\n```bash\n(.*?)\n```", README, re.DOTALL)
    assert len(commands) == 2
    assert all("\n" not in command and "pip install -e " in command for command in commands)
    assert "zoo train" in commands[0] and "zoo export" in commands[0]
    assert commands[1].endswith("pytest -n auto")


def test_the_readme_is_one_page_beside_its_rows_of_entries():
    assert len(README.splitlines()) - len(zoo.list_models()) <= 92


def test_every_link_into_the_repository_leads_somewhere():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    for link in links:
        assert (readme_table.README.parent / link).exists(), link


@pytest.mark.slow
@pytest.mark.tensorflow
def test_the_lines_of_python_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"^```python\n(.*?)\n```", README, re.DOTALL | re.MULTILINE)
    exec(compile(code, "README.md", "exec"), {})
    assert (tmp_path / "runs" / "titanic" / "artifact.json").is_file()
    assert (tmp_path / "served" / "titanic" / "1" / "saved_model.pb").is_file()
