"""Numbers that float32 does not resolve: read less their middle, in Python and in what is served."""

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.data.doubts import DataWarning
from zoo.data.infer import infer
from zoo.data.preprocessing import Preprocessor

U = np.random.default_rng(0).normal(size=200)
COLUMNS = {
    "seconds": (1.7e9 + 600 * U).astype("int64"),
    "milliseconds": (1.7e12 + 6e5 * U).astype("int64"),
    "nanoseconds": (1.7e18 + 6e11 * U).astype("int64"),
    "latitude": 48.1371 + 1e-4 * U,
    "money": 1e9 + U,
}


def fitted(frame, encodings="standard", **options):
    return Preprocessor(infer(frame), encodings, **options).fit(frame)


@pytest.mark.parametrize("name", COLUMNS)
def test_statistics_and_encoding_are_those_of_float64(name):
    x = COLUMNS[name]
    preprocessor = fitted(pd.DataFrame({name: x}))
    exact = x.astype("float64")
    np.testing.assert_allclose(preprocessor.encode(pd.DataFrame({name: x}))["numeric"][:, 0],
                               (exact - exact.mean()) / exact.std(), atol=1e-5)  # fmt: skip
    (feature,) = preprocessor.layout.features
    assert feature["center"] == pytest.approx(exact.mean(), abs=1e-5 * exact.std())
    assert feature["scale"] == pytest.approx(exact.std(), rel=1e-5)
    assert preprocessor.signature()[name].dtype.name == "float64"


@pytest.mark.parametrize("name", COLUMNS)
def test_the_served_graph_reads_as_python_does(name):
    import tensorflow as tf

    x = COLUMNS[name]
    preprocessor = fitted(pd.DataFrame({name: x}))
    served = preprocessor.module()({name: tf.constant(x.astype("float64"))})["numeric"]
    np.testing.assert_array_equal(served, preprocessor.encode(pd.DataFrame({name: x}))["numeric"])


def test_numbers_that_float32_resolves_are_served_as_before():
    frame = pd.DataFrame({"fare": np.abs(1e6 * U), "year": np.arange(1900.0, 2100.0)})
    assert {spec.dtype.name for spec in fitted(frame).signature().values()} == {"float32"}


def test_whole_numbers_that_float32_has_not_all_of_are_served_as_float64():
    """TensorFlow Serving takes no whole number beyond 2**24 for a float32, though float32 resolves their spread."""
    frame = pd.DataFrame({"people": np.arange(200) * 10_000_000, "metres": np.arange(200) * 1e7 + 0.5})
    preprocessor = fitted(frame)
    assert [spec.dtype.name for spec in preprocessor.signature().values()] == ["float64", "float32"]
    assert preprocessor.states[0].get("offset") is None
    large = frame["people"].astype("float64")
    np.testing.assert_allclose(preprocessor.encode(frame)["numeric"][:, 0], (large - large.mean()) / large.std(ddof=0),
                               atol=1e-6)  # fmt: skip
    assert fitted(frame, "raw").signature()["people"].dtype.name == "float64"


def test_vectors_have_an_offset_for_each_number():
    x = np.stack([COLUMNS["seconds"].astype("float64"), U, COLUMNS["money"]], axis=1)
    preprocessor = Preprocessor(zoo.data.load(x).schema, "standard").fit(x)
    np.testing.assert_allclose(preprocessor.encode(x)["numeric"], (x - x.mean(axis=0)) / x.std(axis=0), atol=1e-5)
    offsets = preprocessor.states[0]["offset"]
    assert offsets == [np.median(x[:, 0]), 0.0, np.median(x[:, 2])]
    np.testing.assert_array_equal(preprocessor.tensors(x)["inputs"], x)


def test_a_network_on_time_stamps_finds_the_line():
    """Least squares leaves nothing; with the time stamps in float32, which has steps of 128 there, .6 is left."""
    y = 3 * U + 1
    table = zoo.train("linear_regression", pd.DataFrame({"t": COLUMNS["milliseconds"], "y": y}), target="y", verbose=0)
    assert table.metrics["train"]["rmse"] < 0.05  # the deviation is 3
    array = zoo.train("linear_regression", (COLUMNS["milliseconds"].astype("float64")[:, None], y), verbose=0)
    assert array.metrics["train"]["rmse"] < 0.05


