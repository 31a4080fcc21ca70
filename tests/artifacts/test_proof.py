import base64
import io
import types

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo import registry
from zoo.artifacts import proof
from zoo.data import image_pixels

pytestmark = pytest.mark.tensorflow


def test_the_cases_are_those_that_break_servers(run):
    cases = proof.cases(run.model)
    assert {case: len(rows) for case, rows in cases.items()} == {
        "many": 1000, "one": 1, "missing": 16, "unseen": 16, "empty": 1, "types": 16, "extreme": 16,
    }  # fmt: skip
    assert cases["missing"]["weight in kg"].isna().sum() == 8
    assert set(cases["unseen"]["class"]).isdisjoint(run.model.schema.column("class").categories)
    assert cases["empty"].isin([""]).sum().sum() + cases["empty"].isna().sum().sum() == len(run.model.schema.names)
    dtypes = [str(cases["types"][name].dtype) for name in ("weight in kg", "Größe", "A", "2nd visit")]
    assert dtypes == ["int64", "Int32", "str", "bool"]
    assert {np.inf, -np.inf, 1e30, -1e30} < set(cases["extreme"]["A"])


def test_sampled_rows_are_like_those_of_training(run, notes):
    rows = proof.sample_rows(run.model, 1000)
    assert {value.strip(" \t\xa0") for value in rows["class"]} == {"bird", "fish", "mammal", "", "?"}
    assert " bird\t" in set(rows["class"])
    assert set(rows["2nd visit"]) == {0.0, 1.0}
    assert abs(rows["Größe"].median() - notes["Größe"].median()) < 0.1
    assert rows["arrived"].str[:4].isin(["2020", "2021", "2022"]).mean() > 0.8
    assert rows["note"].str.contains("hay").any()
    assert proof.sample_rows(run.model, 1000).equals(rows)


def test_requests_are_cast_by_numpy_alone_and_examples_leave_out_what_is_missing(run):
    import tensorflow as tf

    rows = proof.cases(run.model)
    sent = proof.requests(run.model, rows)
    np.testing.assert_array_equal(sent["serving_default:many/A"], rows["many"]["A"].to_numpy("float32"))
    assert base64.b64decode(sent["serving_default:one/note"][0]).decode() == rows["many"]["note"][0]
    empty = tf.train.Example.FromString(base64.b64decode(sent["serve_examples:empty/examples"][0]))
    one = tf.train.Example.FromString(base64.b64decode(sent["serve_examples:one/examples"][0]))
    assert dict(empty.features.feature) == {}
    assert one.features.feature["Größe"].float_list.value[0] == np.float32(rows["many"]["Größe"][0])


def test_images_are_proved_as_pixels_and_as_bytes():
    model = zoo.build("image_mlp", (np.zeros((4, 5, 6, 3), "uint8"), np.arange(4) % 2), hidden_units=(2,))
    sent = proof.requests(model, proof.cases(model))
    assert sent["serving_default:many/image"].shape == (1000, 5, 6, 3)
    assert base64.b64decode(sent["serve_image_bytes:many/image_bytes"][0]).startswith(b"\x89PNG")
    assert len(sent["serve_image_bytes:many/image_bytes"]) == 16


def test_images_that_are_turned_and_resized_are_proved_by_what_python_reads():
    pil = pytest.importorskip("PIL.Image")
    pixels = np.zeros((4, 5, 6, 3), "uint8")
    model = zoo.build("image_mlp", (pixels, np.arange(4) % 2), image_size=(5, 6), hidden_units=(2,))
    rows = proof.cases(model)
    sent = proof.requests(model, rows)
    for case, sizes in (("jpeg", {(6, 5), (5, 6)}), ("resized", {(9, 11)})):  # width and height
        contents = [base64.b64decode(content) for content in sent[f"serve_image_bytes:{case}/image_bytes"]]
        assert {pil.open(io.BytesIO(content)).size for content in contents} == sizes
        read = [image_pixels.of_bytes(content, case, size=(5, 6)) for content in contents]
        np.testing.assert_array_equal(np.stack(read), rows[case])


def compared(task, found, outputs, scale=1.0):
    schema = types.SimpleNamespace(classes=("no", "yes"), targets=["y"])
    task = registry.load_task(task)
    model = types.SimpleNamespace(
        task=task,
        target=task.target_type(schema, {"center": 0.0, "scale": scale}),
        decision="softmax",
    )
    return proof._compare(
        model, "s:one", {f"s:one/{name}": np.array(v) for name, v in found.items()}, np.array(outputs)
    )


def test_probabilities_may_differ_by_a_hundred_thousandth():
    def answer(shift, label=b"yes", probability=None):
        p = np.array([[0.25, 0.75 + shift]])
        return {"probabilities": p, "label": [label], "probability": p[:, 1] if probability is None else [probability]}

    assert compared("classification", answer(5e-6), [[0.25, 0.75]]) == pytest.approx(5e-6)
    with pytest.raises(RuntimeError, match=r"probabilities of the request 's:one' differ by 2e-05, beyond 1e-05"):
        compared("classification", answer(2e-5), [[0.25, 0.75]])
    with pytest.raises(RuntimeError, match="labels of the request"):
        compared("classification", answer(0.0, label=b"no"), [[0.25, 0.75]])
    with pytest.raises(RuntimeError, match="probabilities of the labels"):
        compared("classification", answer(0.0, probability=0.25), [[0.25, 0.75]])
    with pytest.raises(RuntimeError, match="differ by nan"):
        compared("classification", answer(np.nan), [[0.25, 0.75]])


def test_values_may_differ_by_a_hundred_thousandth_of_a_deviation_and_four_units_in_the_last_place():
    """Between 2^17 and 2^18 a float32's last place is 2^-6: 4 of them are 0.0625; the deviation 1000 allows 0.01."""
    outputs = np.array([[200_000.0]], "float32")
    assert compared("regression", {"prediction": [200_000.0625]}, outputs, 1000.0) == pytest.approx(3.125e-7)
    assert compared("regression", {"prediction": [200.005]}, [[200.0]], 1000.0) == pytest.approx(5e-6)
    with pytest.raises(RuntimeError, match=r"values of the request 's:one' differ by 0.0781, beyond 0.0725"):
        compared("regression", {"prediction": [200_000.078125]}, outputs, 1000.0)
    with pytest.raises(RuntimeError, match="values of the request"):
        compared("regression", {"prediction": [np.nan]}, outputs, 1000.0)


def test_a_huge_value_does_not_make_a_difference_huge():
    huge = np.float32(2.0**100)
    above = np.nextafter(huge, np.float32(np.inf))
    assert compared("regression", {"prediction": [above]}, [[huge]]) == pytest.approx(2.0**-23)


def test_huge_numbers_may_overflow_as_they_do_in_python():
    outputs = np.array([[np.inf], [np.nan], [2.0]], "float32")
    assert compared("regression", {"prediction": [np.inf, np.nan, 2.0]}, outputs) == 0.0
    with pytest.raises(RuntimeError, match="values of the request"):
        compared("regression", {"prediction": [np.inf, 1.0, 2.0]}, outputs)


def test_a_model_whose_training_diverged_is_not_exported(tmp_path):
    regressor = zoo.build("linear_regression", pd.DataFrame({"x": [0.0, 1.0], "y": [1.0, 2.0]}), target="y")
    regressor.network.set_weights([np.full_like(w, np.nan) for w in regressor.network.get_weights()])
    with pytest.raises(ValueError, match=r"are not finite: there is nothing to serve. Its training diverged"):
        zoo.export(regressor, tmp_path / "served")
    assert not (tmp_path / "served").exists()
