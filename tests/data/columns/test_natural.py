"""Objects of Python and pandas in columns: taken for what they stand for, alike in training, prediction and a CSV."""

import datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import zoo
from zoo.data.columns import kind_of, natural
from zoo.data.infer import infer
from zoo.data.preprocessing import Preprocessor

SECONDS = [3_600.0, 59.25, 86_400.0, 0.0, 90_061.0, 7.5, 12.0, 8.0]
DAYS = [datetime.date(2024, 1, 1) + datetime.timedelta(days=40 * i) for i in range(8)]
CLOCKS = [datetime.time(hour, 7 * hour, 30, 250_000) for hour in range(8)]
SINCE_MIDNIGHT = [hour * 3_600 + 7 * hour * 60 + 30.25 for hour in range(8)]
MONTHS = pd.period_range("2023-11", periods=8, freq="M")
QUARTERS = pd.period_range("2023Q2", periods=8, freq="Q")
LEVELS = pd.cut(np.arange(8.0), [-1, 2, 5, 9])
NONE = object()


def objects(values):
    return pd.Series(list(values), dtype=object)


CASES = {  # what the column is, its kind, and values of other types that stand for the same
    "timedelta64": (pd.to_timedelta(SECONDS, unit="s").to_series(index=range(8)), "number", SECONDS),
    "Timedelta": (objects(pd.to_timedelta(SECONDS, unit="s")), "number", SECONDS),
    "timedelta": (objects(datetime.timedelta(seconds=s) for s in SECONDS), "number", SECONDS),
    "time": (objects(CLOCKS), "number", SINCE_MIDNIGHT),
    "Decimal": (objects(Decimal(str(s)) for s in SECONDS), "number", SECONDS),
    "Decimal and float": (objects(Decimal(str(s)) if i % 2 else s for i, s in enumerate(SECONDS)), "number", SECONDS),
    "date": (objects(DAYS), "date", [day.isoformat() for day in DAYS]),
    "datetime": (objects(datetime.datetime.combine(day, CLOCKS[i]) for i, day in enumerate(DAYS)), "date", NONE),
    "Period": (pd.Series(MONTHS), "date", [f"{month}-01" for month in MONTHS]),
    "objects of Period": (objects(MONTHS), "date", [f"{month}-01" for month in MONTHS]),
    "quarters": (pd.Series(QUARTERS), "date", [f"{q.start_time:%Y-%m-%d}" for q in QUARTERS]),
    "objects of quarters": (objects(QUARTERS), "date", [f"{q.start_time:%Y-%m-%d}" for q in QUARTERS]),
    "dates among texts": (objects([*DAYS[:4], *map(str, DAYS[4:])]), "date", list(map(str, DAYS))),
    "Fraction": (objects(Fraction(7 * i, 3) for i in range(8)), "number", [7 * i / 3 for i in range(8)]),
    "longdouble": (pd.Series(np.array(SECONDS, np.longdouble)), "number", SECONDS),
    "Interval": (objects(LEVELS), "category", [str(level) for level in LEVELS]),
    "pandas.cut": (pd.Series(LEVELS), "category", [str(level) for level in LEVELS]),
    "IntervalIndex": (pd.Series(pd.arrays.IntervalArray(LEVELS.astype(object))), "category", [str(v) for v in LEVELS]),
    "categorical of dates": (pd.Series(pd.Categorical(pd.to_datetime(DAYS))), "date", list(map(str, DAYS))),
    "categorical of durations": (pd.Series(pd.Categorical(pd.to_timedelta(SECONDS, unit="s"))), "number", SECONDS),
    "bool_ and None": (objects([np.bool_(True), None, np.False_, True] * 2), "boolean", [1.0, np.nan, 0.0, 1.0] * 2),
    "bytes": (objects([b"a", b"b", "a", "ä".encode()] * 2), "category", ["a", "b", "a", "ä"] * 2),
    "bytes of numbers": (objects([f"{s}".encode() for s in SECONDS]), "number", SECONDS),
    "bytes of dates": (objects([f"{day}".encode() for day in DAYS]), "date", list(map(str, DAYS))),
    "Arrow's date": (pd.Series(DAYS, dtype="date32[day][pyarrow]"), "date", list(map(str, DAYS))),
    "Arrow's decimal": (
        pd.Series([Decimal(str(s)) for s in SECONDS], dtype=pd.ArrowDtype(pa.decimal128(9, 2))), "number", SECONDS
    ),
    "Arrow's duration": (
        pd.Series(pd.to_timedelta(SECONDS, unit="s"), dtype="duration[us][pyarrow]"), "number", SECONDS
    ),
    "Arrow's dictionary": (
        pd.Series(["a", None, "a", "ä"] * 2, dtype=pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))),
        "category", ["a", None, "a", "ä"] * 2,
    ),
    "Arrow's time": (pd.Series(CLOCKS, dtype="time64[us][pyarrow]"), "number", SINCE_MIDNIGHT),
}  # fmt: skip
NOT_IN_A_CSV = ("datetime", "Fraction", "bytes", "bytes of numbers", "bytes of dates")


