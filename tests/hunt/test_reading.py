"""2,000 tables are read and encoded: whichever way the same values are written and arranged, they are read alike."""

import csv
import datetime
import decimal
import fractions
import json
import math
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import tensorflow as tf
from hypothesis import assume, given
from hypothesis import strategies as st

import zoo
from tests.hunt import options
from tests.hunt.columns import MARKS, placed
from tests.hunt.tables import as_array, noted, tables
from tests.messages import is_own, warned
from zoo.data.preprocessing import Preprocessor

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]

UNWRITTEN = {"bytes": "objects", "sparse": "float64"}  # notations that pandas does not write to files, and others
FORMS = (  # of one table in memory
    lambda frame: frame,
    lambda frame: frame.to_dict("list"),
    lambda frame: frame.to_dict("records"),
    lambda frame: pa.Table.from_pandas(frame.set_axis(map(str, frame.columns), axis=1)),
)
FULL = ("bool", "uint8", "int32")  # notations in which nothing can be missing
WORDS = ["many", "12 kg", "x1", "1.2.3", b"bytes", object]
CELLS = [
    *WORDS, True, 3, 2.5, math.inf, 1e300, 2**70, np.float16(1.5), np.bool_(True), pd.NA, pd.NaT, "a\0b", "0001-01-01",
    datetime.date(2020, 2, 29), datetime.datetime(9999, 12, 31), datetime.time(1), pd.Timestamp("2020-01-01", tz="UTC"),
    decimal.Decimal("1.5"), fractions.Fraction(1, 3), pd.Interval(0, 1), pd.Timedelta("1D"), pd.Period("2020"), len,
    [1], {"a": 1}, {1}, np.array([1]), np.array(1), pd.Series([1]), b"\xff", "\ud800", 1j, 10**400,
]  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def untraced():
    """Has TensorFlow compute what functions it would trace: tracing takes as long as twenty encodings of few rows."""

    class Function:
        def __init__(self, function, **settings):
            self.get_concrete_function = lambda *signature: function

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tf, "function", Function)
        yield


def fitted(table, notations=None, encodings="expanded"):
    """Returns a preprocessor that is fitted to a table in some notations."""
    data = zoo.data.load(table.frame(notations), target=table.name)
    return Preprocessor(data.schema, encodings).fit(data.x, data.y)


def assert_same(found, wanted, *, moved=False):
    """Asserts that encodings are finite and the same, bit for bit unless rows have moved.

    A processor computes several rows at once, and the last ones in another way, which may differ in the last bit.
    """
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        assert np.isfinite(found[name]).all(), name
        close = 1e-5 * np.maximum(1.0, np.abs(values)) if moved else 0.0
        assert np.all(np.abs(found[name] - values) <= close), f"{name}: {found[name].tolist()} for {values.tolist()}"


@options.tables(450)
@given(table=tables(), encodings=st.sampled_from(["expanded", "raw"]), data=st.data())
def test_what_is_saved_and_read_back_encodes_alike(table, encodings, data):
    with warned() as said:
        own = fitted(table, data.draw(noted(table)), encodings)
        frame = table.frame(target=False)
        encoded = own.encode(frame)
        again = Preprocessor.from_config(json.loads(json.dumps(own.get_config())))
        assert_same(again.encode(frame), encoded)
    assert said.foreign == []
    assert again.schema == own.schema and str(again.schema) == str(own.schema)
    named = [*own.schema.names, *own.schema.dropped]
    # Beside a name such as 2.5 pandas has 0 as 0.0, which is the same name.
    wanted = [column.schema_name for column in table.columns]
    assert len(named) == len(wanted) and all(name in named for name in wanted)


@options.tables(450)
@given(table=tables(), data=st.data())
def test_order_of_columns_and_rows_and_further_columns_change_nothing(table, data):
    with warned() as said:
        own, frame = fitted(table), table.frame(target=False)
        encoded = own.encode(frame)
        columns = data.draw(st.permutations(range(frame.shape[1])))
        other = frame.iloc[:, columns]
        other.insert(data.draw(st.integers(0, len(columns))), "a further column", np.arange(len(frame)))
        assert_same(own.encode(other), encoded)
        rows = np.array(placed(data.draw, list(range(len(frame))), 2 * len(frame), gaps=False))
        assert_same(own.encode(frame.iloc[rows]), {name: values[rows] for name, values in encoded.items()}, moved=True)
        lists = {name: frame[name].tolist() for name in frame}
        assert_same(own.encode(lists), encoded)
    assert said.foreign == []
    assert sum("a further column" in text for text in said.own) == 1


