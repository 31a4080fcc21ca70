"""The multilayer perceptron on images: sizes and channels, scaling inside, gradients, and what its training sees."""

import keras
import numpy as np
import pytest

import zoo
from zoo.layers.losses import NetworkLoss, cross_entropy
from zoo.models.image_mlp import TRAITS, image_mlp
from zoo.registry import Spec


def build(shape=(8, 8, 1), classes=3, seed=0, **options):
    keras.utils.set_random_seed(seed)
    return image_mlp(Spec("classification", classes if classes > 2 else 1, image_shape=shape, seed=seed), **options)


def images(shape, count=4):
    return np.random.default_rng(0).integers(0, 256, (count, *shape)).astype("uint8")


@pytest.mark.parametrize("shape", [(28, 28, 1), (5, 9, 3), (1, 1, 4)])
def test_images_of_any_size_and_channels_give_a_logit_a_class(shape):
    logits = keras.ops.convert_to_numpy(build(shape)({"image": images(shape)}))
    assert logits.shape == (4, 3) and np.all(np.isfinite(logits))


def test_two_classes_have_one_logit():
    assert build(classes=2).output_shape == (None, 1)


def test_the_network_is_the_product_of_its_layers_on_pixels_between_0_and_1():
    network, x = build(hidden_units=(7, 5), dropout=0.3), images((8, 8, 1))
    h = x.reshape(4, -1) / 255.0
    *hidden, (kernel, bias) = zip(network.get_weights()[::2], network.get_weights()[1::2])
    assert [w.shape for w, _ in hidden] == [(64, 7), (7, 5)]
    for w, b in hidden:
        h = np.maximum(h @ w + b, 0.0)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(network({"image": x})), h @ kernel + bias, rtol=1e-4, atol=1e-5
    )


def test_without_hidden_units_it_is_the_linear_classifier_of_1998():
    assert [w.shape for w in build(hidden_units=()).weights] == [(64, 3), (3,)]


@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
def test_it_learns_where_a_bright_patch_is(normalization):
    generator = np.random.default_rng(0)
    y = generator.integers(0, 3, 300)
    x = generator.integers(0, 120, (300, 6, 6, 1)).astype("uint8")
    for i, label in enumerate(y):
        x[i, 2 * label : 2 * label + 2] += 100
    network = build((6, 6, 1), hidden_units=(16,), dropout=0.0, normalization=normalization)
    network.compile("adam", NetworkLoss(cross_entropy))
    network.optimizer.learning_rate = 1e-2
    for _ in range(60):
        network.train_on_batch({"image": x}, y)
    assert np.mean(np.argmax(network({"image": x}), axis=-1) == y) > 0.97


def test_the_recipe_distorts_in_training_only():
    """The network holds no layer of augmentation: what is saved and served is the same."""
    assert TRAITS.augmentation.__name__ == "distort"
    names = {type(layer).__name__ for layer in build(dropout=0.0).layers}
    assert names == {"InputLayer", "Rescaling", "Flatten", "Dense", "Activation"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_units": (0,)}, "`hidden_units` must be positive integers"),
        ({"dropout": 1.0}, "`dropout` must be a share"),
        ({"normalization": "group"}, "`normalization` must be None, 'batch' or 'layer'"),
        ({"l2": -1.0}, "`l2` must not be negative"),
        ({"activation": "rleu"}, "Unknown activation 'rleu'.*'relu'"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)


def test_an_activation_that_gives_no_answer_is_refused():
    images = np.zeros((4, 5, 5, 1), "uint8"), np.arange(4) % 2
    with pytest.raises(ValueError, match="`output_activation` must be one of 'softmax', 'sigmoid', None. Received"):
        zoo.build("image_mlp", images, output_activation="tanh")


@pytest.mark.tensorflow
@pytest.mark.parametrize("augmentation", [True, False])
def test_it_trains_on_arrays_of_images_with_and_without_distortions(augmentation):
    generator = np.random.default_rng(0)
    labels = generator.choice(["left", "right"], 200)
    x = generator.integers(0, 100, (200, 12, 12, 1)).astype("uint8")
    x[labels == "left", :, :6] += 120
    x[labels == "right", :, 6:] += 120
    run = zoo.train("image_mlp", (x, labels), hidden_units=(8,), augmentation=augmentation, epochs=15, verbose=0)
    assert run.metrics["val"]["accuracy"] > 0.9
    assert set(zoo.predict(run, x[:5])["label"]) <= {"left", "right"}
