"""LeNet-5 of 1998: its numbers of weights and connections, its equations in numpy; and the network of today."""

import keras
import numpy as np
import pytest
from scipy.signal import correlate2d

from zoo.models.lenet import (
    MAPS_OF_C3,
    A,
    ClassCodes,
    ConnectedMaps,
    J,
    S,
    SubSampling,
    UniformByInputs,
    codes,
    map_criterion,
    squash,
)
from zoo.models.lenet import lenet as build_lenet
from zoo.registry import Spec

array = keras.ops.convert_to_numpy
WEIGHTS = {"c1": 156, "s2": 12, "c3": 1_516, "s4": 32, "c5": 48_120, "f6": 10_164, "penalties": 0}  # section II.B
CONNECTIONS = {"c1": 122_304, "s2": 5_880, "c3": 151_600, "s4": 2_000, "c5": 48_120, "f6": 10_164}
MAPS = {"c1": (28, 28, 6), "s2": (14, 14, 6), "c3": (10, 10, 16), "s4": (5, 5, 16), "c5": (120,), "f6": (84,)}


def build(image=(28, 28, 1), classes=10, task="classification", **options):
    keras.utils.set_random_seed(0)
    return build_lenet(Spec(task, num_outputs=classes, image_shape=image), **options)


def images(rows, shape=(28, 28, 1), seed=0):
    return np.random.default_rng(seed).integers(0, 256, (rows, *shape)).astype("uint8")


@pytest.fixture(scope="module")
def published():
    return build()


def test_the_layers_have_the_sizes_and_weights_of_the_paper(published):
    for name, count in WEIGHTS.items():
        assert published.get_layer(name).count_params() == count
    for name, shape in MAPS.items():
        assert published.get_layer(name).output.shape[1:] == shape
    assert published.count_params() == 60_000


def test_it_has_340_908_connections(published):
    """A unit has a connection to each unit that it sees, and to its bias; a class to each unit of its code."""
    connections = dict.fromkeys(CONNECTIONS, 0)
    for name in ("c1", "c5", "f6"):
        layer = published.get_layer(name)
        connections[name] = layer.count_params() * int(np.prod(layer.output.shape[1:3] if name == "c1" else 1))
    connections["c3"] = published.get_layer("c3").count_params() * 10 * 10
    for name in ("s2", "s4"):
        connections[name] = int(np.prod(published.get_layer(name).output.shape[1:])) * (2 * 2 + 1)
    assert connections == CONNECTIONS
    assert sum(connections.values()) + 10 * 84 == 340_908


def test_table_1_gives_each_map_of_c3_three_to_six_maps_of_s2():
    assert [len(seen) for seen in MAPS_OF_C3] == [3] * 6 + [4] * 9 + [6]
    rows = np.zeros((6, 16), int)
    for above, seen in enumerate(MAPS_OF_C3):
        rows[list(seen), above] = 1
    printed = (  # X in the rows of the table
        *("1000111001111011", "1100011100111101", "1110001110010111"),
        *("0111001111001011", "0011100111101101", "0001110011110111"),
    )
    assert ["".join(map(str, row)) for row in rows] == [*printed]


def test_the_activation_is_1_at_1():
    x = np.linspace(-3, 3, 7)
    np.testing.assert_allclose(array(squash(keras.ops.convert_to_tensor(x))), A * np.tanh(S * x), rtol=1e-6)
    assert A * np.tanh(S) == pytest.approx(1.0, abs=1e-4)


def test_sub_sampling_adds_four_units_of_a_map():
    layer = SubSampling()
    x = np.random.default_rng(0).normal(size=(2, 6, 5, 3)).astype("float32")  # the fifth column has no pair
    found = array(layer(x))
    coefficient, bias = (array(weight) for weight in layer.weights)
    total = x[:, 0::2, 0:4:2] + x[:, 1::2, 0:4:2] + x[:, 0::2, 1:4:2] + x[:, 1::2, 1:4:2]
    np.testing.assert_allclose(found, A * np.tanh(S * (coefficient * total + bias)), rtol=1e-5, atol=1e-6)
    assert layer.compute_output_shape(x.shape) == found.shape == (2, 3, 2, 3)


