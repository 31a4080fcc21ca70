"""docs/compare.md: its code runs."""

import json
import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "compare.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*The classes are separable")
def test_its_code_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"^```python\n(.*?)\n```", TEXT, re.DOTALL | re.MULTILINE)
    names: dict = {}
    exec(compile(code, "docs/compare.md", "exec"), names)
    comparison = names["comparison"]
    assert capsys.readouterr().out.endswith(f"{comparison.advice}\n")
    assert (comparison.table.error == "").all() and comparison.table.loc["logistic_regression", "accuracy"] > 0.9
    assert json.loads(Path("comparison.json").read_text(encoding="utf-8"))["advice"] == comparison.advice
    assert Path("comparison.png").stat().st_size > 1_000
    assert len(list(Path("runs/compared").glob("*.npz"))) == 3 * len(comparison.table)
