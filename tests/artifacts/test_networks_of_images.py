"""Networks of images, from training to exports, other image sizes and more classes: what their layers must bear."""

import keras
import numpy as np
import pytest

import zoo
from zoo.artifacts import numpy_images, surgery
from zoo.models.mlp_mixer import TokenMixing

pytestmark = pytest.mark.tensorflow
SHAPE = (9, 12, 1)
NETWORKS = {
    "lenet": {},
    "lenet of today": {"modern": True},
    "mlp_mixer": {"patch_size": 4, "hidden_size": 8, "blocks": 2, "tokens_mlp": 6, "channels_mlp": 10},
}


def rows(count=60, shape=SHAPE, classes=3, seed=0):
    generator = np.random.default_rng(seed)
    y = generator.integers(0, classes, count)
    x = generator.integers(0, 100, (count, *shape))
    for i, label in enumerate(y):  # a bright quarter
        x[i, :: 1 + label % 2, shape[1] * label // classes : shape[1] * (label + 1) // classes] += 120
    return x.astype("uint8"), np.array(["a", "b", "c", "d"])[y]


@pytest.fixture(scope="module")
def trained():
    """A function that trains a network for an epoch, once."""
    runs = {}

    def train(name):
        if name not in runs:
            entry = name.partition(" ")[0]
            runs[name] = zoo.train(entry, rows(), epochs=1, batch_size=20, verbose=0, **NETWORKS[name])
        return runs[name]

    return train


def logits(model, x):
    return keras.ops.convert_to_numpy(model.network({"image": x}, training=False))


@pytest.mark.usefixtures("quick_proof")
@pytest.mark.parametrize("format", ["numpy", "onnx", "litert"])
@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_exported_and_answers_as_python_does(trained, name, format, tmp_path):
    report = zoo.export(trained(name), tmp_path, format=format)
    assert report.inputs == {"image": ["uint8", [None, *SHAPE]]} and report.max_difference < 1e-5


@pytest.mark.slow
@pytest.mark.usefixtures("quick_proof")
@pytest.mark.parametrize("name", NETWORKS)
def test_its_served_graph_answers_as_python_does(trained, name, tmp_path):
    zoo.export(trained(name), tmp_path)
    again = zoo.load(tmp_path / "1")
    np.testing.assert_array_equal(logits(again, rows()[0]), logits(trained(name).model, rows()[0]))


@pytest.mark.parametrize("name", NETWORKS)
def test_it_goes_on_from_its_artifact(trained, name, tmp_path):
    trained(name).save(tmp_path / "out")
    loaded = zoo.load(tmp_path / "out")
    np.testing.assert_array_equal(logits(loaded, rows()[0]), logits(trained(name).model, rows()[0]))
    run = zoo.train(loaded, rows(seed=1), epochs=1, batch_size=20, verbose=0)
    assert np.any(logits(run.model, rows()[0]) != logits(trained(name).model, rows()[0]))


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_adapted_to_images_of_another_size(trained, name):
    """What a layer does at every place stays as it is; c5 and the mixing of tokens have weights for each place."""
    model, (x, y) = trained(name).model, rows()
    twice = np.repeat(np.repeat(x, 2, axis=1), 2, axis=2)
    adapted = zoo.adapt(model, (twice, y), image_size=(18, 24))
    assert adapted.network.inputs[0].shape == (None, 18, 24, 1)
    for own, other in zip(model.network.layers, adapted.network.layers, strict=True):
        if own.name not in ("token_mixing_0", "token_mixing_1", "c5"):
            for weight, copied in zip(own.weights, other.weights, strict=True):
                np.testing.assert_array_equal(weight, copied)
    run = zoo.fine_tune(model, (twice, y), image_size=(18, 24), epochs=1, batch_size=20, verbose=0)
    assert run.model.network.inputs[0].shape == (None, 18, 24, 1)


@pytest.mark.parametrize("name", NETWORKS)
def test_it_learns_a_class_more(trained, name):
    model = trained(name).model
    extended = zoo.adapt(model, rows(classes=4), classes="extend")
    x = rows()[0]
    assert list(extended.classes) == ["a", "b", "c", "d"]
    np.testing.assert_allclose(logits(extended, x)[:, :3], logits(model, x), rtol=1e-5, atol=1e-5)
    run = zoo.fine_tune(model, rows(classes=4), classes="extend", epochs=1, batch_size=20, verbose=0)
    assert run.model.network.outputs[0].shape == (None, 4)


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_cross_validated(name):
    entry = name.partition(" ")[0]
    table = zoo.cross_validate(entry, rows(), folds=2, epochs=1, batch_size=20, **NETWORKS[name])
    assert len(table) == 2 and np.all(np.isfinite(table["accuracy"]))


@pytest.mark.parametrize("name", ["lenet of today", "mlp_mixer"])
def test_it_answers_labels(name):
    x, y = rows()
    labels = np.stack([y == "a", y != "c"], axis=1).astype("int32")
    entry = name.partition(" ")[0]
    run = zoo.train(entry, (x, labels), epochs=1, batch_size=20, verbose=0, **NETWORKS[name])
    assert run.model.task.name == "multilabel"
    assert zoo.predict(run, x[:2]).shape[0] == 2


def test_the_published_network_refuses_labels():
    x, y = rows()
    with pytest.raises(ValueError, match="LeNet-5 as published answers one class.*`modern=True`"):
        zoo.train("lenet", (x, np.stack([y == "a", y == "b"], axis=1).astype(int)), verbose=0)


@pytest.mark.parametrize("name", NETWORKS)
def test_two_classes_and_colours(name):
    x, y = rows(classes=2, shape=(8, 8, 3))
    run = zoo.train(name.partition(" ")[0], (x, y), epochs=1, batch_size=20, verbose=0, **NETWORKS[name])
    assert list(zoo.predict(run, x[:3]).columns) == ["label", "probability", "p_a", "p_b"]


@pytest.mark.parametrize("name", NETWORKS)
def test_one_class_is_refused(name):
    x, _ = rows()
    with pytest.raises(ValueError, match="two classes"):
        zoo.train(name.partition(" ")[0], (x, np.full(len(x), "a")), verbose=0, **NETWORKS[name])


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Conv2D(4, 3),
        keras.layers.Conv2D(3, (2, 5), padding="same", use_bias=False),
        keras.layers.MaxPooling2D(2),
        keras.layers.MaxPooling2D(2, padding="same"),
        keras.layers.ZeroPadding2D(((1, 2), (0, 3))),
        keras.layers.GlobalAveragePooling2D(),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_of_images_in_numpy_gives_what_keras_s_gives(layer):
    x = np.random.default_rng(0).normal(size=(2, 7, 9, 2)).astype("float32")
    network = keras.Sequential([keras.Input(x.shape[1:]), layer])
    arrays = {}

    def keep(name, value):
        arrays[name] = keras.ops.convert_to_numpy(value)
        return f"arrays['{name}']"

    found = eval(numpy_images.expression(layer, "x", keep), {"np": np, "arrays": arrays, "x": x})
    np.testing.assert_allclose(found, keras.ops.convert_to_numpy(network(x)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Conv2D(4, 3, strides=2),
        keras.layers.Conv2D(4, 3, dilation_rate=2),
        keras.layers.Conv2D(4, 3, groups=2),
        keras.layers.MaxPooling2D(3),
        keras.layers.GlobalAveragePooling2D(keepdims=True),
        keras.layers.GlobalAveragePooling2D(data_format="channels_first"),
        keras.layers.AveragePooling2D(2),
    ],
)
def test_other_layers_of_images_are_not_written_in_numpy(layer):
    layer(keras.Input((7, 9, 2)))
    assert numpy_images.expression(layer, "x", lambda *_: "w") is None


def test_weights_of_places_are_resized_with_the_places():
    """Hidden units take the places as if they were resized to the old grid; what is given is resized to the new one."""
    generator = np.random.default_rng(0)
    before, after = TokenMixing(5, name="before"), TokenMixing(5, name="after")
    before(np.zeros((1, 2, 3, 1), "float32")), after(np.zeros((1, 5, 4, 1), "float32"))
    before.set_weights([generator.normal(size=weight.shape) for weight in before.weights])
    surgery._transfer_places(after, before)
    kernel_1, bias_1, kernel_2, bias_2 = (np.array(weight) for weight in after.weights)

    def resized(grid, rows, columns):
        return keras.ops.convert_to_numpy(
            keras.ops.image.resize(grid[..., None].astype("float32"), (rows, columns), antialias=True)
        )[..., 0]

    seen = generator.normal(size=(5, 4))
    old = np.array(before.kernel_1)
    np.testing.assert_allclose(seen.ravel() @ kernel_1, resized(seen, 2, 3).ravel() @ old, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(bias_1, np.array(before.bias_1))
    np.testing.assert_allclose(bias_2.reshape(5, 4), resized(np.array(before.bias_2).reshape(2, 3), 5, 4), atol=1e-5)
    hidden = generator.normal(size=5)
    given = (hidden @ np.array(before.kernel_2)).reshape(2, 3)
    np.testing.assert_allclose((hidden @ kernel_2).reshape(5, 4), resized(given, 5, 4), rtol=1e-4, atol=1e-5)