def test_a_map_of_c3_sees_the_maps_of_its_row_in_the_table_alone():
    table = ((0, 2), (1,))
    layer = ConnectedMaps(table, window=3)
    x = np.random.default_rng(0).normal(size=(2, 7, 6, 3)).astype("float32")
    found = array(layer(x))
    kernel, bias = (array(weight) for weight in layer.weights)
    assert kernel.shape == (3, 3, 3) and layer.compute_output_shape(x.shape) == found.shape == (2, 5, 4, 2)
    sums = np.zeros((2, 5, 4, 2))
    pairs = [(below, above) for above, seen in enumerate(table) for below in seen]
    for i, (below, above) in enumerate(pairs):
        for row in range(2):
            sums[row, :, :, above] += correlate2d(x[row, :, :, below], kernel[:, :, i], mode="valid")
    np.testing.assert_allclose(found, A * np.tanh(S * (sums + bias)), rtol=1e-4, atol=1e-5)


def test_the_penalty_of_a_class_is_the_squared_distance_from_its_code():
    x = np.random.default_rng(0).normal(size=(3, 84)).astype("float32")
    distances = np.sum((x[:, None] - codes(5)) ** 2, axis=-1)
    np.testing.assert_allclose(array(ClassCodes(5)(x)), -distances, rtol=1e-5)


def test_the_codes_are_fixed_signs_and_those_of_more_classes_begin_with_those_of_fewer():
    few, many = codes(10), codes(300)
    assert set(np.unique(many)) == {-1.0, 1.0} and abs(many.mean()) < 0.02
    np.testing.assert_array_equal(many[:10], few)
    distances = (84 - many @ many.T) / 2 + 84 * np.eye(300)
    assert distances.min() >= 18  # of 84 signs, two classes of 300 differ in as many at least
    assert few[0, :8].tolist() == [1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, -1.0]  # a saved model relies on them


def test_the_criterion_is_equation_9():
    penalties = np.array([[0.5, 2.0, 7.0], [30.0, 1.0, 4.0]])
    y = np.array([1, 2])
    expected = penalties[[0, 1], y] + np.log(np.exp(-J) + np.exp(-penalties).sum(axis=1))
    found = array(map_criterion(y, keras.ops.convert_to_tensor(-penalties)))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_weights_begin_within_2_4_over_the_inputs_of_a_unit(published):
    for name, inputs in {"c1": 25, "s2": 4, "s4": 4, "c5": 400, "f6": 120}.items():
        values = np.concatenate([np.ravel(array(weight)) for weight in published.get_layer(name).weights])
        assert 0.8 * 2.4 / inputs < np.max(np.abs(values)) <= 2.4 / inputs or len(values) < 40
    kernel = array(published.get_layer("c3").kernel)
    of_three, of_six = np.abs(kernel[..., :18]), np.abs(kernel[..., -6:])
    assert 0.9 * 2.4 / 75 < of_three.max() <= 2.4 / 75 and 0.9 * 2.4 / 150 < of_six.max() <= 2.4 / 150
    draws = UniformByInputs(4, seed=3)
    assert UniformByInputs.from_config(draws.get_config())((2, 3)) is not None


def test_images_stand_in_the_middle_of_32_x_32_pixels_of_background(published):
    to_grey = keras.Model(published.inputs, published.get_layer("grey_values").output)
    grey = array(to_grey({"image": np.full((1, 28, 28, 1), 255, "uint8")}))[0, :, :, 0]
    assert grey.shape == (32, 32)
    np.testing.assert_allclose(grey[2:30, 2:30], 1.175, atol=1e-6)
    grey[2:30, 2:30] = -0.1
    np.testing.assert_allclose(grey, -0.1, atol=1e-7)


@pytest.mark.parametrize(
    ("shape", "s4"), [((32, 32, 3), (5, 5)), ((1, 1, 1), (5, 5)), ((33, 45, 1), (5, 8)), ((64, 40, 1), (13, 7))]
)
def test_smaller_images_are_filled_up_and_larger_ones_give_larger_maps(shape, s4):
    network = build(shape, classes=3)
    assert network.get_layer("s4").output.shape[1:3] == s4
    assert network({"image": images(2, shape)}).shape == (2, 3)


def test_two_classes_have_a_code_each():
    assert build(classes=1)({"image": images(2)}).shape == (2, 2)


def test_the_published_network_answers_one_class_of_several():
    with pytest.raises(ValueError, match="answers one class.*Pass `modern=True`"):
        build(task="multilabel")


def test_the_modern_network_has_at_most_100_000_weights():
    assert build(modern=True).count_params() <= 100_000
    assert build((32, 32, 3), modern=True).count_params() <= 100_000


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 2, 1), (7, 30, 3)])
def test_the_modern_network_takes_images_of_any_size(shape):
    network = build(shape, classes=4, modern=True)
    assert network({"image": images(2, shape)}).shape == (2, 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dropout": 1.0}, "`dropout` must be a share"),
        ({"modern": "yes"}, "`modern` must be True or False"),
        ({"augmentation": "rotate"}, "`augmentation` must be True, False, or names"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)
