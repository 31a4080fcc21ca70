"""Classes read off cells: counts by label, by hand."""

import keras
import numpy as np
import pytest

import zoo
from zoo.data.numerals import numerals, numerals_12
from zoo.layers.label_counts import SMALL, LabelCounts, counting_loss
from zoo.layers.losses import NetworkLoss

RESPONSES = np.array([[0.5, 0.0, 0.25], [0.0, 1.0, 0.0], [0.0, 0.5, 0.5]], "float32")
LABELS = np.array([0, 1, 1])


def counter(classes=2):
    inputs = keras.Input((3,))
    model = keras.Model(inputs, LabelCounts(classes, name="classes")(inputs))
    model.compile(keras.optimizers.SGD(1.0), NetworkLoss(counting_loss, reduction="sum"))
    return model


def test_sgd_of_rate_1_adds_each_response_to_its_label():
    model = counter()
    model.fit(RESPONSES, LABELS, batch_size=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], [[0.5, 0.0], [0.0, 1.5], [0.25, 0.5]], atol=1e-6)


def test_probabilities_are_the_mean_of_the_cells_shares_weighted_by_their_responses():
    model = counter()
    model.set_weights([np.array([[3.0, 1.0], [0.0, 2.0], [0.0, 0.0]])])
    p = np.exp(model.predict(np.array([[1.0, 0.0, 0.0], [0.2, 0.6, 0.0]], "float32"), verbose=0))
    expected = np.array([[0.75, 0.25], [0.25 * 0.75, 0.25 * 0.25 + 0.75]])
    np.testing.assert_allclose(p, (1 - SMALL) * expected + SMALL / 2, rtol=1e-5)


def test_silence_and_cells_without_a_label_leave_all_classes_alike():
    p = np.exp(counter(4).predict(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]], "float32"), verbose=0))
    np.testing.assert_allclose(p, 0.25, rtol=1e-5)


def test_the_loss_is_the_negative_logarithm_of_the_label_s_probability():
    logits = np.log(np.array([[0.75, 0.25], [0.5, 0.5]], "float32"))
    loss = keras.ops.convert_to_numpy(counting_loss(np.array([0, 1]), logits))
    np.testing.assert_allclose(loss, -np.log([0.75, 0.5]), rtol=1e-5)


def test_training_shows_the_same_answer_as_a_prediction():
    model = counter()
    model.set_weights([np.array([[3.0, 1.0], [0.0, 2.0], [1.0, 1.0]])])
    training = keras.ops.convert_to_numpy(model(RESPONSES, training=True))
    np.testing.assert_allclose(training, keras.ops.convert_to_numpy(model(RESPONSES)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "data", "layers"),
    [("cognitron", numerals_12, ("u1", "u2", "u3")), ("neocognitron", numerals, ("s1", "s2", "s3"))],
)
def test_labels_have_no_part_in_the_organization_of_cells(name, data, layers):
    x, y = data()

    def organized(labels):
        model = zoo.build(name, (x, labels))
        model.fit(x, labels, batch_size=len(x), epochs=3, shuffle=False, verbose=0)
        return model.network

    first, second = organized(y), organized(np.roll(y, 7))
    for layer in layers:
        mine, others = (network.get_layer(layer).get_weights()[0] for network in (first, second))
        assert np.array_equal(mine, others) and np.unique(mine).size > 1
    assert not np.array_equal(*(network.get_layer("classes").get_weights()[0] for network in (first, second)))
