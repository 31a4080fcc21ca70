"""The MLP-Mixer of 2021: its formula in numpy, its start, images that are no whole number of patches."""

import keras
import numpy as np
import pytest

from zoo.models.mlp_mixer import EPSILON, Patches, gelu_tanh
from zoo.models.mlp_mixer import mlp_mixer as build_mixer
from zoo.registry import Spec

array = keras.ops.convert_to_numpy
SMALL = {"patch_size": 3, "hidden_size": 5, "blocks": 2, "tokens_mlp": 4, "channels_mlp": 7}


def build(image=(6, 9, 2), classes=3, **options):
    keras.utils.set_random_seed(0)
    return build_mixer(Spec("classification", num_outputs=classes, image_shape=image), **{**SMALL, **options})


def images(rows, shape=(6, 9, 2), seed=0):
    return np.random.default_rng(seed).integers(0, 256, (rows, *shape)).astype("uint8")


def with_random_weights(network, seed=1):
    generator = np.random.default_rng(seed)
    network.set_weights([generator.normal(0, 0.5, weight.shape) for weight in network.weights])
    return network


def mixer_in_numpy(network, x, patch, blocks):
    """Returns the outputs by the formulas of the paper, of section 2."""
    weights = {weight.path.partition("/")[2] if "/" in weight.path else weight.path: array(weight) for weight in []}
    weights = {layer.name: [array(weight) for weight in layer.weights] for layer in network.layers}

    def norm(x, name):
        gain, shift = weights[name]
        middle, spread = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        return (x - middle) / np.sqrt(spread + EPSILON) * gain + shift

    def gelu(a):
        return 0.5 * a * (1 + np.tanh(np.sqrt(2 / np.pi) * (a + 0.044715 * a**3)))

    squares = [
        x[:, i : i + patch, j : j + patch].reshape(len(x), -1)
        for i in range(0, x.shape[1], patch)
        for j in range(0, x.shape[2], patch)
    ]
    kernel, bias = weights["tokens"]
    x = np.stack(squares, axis=1) / 255 @ kernel + bias  # (batch, patches, channels)
    for i in range(blocks):
        w_1, b_1, w_2, b_2 = weights[f"token_mixing_{i}"]
        columns = norm(x, f"token_norm_{i}").transpose(0, 2, 1)
        x = x + (gelu(columns @ w_1 + b_1) @ w_2 + b_2).transpose(0, 2, 1)
        (w_3, b_3), (w_4, b_4) = weights[f"channel_mixing_{i}_1"], weights[f"channel_mixing_{i}_2"]
        x = x + gelu(norm(x, f"channel_norm_{i}") @ w_3 + b_3) @ w_4 + b_4
    kernel, bias = weights["outputs"]
    return norm(x, "norm").mean(axis=1) @ kernel + bias


def test_it_is_the_formula_of_the_paper():
    network = with_random_weights(build(dropout=0.3, stochastic_depth=0.5))
    x = images(4)
    expected = mixer_in_numpy(network, x.astype("float64"), patch=3, blocks=2)
    np.testing.assert_allclose(array(network({"image": x})), expected, rtol=1e-4, atol=1e-4)


def test_gelu_is_x_times_the_normal_distribution_at_x():
    from scipy.stats import norm

    x = np.linspace(-4, 4, 33)
    np.testing.assert_allclose(array(gelu_tanh(keras.ops.convert_to_tensor(x))), x * norm.cdf(x), atol=5e-4)


def test_a_fresh_network_gives_every_class_the_same():
    np.testing.assert_array_equal(array(build()({"image": images(3)})), np.zeros((3, 3)))


def test_patches_are_squares_of_pixels_and_the_last_ones_are_filled_up():
    x = np.arange(2 * 5 * 4).reshape(2, 5, 4, 1).astype("float32")
    layer = Patches(3)
    found = array(layer(x))
    assert layer.compute_output_shape(x.shape) == found.shape == (2, 2, 2, 9)
    np.testing.assert_array_equal(found[1, 0, 0], x[1, :3, :3, 0].ravel())
    np.testing.assert_array_equal(found[0, 1, 1], [19 - 4 + 0, 0, 0, 19, 0, 0, 0, 0, 0])


def test_the_tokens_are_as_many_as_patches_and_weights_follow_from_the_options():
    network = build()
    patches, pixels = 2 * 3, 3 * 3 * 2
    a_block = 2 * 2 * 5 + (patches * 4 + 4 + 4 * patches + patches) + (5 * 7 + 7 + 7 * 5 + 5)
    assert network.count_params() == pixels * 5 + 5 + 2 * a_block + 2 * 5 + 5 * 3 + 3


def test_a_branch_is_left_out_for_a_share_of_the_images_and_the_others_weigh_more():
    network = with_random_weights(build(blocks=2, stochastic_depth=0.5))
    x, rows = images(1), 400
    layer = network.get_layer("channels_1_left_out")  # of the last block: a share of 0.5
    y = keras.Model(network.inputs, layer.input)({"image": x})
    dropped = array(layer(keras.ops.repeat(y, rows, axis=0), training=True))
    kept = np.any(dropped != 0, axis=(1, 2, 3))
    assert 0.4 < kept.mean() < 0.6
    np.testing.assert_allclose(dropped[kept], np.repeat(2 * array(y), kept.sum(), axis=0), rtol=1e-6)
    names = [layer.name for layer in network.layers]
    assert "tokens_0_left_out" not in names and "tokens_1_left_out" in names  # the first block's share is 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patch_size": 10}, "`patch_size` must not exceed the images, which have 6 x 9 pixels"),
        ({"blocks": 0}, "`blocks` must be a positive integer"),
        ({"tokens_mlp": 2.5}, "`tokens_mlp` must be a positive integer"),
        ({"dropout": 1.0}, "`dropout` must be a share"),
        ({"stochastic_depth": -0.1}, "`stochastic_depth` must be a share"),
        ({"augmentation": "shfit"}, "`augmentation` must be True, False, or names.*Did you mean 'shift'"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)
