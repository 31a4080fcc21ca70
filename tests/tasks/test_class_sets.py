"""Sets of classes: the threshold by hand, and the coverage that theory states."""

import numpy as np
import pytest

from zoo.tasks import class_sets


def test_the_threshold_is_just_below_the_probability_at_its_place():
    p = np.linspace(0.05, 0.95, 19)  # of the true class of 19 rows: (19 + 1) .9 = 18, the second lowest is in
    rows = np.stack([p, 1 - p], axis=1)
    least = class_sets.fitted(rows, np.zeros(19, "int32"), 0.9)
    assert least == pytest.approx(0.1, rel=2e-4) and 0.05 < least < 0.1


def test_the_threshold_stays_above_the_next_lower_probability():
    p = np.array([0.1, 0.1 + 1e-9, *np.linspace(0.5, 0.9, 17)])
    least = class_sets.fitted(np.stack([p, 1 - p], axis=1), np.zeros(19, "int32"), 0.9)
    assert p[0] < least < p[1]


def test_the_label_is_always_in_the_set():
    p = np.array([[0.5, 0.3, 0.2], [0.34, 0.33, 0.33], [0.1, 0.8, 0.1]], "float32")
    assert class_sets.inside(p, 0.9).tolist() == [[True, False, False], [True, False, False], [False, True, False]]
    assert class_sets.inside(p, 0.25).tolist() == [[True, True, False], [True, True, True], [False, True, False]]
    p = np.array([[0.8, 0.2], [0.7, 0.3], [0.1, 0.9]], "float32")
    assert class_sets.inside(p, 0.75, 0.3).tolist() == [[True, False], [False, True], [False, True]]


def test_the_class_of_new_rows_is_in_the_set_as_stated():
    generator, inside = np.random.default_rng(0), []
    for _ in range(2_000):
        p = generator.dirichlet(np.ones(4), size=30)
        y = (p.cumsum(axis=1) < generator.random((30, 1))).sum(axis=1)  # drawn by these probabilities
        sets = class_sets.inside(p[-1:], class_sets.fitted(p[:-1], y[:-1], 0.8))
        inside.append(sets[0, y[-1]])
    # ceil(30 * .8) / 30 = .8; the most probable class is right for fewer rows
    assert np.mean(inside) == pytest.approx(0.8, abs=4 * np.sqrt(0.8 * 0.2 / 2_000) + 0.01)


def test_probabilities_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="`intervals` need finite probabilities. Received: some that are no finite"):
        class_sets.fitted(np.full((20, 2), np.nan), np.zeros(20, "int32"), 0.9)


@pytest.mark.parametrize("threshold", [None, 0.7])
def test_tensors_and_written_source_give_what_arrays_give(threshold):
    import keras

    p = np.random.default_rng(0).dirichlet(np.ones(2), size=50).astype("float32")
    wanted = class_sets.inside(p, 0.4, threshold)
    tensors = class_sets.inside(keras.ops.convert_to_tensor(p), 0.4, threshold)
    assert (keras.ops.convert_to_numpy(tensors) == wanted).all()
    best = p.argmax(axis=1) if threshold is None else (p[:, 1] >= 0.7).astype("int64")
    assert (eval(class_sets.source(0.4, threshold), {"np": np, "p": p, "best": best}) == wanted).all()
