"""Linear separation: the counts that are known, and what a training that does not end says."""

import itertools

import numpy as np
import pytest

import zoo
from zoo.layers import separation
from zoo.layers.separation import separable, why_not_learnt


@pytest.mark.parametrize(("inputs", "functions"), [(1, 4), (2, 14), (3, 104)])
def test_so_many_boolean_functions_are_separable(inputs, functions):
    corners = np.array(list(itertools.product((0.0, 1.0), repeat=inputs)))
    tables = itertools.product((False, True), repeat=len(corners))
    assert sum(separable(corners, np.array(table)) for table in tables) == functions


def test_one_place_with_two_answers_is_not_separable():
    assert separable(np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([True, False])) is False


def test_of_too_many_rows_nothing_is_said(monkeypatch):
    monkeypatch.setattr(separation, "LARGEST", 7)
    assert separable(np.zeros((4, 2)), np.array([True, False, True, False])) is None


@pytest.mark.tensorflow
def test_levels_of_a_column_count_as_features():
    """Two categories by which "exclusive or" is no plane's, and one that tells the answer."""
    import pandas as pd

    frame = pd.DataFrame({"a": list("xxyy") * 2, "b": list("uvuv") * 2, "y": [0, 1, 1, 0] * 2})
    for columns, expected in ((["a", "b"], "not separable"), (["a", "b", "c"], "separable (linear programming)")):
        frame["c"] = np.where(frame["y"] == 1, "one", "none")
        model = zoo.build("perceptron", frame[[*columns, "y"]], target="y", encodings="standard")
        assert {tensor.name for tensor in model.network.inputs} <= {"categorical", "numeric"}
        said = why_not_learnt(model, model.preprocessor.encode(frame[columns]), frame["y"].to_numpy())
        assert said.startswith(expected)


@pytest.mark.tensorflow
def test_the_class_that_no_unit_tells_is_named():
    """Three places on a line: the middle one is on no side of a point."""
    x = np.repeat([[0.0], [1.0], [2.0]], 2, axis=0)
    model = zoo.build("perceptron", (x, np.repeat(["low", "middle", "high"], 2)))
    y = model.preprocessor.target.encode(np.repeat(["low", "middle", "high"], 2))
    assert "no single unit tells 'middle' from the rest" in why_not_learnt(model, {"inputs": x}, y)
