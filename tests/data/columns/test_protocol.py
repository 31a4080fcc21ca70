"""What an author of a kind of column is told where its methods do not fit each other, or one is lacking."""

import sys
import types

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from zoo.data import columns
from zoo.data.columns.kind import Feature, Group, Kind
from zoo.data.columns.table import Table
from zoo.data.schema import KINDS, Column


class Pair(Kind):
    """Two digits in a string."""

    name = "tests/pair"

    def read(self, values, column, state):
        return np.array([[float(digit) for digit in value] for value in values], "float32")

    def read_shape(self, column, state):
        return (2,)

    def read_graph(self, tensor, column, state):
        return tf.strings.to_number(tf.strings.bytes_split(tensor).to_tensor(shape=(None, 2)))

    def encode(self, read, column, state, encodings):
        return read

    def features(self, column, state, encodings):
        return [Feature("first"), Feature("second", section="part")]


COLUMN = Column("code", Pair.name, "str")
TABLE, TENSOR = Table(pd.DataFrame({"code": ["12", "34"]})), tf.constant(["12", "34"])


def group(**attributes):
    own = type("Own", (Pair,), attributes)()
    return own, Group(own, own.name, (COLUMN,), ({},))


def test_a_kind_whose_methods_fit_reads_and_encodes():
    kind, one = group()
    np.testing.assert_array_equal(kind.read_group(TABLE, one), [[1, 2], [3, 4]])
    np.testing.assert_array_equal(kind.read_graph_group([TENSOR], one, ()), [[1, 2], [3, 4]])
    assert [section for _, section in kind.encode_group(tf.ones((2, 2)), one, None)] == ["value", "part"]


@pytest.mark.parametrize("shape", [(), (3,), (2, None)])
def test_another_shape_than_is_read_is_refused(shape):
    kind, one = group(read_shape=lambda self, column, state: shape)
    with pytest.raises(
        TypeError, match=r"`read_shape` of the kind 'tests/pair' must be .* for a row, \(2,\). Received"
    ):
        kind.read_group(TABLE, one)


def test_a_graph_that_reads_another_rank_is_refused():
    kind, one = group(read_graph=Kind.read_graph)
    with pytest.raises(TypeError, match=r"`read_graph` of the kind 'tests/pair' must return .* of the shape \(2,\)"):
        kind.read_graph_group([TENSOR], one, ())


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"features": Kind.features}, "Received: 0 for the 2 of the column 'code'"),
        ({"encode": Kind.encode}, "Received: 2 for the 0 of the column 'code'"),
    ],
)
def test_features_that_are_not_those_of_encode_are_refused(attributes, said):
    kind, one = group(**attributes)
    with pytest.raises(TypeError, match=f"`features` of the kind 'tests/pair' must describe each feature.* {said}"):
        kind.encode_group(tf.ones((2, 2)), one, None)


@pytest.mark.parametrize("method", ["read", "sample"])
def test_a_method_that_every_kind_needs_is_named_where_it_is_lacking(method):
    kind, _ = group(read=Kind.read)
    arguments = {"read": (["12"], COLUMN, {}), "sample": (COLUMN, {}, 3, np.random.default_rng(0))}[method]
    with pytest.raises(NotImplementedError, match=f"A kind must have `{method}`, and 'tests/pair' has none"):
        getattr(kind, method)(*arguments)


def test_a_section_is_given_by_its_name():
    for given in ({"section": "absent"}, {"center": "missing"}):
        with pytest.raises(ValueError, match="`section` must be one of value, missing, part, given by its name"):
            Feature("missing", **given)


def test_a_kind_whose_methods_take_other_arguments_is_refused_when_it_is_first_used(monkeypatch):
    module = types.SimpleNamespace(WRONG=group(name="tests/wrong", encode=lambda self, read: read)[0])
    monkeypatch.setitem(sys.modules, "tests_of_kinds", module)
    monkeypatch.setitem(KINDS, "tests/wrong", "tests_of_kinds:WRONG")
    with pytest.raises(TypeError, match=r"`encode` of .* must take \(read, column, state, encodings\), as Kind.encode"):
        columns.kind("tests/wrong")
