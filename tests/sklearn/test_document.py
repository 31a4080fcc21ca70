"""docs/sklearn.md says what the code does."""

import re
from pathlib import Path

import pytest

import zoo

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "sklearn.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_its_code_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"^```python\n(.*?)\n```", TEXT, re.DOTALL | re.MULTILINE)
    names: dict = {}
    exec(compile(code, "docs/sklearn.md", "exec"), names)
    search = names["search"]
    assert search.best_estimator_.model_.options["hidden_units"] == search.best_params_["hidden_units"]
    assert zoo.load("runs/titanic").card["data"]["rows"]["val"] > 0
    first, second = re.findall(r"0\.\d+", capsys.readouterr().out)[:2]
    assert min(float(first), float(second)) > 0.8  # of the area under the curve


def test_every_parameter_is_named():
    parameters = zoo.sklearn.ZooClassifier().get_params()
    assert {name for name in parameters if f"`{name}`" not in TEXT} == set()
