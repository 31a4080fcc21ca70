"""Layers with weights for each feature give what their formulas say, for one network and for members."""

import keras
import numpy as np
import pytest

from zoo.layers.feature_wise import NormalByFeature, ParametricActivation, PeriodicNumbers, Scale, mish
from zoo.layers.members import form_of

ROWS, FEATURES, M = 5, 3, 2
X = np.random.default_rng(0).normal(size=(ROWS, FEATURES)).astype("float32")


def plain(tensor):
    return keras.ops.convert_to_numpy(tensor)


def drawn(layer, seed=0):
    """Builds a layer and gives it random weights; returns them by name, in float64."""
    layer(X)
    generator = np.random.default_rng(seed)
    layer.set_weights([generator.normal(size=weight.shape) for weight in layer.weights])
    return {weight.name: plain(weight).astype("float64") for weight in layer.weights}


def test_a_scale_multiplies_each_feature():
    layer = Scale()
    np.testing.assert_array_equal(plain(layer(X)), X)
    np.testing.assert_allclose(plain(layer(X)) * 0 + plain(layer.scale), np.ones((ROWS, FEATURES)))
    weights = drawn(layer)
    np.testing.assert_allclose(plain(layer(X)), X * weights["scale"], rtol=1e-6)


def test_a_scale_of_members_multiplies_what_all_share_and_what_each_has():
    layer = Scale(M)
    scale = drawn(layer)["scale"]
    for x in (X, np.stack([X, 2 * X])):
        np.testing.assert_allclose(plain(layer(x)), x * scale[:, None], rtol=1e-6)


def test_the_columns_of_a_feature_begin_with_one_number():
    layer = Scale(M, NormalByFeature([2, 1], stddev=1.0, seed=0))
    again = Scale.from_config(layer.get_config())
    layer.build((ROWS, FEATURES))
    again.build((ROWS, FEATURES))
    scale = plain(layer.scale)
    np.testing.assert_array_equal(scale[:, 0], scale[:, 1])
    assert len(np.unique(scale)) == 2 * M
    np.testing.assert_array_equal(plain(again.scale), scale)


def test_widths_that_are_not_those_of_the_input_are_refused():
    with pytest.raises(ValueError, match="must add up to the input's 3 columns. Received: 5 columns. Give each"):
        Scale(M, NormalByFeature([2, 3]))(X)


PHI = {
    "mish": lambda z: z * np.tanh(np.log1p(np.exp(z))),
    "selu": lambda z: 1.05070099 * np.where(z > 0, z, 1.67326324 * np.expm1(np.minimum(z, 0))),
}


@pytest.mark.parametrize("name", PHI)
def test_a_parametric_activation_stands_between_the_identity_and_the_function(name):
    layer = ParametricActivation(name)
    np.testing.assert_allclose(plain(layer(X)), PHI[name](X), rtol=1e-4, atol=1e-6)
    share = drawn(layer)["share"]
    np.testing.assert_allclose(plain(layer(X)), X + share * (PHI[name](X) - X), rtol=1e-4, atol=1e-6)


def test_mish_is_that_of_keras_far_from_0_too():
    x = np.array([-60.0, -20.0, -1.0, 0.0, 1.0, 15.0, 25.0, 60.0], "float32")
    np.testing.assert_allclose(plain(mish(keras.ops.convert_to_tensor(x))), PHI["mish"](x.astype("float64")), rtol=1e-4)


def test_periodic_numbers_are_the_number_and_linear_functions_of_its_cosines():
    layer = PeriodicNumbers(frequencies=6, width=4)
    weights = drawn(layer)
    w, b, v, c = (weights[name] for name in ("frequencies", "phases", "kernel", "bias"))
    expected = np.zeros((ROWS, FEATURES, 4))
    for i in range(FEATURES):
        expected[:, i, 0] = X[:, i]
        expected[:, i, 1:] = np.cos(2 * np.pi * X[:, i, None] * w[i] + b[i]) @ v[i] + c[i]
    np.testing.assert_allclose(plain(layer(X)), expected.reshape(ROWS, -1), rtol=1e-4, atol=1e-4)
    assert layer.compute_output_shape((None, FEATURES)) == (None, FEATURES * 4)


def test_the_initial_weights_of_periodic_numbers_are_those_of_the_paper():
    layer = PeriodicNumbers(frequencies=16, sigma=0.1)
    layer.build((None, 400))
    values = {weight.name: plain(weight) for weight in layer.weights}
    np.testing.assert_allclose(values["frequencies"].std(), 0.1, rtol=0.05)
    for name, end in (("phases", np.pi), ("kernel", 0.25), ("bias", 0.25)):
        assert end * 0.98 < values[name].max() <= end and -end <= values[name].min() < -end * 0.98


@pytest.mark.parametrize("kind", [Scale, ParametricActivation, PeriodicNumbers])
@pytest.mark.parametrize("has_own", [False, True], ids=["shared", "own"])
def test_members_answer_each_with_its_own_weights(kind, has_own):
    single = kind(name="layer")
    single(X)
    together = form_of(single, M)
    assert type(together) is kind and together.name == "layer" and together.members == M
    x = np.stack([X, 2 * X]) if has_own else X
    together(x)
    weights = [np.random.default_rng(i).normal(size=w.shape) for i, w in enumerate(together.weights)]
    together.set_weights(weights)
    outputs = plain(together(x))
    assert outputs.shape == together.compute_output_shape(x.shape)
    for m in range(M):
        single.set_weights([weight[m] for weight in weights])
        expected = plain(single(x[m] if has_own else x))
        np.testing.assert_allclose(outputs[m], expected, rtol=1e-5, atol=1e-5)
    assert form_of(together, M) is None


@pytest.mark.parametrize("layer", [Scale(), ParametricActivation("selu", 2), PeriodicNumbers(8, 3, 0.5)])
def test_a_layer_is_made_again_from_its_config(layer):
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.parametrize("options", [{"frequencies": 0}, {"width": 1}, {"sigma": 0.0}])
def test_no_frequencies_are_refused(options):
    with pytest.raises(ValueError, match="`frequencies` must be at least 1, `width` at least 2, `sigma` positive"):
        PeriodicNumbers(**options)


def test_no_members_are_refused():
    with pytest.raises(ValueError, match="`members` must be None or at least 1. Received: members=0"):
        Scale(members=0)
