"""Tables read into blocks: small ones value by value, others by pandas, with equal results and in linear time."""

import warnings

import numpy as np
import pandas as pd
import pytest

from tests.artifacts.conftest import keepers_notes
from zoo.data import reading
from zoo.data.columns import grouped, number
from zoo.data.columns import table as tables
from zoo.data.doubts import DataWarning
from zoo.data.infer import infer
from zoo.data.preprocessing import Preprocessor
from zoo.data.schema import Column, Schema

LEVELS = {"class": ["", "bird", "fish", "mammal"], "v": ["x"]}


@pytest.fixture(scope="module")
def notes():
    frame = keepers_notes(60)
    frame.loc[5, "arrived"] = pd.NaT
    frame.loc[[6, 7], "note"] = None
    return frame


@pytest.fixture(scope="module")
def schema(notes):
    return infer(notes, "mood")


def reader_of(schema):
    """Returns a reader of columns whose levels are known."""
    states = [{"levels": LEVELS.get(column.name, ["x", "y"]), "offset": 0} for column in schema.columns]
    return reading.Reader(schema, grouped(schema.columns, states))


def assert_same(found, wanted):
    assert found.keys() == wanted.keys()
    for kind, block in wanted.items():
        assert found[kind].dtype == block.dtype
        np.testing.assert_array_equal(found[kind], block)


def texts(value):
    return value[:10] if isinstance(value, str) else value


@pytest.mark.parametrize("rows", [slice(0, 1), slice(5, 6), slice(3, 9), slice(0, 32)], ids=str)
@pytest.mark.parametrize("form", ["as it is", "objects", "another order", "a dict"])
def test_a_few_rows_are_read_as_many_are(notes, schema, rows, form):
    part = notes.iloc[rows]
    if form == "objects":
        part = part.astype(object)
    elif form == "another order":
        part = part[list(part.columns)[::-1]]
    elif form == "a dict":
        part = {name: part[name].astype(object).map(texts).tolist() for name in schema.names}
        part["arrived"] = ["" if pd.isna(value) else value.isoformat() for value in part["arrived"]]
    reader = reader_of(schema)
    found = reader.few(part)
    assert found is not None
    assert_same(found, reader_of(schema).blocks(pd.DataFrame(part)))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("number", [1.5, "2"]),
        ("number", [2**60, 3]),
        ("number", [1.0, None]),
        ("category", [b"x ", "y"]),
        ("text", [1.5, "a"]),
        ("date", [np.datetime64("2020-01-01"), np.datetime64("2020-01-02")]),
    ],
    ids=str,
)
def test_values_that_must_be_looked_at_are_left_to_the_way_of_many(kind, values):
    """Strings that hold numbers, whole numbers that float64 does not hold, bytes, numpy's dates: pandas reads them."""
    schema = Schema((Column("v", kind),))
    frame = pd.DataFrame({"v": pd.Series(values, dtype=object)})
    assert reader_of(schema).few(frame) is None
    (block,) = reader_of(schema).blocks(frame).values()
    assert block.shape == (2, 1)
    if kind == "category":
        assert block.ravel().tolist() == [1, 0]  # the graph strips blanks, so "x " is x


@pytest.mark.parametrize("rows", [0, 33], ids=["none", "more"])
def test_no_rows_and_many_are_not_few(notes, schema, rows):
    assert reader_of(schema).few(notes.iloc[:rows]) is None


def test_columns_that_are_missing_unknown_or_there_twice(notes, schema):
    one = notes.iloc[[0]]
    reader = reader_of(schema)
    assert reader.few(one.drop(columns="class")) is None
    assert reader.few(pd.concat([one, one], axis=1)) is None
    assert reader.few({"class": ["bird"]}) is None
    record = {name: one[name].tolist() for name in schema.names}
    assert reader.few({**record, "mood": ["calm"]}) is not None
    assert reader.few({**record, "more": [1]}) is None
    for mood in (["calm", "wild"], np.array(["calm"]), "calm"):  # the target is looked at too
        assert reader.few({**record, "mood": mood}) is None
    with pytest.raises(ValueError, match="The columns class are missing"):
        reader.blocks(one.drop(columns="class"))
    with pytest.raises(ValueError, match="Column names must differ. Received twice: .*class"):
        reader.blocks(pd.concat([one, one], axis=1))
    with pytest.raises(ValueError, match="same number of rows. Received: weight in kg: 2, Größe: 1"):
        reader.blocks({**{name: ["1"] for name in schema.names}, "weight in kg": [1.0, 2.0]})
    with pytest.warns(DataWarning, match="did not know are ignored: more"):
        assert reader.few(one.assign(more=1)) is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # once
        reader.few(one.assign(more=1))


