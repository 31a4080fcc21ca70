"""The lecture's table of activations: values by numpy, finite far from 0, conventions at the kink."""

import keras
import numpy as np
import pytest

from zoo.layers.activations import NAMES, activation

X = np.array([-2.0, -0.5, 0.0, 0.5, 2.0], "float32")
EXPECTED = {
    "identity": X,
    "binary_step": np.array([0, 0, 1, 1, 1], "float32"),
    "logistic": 1 / (1 + np.exp(-X)),
    "tanh": np.tanh(X),
    "arctan": np.arctan(X),
    "relu": np.maximum(X, 0),
    "prelu": np.maximum(X, 0),  # the learned slope starts at 0
    "elu": np.where(X > 0, X, np.expm1(X)),
    "softplus": np.log1p(np.exp(X)),
}


@pytest.mark.parametrize("name", NAMES)
def test_activation_equals_its_formula(name):
    found = keras.ops.convert_to_numpy(activation(name)(X[None]))[0]
    np.testing.assert_allclose(found, EXPECTED[name], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_activation_is_finite_far_from_zero(name):
    far = np.array([[-1e4, 1e4]], "float32")
    assert np.all(np.isfinite(keras.ops.convert_to_numpy(activation(name)(far))))


def test_every_name_of_the_lecture_is_there():
    assert set(EXPECTED) == set(NAMES)


def test_keras_names_work_and_unknown_ones_offer_the_nearest():
    assert activation("gelu")(X[None]).shape == (1, 5)
    with pytest.raises(ValueError, match="Unknown activation 'rellu'. Did you mean 'relu'"):
        activation("rellu")
