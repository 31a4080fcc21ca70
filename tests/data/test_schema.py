"""The schema: what columns are taken for, their served names, JSON that can be edited, errors."""

import dataclasses
import itertools
import json

import numpy as np
import pandas as pd
import pytest

from zoo.data import schema as schemas
from zoo.data.infer import infer
from zoo.data.preprocessing import Preprocessor
from zoo.data.schema import Column, Schema
from zoo.data.sources import load


def kind(values) -> str:
    frame = pd.DataFrame({"v": values, "other": np.arange(len(values))})
    schema = infer(frame)
    return schema.column("v").kind if "v" in schema.names else schema.dropped["v"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3], "number"),
        ([1.5, np.nan, 3], "number"),
        (["1", "2.5", "", "?"], "number"),
        (["1", "two", "1", "two"], "category"),
        ([True, False, True], "boolean"),
        ([0, 1, 1], "boolean"),
        ([0.0, np.nan, 1.0], "boolean"),
        ([True, None, False], "boolean"),
        (["2024-01-01", "2023-05-06", "NA"], "date"),
        (["2024-01-01T10:00:00Z", "2023-05-06 11:30", None], "date"),
        (pd.to_datetime(["2024-01-01", None, "2020-02-02"]), "date"),
        (pd.array([1, None, 3], dtype="Int64"), "number"),
        (pd.array([True, None, False], dtype="boolean"), "boolean"),
        (pd.Categorical(["a", "b", "a"]), "category"),
        (pd.array(["a", "b", "a"], dtype="string"), "category"),
        ([f"name {i}" for i in range(30)], "text"),
        (["a", "a", "a"], "constant"),
        ([7.0, 7.0, 7.0], "constant"),
        ([np.nan, np.nan, np.nan], "all missing"),
        (["", "?", "NA"], "all missing"),
        (["a", "a", None], "category"),
        (["007", "012", "007"], "category"),
    ],
)
def test_a_column_is_taken_for_what_it_is(values, expected):
    assert kind(values) == expected


def test_the_target_s_task_is_guessed_from_its_values():
    x = np.arange(60.0)
    for y, task in ((x / 7, "regression"), (x.astype(int) % 3, "classification"), (x.astype(int) * 31, "regression")):
        assert infer(pd.DataFrame({"x": x, "y": y}), "y").task == task
    assert infer(pd.DataFrame({"x": x, "y": np.where(x > 9, "a", "b")}), "y").classes == ("a", "b")


def test_classes_keep_the_caller_s_values_and_are_sorted():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [30, 4, 30]})
    assert infer(frame, "y", task="classification").classes == (4, 30)
    assert infer(frame.assign(y=[True, False, True]), "y").classes == (False, True)


def test_served_names_follow_the_contract():
    names = ["marital-status", "hours per week", "Größe", "class", "A", "a", "2nd", "self", "возраст", "a b", "a-b", 7]
    schema = Schema(tuple(Column(name, "number") for name in names))
    assert list(schema.served_names.values()) == [
        "marital_status",
        "hours_per_week",
        "Gr__e",
        "c_class",
        "A",
        "a_2",
        "c_2nd",
        "c_self",
        "c________",
        "a_b",
        "a_b_2",
        "c_7",
    ]


def test_served_names_begin_with_a_letter():
    """TensorFlow drops the underscores that a name of a signature begins with."""
    names = [" BMI ", "_id", "_ID", "__x", "1a", "", "_"]
    schema = Schema(tuple(Column(name, "number") for name in names))
    assert list(schema.served_names.values()) == ["c__BMI_", "c__id", "c__ID_2", "c___x", "c_1a", "c_", "c__"]


def test_names_that_clash_are_counted_on():
    """10,000 names that are one when served: each new one is tried once, not against all numbers from 2."""
    names = ["".join(letters) for letters in itertools.product("абвгдежзик", repeat=4)]
    served = list(Schema(tuple(Column(name, "number") for name in names)).served_names.values())
    assert served == ["c_____", *(f"c______{number}" for number in range(2, 10_001))]


@pytest.mark.parametrize("columns", [10, 1000])
def test_served_names_are_made_once_a_column(columns, monkeypatch):
    calls = []
    monkeypatch.setattr(schemas, "served_name", lambda name: calls.append(name) or str(name))
    schema = Schema(tuple(Column(f"n{i}", "number") for i in range(columns)))
    for use in (schema.to_dict, lambda: str(schema), lambda: schema.served_names):
        use()
    assert len(calls) == columns


