"""Linear outputs: equal to a one-hot design matrix times its weights, in numpy."""

import keras
import numpy as np
import pytest

from zoo.layers.linear import LinearTerms, linear_outputs
from zoo.registry import Spec

MIXED = Spec("classification", num_outputs=2, num_inputs=1, num_numeric=2, num_quantile=2, categorical_sizes=(3, 4))


def network(spec, **options):
    inputs = spec.inputs()
    return keras.Model(inputs, linear_outputs(spec, inputs, **options))


def rows(spec, count=6):
    generator = np.random.default_rng(0)
    x = {
        "inputs": generator.normal(size=(count, spec.num_inputs)).astype("float32"),
        "numeric": generator.normal(size=(count, spec.num_numeric)).astype("float32"),
        "quantile": generator.random((count, spec.num_quantile)).astype("float32"),
        "categorical": np.stack([generator.integers(0, size, count) for size in spec.categorical_sizes], 1),
    }
    return {**x, "categorical": x["categorical"].astype("int32")}


def one_hot(x, sizes):
    return np.concatenate([np.eye(size)[x["categorical"][:, j]] for j, size in enumerate(sizes)], axis=1)


def test_outputs_are_zero_at_the_start():
    found = keras.ops.convert_to_numpy(network(MIXED)(rows(MIXED)))
    assert found.shape == (6, 2) and not found.any()


def test_levels_are_a_one_hot_product():
    x, model = rows(MIXED), network(MIXED)
    generator = np.random.default_rng(1)
    kernel, levels, bias = (generator.normal(size=w.shape) for w in model.weights)
    assert (kernel.shape, levels.shape, bias.shape) == ((3, 2), (7, 2), (2,))
    model.set_weights([kernel, levels, bias])
    numbers = np.concatenate([x["inputs"], x["numeric"]], axis=1)
    expected = numbers @ kernel + one_hot(x, MIXED.categorical_sizes) @ levels + bias
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model(x)), expected, rtol=1e-5, atol=1e-5)


def test_a_table_of_categories_alone_has_a_bias():
    model = network(Spec("regression", categorical_sizes=(2, 2)))
    model.set_weights([np.array([[0.0], [1.0], [0.0], [10.0]]), np.array([0.5])])
    x = {"categorical": np.array([[0, 0], [1, 0], [1, 1]], "int32")}
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model(x))[:, 0], [0.5, 1.5, 11.5])


def test_pixels_of_an_image_are_numbers_between_0_and_1():
    model = network(Spec("classification", image_shape=(1, 2, 1)))
    model.set_weights([np.array([[1.0], [10.0]]), np.array([0.0])])
    found = keras.ops.convert_to_numpy(model({"image": np.array([[[[255], [51]]]], "uint8")}))
    np.testing.assert_allclose(found, [[3.0]], rtol=1e-6)


def test_the_penalty_is_the_sum_of_squares_without_the_bias():
    model = network(MIXED, l2=0.1)
    model.set_weights([np.full(w.shape, 2.0) for w in model.weights])
    np.testing.assert_allclose(float(sum(model.losses)), 0.1 * 4.0 * (3 * 2 + 7 * 2), rtol=1e-6)


def test_the_layer_survives_its_config():
    layer = LinearTerms(2, (3, 4), 0.1)
    again = LinearTerms.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.compute_output_shape({"numeric": (None, 3), "categorical": (None, 2)}) == (None, 2)


@pytest.mark.parametrize(
    ("arguments", "message"), [({"num_outputs": 0}, "`num_outputs`"), ({"num_outputs": 1, "l2": -1.0}, "`l2`")]
)
def test_values_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LinearTerms(**arguments)
