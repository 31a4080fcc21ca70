"""Gates, moons, circles and spirals: what they are, by hand."""

import numpy as np
import pytest

from zoo.data.generated import GATES, SHAPES
from zoo.data.sources import load


@pytest.mark.parametrize(
    "name, outputs",
    [
        ("and", [0, 0, 0, 1]),
        ("or", [0, 1, 1, 1]),
        ("xor", [0, 1, 1, 0]),
        ("nand", [1, 1, 1, 0]),
        ("nor", [1, 0, 0, 0]),
        ("xnor", [1, 0, 0, 1]),
        ("implies", [1, 1, 0, 1]),
        ("not_first", [1, 1, 0, 0]),
    ],
)
def test_gates_give_all_patterns_counting_up(name, outputs):
    x, y = load(f"{name}_gate").arrays()
    assert x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert x.dtype.kind == "f"
    assert y.tolist() == outputs


def test_all_16_functions_of_two_inputs_have_a_name():
    tables = [outputs for outputs in GATES.values() if len(outputs) == 4]
    assert len(tables) == len(set(tables)) == 16


def test_not_has_one_input_and_majority_three():
    x, y = load("not_gate").arrays()
    assert x.tolist() == [[0], [1]]
    assert y.tolist() == [1, 0]
    x, y = load("majority_gate").arrays()
    assert y.tolist() == [int(row.sum() >= 2) for row in x]


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_are_points_of_two_classes_always_the_same(name):
    x, y = load(name).arrays()
    assert x.shape == (1000, 2)
    assert np.bincount(y).tolist() == [500, 500]
    np.testing.assert_array_equal(load(name).x, x)
    assert not np.array_equal(SHAPES[name](seed=1)[0], x)


@pytest.mark.parametrize("name", SHAPES)
def test_no_line_separates_a_shape_but_its_neighbours_do(name):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    x, y = load(name).arrays()
    assert LogisticRegression().fit(x, y).score(x, y) < 0.9
    assert cross_val_score(KNeighborsClassifier(5), x, y).mean() > 0.95


def test_8_of_the_64_patterns_of_6_bits_are_symmetric():
    x, y = load("symmetry").arrays()
    texts = ["".join(str(int(bit)) for bit in row) for row in x]
    assert texts == [f"{i:06b}" for i in range(64)]
    assert y.tolist() == [int(text == text[::-1]) for text in texts] and y.sum() == 8


def test_spike_trains_are_sequences_of_0_and_1():
    x = load("spike_trains").x
    assert x.shape == (64, 32, 2)
    assert set(np.unique(x)) == {0.0, 1.0}
    assert x.mean() == pytest.approx(1 / 3, abs=0.02)


def test_pattern_pairs_have_orthonormal_keys():
    pairs = load("pattern_pairs")
    assert (pairs.x.shape, pairs.x.dtype, pairs.y.shape) == ((8, 16), "float32", (8, 4))
    np.testing.assert_array_equal(pairs.x @ pairs.x.T, np.eye(8))
    assert set(np.unique(pairs.y)) == {-1.0, 1.0}
