"""Models whose columns have encodings that a dict chose: what is saved, exported and refused."""

import numpy as np
import pandas as pd
import pytest

import zoo
from tests.artifacts.test_numpy_format import program
from zoo.artifacts import numpy_format
from zoo.data.columns.strings import UNSEEN

CHOSEN = {"text": "ngrams", "category": "target_means", "date": ("circles", "months")}


@pytest.fixture(scope="module")
def places():
    draw = np.random.default_rng(0)
    towns = [f"town {i:02d}" for i in range(12)]
    frame = pd.DataFrame(
        {
            "area": draw.gamma(2.0, 30.0, 150),
            "town": [*towns, *draw.choice(towns, 138)],
            "size": draw.choice(["s", "m", "l"], 150),
            "street": [
                f"{a} {b} {i}" for i, (a, b) in enumerate(draw.choice(["Lake", "Ärger", "Çay", "道"], (150, 2)))
            ],
            "sold": pd.date_range("2024-01-01", periods=150).astype(str),
        }
    )
    frame.loc[::9, ["town", "street", "area"]] = None
    return frame.assign(price=draw.normal(size=150), kind=draw.choice(["a", "b", "c"], 150))


@pytest.fixture(scope="module")
def run(places):
    return zoo.train(
        "mlp_classifier",
        places.drop(columns="price"),
        target="kind",
        encodings=CHOSEN,
        hidden_units=(4,),
        epochs=2,
        verbose=0,
    )


@pytest.fixture(scope="module")
def without_texts(places):
    """A model for the formats that have no strings but levels."""
    frame = places.drop(columns=["street", "sold", "kind"])
    encodings = {"category": "target_means", "others": "standard"}
    return zoo.train(
        "mlp_regressor", frame, target="price", encodings=encodings, hidden_units=(4,), epochs=2, verbose=0
    )


def strange(places):
    """Rows with what no training has met, and with nothing."""
    rows = places.head(20).drop(columns=["price", "kind"])
    rows.loc[:4, ["town", "street"]] = UNSEEN
    rows.loc[5:8, ["town", "street", "size", "sold"]] = None
    rows.loc[9, "street"] = " \u2003Lake\tİSTANBUL ΣΑΣ 道" * 40
    return rows


def test_a_model_that_is_saved_and_loaded_answers_the_same_and_is_trained_on(run, places, tmp_path):
    run.save(tmp_path / "m")
    again = zoo.load(tmp_path / "m")
    rows = strange(places)
    pd.testing.assert_frame_equal(zoo.predict(again, rows), zoo.predict(run, rows))
    chosen = {**CHOSEN, "date": ["circles", "months"]}
    assert again.card["recipe"]["encodings"] == {"others": "expanded", **chosen}
    further = zoo.train(again, places.drop(columns="price"), epochs=1, verbose=0)
    known, before = (dict(one.model.preprocessor.get_config()) for one in (further, run))
    assert known.pop("target") and before.pop("target") and known == before  # calibration is fitted anew


def test_the_served_graph_answers_as_python_does(run, places, quick_proof, tmp_path):
    assert zoo.export(run, tmp_path / "m").max_difference < 1e-5
    rows = strange(places)
    served = {name: np.asarray(values) for name, values in run.model.preprocessor.tensors(rows).items()}
    encoded = {name: tensor.numpy() for name, tensor in run.model.preprocessor.module()(served).items()}
    for name, values in run.model.preprocessor.encode(rows).items():
        np.testing.assert_allclose(encoded[name], values, atol=1e-6)


def test_numpy_reads_n_grams_and_means_as_the_graph_does(run, places, tmp_path):
    numpy_format.write(run.model, tmp_path)
    rows = strange(places)
    found = program(tmp_path).predict({name: rows[name].tolist() for name in rows})["probabilities"]
    np.testing.assert_allclose(found, run.model.predict(rows, verbose=0), atol=2e-6)


def test_months_are_proved_in_onnx(places, quick_proof, tmp_path):
    frame, encodings = places[["sold", "price"]], {"date": ("circles", "months")}
    model = zoo.build("mlp_regressor", frame, target="price", encodings=encodings, hidden_units=(4,))
    assert zoo.export(model, tmp_path / "m", format="onnx").max_difference < 1e-5


@pytest.mark.parametrize("format", ["onnx", "litert", "numpy"])
def test_target_means_are_proved_in_every_format(without_texts, quick_proof, tmp_path, format):
    assert zoo.export(without_texts, tmp_path / "m", format=format).max_difference < 1e-5


@pytest.mark.parametrize(
    ("format", "message"),
    [
        ("onnx", "Columns of the kind 'text' cannot be read in ONNX. Received: 'street'. Export as tf_saved_model"),
        ("litert", "LiteRT has no operation for n-grams of texts. Received: .* from the column 'street'"),
    ],
)
def test_n_grams_are_refused_by_name_where_there_are_no_characters(places, tmp_path, format, message):
    frame = places.drop(columns=["price", "sold"])
    model = zoo.build("mlp_classifier", frame, target="kind", encodings=CHOSEN, hidden_units=(4,))
    with pytest.raises(ValueError, match=message):
        zoo.export(model, tmp_path / "m", format=format)
