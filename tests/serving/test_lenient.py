"""What `--lenient` takes is what training took: each row is answered as `zoo.predict` answers it in Python."""

import json
import math

import numpy as np
import pandas as pd
import pytest

import zoo
from tests.serving.conftest import ROW, client, exported
from zoo.serving import protocol
from zoo.serving.app import App
from zoo.serving.lenient import Lenient
from zoo.serving.models import open_folders
from zoo.serving.protocol import Refused

PREDICT = "/v1/models/orders:predict"
COLUMNS = ["price", "inhabitants", "paid by card", "floor", "ordered", "note"]


def orders(rows=60):
    """Orders with prices written as in Germany, whole numbers beyond float32, and floors that are categories."""
    generator = np.random.default_rng(0)
    prices = [f"1.{10 * i:03},5" if i % 7 else "" for i in range(rows)]
    frame = pd.DataFrame(
        {
            "price": prices,
            "inhabitants": generator.integers(2**24, 2**40, rows),
            "paid by card": generator.random(rows) < 0.5,
            "floor": pd.Categorical(generator.integers(1, 4, rows)),
            "ordered": [f"{1 + i % 28:02}/{1 + i % 12:02}/2024" for i in range(rows)],
            "note": [f"parcel {i} of {rows} for house {i * 7}" for i in range(rows)],
        }
    )
    return frame.assign(late=np.where(frame["paid by card"] ^ (frame["floor"].astype(int) > 2), "yes", "no"))


@pytest.fixture(scope="module")
def model():
    return zoo.train("mlp_classifier", orders(), target="late", hidden_units=(8,), epochs=2, verbose=0).model


@pytest.fixture(scope="module")
def opened(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lenient") / "orders"
    exported(model, folder)
    models = open_folders([folder], "tensorflow")
    yield models
    models["orders"].close()


@pytest.fixture
def ask(opened):
    return client(App(opened, lenient=True))


def offline(model, row):
    """Returns what Python answers to a row: probabilities. What it does not have is None."""
    frame = pd.DataFrame({name: pd.Series([row.get(name)], dtype=object) for name in COLUMNS})
    return zoo.predict(model, frame).filter(regex="^p_").to_numpy()[0]


FULL = {
    "price": "1.250,5",
    "inhabitants": 2**33 + 1,
    "paid by card": True,
    "floor": 2,
    "ordered": "13/05/2024",
    "note": "parcel 3 of 60 for house 21",
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"price": 1250.5},
        {"price": 1250},
        {"price": ""},
        {"price": "n/a"},
        {"price": None},
        {"price": math.nan},
        {"price": True},
        {"price": 10**40},
        {"price": 1e39},
        {"inhabitants": 2**60 + 1},
        {"inhabitants": 10**40},
        {"inhabitants": -(10**300)},
        {"inhabitants": 1e39},
        {"inhabitants": str(2**33 + 1)},
        {"inhabitants": None},
        {"paid by card": "false"},
        {"paid by card": "TRUE"},
        {"paid by card": 0},
        {"paid by card": "1"},
        {"paid by card": None},
        {"floor": 2.0},
        {"floor": "3"},
        {"floor": True},
        {"floor": 99},
        {"floor": None},
        {"floor": math.nan},
        {"ordered": "2024-05-13"},
        {"ordered": None},
        {"note": 12},
        {"note": None},
    ],
    ids=repr,
)
def test_a_row_is_answered_as_python_answers_it(ask, model, change):
    row = {**FULL, **change}
    for body in ({"instances": [row]}, {"inputs": {name: [value] for name, value in row.items()}}):
        status, content, _ = ask("POST", PREDICT, json.dumps(body).encode())
        assert status == 200, content
        found = content["predictions"][0] if "predictions" in content else content["outputs"]
        np.testing.assert_allclose(np.ravel(found["probabilities"]), offline(model, row), atol=1e-5)


def test_the_changes_of_a_row_change_its_answer(model):
    """Else the test above would pass whatever the server read."""
    answers = {
        offline(model, {**FULL, **change})[0].item()
        for change in ({}, {"price": None}, {"inhabitants": 2**60}, {"paid by card": False}, {"floor": 3})
    }
    assert len(answers) == 5


