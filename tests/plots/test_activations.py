"""The activation table: the zoo's layers, their derivatives in closed form against autodiff and finite differences."""

import keras
import numpy as np
import pytest

import zoo
from tests.conftest import BACKEND
from zoo.layers.activations import NAMES, activation

X = np.linspace(-6.0, 6.0, 49)  # with 0
SMOOTH = X[np.abs(X) > 1e-3]
FAR = np.array([-1e4, -750.0, 750.0, 1e4])


def layer(name, a=0.25):
    made = activation(name)
    made.build((None, 1))
    if name == "prelu":
        made.set_weights([np.full(made.alpha.shape, a)])
    return made


def autodiff(name, x):
    made = layer(name)
    if BACKEND == "jax":
        import jax

        state = [v.value for v in made.trainable_variables], [v.value for v in made.non_trainable_variables]
        return np.asarray(jax.grad(lambda z: made.stateless_call(*state, z)[0].sum())(x[:, None]))[:, 0]
    import tensorflow as tf

    z = tf.Variable(x[:, None])
    with tf.GradientTape() as tape:
        y = made(z)
    found = tape.gradient(y, z)
    return np.zeros_like(x) if found is None else found.numpy()[:, 0]  # a cast stops what would be 0


def test_the_table_has_the_lecture_s_nine_in_its_order():
    assert tuple(zoo.plots.ACTIVATIONS) == NAMES
    assert len(NAMES) == 9


@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_of_the_zoo_s_layers(name):
    found = keras.ops.convert_to_numpy(layer(name)(X[:, None].astype("float32")))[:, 0]
    np.testing.assert_allclose(zoo.plots.ACTIVATIONS[name].value(X, 0.25), found, rtol=2e-6, atol=2e-7)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_are_those_of_automatic_differentiation_at_the_kink_too(name):
    x = X if name != "prelu" else SMOOTH  # relu(x) - a relu(-x), by parts, has neither 1 nor a at 0
    expected = autodiff(name, x.astype("float32"))
    np.testing.assert_allclose(zoo.plots.ACTIVATIONS[name].derivative(x, 0.25), expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_are_the_limits_of_differences(name):
    row, h = zoo.plots.ACTIVATIONS[name], 1e-5
    differences = (row.value(SMOOTH + h, 0.25) - row.value(SMOOTH - h, 0.25)) / (2 * h)
    np.testing.assert_allclose(row.derivative(SMOOTH, 0.25), differences, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_all_is_finite_far_out_and_at_zero_without_a_warning(name):
    row = zoo.plots.ACTIVATIONS[name]
    for x in (FAR, np.zeros(1)):
        assert np.all(np.isfinite(row.value(x, 0.25))) and np.all(np.isfinite(row.derivative(x, 0.25)))


def test_conventions_at_the_kink():
    at_0 = {name: float(row.derivative(np.zeros(1), 0.25)[0]) for name, row in zoo.plots.ACTIVATIONS.items()}
    assert at_0 == {
        "identity": 1.0,
        "binary_step": 0.0,
        "logistic": 0.25,
        "tanh": 1.0,
        "arctan": 1.0,
        "relu": 0.0,
        "prelu": 0.25,
        "elu": 1.0,
        "softplus": 0.5,
    }
    assert zoo.plots.ACTIVATIONS["binary_step"].value(np.zeros(1)).tolist() == [1.0]


def test_each_panel_shows_function_and_derivative_as_far_as_the_limit():
    figure = zoo.plots.activation_table(limit=3.0)
    assert [ax.get_title() for ax in figure.axes] == [name.replace("_", " ") for name in NAMES]
    for name, ax in zip(NAMES, figure.axes):
        row = zoo.plots.ACTIVATIONS[name]
        for line, function in zip(ax.lines, (row.derivative, row.value)):
            np.testing.assert_array_equal(line.get_ydata(), function(line.get_xdata(), 0.25))
        assert min(line.get_xdata()[0] for line in ax.lines) == -3.0
        assert max(line.get_xdata()[-1] for line in ax.lines) == 3.0
        formula, slope = [text.get_text() for text in ax.get_legend().get_texts()]
        assert row.formula in formula and row.slope_formula in slope


def test_a_step_is_drawn_with_its_gap_and_with_1_at_0():
    (ax,) = zoo.plots.activation_table(["binary_step"]).axes
    values = [line for line in ax.lines if line.get_linestyle() == "-"]
    assert [set(line.get_ydata()) for line in values] == [{0.0}, {1.0}]  # no line joins 0 and 1
    full, hollow = [line for line in ax.lines if line.get_marker() == "o"]
    assert (full.get_ydata()[0], hollow.get_ydata()[0]) == (1.0, 0.0)


def test_an_unknown_activation_offers_the_nearest():
    with pytest.raises(ValueError, match="Unknown activation 'rellu'. Did you mean 'relu'"):
        zoo.plots.activation_table(["rellu"])
