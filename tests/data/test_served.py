import contextlib
import io

import numpy as np
import pandas as pd
import pytest
from keras import ops

import zoo
from tests.artifacts.conftest import keepers_notes

tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.tensorflow


def served(model, folder):
    """Returns the signatures of a model's SavedModel."""
    from zoo.data.served import save_served

    save_served(model, folder)
    loaded = tf.saved_model.load(str(folder))
    KEPT.append(loaded)  # a signature does not keep its variables alive
    return loaded.signatures


KEPT: list = []


@pytest.fixture(scope="module")
def model():
    return zoo.build("mlp_classifier", keepers_notes(), target="mood", hidden_units=(8,))


@pytest.fixture(scope="module")
def signatures(model, tmp_path_factory):
    return served(model, tmp_path_factory.mktemp("served") / "1")


def columns(model, frame):
    """Returns raw columns as tensors under their served names."""
    tensors = model.preprocessor.tensors(frame)
    return {model.schema.served_names[name]: tf.constant(values.tolist()) for name, values in tensors.items()}


def example(**features):
    found = {}
    for name, value in features.items():
        if isinstance(value, (str, bytes)):
            content = value.encode() if isinstance(value, str) else value
            found[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[content]))
        else:
            found[name] = tf.train.Feature(float_list=tf.train.FloatList(value=np.ravel(value)))
    return tf.train.Example(features=tf.train.Features(feature=found)).SerializeToString()


def test_raw_columns_give_what_preprocessor_network_and_decision_give(model, signatures):
    rows = keepers_notes(30, seed=1)
    raw = {name: tf.constant(values.tolist()) for name, values in model.preprocessor.tensors(rows).items()}
    expected = ops.convert_to_numpy(model.decide(model.network(model.preprocessor.module()(raw), training=False)))
    answer = signatures["serving_default"](**columns(model, rows))
    assert set(answer) == {"label", "probability", "probabilities"}
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-6)
    labels = np.array(["kind", "lazy", "wild"])[expected.argmax(axis=1)]
    assert [label.decode() for label in answer["label"].numpy()] == labels.tolist()
    np.testing.assert_allclose(answer["probability"], expected.max(axis=1), atol=1e-6)


def test_no_rows_give_no_answers(model, signatures):
    none = {
        name: tf.zeros((0,), spec.dtype)
        for name, spec in signatures["serving_default"].structured_input_signature[1].items()
    }
    assert signatures["serving_default"](**none)["probabilities"].shape == (0, 3)


def test_every_raw_column_is_served_under_a_name_that_a_graph_takes(signatures):
    inputs = signatures["serving_default"].structured_input_signature[1]
    assert set(inputs) == {"weight_in_kg", "Gr__e", "c_class", "c_2nd_visit", "arrived", "note", "A", "a_2"}
    assert all(spec.shape.as_list() == [None] for spec in inputs.values())
    strings = {name for name, spec in inputs.items() if spec.dtype == tf.string}
    assert strings == {"c_class", "arrived", "note", "a_2"}


@pytest.mark.parametrize("name", ["weight_in_kg", "c_class", "arrived", "note", "c_2nd_visit"])
def test_another_rank_is_an_error(model, signatures, name):
    request = columns(model, keepers_notes(3))
    request[name] = request[name][:, None]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Shape of tensor .* \[3,1\] is not compatible"):
        signatures["serving_default"](**request)


def test_one_row_beside_many_is_an_error_and_is_not_repeated(tmp_path):
    """A linear model adds a weight a number and a weight a level: without a check, one row would broadcast to all."""
    frame = pd.DataFrame({"x": np.arange(20.0), "level": list("abcd") * 5, "y": [0, 1] * 10})
    model = zoo.build("logistic_regression", frame, target="y")
    serve = served(model, tmp_path / "1")["serving_default"]
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"must have the same number of rows.* for x, level.*\[1 3\]"
    ):
        serve(x=tf.constant([1.0]), level=tf.constant(["a", "b", "c"]))


def test_examples_have_raw_names_and_may_lack_features(model, signatures):
    rows = keepers_notes(2)
    rows.loc[1, ["class", "note", "a"]] = ""
    rows = rows.assign(arrived=["2020-05-01", ""]).astype({"2nd visit": float, "A": float})
    rows.loc[1, ["weight in kg", "Größe", "2nd visit", "A"]] = np.nan
    whole = {name: rows[name][0] for name in model.schema.names if not pd.isna(rows[name][0])}
    answer = signatures["serve_examples"](examples=tf.constant([example(**whole), example()]))
    expected = signatures["serving_default"](**columns(model, rows))
    np.testing.assert_array_equal(answer["probabilities"], expected["probabilities"])
    np.testing.assert_array_equal(answer["label"], expected["label"])


def test_classify_has_the_method_and_the_outputs_of_tensorflow_serving(model, tmp_path):
    signatures = served(model, tmp_path / "1")
    examples = tf.constant([example(A=1.0), example(A=9.0)])
    answer = signatures["classify"](inputs=examples)
    np.testing.assert_array_equal(answer["classes"], [[b"kind", b"lazy", b"wild"]] * 2)
    np.testing.assert_array_equal(answer["scores"], signatures["serve_examples"](examples=examples)["probabilities"])
    assert methods(tmp_path / "1") == {
        "serving_default": "tensorflow/serving/predict",
        "serve_examples": "tensorflow/serving/predict",
        "classify": "tensorflow/serving/classify",
    }


