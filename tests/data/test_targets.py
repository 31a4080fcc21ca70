"""Targets of pandas's and Python's own types: classes by their text, numbers, or refused before a training."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.data import targets
from zoo.data.infer import infer
from zoo.data.preprocessing import Preprocessor
from zoo.data.schema import Schema

DAYS = ["2024-01-31", "2024-02-29", "2023-12-31"]
X = pd.DataFrame({"x": np.arange(6.0)})


def pandas_s_own(values):
    return pd.Series(np.repeat(values, 2)) if isinstance(values, np.ndarray) else pd.Series(list(values) * 2)


CLASSES = {
    "intervals": (pd.cut([3.0, 1.0, 12.0] * 2, [0, 2, 10, 20]), ("(0, 2]", "(2, 10]", "(10, 20]")),
    "interval objects": (
        pd.Series(pd.cut([3.0, 1.0, 12.0] * 2, [0, 2, 10, 20])).astype(object),
        ("(0, 2]", "(2, 10]", "(10, 20]"),
    ),
    "time stamps": (pd.to_datetime(DAYS * 2), ("2023-12-31", "2024-01-31", "2024-02-29")),
    "hours": (
        pd.to_datetime(["2024-01-31 10:00", "2024-02-29 09:30", "2023-12-31"] * 2, format="ISO8601"),
        ("2023-12-31", "2024-01-31T10:00:00", "2024-02-29T09:30:00"),
    ),
    "dates": (
        np.array([datetime.date.fromisoformat(day) for day in DAYS] * 2, dtype=object),
        ("2023-12-31", "2024-01-31", "2024-02-29"),
    ),
    "periods": (pd.PeriodIndex(DAYS * 2, freq="M"), ("2023-12", "2024-01", "2024-02")),
    "spans": (
        pd.to_timedelta([10, 2, 1] * 2, unit="D"),
        ("1 days 00:00:00", "2 days 00:00:00", "10 days 00:00:00"),
    ),
    "bytes": (np.array([b"wild", b"kind", "träge".encode()] * 2, dtype=object), ("kind", "träge", "wild")),
    "fixed bytes": (np.array([b"wild", b"kind", b"lazy"] * 2), ("kind", "lazy", "wild")),
    "decimals": (np.array([decimal.Decimal("2.0"), decimal.Decimal(10), decimal.Decimal(1)] * 2), (1, 2, 10)),
    "arrow dates": (
        pd.Series([datetime.date.fromisoformat(day) for day in DAYS] * 2).astype("date32[pyarrow]"),
        ("2023-12-31", "2024-01-31", "2024-02-29"),
    ),
    "numpy's integers": (np.array([np.int64(3), np.int64(1), np.int64(20)] * 2, dtype=object), (1, 3, 20)),
}


@pytest.mark.parametrize("kind", CLASSES)
def test_classes_are_named_by_their_text_in_their_own_order(kind):
    y, classes = CLASSES[kind]
    frame = X.assign(y=y)
    schema = infer(frame, "y", task="classification")
    assert schema.classes == classes
    assert Schema.from_dict(schema.to_dict()).classes == classes
    preprocessor = Preprocessor(schema).fit(frame[["x"]], frame.y)
    indices = preprocessor.target.encode(frame.y)
    assert indices.tolist() == preprocessor.target.encode(y).tolist() == indices[:3].tolist() * 2
    assert sorted(indices[:3]) == [0, 1, 2]
    assert preprocessor.target.labels(indices[:1]).tolist() == [classes[indices[0]]]
    by_text = preprocessor.target.encode([str(classes[i]) for i in indices])  # as a CSV has them
    assert by_text.tolist() == indices.tolist()


def test_a_binned_target_is_trained_saved_loaded_and_scored_by_its_intervals(tmp_path):
    x, noise = np.random.default_rng(0).normal(size=(2, 80))
    frame = pd.DataFrame({"x": x, "y": pd.cut(x + noise / 5, [-9, -0.5, 0.5, 9])})
    run = zoo.train("logistic_regression", frame, target="y", verbose=0)
    run.save(tmp_path / "bins")
    model = zoo.load(tmp_path / "bins")
    table = zoo.predict(model, frame[["x"]])
    assert list(table)[2:] == ["p_(-9.0, -0.5]", "p_(-0.5, 0.5]", "p_(0.5, 9.0]"]
    accuracy = zoo.evaluate(model, frame, verbose=0)["accuracy"]
    assert accuracy == np.mean(table.label == frame.y.astype(str)) > 0.7
    frame.to_csv(tmp_path / "bins.csv", index=False)
    assert zoo.evaluate(model, tmp_path / "bins.csv", verbose=0)["accuracy"] == accuracy


def test_a_schema_says_what_its_classes_are_the_text_of():
    days = infer(X.assign(y=pd.to_datetime(DAYS * 2)), "y")
    assert "3 classes: 2023-12-31, 2024-01-31, 2024-02-29 (the text of datetime64[" in str(days)
    for y in (["a", "b", "c"] * 2, pd.Categorical(["a", "b", "c"] * 2), pd.Series(["a", "b"] * 3, dtype="string")):
        assert "the text of" not in str(infer(X.assign(y=y), "y"))


@pytest.mark.parametrize("values", [[1, "1", "b"], [True, "True", "b"], [1.5, "1.5", "b"]])
def test_classes_of_one_text_are_refused(values):
    frame = X.assign(y=np.array(values * 2, dtype=object))
    with pytest.raises(ValueError, match="The classes of the target 'y' must differ as text.* Make them one"):
        infer(frame, "y", task="classification")


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, {1, 2}, (1, 2), 1j])
def test_what_is_no_class_is_refused_before_training(value):
    y = pd.Series([value] * 6)
    for data in (X.assign(y=y), (X.to_numpy(), y.to_numpy())):
        target = {"target": "y"} if isinstance(data, pd.DataFrame) else {}
        with pytest.raises(ValueError, match="must hold numbers, strings, booleans or dates. Received: .* y.map.str."):
            zoo.train("mlp_classifier", data, verbose=0, **target)


NO_NUMBERS = {
    "intervals": "y.map[(]lambda interval: interval.mid",
    "time stamps": "[(]y - y.min[(][)][)].dt.total_seconds",
    "dates": "y = pd.to_datetime[(]y[)]",
    "periods": "period.ordinal",
    "spans": "pd.to_timedelta[(]y[)].dt.total_seconds",
    "bytes": "take a classifier",
}


@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_a_regression_says_how_to_make_numbers_of_them(kind):
    frame = X.assign(y=CLASSES[kind][0])
    with pytest.raises(ValueError, match=f"of a regression must be numbers. Received: .*{NO_NUMBERS[kind]}"):
        zoo.train("linear_regression", frame, target="y", verbose=0)


def test_decimals_are_numbers_of_a_regression():
    schema = infer(X.assign(y=[decimal.Decimal(i) / 4 for i in range(6)]), "y", task="regression")
    assert Preprocessor(schema).target.encode([decimal.Decimal("0.25")]).tolist() == [0.25]


def test_many_times_are_no_classes():
    frame = pd.DataFrame({"x": np.arange(300.0), "y": pd.date_range("2024", periods=300, freq="h")})
    with pytest.raises(ValueError, match="must be classes. Received: 300 different times in 300 rows, which are cont"):
        infer(frame, "y", task="classification")
    assert infer(frame, "y").task is None
    with pytest.raises(ValueError, match="of a regression must be numbers.*[(]y - y.min[(][)][)].dt.total_seconds"):
        zoo.build("mlp_regressor", frame, target="y")


PAIRS = np.random.default_rng(0).dirichlet([1.0, 1.0, 1.0], 6)


@pytest.mark.parametrize(
    ("y", "repair"),
    [
        (np.eye(3)[[0, 1, 2, 0, 1, 2]], "For one-hot rows: y.argmax"),
        (PAIRS, "For probabilities of classes: y.argmax"),
    ],
)
def test_several_values_a_row_are_refused_with_what_they_look_like(y, repair):
    for data in ((X.to_numpy(), y), (X, y), (X, pd.DataFrame(y))):
        calls = (
            (zoo.train, "mlp_classifier", {"verbose": 0}),
            (zoo.build, "mlp_classifier", {}),
            (zoo.cross_validate, "logistic_regression", {"folds": 2, "verbose": 0}),
        )
        for call, name, options in calls:
            with pytest.raises(
                ValueError, match=f"`y` must have one value a row. Received: the shape .6, 3.. {repair}"
            ):
                call(name, data, **options)


def test_one_hot_rows_are_no_numbers_either():
    for name in ("mlp_regressor", "linear_regression"):
        with pytest.raises(ValueError, match="Received: the shape .6, 3.. For one-hot rows: y.argmax"):
            zoo.build(name, (X, np.eye(3)[[0, 1, 2, 0, 1, 2]]))


def test_several_numbers_are_refused_by_a_classifier():
    table, how = X.assign(y=1.0 * X.x, z=2.0 * X.x), {"target": ["y", "z"], "verbose": 0}
    with pytest.raises(ValueError, match="one value a row. Received: the shape .6, 2.. Pass one of them, or train a"):
        zoo.train("logistic_regression", table, **how)
    with pytest.raises(ValueError, match=r"The label 'y' must hold 0 and 1. Received: [0-9.]+, at row .\. For numbers"):
        zoo.train("mlp_classifier", table, **how)


def test_pairs_of_float32_sum_up_to_a_target_that_float32_rounds():
    values = 1.7e9 + np.random.default_rng(0).normal(0.0, 600.0, 1000)
    pairs = targets.as_pairs(values)
    assert pairs.dtype == np.float32
    np.testing.assert_allclose(pairs.astype("float64").sum(axis=1), values, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("center", "scale", "dtype"),
    [
        (0.0, 1.0, "float32"),
        (1600.0, 1.0, "float32"),
        (1700.0, 1.0, "float64"),  # 1700 / 2^24 is above 1e-4
        (1e9, 1e6, "float32"),
        (0.0, 1e40, "float64"),
    ],
)
def test_float64_is_where_rounding_costs_more_than_a_ten_thousandth_of_the_deviation(center, scale, dtype):
    assert targets.dtype_of(center, scale, center - scale, center + scale) == dtype


def test_classes_that_differ_in_blanks_or_case_alone_are_said():
    for other in (" yes ", "Yes"):
        with pytest.warns(zoo.DataWarning, match=rf"'y': '{other}' and 'yes' are two classes. If they are one, write"):
            zoo.data.load(X.assign(y=["yes", "no", other] * 2), target="y")


def test_an_infinite_target_is_named_with_its_row():
    with pytest.raises(ValueError, match="The target 'y' must be finite. Received: inf in row 3. Drop these rows"):
        zoo.data.load(X.assign(y=[0.5, 1.5, 2.5, np.inf, 4.5, 5.5]), target="y").schema.with_task(
            "regression", pd.Series([0.5, 1.5, 2.5, np.inf, 4.5, 5.5])
        )


def test_targets_of_extended_precision_are_numbers():
    y = np.array([0.5, 1.5, 2.5, 3.5, 4.5, 5.5], np.longdouble)
    data = zoo.data.load(X.assign(y=y, z=y), target="y")
    assert data.schema.task == "regression" and data.sha256 == zoo.data.load(data.frame(), target="y").sha256
