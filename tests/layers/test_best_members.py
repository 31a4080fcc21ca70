"""Members that answer best together: by hand, and the network of those alone."""

import keras
import numpy as np

from zoo.layers import best_members
from zoo.layers.feature_wise import Scale
from zoo.layers.members import BatchFirst, MemberDense


def test_each_next_member_is_the_one_that_makes_the_mean_best():
    # Members 0 and 3 are each far from the targets, on either side: their mean with member 1 is better than with 2.
    y = np.zeros(4)
    outputs = np.stack([y + 3.0, y + 1.0, y + 1.2, y - 1.1], axis=1)[..., None]

    def loss_of(some):
        return float(np.mean((some.mean(axis=1)[:, 0] - y) ** 2))

    assert best_members.greedy(outputs, 1, loss_of) == [1]
    assert best_members.greedy(outputs, 2, loss_of) == [1, 3]  # 1 and 2 are the best two alone
    assert best_members.greedy(outputs, 3, loss_of) == [1, 2, 3]


def test_a_loss_that_is_no_number_is_the_worst():
    losses = {(0,): np.nan, (1,): 2.0, (2,): 1.0}
    assert best_members.greedy(np.arange(3.0).reshape(1, 3, 1), 1, lambda some: losses[tuple(some[0, :, 0])]) == [2]


def test_a_network_of_chosen_members_answers_as_they_do():
    inputs = keras.Input((3,), name="x")
    x = keras.layers.Dense(5, "relu", name="shared")(Scale(4, name="scale")(inputs))
    network = keras.Model({"x": inputs}, BatchFirst(name="members")(MemberDense(4, 2, name="outputs")(x)))
    generator = np.random.default_rng(0)
    network.set_weights([generator.normal(size=weight.shape) for weight in network.weights])
    rows = {"x": generator.normal(size=(6, 3)).astype("float32")}
    fewer = best_members.of_chosen(network, [1, 3])
    wanted = keras.ops.convert_to_numpy(network(rows))[:, [1, 3]]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(fewer(rows)), wanted, rtol=1e-6)
    assert [layer.name for layer in fewer.layers] == [layer.name for layer in network.layers]


def test_what_stands_beside_the_members_may_be_taken_more_than_once():
    outputs, beside = np.array([[[3.0], [0.2]]]), np.array([[0.0]])

    def loss_of(some):
        return abs(float(some.mean()))

    assert best_members.greedy(outputs, 3, loss_of, beside) == []
    assert best_members.greedy(outputs - 0.1, 2, loss_of, beside - 0.2) == [1]  # .1 alone, then the mean with -.2
    assert best_members.greedy(outputs, 2, loss_of) == [0, 1]
