"""Values that a caller says are missing are so in every kind of column, in Python and in the served graph."""

import datetime

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import zoo
from zoo.data.preprocessing import Preprocessor

MARKS = [9, "unknown", "2099-12-31"]
COLUMNS = {
    "whole 0 and 1": ("boolean", [0, 1, 9], [0.0, 1.0, None]),
    "0 and 1 in strings": ("boolean", ["0", "1", "unknown"], [0.0, 1.0, None]),
    "decimal commas": ("boolean", ["0,0", "1,0", "unknown"], [0.0, 1.0, None]),
    "percent": ("boolean", ["0 %", "1 %", "-"], [0.0, 1.0, None]),
    "booleans": ("boolean", [True, False, None], [1.0, 0.0, None]),
    "numbers": ("number", [2.5, 3.5, 9.0], [2.5, 3.5, None]),
    "levels": ("category", ["a", "b", "unknown"], ["a", "b", None]),
    "days": ("date", ["2024-01-02", "2024-03-04", "2099-12-31"], ["2024-01-02", "2024-03-04", None]),
    "time stamps": (
        "date",
        [datetime.datetime(2024, 1, 2), datetime.datetime(2024, 3, 4), datetime.datetime(2099, 12, 31)],
        [datetime.datetime(2024, 1, 2), datetime.datetime(2024, 3, 4), None],
    ),
}


def check(kind, values, plain):
    """Checks that a column with marks is encoded as one whose missing values are missing."""
    frame, known = pd.DataFrame({"a": values}), pd.DataFrame({"a": plain})
    schema = zoo.data.load(frame, na_values=MARKS).schema
    assert schema.column("a").kind == kind
    own, other = Preprocessor(schema).fit(frame), Preprocessor(zoo.data.load(known).schema).fit(known)
    wanted = other.encode(known)
    found = own.encode(frame)
    served = own.module()({"a": tf.constant(own.tensors(frame)["a"])})
    for name, tensor in wanted.items():
        np.testing.assert_array_equal(found[name], tensor)
        np.testing.assert_allclose(served[name], tensor, atol=1e-6)
    few = own.reader.few(frame.head(3))
    if few is not None:
        for key, block in own.blocks(frame.head(3)).items():
            np.testing.assert_array_equal(few[key], block)


@pytest.mark.parametrize("name", COLUMNS)
def test_marks_of_missing_values_are_missing(name):
    """Booleans, texts and time stamps had them in their schema, or not even there, and read 9 as 2 * 9 - 1."""
    kind, values, plain = COLUMNS[name]
    check(kind, values * 10, plain * 10)


def test_a_text_that_marks_a_missing_value_is_empty():
    texts = [f"word{i} once upon a time" for i in range(40)]
    check("text", [*texts, *["unknown"] * 9], [*texts, *[None] * 9])


def test_nine_in_ten_zeros_and_ones_are_booleans_and_the_rest_is_said():
    values = [*["0", "1"] * 29, "x"]
    frame = pd.DataFrame({"a": values})
    with pytest.warns(zoo.DataWarning, match="Nine in ten values are numbers; 'x' in 1 row count as missing"):
        schema = zoo.data.load(frame).schema
    assert (schema.column("a").kind, schema.column("a").missing) == ("boolean", ("x",))
    np.testing.assert_array_equal(
        Preprocessor(schema).fit(frame).encode(frame)["numeric"][-3:], [[-1, 0], [1, 0], [0, 1]]
    )


def test_marks_of_missing_values_do_not_reach_into_arrays():
    frame = {"a": np.array([[1.0, 9.0], [2.0, 3.0]] * 20)}
    with pytest.warns(
        zoo.DataWarning, match="'a': Values that count as missing .* are numbers in its arrays. Write NaN"
    ):
        zoo.data.load(frame, na_values=[9])
    with pytest.raises(ValueError, match="`na_values`.*are for tables. Received: an array .* np.where"):
        zoo.data.load(frame["a"], na_values=[9])


def test_a_boolean_that_is_none_is_refused_with_what_must_be():
    frame = pd.DataFrame({"a": [True, False] * 9})
    preprocessor = Preprocessor(zoo.data.load(frame).schema).fit(frame)
    with pytest.raises(ValueError, match="'a' must hold true or false, 1 or 0. Received: 'yes' in row 1. Repair"):
        preprocessor.encode(pd.DataFrame({"a": ["True", "yes"]}))
