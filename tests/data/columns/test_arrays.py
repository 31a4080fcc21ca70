"""Tables with images and arrays beside other columns: read, trained, saved, exported and proved."""

import json

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo import registry
from zoo.artifacts import proof, proof_process
from zoo.data.infer import infer
from zoo.data.preprocessing import Preprocessor
from zoo.data.sampling import sample

ROWS = 48


@pytest.fixture(scope="module")
def columns():
    """A dict of columns: numbers, a category, epoch seconds, two images and a vector; 48 rows."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=ROWS)
    return {
        "x": x,
        "city": np.where(generator.random(ROWS) < 0.5, "Rome", "Oslo"),
        "when": 1_700_000_000 + generator.integers(0, 600, ROWS),
        "photo": generator.integers(0, 256, (ROWS, 6, 6, 3), dtype="uint8"),
        "from behind": generator.integers(0, 256, (ROWS, 5, 5), dtype="uint8"),
        "vector": generator.normal(size=(ROWS, 4)).astype("float32"),
        "y": np.where(x > 0, "yes", "no"),
    }


@pytest.fixture(scope="module")
def frame(columns):
    return pd.DataFrame({name: list(values) for name, values in columns.items()})


@pytest.fixture(scope="module", autouse=True)
def registered():
    zoo.list_models()  # loads the zoo's own entries, which would be forgotten with the copy
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_entries", dict(registry._entries))
        zoo.register(
            "tests/combined",
            builder="tests.data.columns.combined:combined",
            task="classification",
            year=2026,
            paper="None.",
            summary="Combines images, arrays and columns.",
        )
        yield


@pytest.fixture(scope="module")
def run(frame):
    return zoo.train("tests/combined", frame, target="y", verbose=0)


@pytest.fixture(scope="module")
def answers(run, frame):
    return zoo.predict(run, frame)["p_yes"].to_numpy()


def test_a_dict_of_arrays_and_columns_is_the_same_table_as_a_frame(columns, frame):
    of_dict, of_frame = zoo.data.load(columns, target="y"), zoo.data.load(frame, target="y")
    assert of_dict.schema == of_frame.schema
    assert {c.name: (c.kind, c.shape) for c in of_dict.schema.columns} == {
        "x": ("number", None),
        "city": ("category", None),
        "when": ("number", None),
        "photo": ("image", (6, 6, 3)),
        "from behind": ("image", (5, 5, 1)),
        "vector": ("array", (4,)),
    }
    assert of_dict.sha256 == of_frame.sha256


def test_the_hash_of_a_table_is_that_of_its_pixels_too(columns):
    other = {**columns, "photo": columns["photo"].copy()}
    other["photo"][-1, 0, 0, 0] ^= 1
    assert zoo.data.load(other, target="y").sha256 != zoo.data.load(columns, target="y").sha256


def test_each_image_is_an_input_under_its_served_name_and_vectors_are_numbers(run, columns):
    encoded = run.model.preprocessor.encode(pd.DataFrame({name: list(v) for name, v in columns.items() if name != "y"}))
    assert {tensor.name for tensor in run.model.network.inputs} == set(encoded)
    np.testing.assert_array_equal(encoded["photo"], columns["photo"])
    np.testing.assert_array_equal(encoded["from_behind"], columns["from behind"][..., None])
    names = [feature["column"] for feature in run.model.preprocessor.layout.features if feature["tensor"] == "numeric"]
    assert names[:6] == ["x", "when", *(f"vector[{i}]" for i in range(4))]


def test_a_table_of_images_is_predicted_in_every_form(run, columns, frame, answers):
    few = {name: values[:3] for name, values in columns.items() if name != "y"}
    records = frame.head(3).drop(columns="y").to_dict("records")
    for rows in (few, records, frame.head(3), frame.drop(columns="y").head(3)):
        np.testing.assert_allclose(zoo.predict(run, rows)["p_yes"], answers[:3], atol=1e-6)
    np.testing.assert_allclose(zoo.predict(run, frame.iloc[0])["p_yes"], answers[:1], atol=1e-6)
    np.testing.assert_allclose(run.model.predict(frame, verbose=0)[:, 1], answers, atol=1e-6)


def test_a_dict_of_single_values_and_images_is_one_row(run, columns):
    row = {name: values[0] for name, values in columns.items() if name not in ("y", "vector")}
    table = zoo.data.load(row).frame()
    assert len(table) == 1 and table["photo"][0].shape == (6, 6, 3)


def test_an_array_of_one_column_is_numbers():
    assert infer(zoo.data.load({"a": np.arange(4.0)[:, None], "b": [1, 2, 3, 5]}).frame()).column("a").kind == "number"


def test_evaluation_and_pipelines_take_such_tables(run, frame, answers):
    scores = zoo.evaluate(run, frame, target="y", verbose=0)
    assert scores["accuracy"] == pytest.approx(np.mean((answers > 0.5) == (frame["y"] == "yes")))
    (x, y), *_ = zoo.data.pipeline(frame, run.model, batch_size=16, shuffle=False)
    assert x["photo"].shape == (16, 6, 6, 3) and y.shape == (16,)
    assert len(zoo.data.pipeline(frame, run.model, batch_size=16)) == 3


def test_such_a_model_is_saved_loaded_and_trained_further(run, frame, answers, tmp_path):
    run.save(tmp_path / "model")
    loaded = zoo.load(tmp_path / "model")
    np.testing.assert_array_equal(zoo.predict(loaded, frame)["p_yes"], answers)
    assert np.isfinite(zoo.train(loaded, frame, target="y", verbose=0).metrics["val"]["log_loss"])


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proof, "_answer_in_a_fresh_process", proof_process.answer)  # as `quick_proof`
        return zoo.export(run, tmp_path_factory.mktemp("served") / "combined")


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.tensorflow
def test_the_served_graph_takes_pixels_beside_columns(exported, columns, answers):
    import tensorflow as tf

    assert exported.signatures == ("classify", "serve_examples", "serving_default")
    assert exported.inputs["photo"] == ["uint8", [None, 6, 6, 3]]
    assert exported.inputs["from_behind"] == ["uint8", [None, 5, 5, 1]]
    assert exported.inputs["when"] == ["float64", [None]]
    loaded = tf.saved_model.load(str(exported.path))
    outputs = loaded.signatures["serving_default"](
        x=tf.constant(columns["x"], tf.float32),
        city=tf.constant(columns["city"]),
        when=tf.constant(columns["when"], tf.float64),
        photo=tf.constant(columns["photo"]),
        from_behind=tf.constant(columns["from behind"][..., None]),
        vector=tf.constant(columns["vector"]),
    )
    np.testing.assert_allclose(outputs["probabilities"][:, 1], answers, atol=1e-5)


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.tensorflow
def test_an_example_holds_png_beside_numbers_and_large_numbers_as_strings(exported, columns, answers):
    import tensorflow as tf

    def feature(name, value):
        if name in ("photo", "from behind"):
            value = tf.io.encode_png(value.reshape(*value.shape[:2], -1)).numpy()
        if name == "when":
            value = f" {value} ".encode()
        value = value.encode() if isinstance(value, str) else value
        if isinstance(value, bytes):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        return tf.train.Feature(float_list=tf.train.FloatList(value=np.ravel(value)))

    rows = [{name: feature(name, values[i]) for name, values in columns.items() if name != "y"} for i in range(4)]
    examples = [tf.train.Example(features=tf.train.Features(feature=row)).SerializeToString() for row in rows]
    signature = tf.saved_model.load(str(exported.path)).signatures["serve_examples"]
    found = signature(examples=tf.constant(examples))["probabilities"][:, 1]
    np.testing.assert_allclose(found, answers[:4], atol=1e-5)
    with pytest.raises(tf.errors.InvalidArgumentError, match="could not correctly convert string: yesterday"):
        rows[0]["when"] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"yesterday"]))
        signature(
            examples=tf.constant([tf.train.Example(features=tf.train.Features(feature=rows[0])).SerializeToString()])
        )


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.tensorflow
def test_the_request_to_copy_holds_images_as_nested_lists(exported):
    request = json.loads((exported.path / "sample_request.json").read_text())
    assert np.shape(request["instances"][0]["photo"]) == (6, 6, 3)
    assert 1.69e9 < request["instances"][0]["when"] < 1.71e9


@pytest.mark.tensorflow
@pytest.mark.usefixtures("quick_proof")
@pytest.mark.parametrize("format", ["onnx", "numpy"])
def test_other_formats_take_such_tables(run, tmp_path, format):
    """The proof of the export compares them with Python."""
    if format == "onnx":
        pytest.importorskip("tf2onnx")
    columns = ["x", "when", "vector", "from behind", "photo"] if format == "onnx" else ["x", "when", "vector"]
    generator = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "x": generator.normal(size=ROWS),
            "when": 1_700_000_000 + generator.integers(0, 600, ROWS),
            "vector": list(1e9 + generator.normal(size=(ROWS, 2))),
            "photo": list(generator.integers(0, 256, (ROWS, 5, 5, 3), dtype="uint8")),
            "from behind": list(generator.integers(0, 256, (ROWS, 5, 5), dtype="uint8")),
        }
    )[columns].assign(y=["no", "yes"] * (ROWS // 2))
    entry = "tests/combined" if format == "onnx" else "logistic_regression"
    model = zoo.build(entry, table, target="y")
    report = zoo.export(model, tmp_path / format, format=format)
    assert report.inputs["vector"] == ["float64", [None, 2]] and report.max_difference < 1e-5


def test_a_network_that_leaves_an_image_aside_is_refused_by_the_columns_name(frame):
    with pytest.raises(
        ValueError, match=r"'mlp_classifier' must take all images.*no use for photo, from behind\. .*ignore"
    ):
        zoo.build("mlp_classifier", frame, target="y")
    with pytest.raises(ValueError, match=r"one image a row and no other columns.*'photo' and x, city"):
        zoo.build("image_mlp", frame, target="y")


@pytest.mark.parametrize("name", ["mlp_classifier", "logistic_regression", "kohonen_map"])
def test_networks_of_columns_refuse_a_table_of_images_alone(frame, name):
    table = frame[["photo", "from behind", "y"]] if name != "kohonen_map" else frame[["photo", "from behind"]]
    with pytest.raises(
        ValueError, match=r"takes numbers, categories and at most one image a row.*photo, from_behind alone"
    ):
        zoo.build(name, table, target="y" if "y" in table else None)


def test_one_image_beside_columns_is_pixels_beside_numbers(frame):
    model = zoo.build("mlp_classifier", frame[["x", "photo", "y"]], target="y")
    assert {tensor.name for tensor in model.network.inputs} >= {"image", "numeric"}


@pytest.mark.parametrize(
    "cells, message",
    [
        ([np.zeros((2, 2, 3))] * 4, r"'a' must hold images, uint8.*Received: float64 of the shape \(2, 2, 3\)"),
        ([np.full(2, "x")] * 4, r"'a' must hold images.*Received: <U1 of the shape \(2,\)"),
    ],
)
def test_arrays_that_no_kind_takes_are_refused_in_the_zoo_s_words(cells, message):
    with pytest.raises(ValueError, match=message):
        infer(pd.DataFrame({"a": cells, "b": range(4)}))


@pytest.mark.parametrize(
    "cells, message",
    [
        (
            [np.zeros(2), np.ones(3)],
            r"'a' must hold arrays of one shape. Received: \(2,\) in row 0 and \(3,\) in row 1",
        ),
        ([np.zeros(2), None], r"'a' must hold an array in each row. Received: None in row 1"),
    ],
)
def test_arrays_of_a_column_must_be_alike(cells, message):
    frame = pd.DataFrame({"a": pd.Series(cells, dtype=object), "b": [1.0, 2.0]})
    with pytest.raises(ValueError, match=message):
        zoo.build("kohonen_map", frame)


def test_a_stream_refuses_arrays_in_the_zoo_s_words(frame, tmp_path):
    frame.assign(vector=[list(map(float, v)) for v in frame["vector"]])[["x", "vector", "y"]].to_parquet(
        tmp_path / "rows.parquet"
    )
    with pytest.raises(
        ValueError, match="'vector' of .* must hold numbers, strings, booleans or dates. Received: list"
    ):
        zoo.train("logistic_regression", zoo.data.load(tmp_path / "rows.parquet", target="y", stream=True), epochs=1)


def test_a_target_of_arrays_is_refused(frame):
    with pytest.raises(ValueError, match="The target.* must have one value a row. Received: arrays"):
        zoo.build("logistic_regression", frame, target="photo")


def test_many_rows_with_arrays_are_sampled_by_their_other_columns(frame):
    drawn = sample([frame, frame], size=20)
    assert len(drawn.frame) == 20 and set(drawn.counts) == {"city", "y"}
    assert drawn.frame["photo"].iloc[0].shape == (6, 6, 3)


def test_images_may_be_called_as_the_tensors_of_other_columns_are(columns):
    named = {"numeric": columns["photo"], "inputs": columns["from behind"], "x": columns["x"]}
    frame = pd.DataFrame({name: list(values) for name, values in named.items()})
    preprocessor = Preprocessor(infer(frame)).fit(frame)
    encoded = preprocessor.encode(frame)
    shapes = {"numeric_tensor": (ROWS, 6, 6, 3), "inputs_tensor": (ROWS, 5, 5, 1)}
    assert {name: encoded[name].shape for name in shapes} == shapes and encoded["numeric"].shape == (ROWS, 1)
    assert set(preprocessor.layout.sizes["tensors"]) == set(shapes) and preprocessor.layout.sizes["num_numeric"] == 1


@pytest.mark.parametrize("linear", [False, True])
def test_an_image_called_linear_stands_beside_the_tensor_of_that_name(columns, linear):
    rows = {"x": columns["x"], "linear": columns["photo"], "behind": columns["photo"], "y": columns["y"]}
    data = zoo.data.load(rows, target="y")
    known = Preprocessor(data.schema, linear=linear).fit(data.x)
    encoded = known.encode(data.x)
    assert list(known.layout.own_tensors) == ["linear_tensor" if linear else "linear", "behind"]
    assert encoded["linear"].shape == ((ROWS, 1) if linear else (ROWS, 6, 6, 3))