@options.tables(450)
@given(table=tables(), data=st.data())
def test_equal_notations_are_read_alike(table, data):
    with warned() as said:
        trained = data.draw(noted(table))
        others = data.draw(noted(table, trained))
        own = fitted(table, trained)
        wanted = own.encode(table.frame(trained, target=False))
        assert_same(own.encode(table.frame(others, target=False)), wanted)
        others = {name: UNWRITTEN.get(notation, notation) for name, notation in others.items()}
        same = data.draw(st.sampled_from(FORMS))(table.frame(others, target=False).reset_index(drop=True))
        assert_same(own.encode(zoo.data.load(same, schema=own.schema).x), wanted)
        few = table.frame(others, target=False).head(3)
        assert_same(own.encode(few), {name: values[:3] for name, values in wanted.items()}, moved=True)
        row = zoo.data.load(few.iloc[0], schema=own.schema).x
        assert_same(own.encode(row), {name: values[:1] for name, values in wanted.items()}, moved=True)
        assert {len(values) for values in own.encode(few[:0]).values()} == {0}
    assert said.foreign == []


@options.tables(450)
@given(table=tables(), data=st.data())
def test_the_graph_reads_what_python_reads_and_a_changed_cell_changes_its_row_alone(table, data):
    with warned() as said:
        notations = data.draw(noted(table))
        own, frame = fitted(table, notations), table.frame(notations, target=False)
        encoded, tensors = own.encode(frame), own.tensors(frame)
        graph = {name: values.numpy() for name, values in own.module()(_as_tensors(tensors)).items()}
        assert graph.keys() == encoded.keys()
        for name, values in encoded.items():
            np.testing.assert_allclose(graph[name], values, rtol=1e-6, atol=1e-6, err_msg=name)
        for column in table.columns:
            if column.schema_name in tensors:
                _check_meaning(column, tensors[column.schema_name])
        _check_levels(table, own.schema, encoded)
        column = data.draw(st.sampled_from(table.columns))
        row = data.draw(st.integers(0, len(frame) - 1))
        values = list(column.values)
        full = notations[column.name] in FULL
        values[row] = data.draw(st.sampled_from([v for v in (*column.strange, *values) if not (full and v is None)]))
        frame[column.name] = as_array(column.notations[notations[column.name]](values))
        others = np.arange(len(frame)) != row
        changed = {name: values[others] for name, values in own.encode(frame).items()}
        assert_same(changed, {name: values[others] for name, values in encoded.items()})
    assert said.foreign == []


def _as_tensors(tensors):
    return {
        name: tf.constant(values.tolist(), values.dtype if values.dtype != object else tf.string)
        for name, values in tensors.items()
    }


def _check_levels(table, schema, encoded):
    """Asserts that each level of training has a position of its own; of more than 8 those seen once have none."""
    by_name = {column.schema_name: column for column in table.columns}
    for place, name in enumerate(column.name for column in schema.columns if column.kind == "category"):
        values = by_name[name].values
        if len(set(values)) <= 8:
            positions = encoded["categorical"][:, place].tolist()
            assert min(positions) > 0
            assert len(set(zip(values, positions))) == len(set(positions)) == len(set(values))


def _check_meaning(column, tensor):
    """Asserts that a served tensor says what the cells of a column mean."""
    if column.kind in ("number", "boolean"):
        wanted = np.array([np.nan if value is None else value for value in column.values], "float64")
        np.testing.assert_array_equal(tensor, wanted.astype(tensor.dtype))
        assert len(np.unique(tensor)) == len(np.unique(wanted))
    for text, value in zip(tensor, column.values) if column.kind in ("category", "date", "text") else ():
        if value is None:
            assert str(text).strip() in MARKS
        elif column.kind == "date":
            assert np.datetime64(pd.Timestamp(text), "s") == value
        else:
            assert str(text).strip() == value


