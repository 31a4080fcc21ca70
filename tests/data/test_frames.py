"""Tables in memory: frames by Arrow's C stream, records, and targets beside them. Expected tables are pandas's own."""

import collections
import dataclasses
import datetime
import decimal
import sqlite3

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from zoo.data import frames
from zoo.data.doubts import DataWarning
from zoo.data.infer import infer
from zoo.data.names import with_plain_names
from zoo.data.sources import load


class Stream:
    """A frame of some library: it has Arrow's C stream and nothing else that is known."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


class Struct:
    """A batch of some library, by Arrow's C array alone."""

    def __init__(self, batch):
        self._batch = batch

    def __arrow_c_array__(self, requested_schema=None):
        return self._batch.__arrow_c_array__(requested_schema)


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "whole": [1, 2, 3],
            "gap": [1.0, None, 3.0],
            "text": ["a", None, "c"],
            "flag": pd.array([True, None, False], dtype="boolean"),
            "id": pd.array([2**60 + 1, None, 3], dtype="Int64"),
            "day": pd.to_datetime(["2020-01-01", None, "2020-01-03"]).astype("datetime64[us]"),
            "level": pd.Categorical(["u", "v", "u"]),
        }
    )


@pytest.mark.parametrize("made", [Stream, lambda table: table, lambda table: table.to_reader()])
def test_a_frame_by_arrow_s_stream_is_the_pandas_frame(frame, made):
    found = load(made(pa.Table.from_pandas(frame))).frame()
    pd.testing.assert_frame_equal(found, frame)


def test_a_batch_by_arrow_s_array_is_a_frame(frame):
    found = load(Struct(pa.RecordBatch.from_pandas(frame))).frame()
    pd.testing.assert_frame_equal(found, frame)