@pytest.fixture(params=CASES)
def case(request):
    values, kind, same = CASES[request.param]
    return request.param, pd.DataFrame({"v": values, "x": np.arange(8.0) ** 2}), kind, same


def test_objects_are_read_as_what_they_stand_for(case, tmp_path):
    name, frame, kind, same = case
    schema = infer(frame)
    column = schema.column("v")
    assert column.kind == kind
    preprocessor = Preprocessor(schema).fit(frame)
    wanted = preprocessor.encode(frame)

    def assert_same(values):
        found = preprocessor.encode(frame.assign(v=values))
        for tensor, expected in wanted.items():
            np.testing.assert_array_equal(found[tensor], expected)

    if same is not NONE:
        assert_same(same)
    assert_same(objects(frame["v"]))
    gone = preprocessor.encode(frame.assign(v=objects([*list(frame["v"])[:-1], None])))
    assert all(np.isfinite(tensor).all() for tensor in gone.values())
    served = kind_of(column).served(frame["v"], column, preprocessor.states[preprocessor.schema.columns.index(column)])
    graph = preprocessor.module()({"v": served, "x": frame["x"].to_numpy("float32")})
    for tensor, expected in wanted.items():
        np.testing.assert_allclose(graph[tensor], expected, rtol=1e-6, atol=1e-6)
    if name not in NOT_IN_A_CSV:  # pandas writes bytes as b'a'
        frame.to_csv(tmp_path / "rows.csv", index=False)
        assert_same(pd.read_csv(tmp_path / "rows.csv")["v"])


def test_a_few_rows_of_objects_are_read_as_many_are(case):
    _, frame, _, _ = case
    preprocessor = Preprocessor(infer(frame)).fit(frame)
    blocks = preprocessor.reader.few(frame)
    for key, block in preprocessor.blocks(frame).items():
        assert blocks is None or np.array_equal(blocks[key], block, equal_nan=block.dtype.kind == "f")


def test_what_was_done_stands_in_the_column_s_notes():
    frame = pd.DataFrame({"took": pd.to_timedelta(SECONDS, unit="s"), "at": CLOCKS, "x": SECONDS})
    took, at, x = infer(frame).columns
    assert took.notes == ("Durations are read as seconds.",) and took.dtype.startswith("timedelta64")
    assert at.notes == ("Times of day are read as seconds since midnight.",) and at.dtype == "time" and x.notes == ()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1 days 02:03:04", 93_784.0), ("0 days 00:00:59.250000", 59.25), ("-1 days +23:00:00", -3_600.0),
        ("1 day, 2:03:04", 93_784.0), ("2 days", 172_800.0), ("10:30:00", 37_800.0), ("10:30", 37_800.0),
        ("-1 day, 23:59:59", -1.0),
    ],
)  # fmt: skip
def test_durations_are_read_as_pandas_and_python_write_them(text, seconds):
    assert natural.seconds_of_text(text) == seconds
    what, read = natural.clocks(pd.Series([text, None, "NaT", "closed"]), ["closed"])
    assert what == ("time" if text.startswith("10:30") else "timedelta")
    np.testing.assert_array_equal(read, [seconds, np.nan, np.nan, np.nan])
    if "day" in text:
        assert pd.Timedelta(text.replace("day,", "days")).total_seconds() == seconds