@options.tables(150)
@given(table=tables(), suffix=st.sampled_from(["csv", "tsv", "parquet", "feather"]), data=st.data())
def test_a_file_that_pandas_wrote_is_read_as_the_table(tmp_path_factory, table, suffix, data):
    path = tmp_path_factory.getbasetemp() / f"hunt.{suffix}"
    with warned() as said:
        notations = data.draw(noted(table))
        notations = {name: UNWRITTEN.get(notation, notation) for name, notation in notations.items()}
        frame = table.frame(notations, target=False).reset_index(drop=True)
        # A header of numbers above columns of numbers may as well be missing.
        named = any(c.kind == "number" and isinstance(c.name, str) and not c.name.isdecimal() for c in table.columns)
        assume(named or suffix in ("parquet", "feather"))
        # Unless it quotes all strings, pandas writes a lone carriage return bare, and reads it as the end of a line.
        quoted = data.draw(st.booleans()) or any("\r" in text for text in _texts(frame))

        def write(frame):
            if suffix == "parquet":
                with warnings.catch_warnings(action="ignore", category=UserWarning):  # names that are not all strings
                    frame.to_parquet(path)
            elif suffix == "feather":
                frame.set_axis(map(str, frame.columns), axis=1).reset_index(drop=True).to_feather(path)
            else:
                quoting = csv.QUOTE_NONNUMERIC if quoted else csv.QUOTE_MINIMAL
                frame.to_csv(path, index=False, sep="\t" if suffix == "tsv" else ",", quoting=quoting)

        write(frame)
        own = fitted(table, notations)
        encoded = own.encode(frame)
        assert_same(own.encode(zoo.data.load(path, schema=own.schema).x), encoded)
        row = data.draw(st.integers(0, len(frame) - 1))
        write(frame.iloc[[row]])
        one = own.encode(zoo.data.load(path, schema=own.schema).x)
        assert_same(one, {name: values[[row]] for name, values in encoded.items()}, moved=True)
    assert said.foreign == []


def _texts(frame):
    """Returns the names and the cells of a table as texts."""
    return [*map(str, frame.columns), *(str(cell) for name in frame for cell in frame[name])]


@options.tables(50)
@given(table=tables(), bad=st.sampled_from(WORDS), data=st.data())
def test_a_cell_that_is_no_number_is_refused_with_column_row_value_and_repair(table, bad, data):
    notations = {column.name: "float64" for column in table.columns if column.kind in ("number", "boolean")}
    with warned():
        own, frame = fitted(table, notations), table.frame(notations, target=False)
    held = [c for c in table.columns if c.name in notations and c.schema_name in own.schema.names]
    column = data.draw(st.sampled_from(held))
    row = data.draw(st.integers(0, len(frame) - 1))
    with pytest.raises(ValueError, match="Repair the value") as refused, warned() as said:
        own.encode(with_cell(frame, column.name, row, bad))
    assert is_own(refused.value) and said.foreign == []
    shown = bad.decode() if isinstance(bad, bytes) else bad  # bytes are read as the text that they hold
    for part in (repr(column.schema_name), f"row {frame.index[row]}", repr(shown)[:20]):
        assert part in str(refused.value)


@options.tables(150)
@given(table=tables(), cell=st.sampled_from(CELLS), data=st.data())
def test_any_cell_is_read_or_refused_in_the_words_of_the_zoo_with_its_column(table, cell, data):
    notations = data.draw(noted(table))
    with warned():
        own, frame = fitted(table, notations), table.frame(notations, target=False)
    column = data.draw(st.sampled_from([c for c in table.columns if c.schema_name in own.schema.names]))
    row = data.draw(st.integers(0, len(frame) - 1))
    frame = with_cell(frame, column.name, row, cell)

    def fit():
        loaded = zoo.data.load((frame, pd.Series(table.target, index=frame.index, name=table.name)))
        Preprocessor(loaded.schema).fit(loaded.x, loaded.y)

    for call in (lambda: own.encode(frame), fit):
        with warned() as said:
            try:
                call()
            except Exception as error:
                assert is_own(error) and repr(column.schema_name) in str(error), repr(error)
        assert said.foreign == []


def with_cell(frame, name, row, cell):
    """Returns a table with another object in one cell."""
    cells = frame[name].astype(object).tolist()
    cells[row] = cell
    frame = frame.copy()
    frame[name] = pd.Series(cells, frame.index, dtype=object)  # a Series, whose objects pandas does not convert
    return frame