def test_arrow_s_own_types_are_read_as_their_values():
    views = pa.array(["a", "b", "a"]).cast(pa.string_view())
    table = pa.table(
        {
            "day": pa.array([datetime.date(2020, 1, 1), None, datetime.date(2020, 1, 3)]),
            "price": pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("3.50")]),
            "view": views,
            "level": pa.chunked_array([pa.DictionaryArray.from_arrays(pa.array([0, 1, 0], pa.uint32()), views[:2])]),
            "large": pa.array(["x", "y", None], pa.large_string()),
            "count": pa.array([2**63 + 1, None, 3], pa.uint64()),
        }
    )
    found = frames.as_frame(Stream(table))
    assert found["day"].tolist()[::2] == [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-03")]
    assert found["price"].dropna().tolist() == [1.25, 3.5]
    assert found["view"].tolist() == found["level"].tolist() == ["a", "b", "a"]
    assert isinstance(found["level"].dtype, pd.CategoricalDtype)
    assert found["large"].tolist()[:2] == ["x", "y"]
    assert found["count"].tolist()[::2] == [2**63 + 1, 3]


def test_the_nameless_index_of_a_frame_is_taken_up_again():
    frame = pd.DataFrame({"a": [1, 2]}, index=[7, 3])
    assert frames.as_frame(pa.Table.from_pandas(frame)).index.tolist() == [7, 3]
    levels = frame.set_axis(pd.MultiIndex.from_tuples([("x", 1), ("y", 2)]))
    pd.testing.assert_frame_equal(frames.as_frame(pa.Table.from_pandas(levels)), levels)


def test_a_frame_without_rows_or_columns_is_one():
    assert frames.as_frame(pa.table({"a": pa.array([], pa.int64())})).shape == (0, 1)
    assert frames.as_frame(pa.table({})).shape == (0, 0)


def test_two_columns_of_one_name_are_refused_in_any_frame():
    with pytest.raises(ValueError, match=r"names must differ.*a.*Rename"):
        load(pa.table([[1], [2]], names=["a", "a"]))


def test_a_frame_that_is_not_computed_yet_is_to_be_collected():
    class LazyFrame:
        def collect(self):
            raise AssertionError("the caller decides when to compute")

    with pytest.raises(TypeError, match=r"Received: LazyFrame. Pass its collect\(\)"):
        load(LazyFrame())


def test_the_target_beside_a_frame_may_be_arrow_s_too(frame):
    x, y = pa.table({"a": [1.0, 2.0]}), pa.array(["u", "v"])
    for data in (load((x, y)), load(x, target=pa.chunked_array([y])), load((x, pa.table({"target": y})))):
        assert data.frame().to_dict("list") == {"a": [1.0, 2.0], "target": ["u", "v"]}
    assert load((np.zeros((2, 1)), pa.array([5, 6]))).arrays()[1].tolist() == [5, 6]
    assert load({"a": pa.array([1, 2]), "b": [3, 4]}).frame().to_dict("list") == {"a": [1, 2], "b": [3, 4]}


# Records.

Point = collections.namedtuple("Point", ["a", "b"])


@dataclasses.dataclass
class Row:
    a: int
    b: str


@pytest.mark.parametrize(
    "records",
    [
        [{"a": 1, "b": "x"}, {"b": "y", "a": 2}],
        iter([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
        [Point(1, "x"), Point(2, "y")],
        [Row(1, "x"), Row(2, "y")],
        [pd.Series({"a": 1, "b": "x"}), pd.Series({"a": 2, "b": "y"})],
        np.array([(1, b"x"), (2, b"y")], dtype=[("a", ">i4"), ("b", "S1")]),
        pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_records(index=False),
        {"a": {0: 1, 1: 2}, "b": {0: "x", 1: "y"}},
    ],
)
def test_records_are_rows(records):
    found = load(records).frame()
    assert found.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    assert found["a"].dtype.kind == "i"


def test_rows_of_sqlite_are_records():
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    rows = connection.execute("select 1 as a, 'x' as b union select 2, 'y'").fetchall()
    assert load(rows).frame().to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    connection.close()


def test_what_a_record_lacks_is_missing():
    found = load([{"a": 1.0, "b": "x"}, {"a": 2.0}, {"b": "z"}]).frame()
    assert found.isna().to_numpy().tolist() == [[False, False], [False, True], [True, False]]


@pytest.mark.parametrize(
    "row",
    [
        {"a": 1.5, "b": "x"},
        {"a": np.array(1.5), "b": np.str_("x")},
        [{"a": 1.5, "b": "x"}],
        pd.DataFrame({"a": [0.5, 1.5], "b": ["w", "x"]}).iloc[1],
        np.array([(1.5, "x")], dtype=[("a", "f8"), ("b", "U1")])[0],
    ],
)
def test_one_record_is_a_table_of_one_row(row):
    found = frames.as_frame(row, ["a", "b"])
    assert found.to_dict("list") == {"a": [1.5], "b": ["x"]}
    assert found["a"].dtype == "float64"


def test_a_row_of_a_frame_keeps_the_label_of_its_row():
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}, index=["first", "second"])
    assert frames.as_frame(frame.iloc[1], ["a", "b"]).index.tolist() == ["second"]
    assert frames.as_frame(frame.reset_index(drop=True).iloc[1]).to_dict("list") == {"a": [2.0], "b": [1.5]}


def test_a_series_that_is_a_column_is_no_row():
    column = pd.Series([1.0, 2.0], index=["first", "second"], name="a")
    assert frames.as_frame(column) is None
    assert frames.as_frame(column, ["a"]).shape == (2, 1)
    assert load(column).arrays()[0].tolist() == [[1.0], [2.0]]
    numbered = pd.DataFrame(np.arange(8.0).reshape(4, 2))
    assert frames.as_frame(numbered.iloc[1], [0, 1]).to_numpy().tolist() == [[2.0, 3.0]]
    assert frames.as_frame(numbered[1], [0, 1]).to_numpy().tolist() == [[1.0], [3.0], [5.0], [7.0]]


def test_masked_values_are_missing():
    records = np.ma.array([(1, 0.5), (2, 1.5)], dtype=[("a", "i4"), ("b", "f8")], mask=[(True, False), (False, True)])
    assert load(records).frame().isna().to_numpy().tolist() == [[True, False], [False, True]]
    numbers = np.ma.array([[1, 2], [3, 4]], mask=[[True, False], [False, False]])
    np.testing.assert_array_equal(load(numbers).arrays()[0], [[np.nan, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    "source, message",
    [
        ({"a": [1, 2], "b": [1]}, r"same number of rows.*a: 2, b: 1"),
        ({"a": np.full((2, 2), "x")}, r"'a' must have one value a row, or be an array of numbers.*\(2, 2\)"),
        ([{"a": 1}, 3], r"must be a dict.*int in row 1"),
        ([{"a": 1, "b": "x"}, Point(1, "x")], r"of one kind. Received: dict, Point. Write each as a dict"),
        ([{"a": 1, "b": [1, 2]}, {"a": 2, "b": [3]}], r"'b' must hold one value a row.*a list in row 0.*ignore='b'"),
        (pd.DataFrame({"a": [1, 2], "b": [None, {"c": 1}]}), r"'b' must hold one value a row.*a dict in row 1"),
    ],
)
def test_tables_that_are_none_are_refused_in_the_zoo_s_words(source, message):
    with pytest.raises(ValueError, match=message):
        load(source)


def test_a_column_may_hold_an_array_a_row():
    array = np.arange(6.0).reshape(2, 3)
    structured = np.zeros(2, dtype=[("walk", "f8", (3,)), ("b", "i4")])
    structured["walk"], structured["b"] = array, [5, 7]
    walk = pa.array(list(array))
    for source in ({"walk": array, "b": [5, 7]}, structured, Stream(pa.table({"walk": walk, "b": [5, 7]}))):
        found = load(source).frame()
        np.testing.assert_array_equal(np.stack(found["walk"]), array)
        assert found["b"].tolist() == [5, 7]


def test_the_array_of_a_model_may_be_named():
    schema = load(np.zeros((2, 4, 4, 1), "uint8")).schema
    x, y = load({"image": np.ones((3, 4, 4, 1), "uint8")}, schema=schema).arrays()
    assert (x.shape, y) == ((3, 4, 4, 1), None)


def test_a_dict_of_columns_may_hold_a_constant():
    assert load({"a": [1, 2], "b": 5}).frame().to_dict("list") == {"a": [1, 2], "b": [5, 5]}


def test_decimals_of_arrow_are_the_nearest_floats(tmp_path):
    decimals = [decimal.Decimal(repr(1.7e9 + 1e-5 * i)) for i in range(200)]
    table = pa.table({"price": decimals})
    parquet.write_table(table, tmp_path / "rows.parquet")
    for source in (table, tmp_path / "rows.parquet"):
        assert load(source).frame()["price"].tolist() == [float(value) for value in decimals]


def test_a_row_is_a_series_under_names_of_any_type():
    frame = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], columns=pd.Index(["a", pd.Timestamp("2024-01-01")], dtype=object))
    schema = infer(with_plain_names(frame))
    pd.testing.assert_frame_equal(
        load(frame.iloc[1], schema=schema).x, with_plain_names(frame)[1:], check_column_type=False
    )
    named = infer(pd.DataFrame({"a": [1.0, 3.0], "c": [2.0, 5.0]}))
    row = pd.Series({"a": 1.0, "c": 2.0, 7: 3.0, 8: 4.0}, name=0)  # with columns that training did not know
    assert len(load(row, schema=named).x) == 1


def test_no_rows_are_a_table_of_a_known_schema_alone(frame):
    schema = infer(frame)
    for nothing in (frame.head(0), [], {name: [] for name in frame}, pa.Table.from_pandas(frame.head(0))):
        assert len(load(nothing, schema=schema)) == 0
    assert load(np.zeros((0, 3)), schema=load(np.zeros((2, 3))).schema).x.shape == (0, 3)
    for nothing in (frame.head(0), []):
        with pytest.raises(ValueError, match="must have rows and columns"):
            load(nothing)


# x and y with indices.


def test_a_target_in_another_order_is_paired_by_index():
    x = pd.DataFrame({"a": [1, 2, 3]}, index=[10, 20, 30])
    y = pd.Series(["u", "v", "w"], index=[30, 10, 20], name="y")
    expected = x.assign(y=y)  # pandas's own pairing
    for data in (load((x, y)), load(x, target=y), load((x, y.to_frame()))):
        pd.testing.assert_frame_equal(data.frame(), expected)


def test_values_without_an_index_or_with_one_that_only_counts_are_paired_by_position():
    x = pd.DataFrame({"a": [1, 2, 3]}, index=[10, 20, 30])
    for y in (["u", "v", "w"], np.array(["u", "v", "w"]), pd.Series(["u", "v", "w"]), pa.array(["u", "v", "w"])):
        assert load((x, y)).y.tolist() == ["u", "v", "w"]
    counted = x.reset_index(drop=True)
    assert load((counted, pd.Series(["u", "v", "w"], index=[30, 10, 20]))).y.tolist() == ["u", "v", "w"]
    arrow = pa.Table.from_pandas(counted, preserve_index=False)
    assert load((arrow, pd.Series(["u", "v", "w"], index=[2, 0, 1]))).y.tolist() == ["u", "v", "w"]


@pytest.mark.parametrize(
    "index, other, message",
    [
        ([10, 20, 30], [10, 20, 99], r"same index.*label 99 in `y` alone.*y.to_numpy\(\).*y.loc\[x.index\]"),
        ([10, 10, 20], [10, 20, 10], r"same index.*twice, in another order"),
    ],
)
def test_indices_of_other_labels_are_refused(index, other, message):
    with pytest.raises(ValueError, match=message):
        load((pd.DataFrame({"a": [1, 2, 3]}, index=index), pd.Series([1, 2, 3], index=other)))


@pytest.mark.parametrize("made", [lambda: iter(["a,b", "1,2"]), lambda: (list(row) for row in [(1, 2), (3, 4)])])
def test_an_iterator_of_other_things_than_records_is_refused_and_not_taken_for_an_empty_table(made):
    with pytest.raises(ValueError, match="An iterator must give records.*Received: (str|list) in row 0.*its path"):
        frames.as_frame(made(), ["a", "b"])


def test_one_named_tuple_or_dataclass_is_a_row():
    row = collections.namedtuple("Row", ["a", "b"])(1, "x")
    point = dataclasses.make_dataclass("Point", ["a", "b"])(1, "x")
    for one in (row, point):
        pd.testing.assert_frame_equal(load(one).frame(), pd.DataFrame({"a": [1], "b": ["x"]}))
    pair = collections.namedtuple("Pair", ["x", "y"])(np.arange(4.0)[:, None], np.array([0, 1, 0, 1]))
    assert load(pair).y.tolist() == [0, 1, 0, 1]


def test_series_of_a_dict_are_put_in_one_order_and_never_add_rows():
    first = pd.Series([1.0, 2.0, 3.0], index=["u", "v", "w"])
    found = frames.as_frame({"a": first, "b": pd.Series([30, 10, 20], index=["w", "u", "v"]), "c": [7, 8, 9]})
    assert found.to_numpy().tolist() == [[1, 10, 7], [2, 20, 8], [3, 30, 9]]
    with pytest.raises(ValueError, match="`a` and `b` must have the same index.*'z' in `b` alone"):
        frames.as_frame({"a": first, "b": first.set_axis(["u", "v", "z"])})


def test_an_array_without_values_is_no_column():
    with pytest.raises(ValueError, match=r"'empty' must have values in each row. Received: the shape \(3, 0\)"):
        frames.as_frame({"empty": np.zeros((3, 0)), "x": [1, 2, 3]})


@pytest.mark.parametrize("odd", [{1, 2}, {"type": "object"}])
def test_what_has_no_order_of_rows_is_no_column(odd):
    with pytest.raises(ValueError, match="'odd' must hold a value for each row, in order. Received: (set|dict)"):
        frames.as_frame({"odd": odd, "a": [1, 2]})


def test_a_type_that_arrow_has_not_is_refused_in_our_words():
    class Wide:
        def __arrow_c_stream__(self, requested_schema=None):
            raise pa.ArrowInvalid("Invalid or unsupported format string: '_pli128'")

    with pytest.raises(ValueError, match="A Wide must have columns of Arrow's types.*_pli128.*128 bits"):
        frames.as_frame(Wide())


def test_indices_that_overlap_in_part_are_paired_by_position_and_said():
    x, y = pd.DataFrame({"a": [1.0, 2.0, 3.0]}), pd.Series(["u", "v", "w"], index=[1, 2, 3], name="y")
    with pytest.warns(DataWarning, match="some labels in common.*by position. Such as 3"):
        assert load((x, y)).y.tolist() == ["u", "v", "w"]


def test_a_target_that_is_no_column_is_named_by_its_type():
    with pytest.raises(ValueError, match="one value a row. Received: a dict. Pass a Series"):
        load((pd.DataFrame({"a": [1.0, 2.0]}), {"y": np.arange(2)}))