@pytest.mark.parametrize("name", COLUMNS)
def test_a_missing_key_is_a_missing_value(ask, model, name):
    row = {key: value for key, value in FULL.items() if key != name}
    status, content, _ = ask("POST", PREDICT, {"instances": [row, FULL]})
    assert status == 200, content
    np.testing.assert_allclose(content["predictions"][0]["probabilities"], offline(model, row), atol=1e-5)
    np.testing.assert_allclose(content["predictions"][1]["probabilities"], offline(model, FULL), atol=1e-5)
    columns = {key: [value] for key, value in row.items()}
    assert ask("POST", PREDICT, {"inputs": columns})[1]["outputs"]["label"] == [content["predictions"][0]["label"]]


def test_keys_that_are_no_columns_are_ignored_and_counted(ask, opened):
    lenient = opened["orders"].version.lenient
    before = (lenient.ignored, lenient.absent)
    more = {**FULL, "late": "yes", "customer": {"id": [1, 2]}}
    del more["note"]
    rows = ask("POST", PREDICT, {"instances": [{**FULL, "late": "no"}, FULL, more]})[1]["predictions"]
    assert rows[0] == rows[1] != rows[2]
    assert (lenient.ignored - before[0], lenient.absent - before[1]) == (3, 1)


def test_examples_are_as_lenient_as_rows(ask, model):
    row = {**FULL, "price": None, "more": 1}
    del row["floor"]
    status, content, _ = ask("POST", "/v1/models/orders:classify", {"examples": [row]})
    assert status == 200, content
    np.testing.assert_allclose([score for _, score in content["results"][0]], offline(model, row), atol=1e-5)


def test_examples_take_served_names_and_are_counted_and_refused_as_rows_are(ask, opened, model):
    def classify(**request):
        return ask("POST", "/v1/models/orders:classify", request)

    lenient = opened["orders"].version.lenient
    before = (lenient.ignored, lenient.absent)
    row = {("paid_by_card" if name == "paid by card" else name): value for name, value in FULL.items()}
    floor = row.pop("floor")
    status, content, _ = classify(context={"floor": 1}, examples=[{**row, "floor": floor, "more": 1}, row])
    assert status == 200, content
    for found, of_floor in zip(content["results"], (floor, 1), strict=True):
        np.testing.assert_allclose(
            [score for _, score in found], offline(model, {**FULL, "floor": of_floor}), atol=1e-5
        )
    assert classify(examples=[{"note": "a"}])[0] == 200
    assert (lenient.ignored - before[0], lenient.absent - before[1]) == (1, 5)
    for example, said in (({"Price": 1.0}, "at least one of"), ({**FULL, "paid_by_card": True}, "each column once")):
        status, content, _ = classify(examples=[FULL, example])
        assert status == 400 and said in content["error"] and "in row 1" in content["error"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"price": "1250.5"},
            "The column 'price' must hold numbers with the decimal mark ','. Received: '1250.5' in row 1. Repair",
        ),
        ({"inhabitants": "many"}, "The column 'inhabitants' must hold numbers. Received: 'many' in row 1."),
        ({"inhabitants": 10**400}, "The column 'inhabitants' must hold numbers. Received: 1000"),
        ({"paid by card": "perhaps"}, "must hold true or false, 1 or 0. Received: 'perhaps' in row 1."),
        ({"ordered": 20240513}, "The column 'ordered' must hold dates in the notation %d/%m/%Y or ISO 8601. Received"),
        ({"price": [1.0]}, "JSON Value: [1.0] Type: Array is not of expected type: float"),
        ({"note": {"text": 1}}, "not formatted correctly for base64 data"),
    ],
    ids=repr,
)
def test_what_training_would_not_take_is_refused(ask, change, said):
    status, content, _ = ask("POST", PREDICT, {"instances": [FULL, {**FULL, **change}]})
    assert status == 400 and said in content["error"]


def test_a_row_of_other_keys_alone_is_refused(ask):
    status, content, _ = ask("POST", PREDICT, {"instances": [FULL, {"Price": 1.0, "Floor": 2}]})
    assert status == 400
    assert content["error"] == (
        "A row must have at least one of the columns price, inhabitants, paid by card, floor, ordered, note. Received "
        "in row 1: Price, Floor. Did you mean 'price'?"
    )
    assert ask("POST", PREDICT, {"instances": [{}]})[0] == 200  # all is missing