def methods(folder):
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    stored = SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    found = stored.meta_graphs[0].signature_def
    return {name: found[name].method_name for name in found if not name.startswith("__")}


def test_a_regression_answers_in_the_target_s_units(tmp_path):
    """y = 3 x + 50 exactly: the weights of the standardised line are set by hand, 1 and 0."""
    x = np.arange(10.0)
    frame = pd.DataFrame({"x": x, "y": 3.0 * x + 50.0})
    model = zoo.build("linear_regression", frame, target="y")
    kernel, bias = model.network.get_weights()
    if model.preprocessor.encodings.raw:
        kernel, bias = np.full_like(kernel, 1.0 / x.std()), np.full_like(bias, -x.mean() / x.std())
    else:
        kernel, bias = np.ones_like(kernel), np.zeros_like(bias)
    model.network.set_weights([kernel, bias])
    signatures = served(model, tmp_path / "1")
    values = tf.constant([0.0, 4.0, 100.0])
    np.testing.assert_allclose(signatures["serving_default"](x=values)["prediction"], [50.0, 62.0, 350.0], rtol=1e-5)
    regress = signatures["regress"](inputs=tf.constant([example(x=4.0)]))
    np.testing.assert_allclose(regress["outputs"], [62.0], rtol=1e-5)
    assert methods(tmp_path / "1")["regress"] == "tensorflow/serving/regress"


def test_a_threshold_unit_answers_with_its_truth_table(tmp_path):
    signatures = served(zoo.build("mcculloch_pitts", truth_table="nand"), tmp_path / "1")
    patterns = tf.constant([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    np.testing.assert_array_equal(signatures["serving_default"](inputs=patterns)["prediction"], [1, 1, 1, 0])
    examples = tf.constant([example(inputs=pattern) for pattern in patterns.numpy()])
    np.testing.assert_array_equal(signatures["serve_examples"](examples=examples)["prediction"], [1, 1, 1, 0])
    with pytest.raises(tf.errors.InvalidArgumentError, match="is not compatible"):
        signatures["serving_default"](inputs=tf.zeros((2, 3)))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (12, 16, 12, 3), dtype="uint8")
    model = zoo.build("image_mlp", (pixels, np.arange(12) % 3), hidden_units=(4,))
    return pixels, served(model, tmp_path_factory.mktemp("pictures") / "1")


def encoded(pixels, format="PNG", mode=None):
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(pixels, mode=mode).save(content, format)
    return content.getvalue()


def test_image_bytes_give_what_the_pixels_of_pillow_give(pictures):
    pil = pytest.importorskip("PIL.Image")
    pixels, signatures = pictures
    smooth = np.cumsum(pixels[0] // 64, axis=0).astype("uint8")
    content = [encoded(pixels[0]), encoded(smooth, "JPEG")]
    read = np.stack([np.asarray(pil.open(io.BytesIO(c))) for c in content])
    assert not np.array_equal(read[1], smooth)  # a JPEG loses something: both must lose the same
    answer = signatures["serve_image_bytes"](image_bytes=tf.constant(content))
    expected = signatures["serving_default"](image=tf.constant(read))
    np.testing.assert_array_equal(answer["probabilities"], expected["probabilities"])
    by_examples = signatures["serve_examples"](examples=tf.constant([example(image=c) for c in content]))
    np.testing.assert_array_equal(by_examples["probabilities"], expected["probabilities"])


def test_a_grey_image_for_a_model_of_colours_has_three_equal_channels(pictures):
    pytest.importorskip("PIL")
    pixels, signatures = pictures
    grey = pixels[0, :, :, 0]
    answer = signatures["serve_image_bytes"](image_bytes=tf.constant([encoded(grey)]))
    expected = signatures["serving_default"](image=tf.constant(np.repeat(grey[None, ..., None], 3, axis=-1)))
    np.testing.assert_array_equal(answer["probabilities"], expected["probabilities"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("turned", r"must have 16 x 12 pixels \(height x width\).*\[12 16\]"),
        (b"", "must be PNG, JPEG, GIF, BMP or WebP. Received bytes that begin with:.*"),
        (b"no image", r"must be PNG, JPEG, GIF, BMP or WebP. Received bytes that begin with:.*\[110 111 32 105 109"),
    ],
    ids=["size", "empty", "text"],
)
def test_bytes_that_are_no_such_image_are_an_error(pictures, content, message):
    pytest.importorskip("PIL")
    pixels, signatures = pictures
    content = encoded(pixels[0].transpose(1, 0, 2)) if content == "turned" else content
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        signatures["serve_image_bytes"](image_bytes=tf.constant([content]))


def test_keras_s_own_export_method_writes_the_same_signatures(model, tmp_path):
    with contextlib.redirect_stdout(io.StringIO()):
        model.export(tmp_path / "1")
    assert set(tf.saved_model.load(str(tmp_path / "1")).signatures) == {"serving_default", "serve_examples", "classify"}
