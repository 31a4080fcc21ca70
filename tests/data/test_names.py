"""Names of columns of any type: a schema holds what JSON holds, and a CSV's strings are the same columns."""

import datetime

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.data.names import named_as, plain_name, resolved

NAMES = {
    "numbers": ([0, 1, 2], [0, 1, 2]),
    "numpy's numbers": (pd.Index([np.int64(i) for i in range(3)], dtype=object), [0, 1, 2]),
    "days": (pd.date_range("2024-01-01", periods=3), ["2024-01-01", "2024-01-02", "2024-01-03"]),
    "hours": (
        pd.date_range("2024-01-01 01:00", periods=3, freq="h"),
        ["2024-01-01 01:00:00", "2024-01-01 02:00:00", "2024-01-01 03:00:00"],
    ),
    "dates": ([datetime.date(2024, 1, 1), "b", "c"], ["2024-01-01", "b", "c"]),
    "tuples": (pd.Index([("a", 1), ("a", 2), ("b", 1)], tupleize_cols=False), ["('a', 1)", "('a', 2)", "('b', 1)"]),
    "fractions": ([0.5, 1.5, 2.5], [0.5, 1.5, 2.5]),
}


@pytest.fixture
def values():
    x = np.random.default_rng(0).normal(size=(40, 2))
    return np.column_stack([x, x[:, 0] > 0])


@pytest.mark.parametrize("kind", NAMES)
def test_what_was_fitted_on_any_names_predicts_from_its_own_csv(kind, values, tmp_path):
    names, plain = NAMES[kind]
    frame = pd.DataFrame(values, columns=names)
    target = frame.columns[2]
    model = zoo.build("logistic_regression", frame, target=target)
    assert [*model.schema.names, model.schema.target] == plain
    zoo.save(model, tmp_path / "model")
    model = zoo.load(tmp_path / "model")
    frame.to_csv(tmp_path / "rows.csv", index=False)
    read = pd.read_csv(tmp_path / "rows.csv")
    expected = zoo.predict(model, frame)
    for data in (tmp_path / "rows.csv", read, read.to_dict("list"), zoo.data.load(tmp_path / "rows.csv", stream=True)):
        pd.testing.assert_frame_equal(zoo.predict(model, data), expected)
    pd.testing.assert_frame_equal(zoo.predict(model, read[:2]), expected[:2])
    np.testing.assert_array_equal(model.predict(read, verbose=0), model.predict(frame, verbose=0))
    assert zoo.evaluate(model, read, verbose=0) == zoo.evaluate(model, frame, verbose=0)
    assert zoo.adapt(model, read).schema.names == plain[:2]


def test_a_column_is_asked_for_by_its_text(values):
    frame = pd.DataFrame(values, columns=[0, 1, 2]).assign(w=1.0)
    run = zoo.train("mlp_classifier", frame, target="2", ignore=["1"], weight="w", epochs=1, verbose=0)
    assert run.model.schema.names == [0] and run.model.schema.target == 2
    assert resolved("2", frame.columns) == 2 and resolved("9", frame.columns) == "9"


@pytest.mark.parametrize("twice", [(1, "1"), (pd.Timestamp("2024-01-01"), "2024-01-01")])
def test_columns_of_one_text_are_refused(twice, values):
    frame = pd.DataFrame(values, columns=pd.Index([*twice, "y"], dtype=object))
    with pytest.raises(ValueError, match="Column names must differ as text.*Received: .* and .*Rename one of them"):
        zoo.build("logistic_regression", frame, target="y")
    with pytest.raises(ValueError, match="Column names must differ. Received twice: a. Rename one of each."):
        zoo.build("logistic_regression", frame.set_axis(["a", "a", "y"], axis=1), target="y")


def test_names_that_json_holds_stay():
    assert [plain_name(name) for name in ("a", 1, 1.5, True, np.float64(2.5))] == ["a", 1, 1.5, True, 2.5]
    assert plain_name(float("nan")) == "nan" and plain_name(b"a") == "b'a'"
    table = pd.DataFrame({"0": [1], "x": [2]})
    assert named_as(table, ["0", "x"]) is table
    assert list(named_as(table, [0, "y"])) == [0, "x"]
    assert named_as({"0": [1], "x": [2]}, [0]) == {0: [1], "x": [2]}


def test_a_time_stamp_beside_other_names_has_its_hour_in_a_file(values, tmp_path):
    day = pd.Timestamp("2024-01-01")
    frame = pd.DataFrame(values, columns=pd.Index([day, "x", "y"], dtype=object))
    model = zoo.build("logistic_regression", frame, target="y")
    assert model.schema.names == ["2024-01-01", "x"]
    frame.to_csv(tmp_path / "rows.csv", index=False)
    assert "2024-01-01 00:00:00" in pd.read_csv(tmp_path / "rows.csv").columns
    pd.testing.assert_frame_equal(zoo.predict(model, tmp_path / "rows.csv"), zoo.predict(model, frame))
    assert resolved("2024-01-01 00:00:00", ["2024-01-01"]) == "2024-01-01"
    codes = frame.assign(**{"x": np.arange(40.0)}).set_axis(frame.columns, axis=1)
    codes[day] = ["1.10", "beta"] * 20
    schema = zoo.data.load(codes, target="y").schema
    codes[:1].to_csv(tmp_path / "one.csv", index=False)
    assert zoo.data.load(tmp_path / "one.csv", schema=schema).x["2024-01-01"].tolist() == ["1.10"]