def test_without_it_the_signature_decides(opened, ask):
    strict = client(App(opened))
    for row in ({**FULL, "price": 1.0}, {"price": 1.0}):
        assert strict("POST", PREDICT, {"instances": [row]})[0] == 400
        assert ask("POST", PREDICT, {"instances": [row]})[0] == 200


def test_strict_rows_are_answered_alike(models):
    asked = {"instances": [ROW, {**ROW, "age": math.nan, "class_": ""}]}
    strict, lenient = (client(App(models, lenient=way))("POST", "/v1/models/ship:predict", asked) for way in (0, 1))
    assert lenient[:2] == strict[:2] and strict[0] == 200


TWINS = [{"name": raw, "kind": "number", "served": served} for raw, served in (("a b", "a_b"), ("a_b", "a_b_2"))]
TWIN_INPUTS = {"a_b": ["float32", [None]], "a_b_2": ["float32", [None]]}


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"a_b": 1.0, "a_b_2": 2.0}, [1.0, 2.0]),  # a strict request, as sample_request.json has it
        ({"a b": 1.0, "a_b": 2.0}, [1.0, 2.0]),
        ({"a b": 1.0, "a_b_2": 2.0}, [1.0, 2.0]),
        ({"a_b": 2.0}, [math.nan, 2.0]),
    ],
    ids=str,
)
def test_a_served_name_that_is_another_columns_raw_name_loses_no_value(row, wanted):
    rows, columns = {"instances": [row]}, {"inputs": {name: [value] for name, value in row.items()}}
    for request in (rows, columns):
        found, _, _ = protocol.tensors(request, TWIN_INPUTS, most_rows=9, lenient=Lenient(TWINS, TWIN_INPUTS))
        np.testing.assert_array_equal([found["a_b"][0], found["a_b_2"][0]], wanted)


def test_a_row_that_has_a_column_twice_is_refused():
    row = {"a b": 1.0, "a_b": 2.0}
    for more in ({"a_b_2": 3.0}, {"a_b_2": 3.0, "more": 4}):
        with pytest.raises(Refused, match="each column once. Received in row 1: 'a_b' and 'a_b_2', which are the raw"):
            protocol.tensors(
                {"instances": [row, {**row, **more}]}, TWIN_INPUTS, most_rows=9, lenient=Lenient(TWINS, TWIN_INPUTS)
            )


INPUTS = {"x": ["float32", [None, 2]], "image": ["uint8", [None, 1, 1, 1]], "t": ["float32", [None, None, 1]]}
DESCRIBED = [{"name": name, "kind": "array", "served": name, "shape": [1]} for name in INPUTS]


def test_vectors_take_null_and_images_and_sequences_must_be_there():
    lenient = Lenient(DESCRIBED, INPUTS)
    whole = {"x": [1.0, None], "image": [[[3]]], "t": [[0.5]]}
    found, _, _ = protocol.tensors({"instances": [whole, {**whole, "x": None}]}, INPUTS, most_rows=9, lenient=lenient)
    np.testing.assert_array_equal(found["x"], np.float32([[1.0, np.nan], [np.nan, np.nan]]))
    for name in ("image", "t"):
        row = {key: value for key, value in whole.items() if key != name}
        with pytest.raises(Refused, match=f"Each row must have the column '{name}'.*Received: none in row 1. Add it"):
            protocol.tensors({"instances": [whole, row]}, INPUTS, most_rows=9, lenient=lenient)


@pytest.mark.parametrize("columns", [[], [{"name": "age", "kind": "elsewhere/age", "served": "age"}]])
def test_columns_that_nobody_describes_take_null_and_booleans_alone(columns):
    inputs = {"age": ["float32", [None]], "sex": ["string", [None]]}
    lenient = Lenient(columns, inputs)
    rows = [{"age": None, "sex": None}, {"age": True, "sex": "m"}, {"age": 2**24 + 1}, {"age": 10**40}]
    found, _, _ = protocol.tensors({"instances": rows}, inputs, most_rows=9, lenient=lenient)
    np.testing.assert_array_equal(found["age"], np.float32([np.nan, 1.0, 2**24, np.inf]))
    assert found["sex"].tolist() == [b"", b"m", b"", b""]
    for row, said in (({"age": "3"}, "expected type: float"), ({"sex": 3}, "type: string"), ({"age": 10**400}, "loss")):
        with pytest.raises(Refused, match=said):
            protocol.tensors({"instances": [row]}, inputs, most_rows=9, lenient=lenient)
