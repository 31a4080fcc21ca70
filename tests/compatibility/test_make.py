"""The archives are written once: what was written is never written again."""

import datetime

import numpy as np
import pandas as pd
import pytest

from tests.compatibility import archive, make, names
from tests.compatibility.cases import CASES


def test_every_case_of_the_table_is_in_one_archive():
    assert set(CASES) <= set(archive.cases())
    assert [path.name for path in archive.paths()][0] == "cases.tar.xz"
    assert all(path.stat().st_size <= make.LARGEST for path in archive.paths())


def test_a_further_archive_stands_beside_the_first(tmp_path, monkeypatch):
    assert not make.new_file("cases", ".tar.xz").exists()
    monkeypatch.setattr(archive, "FOLDER", tmp_path)
    assert make.new_file("cases", ".tar.xz").name == "cases.tar.xz"
    (tmp_path / "cases.tar.xz").touch()
    assert make.new_file("cases", ".tar.xz").name == "cases_2.tar.xz"
    with pytest.raises(FileExistsError):
        archive.pack(tmp_path, {"cases": {}}, tmp_path / "cases.tar.xz")


def test_names_that_a_file_holds_are_not_new(monkeypatch):
    monkeypatch.setattr(names, "recorded", lambda: [{"functions": {"f": [], "g": []}, "presets": ["a"], "keras": []}])
    monkeypatch.setattr(names, "now", lambda: {"functions": {"f": [], "h": []}, "presets": ["a", "b"], "keras": []})
    assert names.new() == {"functions": {"h": []}, "presets": ["b"]}


def test_rows_are_read_as_they_were_written(tmp_path):
    frame = pd.DataFrame(
        {
            " a": pd.array([1, None], "Int64"),
            "b": pd.array([True, None], "boolean"),
            "c": pd.Categorical(["x", None], ["x", "y"]),
            "d": pd.to_datetime(["2020-02-27", None]),
            "e": ["ä", None],
            "f": np.array([1.5, np.nan], "float32"),
            7: [True, False],
        },
        index=[5, 3],
    )
    archive.write_rows(tmp_path, "rows", frame)
    pd.testing.assert_frame_equal(archive.read_rows(tmp_path, "rows"), frame)
    x, y = np.zeros((2, 3), "uint8"), np.array([datetime.date(2020, 1, 1).year, 7])
    archive.write_rows(tmp_path, "pair", (x, y))
    again = archive.read_rows(tmp_path, "pair")
    assert [(values.dtype, values.tolist()) for values in again] == [(v.dtype, v.tolist()) for v in (x, y)]
    archive.write_rows(tmp_path, "alone", x)
    assert archive.read_rows(tmp_path, "alone").dtype == np.uint8
