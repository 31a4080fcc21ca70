"""Products of members' matrices against numpy's."""

import keras
import numpy as np
import pytest

import zoo
from zoo.engine.members import products

pytestmark = pytest.mark.tensorflow


@pytest.mark.parametrize(
    ("members", "features", "units"),
    [(3, 40, 30), (3, 5, 4), (products.MOST_MEMBERS + 1, 40, 30)],
    ids=["each", "small", "many"],
)
def test_products_and_their_gradients_are_those_of_every_member(members, features, units):
    import tensorflow as tf

    generator = np.random.default_rng(0)
    x, kernel, upstream = (
        generator.normal(size=(members, *shape)).astype("float32")
        for shape in ((7, features), (features, units), (7, units))
    )
    variable, rows = keras.Variable(kernel), tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(rows)
        found = products.product(rows, variable)
    dx, d_kernel = tape.gradient(found, [rows, variable.value], upstream)
    for ours, theirs in (
        (found, np.einsum("mrf,mfu->mru", x, kernel)),
        (dx, np.einsum("mru,mfu->mrf", upstream, kernel)),
        (d_kernel, np.einsum("mrf,mru->mfu", x, upstream)),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_members_of_a_network_train_as_by_keras_s_fit():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(200, 6)).astype("float32")
    data = x, (x[:, 0] * x[:, 1] > 0).astype("int32")
    how = {"hidden_units": (40, 40), "dropout": 0.0, "ensemble": 3, "epochs": 3, "verbose": 0}
    assert 40 * 40 > products.FEW_WEIGHTS
    ours, theirs = (zoo.train("mlp_classifier", data, engine=engine, **how).model for engine in ("fused", "keras"))
    for mine, other in zip(ours.network.get_weights(), theirs.network.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)
