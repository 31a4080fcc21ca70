"""Rosenblatt 1958, Novikoff 1962, Minsky and Papert 1969: what a perceptron learns, how soon, and what it cannot."""

import itertools

import keras
import numpy as np
import pytest

import zoo
from zoo.layers.losses import NetworkLoss
from zoo.models.perceptron import mistakes, perceptron, perceptron_loss
from zoo.registry import Spec

PATTERNS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
AND, OR, XOR = np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1]), np.array([0, 1, 1, 0])


def untrained(num_inputs, num_outputs=1):
    network = perceptron(Spec("classification", num_outputs, num_inputs=num_inputs))
    network.compile(optimizer=keras.optimizers.SGD(1.0), loss=NetworkLoss(perceptron_loss))
    return network


def sweep(network, x, y):
    """Shows the rows one by one, in order; returns how many mistakes were made."""
    made = 0
    for pattern, label in zip(x, y):
        pattern, label = pattern[None], np.array([label])
        made += float(keras.ops.sum(mistakes(label, network({"inputs": pattern}))))
        network.train_on_batch({"inputs": pattern}, label)
    return made


def weights(network):
    """Returns w and b as one tuple."""
    kernel, bias = network.get_weights()
    return tuple(np.concatenate([kernel, bias[None]]).ravel().tolist())


def test_and_is_learnt_after_exactly_18_mistakes():
    network, made = untrained(2), []
    while not made or made[-1]:
        made.append(sweep(network, PATTERNS, AND))
    assert sum(made) == 18
    assert weights(network) == (3.0, 2.0, -4.0)


def test_xor_is_never_learnt_since_the_weights_come_round_again():
    network, seen, made = untrained(2), [], []
    while weights(network) not in seen:
        seen.append(weights(network))
        made.append(sweep(network, PATTERNS, XOR))
    assert min(made[seen.index(weights(network)) :]) > 0  # this round repeats for ever


def test_the_best_single_unit_gets_three_of_the_four_rows_of_xor_right():
    steps = np.arange(-2.0, 2.5, 0.5)
    shares = [np.mean((PATTERNS @ (w1, w2) + b >= 0) == XOR) for w1, w2, b in itertools.product(steps, repeat=3)]
    assert max(shares) == 0.75
    network = untrained(2)
    assert all(sweep(network, PATTERNS, XOR) > 0 for _ in range(10))
    network.set_weights([np.array([[1.0], [1.0]]), np.array([-1.0])])
    fires = keras.ops.convert_to_numpy(network({"inputs": PATTERNS}))[:, 0] >= 0
    assert np.mean(fires == XOR) == 0.75


@pytest.mark.parametrize("seed", [0, 1])
def test_mistakes_on_separable_rows_stay_within_novikoff_s_bound(seed):
    generator = np.random.default_rng(seed)
    teacher = generator.normal(size=4)
    teacher /= np.linalg.norm(teacher)  # the last component is the bias
    x = generator.uniform(-1, 1, (200, 3))
    margin = np.c_[x, np.ones(200)] @ teacher
    x, margin = x[abs(margin) > 0.3][:40], margin[abs(margin) > 0.3][:40]
    bound = np.max(np.sum(x**2, axis=1) + 1.0) / np.min(abs(margin)) ** 2
    network, made = untrained(3), []
    while not made or made[-1]:
        made.append(sweep(network, x.astype("float32"), (margin > 0).astype(int)))
        assert sum(made) <= bound
    assert made[0] > 0


def test_several_classes_have_a_unit_each_with_its_own_answer():
    """Rows at the corners of a triangle: each class lies on its own side of a line."""
    x, y = np.array([[1, 0], [-1, 1], [-1, -1]], "float32"), np.array([0, 1, 2])
    network = untrained(2, 3)
    assert sweep(network, x[:1], y[:1]) == 3.0  # three ties
    np.testing.assert_array_equal(network.get_weights()[0], [[1, -1, -1], [0, 0, 0]])
    np.testing.assert_array_equal(network.get_weights()[1], [1, -1, -1])
    while sweep(network, x, y):
        pass
    fires = keras.ops.convert_to_numpy(network({"inputs": x})) >= 0
    np.testing.assert_array_equal(fires, np.eye(3, dtype=bool))


