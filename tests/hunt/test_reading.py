"""2,000 tables are read and encoded: whichever way the same values are written and arranged, they are read alike."""

import json

import numpy as np
import pandas as pd
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

FULL = ("bool", "uint8", "int32")  # notations in which nothing can be missing
NESTED = [[1], {"a": 1}] if options.included("nested_cells") else []


@pytest.fixture(autouse=True, scope="module")
def untraced():
    """Has TensorFlow compute what functions it would trace: tracing takes as long as twenty encodings of few rows."""

    class Function:
        def __init__(self, function, **settings):
            self.get_concrete_function = lambda *signature: function

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tf, "function", Function)
        yield


def fitted(table, notations=None, kind="tabular"):
    """Returns a preprocessor that is fitted to a table in some notations."""
    data = zoo.data.load(table.frame(notations), target=table.name)
    return Preprocessor(data.schema, kind).fit(data.x, data.y)


def assert_same(found, wanted, *, moved=False):
    """Asserts that encodings are finite and the same, bit for bit unless rows have moved.

    A processor computes several rows at once, and the last ones in another way, which may differ in the last bit.
    """
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        assert np.isfinite(found[name]).all(), name
        close = 1e-6 * np.maximum(1.0, np.abs(values)) if moved else 0.0
        assert np.all(np.abs(found[name] - values) <= close), f"{name}: {found[name].tolist()} for {values.tolist()}"


@options.tables(450)
@given(table=tables(), kind=st.sampled_from(["tabular", "raw"]), data=st.data())
def test_what_is_saved_and_read_back_encodes_alike(table, kind, data):
    with warned() as said:
        own = fitted(table, data.draw(noted(table, trained=True)), kind)
        frame = table.frame(target=False)
        encoded = own.encode(frame)
        again = Preprocessor.from_config(json.loads(json.dumps(own.get_config())))
        assert_same(again.encode(frame), encoded)
    assert said.foreign == []
    assert again.schema == own.schema and str(again.schema) == str(own.schema)
    named = [*own.schema.names, *own.schema.dropped]
    assert sorted(named, key=str) == sorted((column.name for column in table.columns), key=str)


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
        trained, others = data.draw(noted(table, trained=True)), data.draw(noted(table, trained=False))
        own = fitted(table, trained)
        wanted = own.encode(table.frame(trained, target=False))
        assert_same(own.encode(table.frame(others, target=False)), wanted)
        few = table.frame(others, target=False).head(3)
        assert_same(own.encode(few), {name: values[:3] for name, values in wanted.items()}, moved=True)
    assert said.foreign == []


@options.tables(450)
@given(table=tables(), data=st.data())
def test_the_graph_reads_what_python_reads_and_a_changed_cell_changes_its_row_alone(table, data):
    with warned() as said:
        notations = data.draw(noted(table, trained=True))
        own, frame = fitted(table, notations), table.frame(notations, target=False)
        encoded, tensors = own.encode(frame), own.tensors(frame)
        graph = {name: values.numpy() for name, values in own.module()(_as_tensors(tensors)).items()}
        assert graph.keys() == encoded.keys()
        for name, values in encoded.items():
            np.testing.assert_allclose(graph[name], values, rtol=1e-6, atol=1e-6, err_msg=name)
        for column in table.columns:
            if column.name in tensors:
                _check_meaning(column, tensors[column.name])
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


def _check_meaning(column, tensor):
    """Asserts that a served tensor says what the cells of a column mean."""
    if column.kind in ("number", "boolean"):
        wanted = np.array([np.nan if value is None else value for value in column.values], "float32")
        np.testing.assert_array_equal(np.asarray(tensor, "float32"), wanted)
        return
    for text, value in zip(tensor, column.values) if column.kind in ("category", "date", "text") else ():
        if value is None:
            assert text.strip() in MARKS
        elif column.kind == "date":
            assert np.datetime64(pd.Timestamp(text), "s") == value
        else:
            assert text.strip() == value


@options.tables(150)
@given(table=tables(), suffix=st.sampled_from(["csv", "tsv", "parquet"]), data=st.data())
def test_a_file_that_pandas_wrote_is_read_as_the_table(tmp_path_factory, table, suffix, data):
    assume(all(isinstance(column.name, str) and column.name for column in table.columns))
    path = tmp_path_factory.getbasetemp() / f"hunt.{suffix}"
    with warned() as said:
        notations = data.draw(noted(table, trained=True))
        notations = {name: "objects" if notation == "bytes" else notation for name, notation in notations.items()}
        frame = table.frame(notations, target=False).reset_index(drop=True)
        if suffix == "parquet":
            frame.to_parquet(path)
        else:
            frame.to_csv(path, index=False, sep="\t" if suffix == "tsv" else ",")
        own = fitted(table, notations)
        assert_same(own.encode(zoo.data.load(path, schema=own.schema).x), own.encode(frame))
    assert said.foreign == []


@options.tables(50)
@given(
    table=tables(),
    bad=st.sampled_from(["many", "12 kg", "x1", "1.2.3", b"\xff", object, *NESTED]),
    data=st.data(),
)
def test_a_cell_that_is_no_number_is_refused_by_the_zoo_with_column_row_value_and_repair(table, bad, data):
    notations = {column.name: "float64" for column in table.columns if column.kind in ("number", "boolean")}
    own, frame = fitted(table, notations), table.frame(notations, target=False)
    column = data.draw(
        st.sampled_from([c for c in table.columns if c.name in own.schema.names and c.name in notations])
    )
    row = data.draw(st.integers(0, len(frame) - 1))
    cells = frame[column.name].astype(object).tolist()
    cells[row] = bad
    frame[column.name] = pd.Series(cells, index=frame.index, dtype=object)
    with pytest.raises(ValueError, match="Repair the value") as refused, warned() as said:
        own.encode(frame)
    assert is_own(refused.value) and said.foreign == []
    for part in (repr(column.name), f"row {row}", repr(bad)[:20]):
        assert part in str(refused.value)