def test_a_table_that_lacks_a_column_is_refused_each_time_it_comes(notes, schema):
    reader, without = reader_of(schema), notes.iloc[[0]].drop(columns="class")
    for _ in range(2):
        with pytest.raises(ValueError, match="The columns class are missing"):
            reader.blocks(without)
        assert reader.few(without) is None


def test_a_table_that_another_thread_reads_meanwhile_moves_no_column(notes, schema, monkeypatch):
    reader, one, check = reader_of(schema), notes.iloc[[0]], reading.Reader.check
    wanted = reader_of(schema).few(one)

    def checked(self, x):
        check(self, x)
        self._column_positions(one[list(one.columns)[::-1]])

    monkeypatch.setattr(reading.Reader, "check", checked)
    assert_same(reader.few(one), wanted)


def test_numbers_of_any_dtype_are_read_at_once_or_one_by_one(monkeypatch):
    monkeypatch.setattr(tables, "ROWS", 2)  # in two parts
    columns = {
        "f": np.array([1.5, np.nan, 1e300]),
        "i": np.array([2**53 + 1, 2, -3]),
        "u": np.array([1, 255, 0], "uint8"),
        "b": np.array([True, False, True]),
        "n": pd.array([1, None, 3], dtype="Int64"),
        "s": ["1", "", "2.5"],
    }
    frame = pd.DataFrame(columns)
    schema = Schema(tuple(Column(name, "number") for name in columns))
    with np.errstate(over="ignore"):
        wanted = np.stack([frame[name].to_numpy().astype("float32") for name in "fiub"], axis=1)
    for x in (frame, dict(columns)):
        found = reader_of(schema).blocks(x)["number"]
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found[:, :4], wanted)
        np.testing.assert_array_equal(found[:, 4:], [[1, 1], [np.nan, np.nan], [3, 2.5]])


@pytest.mark.parametrize("kind", ["number", "category"])
def test_no_search_grows_with_the_number_of_columns(kind, monkeypatch):
    """Names that count their comparisons: a list that is searched once a column compares n (n - 1) / 2 times."""

    class Counting(str):
        compared = 0

        def __eq__(self, other):
            type(self).compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    def comparisons(columns: int) -> int:
        schema = Schema(tuple(Column(Counting(f"n{i}"), kind) for i in range(columns)))
        frame = pd.DataFrame({f"n{i}": ["a", "b"] if kind == "category" else [0.0, 1.0] for i in range(columns)})
        preprocessor = Preprocessor(schema).fit(frame)
        Counting.compared = 0
        preprocessor.tensors(frame)
        preprocessor.reader.blocks(frame)
        preprocessor.reader.few(frame.head(1))
        preprocessor.get_config()
        return Counting.compared

    assert comparisons(200) <= 4 * comparisons(100) / 2 + 100


def test_an_array_of_numbers_is_read_without_a_call_a_column(monkeypatch):
    """10,000 columns of one dtype: pandas is asked once, not once a column."""
    frame = pd.DataFrame(np.arange(20_000.0).reshape(2, 10_000), columns=[f"n{i}" for i in range(10_000)])
    reader = reader_of(Schema(tuple(Column(name, "number") for name in frame.columns)))
    monkeypatch.setattr(number, "float64", lambda *_: pytest.fail("a call a column"))
    monkeypatch.setattr(pd.DataFrame, "__getitem__", lambda *_: pytest.fail("a call a column"))
    np.testing.assert_array_equal(reader.blocks(frame)["number"], frame.to_numpy("float32"))