def test_the_loss_is_minus_t_a_of_the_wrong_units():
    activation = np.array([[2.0], [-1.0], [3.0], [-0.5]], "float32")
    y = np.array([1, 1, 0, 0])
    np.testing.assert_allclose(keras.ops.convert_to_numpy(perceptron_loss(y, activation)), [0.0, 1.0, 3.0, 0.0])
    np.testing.assert_allclose(keras.ops.convert_to_numpy(mistakes(y, activation)), [0.0, 1.0, 1.0, 0.0])
    several = np.array([[2.0, -1.0, 0.5], [0.0, -2.0, -1.0]], "float32")
    np.testing.assert_allclose(keras.ops.convert_to_numpy(perceptron_loss(np.array([0, 1]), several)), [0.5, 2.0])
    np.testing.assert_allclose(keras.ops.convert_to_numpy(mistakes(np.array([0, 1]), several)), [1.0, 2.0])


def test_a_tie_moves_the_weights():
    """relu(-t a) has no gradient there, and would stay at zero for ever."""
    network = untrained(2)
    assert sweep(network, PATTERNS[3:], AND[3:]) == 1.0
    assert weights(network) == (1.0, 1.0, 1.0)
    assert sweep(network, PATTERNS[3:], AND[3:]) == 0.0
    assert weights(network) == (1.0, 1.0, 1.0)


def test_other_encodings_are_refused():
    with pytest.raises(ValueError, match="`encodings` must be 'raw', 'standard', or a dict by kind of column. Recei"):
        perceptron(Spec("classification", num_inputs=2), encodings="image")


@pytest.mark.tensorflow
def test_the_recipe_learns_and_stops_after_an_epoch_without_a_mistake():
    run = zoo.train("perceptron", verbose=0)
    assert sum(run.history["mistakes"]) == 18 and run.history["mistakes"][-1] == 0
    assert run.stopped == "mistakes reached 0 in epoch 9"
    assert run.model.coefficients()[1].tolist() == [3.0, 2.0, -4.0]
    assert run.metrics["train"]["accuracy"] == 1.0


@pytest.mark.tensorflow
def test_the_recipe_stops_at_its_limit_on_xor_and_says_that_it_will_not_converge():
    run = zoo.train("perceptron", "xor_gate", epochs=7, verbose=0)
    assert len(run.history["mistakes"]) == 7
    assert run.stopped.startswith("the limit of 7 epochs, with mistakes at ")
    assert "not separable, for no single unit tells 0 from 1" in run.stopped
    assert "it will not converge, however long it trains" in run.stopped


@pytest.mark.tensorflow
def test_where_more_epochs_would_do_it_says_so():
    run = zoo.train("perceptron", "and_gate", epochs=5, verbose=0)
    assert "separable (linear programming), but not learnt yet: give it more epochs" in run.stopped


@pytest.mark.tensorflow
def test_where_the_last_epoch_mended_the_last_mistake_it_says_so():
    run = zoo.train("perceptron", "and_gate", epochs=8, verbose=0)  # the 9th makes none
    assert run.history["mistakes"][-1] > 0 and run.metrics["train"]["accuracy"] == 1.0
    assert run.stopped.endswith("the last of them were mended, and all rows are right now")


@pytest.mark.tensorflow
def test_of_too_many_rows_it_says_that_it_cannot_tell(monkeypatch):
    monkeypatch.setattr("zoo.layers.separation.LARGEST", 7)
    run = zoo.train("perceptron", "xor_gate", epochs=2, verbose=0)
    assert "not separable by one unit, or not yet" in run.stopped