def test_columns_are_found_without_a_search():
    """Comparing names is the work of a search: a name that counts its comparisons is met once, where its hash leads."""

    class Counting(str):
        compared = 0

        def __eq__(self, other):
            type(self).compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    schema = Schema(tuple(Column(Counting(f"n{i}"), "number") for i in range(300)))
    Counting.compared = 0
    for i in range(300):
        assert schema.column(f"n{i}").name == f"n{i}"
    assert Counting.compared <= 5 * 300  # one by one they would be 45,000


def test_json_is_read_back_edited_or_not(tmp_path):
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "x"], "y": ["p", "q", "p"]})
    schema = infer(frame, "y")
    schema.save(tmp_path / "schema.json")
    assert Schema.load(tmp_path / "schema.json") == schema
    plain = json.loads((tmp_path / "schema.json").read_text())
    plain["columns"][0]["kind"] = "category"
    (tmp_path / "schema.json").write_text(json.dumps(plain))
    assert Schema.load(tmp_path / "schema.json").column("a").kind == "category"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 99}, "Upgrade"),
        ({"columns": [{"name": "a", "kind": "colour"}]}, "kind must be one of"),
        ({"columns": [{"name": "a", "kind": "number"}] * 2}, "must differ"),
        ({"columns": [{"name": "a"}]}, 'must have "name" and "kind"'),
        ({"columns": []}, "At least one input column"),
        ({"columns": [{"name": "y", "kind": "number"}], "target": "y"}, "among the inputs"),
    ],
)
def test_a_malformed_schema_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Schema.from_dict({"version": 1, "columns": [{"name": "a", "kind": "number"}], **change})


def test_absent_columns_are_named():
    frame = pd.DataFrame({"alpha": [1, 2], "beta": [3, 4]})
    with pytest.raises(ValueError, match="no target column 'alpa'. Did you mean 'alpha'"):
        infer(frame, "alpa")
    with pytest.raises(ValueError, match="no column 'gamma' to ignore"):
        infer(frame, ignore=["gamma"])
    assert infer(frame, ignore=["beta"]).dropped == {"beta": "ignored"}


def test_a_hundred_thousand_levels_are_no_trouble():
    codes = np.random.default_rng(0).integers(0, 100_000, 400_000)
    schema = infer(pd.DataFrame({"city": pd.Series(codes).astype(str) + " street", "x": codes}))
    assert schema.column("city").kind == "category" and len(schema.column("city").categories) > 90_000


def test_without_inputs_the_repair_is_said():
    with pytest.raises(ValueError, match=r"none \(a: constant; Unnamed: 0: .*\). Add a column whose values differ, or"):
        infer(pd.DataFrame({"a": [1, 1, 1], "Unnamed: 0": [0, 1, 2]}))


@pytest.mark.parametrize(
    ("levels", "dtype"),
    [(["1.10", "1.9", "beta"], "str"), (["True", "FALSE", "old"], "object"), (["1e3", "x"], "object")],
)
def test_levels_that_look_like_numbers_or_booleans_are_read_from_a_file_as_in_training(levels, dtype, tmp_path):
    frame = pd.DataFrame({"version": pd.Series(levels * 10, dtype=dtype), "n": np.arange(10.0 * len(levels))})
    own = Preprocessor(infer(frame)).fit(frame)
    frame[:1].to_csv(tmp_path / "one.csv", index=False)
    for stream in (False, True):
        data = load(tmp_path / "one.csv", schema=own.schema, stream=stream)
        rows = next(data.blocks())[1] if stream else data.x
        assert own.encode(rows)["categorical"] == own.encode(frame)["categorical"][:1] > 0


def test_levels_of_numbers_are_read_from_a_file_as_numbers(tmp_path):
    frame = pd.DataFrame({"grade": [1.0, 2.0, 3.5] * 10, "n": np.arange(30.0)})
    schema = infer(frame)
    grade = dataclasses.replace(schema.column("grade"), kind="category")
    own = Preprocessor(dataclasses.replace(schema, columns=(grade, schema.column("n")))).fit(frame)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    read = own.encode(load(tmp_path / "rows.csv", schema=own.schema).x)["categorical"]
    assert read.tolist() == [[1], [2], [3]] * 10 == own.encode(frame)["categorical"].tolist()