@pytest.mark.parametrize("texts", [["75:30"], ["3:1"], ["10:30", "soon"], ["10:75"], ["12"], ["1:2:3"], ["", "NA"]])
def test_texts_that_may_be_other_than_times_are_left(texts):
    assert natural.clocks(pd.Series(texts)) is None


def test_texts_of_times_are_read_as_the_times_are():
    """And numbers of seconds beside them, and marks of missing values that the caller names."""
    texts = ["10:30:00", "23:59:30", "closed", "00:00:00"]
    frame = pd.DataFrame({"at": texts, "x": np.arange(4.0)})
    data = zoo.data.load(frame, na_values=["closed"])
    assert (data.schema.column("at").kind, data.schema.column("at").dtype) == ("number", "time")
    assert data.schema.column("at").notes == ("Times of day are read as seconds since midnight.",)
    preprocessor = Preprocessor(data.schema).fit(data.x)
    wanted = preprocessor.encode(frame.assign(at=[37_800.0, 86_370.0, None, 0.0]))
    for same in (texts, ["10:30", 86_370.0, None, datetime.time(0)], ["10:30:00", "86370", "closed", "0:00"]):
        found = preprocessor.encode(frame.assign(at=pd.Series(same, dtype=object)))
        assert all(np.array_equal(found[name], wanted[name]) for name in wanted), same


def test_texts_that_are_no_durations_are_named_with_their_row():
    frame = pd.DataFrame({"took": pd.to_timedelta(SECONDS, unit="s"), "x": np.arange(8.0)})
    preprocessor = Preprocessor(infer(frame)).fit(frame)
    for wrong in ("soon", "1:2"):
        with pytest.raises(ValueError, match=f"column 'took' must hold numbers. Received: '{wrong}' in row 7"):
            preprocessor.encode(frame.assign(took=["0 days 01:00:00"] * 6 + ["", wrong]))


def test_objects_without_a_natural_reading_are_refused_with_the_repair():
    for value, name in (({1, 2}, "set"), ({"a": 1}, "dict"), (pd.DateOffset(days=1), "DateOffset")):
        with pytest.raises(
            ValueError, match=f"'v' must hold numbers, strings, booleans or dates. Received: {name}. Ignore"
        ):
            infer(pd.DataFrame({"v": objects([value] * 4), "x": range(4)}))
    with pytest.raises(ValueError, match=r"'v' must hold text in UTF-8. Received: b'\\xff'. Decode it, or ignore"):
        infer(pd.DataFrame({"v": objects([b"\xff", b"a"] * 2), "x": range(4)}))


def test_a_cell_that_holds_several_values_or_no_number_is_refused_beside_its_column():
    frame = pd.DataFrame({"n": np.arange(8.0), "c": list("abcdabcd"), "b": [True, False] * 4})
    preprocessor = Preprocessor(infer(frame)).fit(frame)
    for name in frame:
        for row in (0, 3):
            cells = frame[name].tolist()
            for array in (np.array([1]), np.array(1)):
                cells[row] = array
                with pytest.raises(ValueError, match=f"'{name}' must have one value a row.*Received: an array|ndarray"):
                    preprocessor.encode(frame.assign(**{name: objects(cells)}))
    numbers = [1j, *frame["n"].tolist()[1:]]
    for values in (objects(numbers), np.array(numbers)):
        with pytest.raises(ValueError, match="'n' must hold numbers. Received: .*1j.* in row 0"):
            preprocessor.encode(frame.assign(n=values))


