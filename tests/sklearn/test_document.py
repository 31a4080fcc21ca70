"""docs/sklearn.md says what the code does."""

import re
from pathlib import Path

import pytest

import zoo

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "sklearn.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_its_code_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"^```python\n(.*?)\n```", TEXT, re.DOTALL | re.MULTILINE)
    exec(compile(code, "docs/sklearn.md", "exec"), {})
    assert (tmp_path / "runs" / "titanic" / "artifact.json").is_file()


def test_every_parameter_is_named():
    parameters = zoo.sklearn.ZooClassifier().get_params()
    assert {name for name in parameters if f"`{name}`" not in TEXT} == set()