@pytest.mark.parametrize("as_table", [True, False])
def test_a_map_of_time_stamps_has_the_quantization_error_that_numpy_finds(as_table):
    x = np.stack([COLUMNS["seconds"], 600 * U[::-1]], axis=1).astype("float64")
    rows = pd.DataFrame(x, columns=["when", "what"]) if as_table else x
    model = zoo.train("kohonen_map", rows, epochs=3, grid=(3, 3), verbose=0).model
    units = model.codebook.reshape(9, 2)
    assert units.dtype == "float64" and np.all(np.abs(units[:, 0] - 1.7e9) < 3000)
    nearest = np.sqrt(((x[:, None] - units) ** 2).sum(axis=2)).min(axis=1)
    assert model.quantization_error(rows) == pytest.approx(nearest.mean(), rel=1e-5)
    np.testing.assert_allclose(model.distances(rows).min(axis=1), nearest, rtol=1e-4, atol=1e-3)


def test_a_codebook_given_for_time_stamps_is_in_their_units():
    x = pd.DataFrame({"when": COLUMNS["seconds"], "what": U})
    codebook = np.stack([np.linspace(1.7e9 - 600, 1.7e9 + 600, 4), np.zeros(4)], axis=1).reshape(2, 2, 2)
    model = zoo.build("kohonen_map", x, grid=(2, 2), initial=codebook)
    np.testing.assert_allclose(model.codebook, codebook, rtol=0, atol=1e-4)


def test_a_network_whose_answers_are_in_the_units_of_its_inputs_warns():
    with pytest.warns(DataWarning, match="'when': the numbers differ by less than float32 resolves.*Subtract their"):
        zoo.build("modern_hopfield", pd.DataFrame({"when": COLUMNS["seconds"], "what": U}))


@pytest.fixture(scope="module")
def trained():
    frame = pd.DataFrame({**COLUMNS, "y": 3 * U + 1})
    return zoo.train("linear_regression", frame, target="y", epochs=3, verbose=0), frame


@pytest.mark.tensorflow
@pytest.mark.usefixtures("quick_proof")
@pytest.mark.parametrize("format", ["onnx", "numpy"])
def test_exports_take_float64_and_prove_themselves(trained, tmp_path, format):
    if format == "onnx":
        pytest.importorskip("tf2onnx")
    report = zoo.export(trained[0], tmp_path / format, format=format)
    assert {dtype for dtype, _ in report.inputs.values()} == {"float64"}
    assert report.max_difference < 1e-5


@pytest.mark.tensorflow
def test_litert_refuses_them_by_name(trained, tmp_path):
    pytest.importorskip("ai_edge_litert")
    with pytest.raises(ValueError, match="no operation for numbers in float64.* from the columns 'seconds', 'milli"):
        zoo.export(trained[0], tmp_path / "litert", format="litert")


@pytest.mark.tensorflow
@pytest.mark.usefixtures("quick_proof")
def test_litert_takes_large_whole_numbers_as_float32(tmp_path):
    pytest.importorskip("ai_edge_litert")
    frame = pd.DataFrame({"people": np.arange(200) * 10_000_000, "y": U})
    model = zoo.build("linear_regression", frame, target="y")
    report = zoo.export(model, tmp_path / "litert", format="litert")
    assert report.inputs == {"people": ["float32", [None]]} and report.max_difference < 1e-5


def test_a_few_rows_and_many_are_read_alike(trained):
    run, frame = trained
    many = zoo.predict(run, frame)["prediction"].to_numpy()
    np.testing.assert_array_equal(zoo.predict(run, frame.head(2))["prediction"], many[:2])
    row = {name: values[0].item() for name, values in COLUMNS.items()}
    assert zoo.predict(run, row)["prediction"][0] == many[0]