def test_half_of_a_pair_of_utf_16_is_no_text():
    frame = pd.DataFrame(
        {"t": [f"note {i}, by hand" for i in range(30)], "b": [True, False] * 15, "c": ["u", "v"] * 15}
    )
    preprocessor = Preprocessor(infer(frame)).fit(frame)
    broken = "The column '{}' must hold text in UTF-8. Received: '.ud800'. Repair it: text.encode"
    for name in ("t", "c"):
        cells = objects(["\ud800", *frame[name][1:]])
        with pytest.raises(ValueError, match=broken.format(name)):
            infer(frame.assign(**{name: cells}))
        with pytest.raises(ValueError, match=broken.format(name)):
            preprocessor.tensors(frame.assign(**{name: cells}))
    with pytest.raises(ValueError, match="'b' must hold true or false, 1 or 0. Received: '.ud800' in row 0"):
        preprocessor.encode(frame.assign(b=objects(["\ud800", *frame["b"][1:]])))


def test_a_column_without_objects_is_not_copied():
    for values in (
        pd.Series(["a", "b"]),
        pd.Series([1.0, 2.0]),
        pd.Series(pd.to_datetime(DAYS)),
        objects(["a", 1, None]),
    ):
        assert natural.natural(values) is values
    values = pd.Series(["a", "b"], dtype="category")
    assert natural.natural(values) is values


def test_a_model_of_objects_answers_its_own_csv_alike(tmp_path):
    generator = np.random.default_rng(0)
    seconds = generator.integers(0, 100_000, 120)
    frame = pd.DataFrame(
        {
            "took": pd.to_timedelta(seconds, unit="s"),
            "price": [Decimal(int(value)) / 100 for value in generator.integers(0, 999, 120)],
            "day": [DAYS[i % 8] for i in range(120)],
            "bin": pd.cut(generator.normal(size=120), 4),
            "y": np.where(seconds > 50_000, "long", "short"),
        }
    )
    run = zoo.train("mlp_classifier", frame, target="y", hidden_units=(4,), epochs=1, verbose=0)
    kinds = {column.name: column.kind for column in run.model.schema.columns}
    assert kinds == {"took": "number", "price": "number", "day": "date", "bin": "category"}
    frame.to_csv(tmp_path / "rows.csv", index=False)
    pd.testing.assert_frame_equal(zoo.predict(run, tmp_path / "rows.csv"), zoo.predict(run, frame))


@pytest.mark.parametrize("values", [pd.to_timedelta([1, 2], unit="s"), [datetime.time(3), None]], ids=["span", "time"])
def test_durations_are_no_numbers_of_a_column_of_another_unit(values):
    rows = pd.DataFrame({"minutes": [1.0, 2.0, 4.0]})
    preprocessor = Preprocessor(infer(rows)).fit(rows)
    with pytest.raises(ValueError, match=r"'minutes' must hold numbers, as in training. Received: .* in row 0. Turn"):
        preprocessor.encode(pd.DataFrame({"minutes": values}))


def test_numbers_without_a_place_on_the_line_are_refused_at_prediction():
    rows = pd.DataFrame({"x": [1.0, 2.0, 4.0]})
    preprocessor = Preprocessor(infer(rows)).fit(rows)
    with pytest.raises(ValueError, match="'x' must hold numbers. Received: .*1j.* in row 0"):
        preprocessor.encode(pd.DataFrame({"x": [1j, 2.0]}))
    with pytest.raises(ValueError, match="'x' must hold numbers. Received: 1000.* in row 1"):
        preprocessor.encode(pd.DataFrame({"x": pd.Series([1, 10**400], dtype=object)}))
