"""JSON to tensors: types, shapes and messages as in TensorFlow Serving's json_tensor.cc."""

import json
import math

import numpy as np
import pytest

from zoo.serving import protocol
from zoo.serving.lenient import Lenient
from zoo.serving.protocol import Refused

COLUMNS = {"age": ["float32", [None]], "sex": ["string", [None]]}
PIXELS = {"image": ["uint8", [None, 2, 2, 1]]}


def tensors(request, inputs=COLUMNS, **options):
    return protocol.tensors(request, inputs, most_rows=options.pop("most_rows", 100), **options)


def refused(request, inputs=COLUMNS, **options):
    with pytest.raises(Refused) as caught:
        tensors(request, inputs, **options)
    return caught.value.status, caught.value.said


def test_rows_become_columns():
    found, rows, by_row = tensors({"instances": [{"age": 22.5, "sex": "male"}, {"sex": "", "age": 3}]})
    assert (rows, by_row) == (2, True)
    assert found["age"].dtype == np.float32 and found["age"].tolist() == [22.5, 3.0]
    assert found["sex"].tolist() == [b"male", b""]


def test_columns_stay_columns():
    found, rows, by_row = tensors({"inputs": {"age": [1.0, 2.0, 3.0], "sex": ["a", "b", "c"]}})
    assert (rows, by_row) == (3, False)
    assert found["sex"].tolist() == [b"a", b"b", b"c"]


def test_nan_and_infinity_are_bare_tokens_both_ways():
    request = protocol.parse(b'{"inputs": {"age": [NaN, Infinity, -Infinity], "sex": ["", "", ""]}}')
    age = tensors(request)[0]["age"]
    assert math.isnan(age[0]) and age[1:].tolist() == [math.inf, -math.inf]
    assert protocol.answer({"prediction": age}, True) == b'{"predictions": [NaN, Infinity, -Infinity]}'


def test_bytes_come_in_base_64():
    assert tensors({"instances": [{"age": 1.0, "sex": {"b64": "/+A="}}]})[0]["sex"].tolist() == [b"\xff\xe0"]
    only = {"image_bytes": ["string", [None]]}
    assert tensors({"instances": [{"b64": "AAE="}]}, only)[0]["image_bytes"].tolist() == [b"\x00\x01"]
    assert tensors({"instances": [{"image_bytes": {"b64": "AAE="}}]}, only)[0]["image_bytes"].tolist() == [b"\x00\x01"]
    assert "Unable to base64 decode" in refused({"instances": [{"b64": "A*E="}]}, only)[1]


def test_images_are_nested_lists():
    found, rows, _ = tensors({"instances": [[[[0], [1]], [[2], [255]]]]}, PIXELS)
    assert found["image"].shape == (1, 2, 2, 1) and found["image"].ravel().tolist() == [0, 1, 2, 255]
    assert tensors({"inputs": [[[[0], [1]], [[2], [3]]]]}, PIXELS)[1] == 1


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({}, "Missing 'inputs' or 'instances' key"),
        ({"instances": [], "inputs": {}}, "expecting only one of 'inputs' or 'instances' keys to exist"),
        ({"instances": {}}, "Excepting 'instances' to be an list/array"),
        ({"instances": []}, "No values in 'instances' array"),
        ({"instances": [[1, 2]]}, "instances is a plain list, but expecting list of objects"),
        ({"instances": [{"age": 1.0, "sex": "m"}, 3]}, "Expecting object but got list at item 1 of input list"),
        (
            {"instances": [{"age": 1.0}]},
            "Failed to process element: 0 of 'instances' list. JSON object: {\"age\": 1.0} keys must be equal to: age,"
            "sex",
        ),
        (
            {"instances": [{"age": 1.0, "sex": "m", "Age": 2}]},
            "Failed to process element: 0 key: Age of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not "
            "have named input: Age",
        ),
        (
            {"instances": [{"age": "22", "sex": "m"}]},
            "Failed to process element: 0 key: age of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: \"22\" "
            "Type: String is not of expected type: float",
        ),
        ({"instances": [{"age": None, "sex": "m"}]}, "JSON Value: null Type: Null is not of expected type: float"),
        ({"instances": [{"age": True, "sex": "m"}]}, "JSON Value: true Type: True is not of expected type: float"),
        ({"instances": [{"age": False, "sex": "m"}]}, "JSON Value: false Type: False is not of expected type: float"),
        ({"instances": [{"age": [1.0], "sex": "m"}]}, "JSON Value: [1.0] Type: Array is not of expected type: float"),
        ({"instances": [{"age": 1.0, "sex": 3}]}, "JSON Value: 3 Type: Number is not of expected type: string"),
        ({"instances": [{"age": 1.0, "sex": {"b46": ""}}]}, "not formatted correctly for base64 data"),
        (
            {"instances": [{"age": 1e39, "sex": ""}]},
            "Cannot convert JSON value: 1e+39 to float without loss of precision.",
        ),
        ({"instances": [{"age": 16777217, "sex": ""}]}, "Cannot convert JSON value: 16777217 to float without loss"),
        ({"instances": [{"age": 1.0, "sex": "\ud800"}]}, "is no valid Unicode"),
        ({"inputs": [1.0]}, "inputs is a plain value/list, but expecting an object"),
        ({"inputs": {"age": [1.0]}}, "Missing named input: sex in 'inputs' object."),
        ({"inputs": {"age": 1.0, "sex": "m"}}, "The input 'age' must have the rank 1. Received: the rank 0."),
        ({"inputs": {"age": [1.0, 2.0], "sex": ["m"]}}, "the same number of rows. Received: age: 2, sex: 1"),
        ({"inputs": {"age": [[1.0]], "sex": ["m"]}}, "Type: Array is not of expected type: float"),
        ({"inputs": {"age": [], "sex": []}}, "must have at least one row"),
    ],
)
def test_what_the_signature_does_not_take_is_refused(request_, said):
    status, found = refused(request_)
    assert status == 400 and said in found


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ([[[0], [1]], [[2]]], "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
        ([[0, 1], [2, 3]], "found at incorrect level: 3 in the JSON DOM. Expected at level: 3"),
        ([[[0], [1]], [[2], [256]]], "JSON Value: 256 must be from 0 to 255"),
        ([[[0], [1]], [[2], [0.5]]], "JSON Value: 0.5 Type: Number is not of expected type: uint8"),
        ([[[[0]], [[1]]], [[[2]], [[3]]]], "Encountered list at unexpected level: 3 expected < 3"),
        (3, "found at incorrect level"),
    ],
)
def test_images_of_another_shape_are_refused(image, said):
    status, found = refused({"instances": [image]}, PIXELS)
    assert status == 400 and said in found


def test_too_many_rows_are_refused():
    status, said = refused({"instances": [{"age": 1.0, "sex": ""}] * 5}, most_rows=4)
    assert status == 413 and "at most 4 rows. Received: 5" in said


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[1]", b"3", b'{"a": 1}}', b"\xff\xfe\xfa", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b"nul"],
)
def test_what_is_no_json_object_is_refused(body):
    with pytest.raises(Refused, match="JSON") as caught:
        protocol.parse(body)
    assert caught.value.status == 400


def test_the_signature_must_be_a_string():
    with pytest.raises(Refused, match="'signature_name' key must be a string value"):
        protocol.signature_name({"signature_name": 3})


FEATURES = {"Age": ("age", "float32", ()), "sex": ("sex", "string", ())}


def examples(given, **options):
    return protocol.examples({"examples": given}, FEATURES, most_rows=9, method="classify", **options)


def test_examples_may_miss_features_and_hold_others():
    found, rows = examples([{"Age": 2.5, "x": 1}, {"sex": ["f"]}, {"Age": [], "sex": {"b64": "bQ=="}}])
    assert rows == 3
    np.testing.assert_array_equal(found["age"], np.float32([2.5, np.nan, np.nan]))
    assert found["sex"].tolist() == [b"", b"f", b"m"]


def test_the_context_stands_for_what_an_example_misses():
    request = {"context": {"Age": 7.5}, "examples": [{"sex": "f"}, {"Age": 1.5}]}
    found, _ = protocol.examples(request, FEATURES, most_rows=9, method="classify")
    assert found["age"].tolist() == [7.5, 1.5]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([{"Age": 3}], "Key: Age, Index: 0.  Data types don't match. Expected type: float, actual type: int64"),
        ([{"Age": True}], "actual type: int64"),
        ([{"Age": "3"}], "Expected type: float, actual type: string"),
        ([{"sex": 1.5}], "Expected type: string, actual type: float"),
        ([{"Age": [1.0, 2.0]}], "Number of float values != expected.  Values size: 2 but output shape: []"),
        ([{"Age": [[1.0]]}], "Feature: Age has element with unexpected JSON type: Array"),
        ([{"Age": {"a": 1}}], "Feature: Age has element with unexpected JSON type: Object"),
        ([{"Age": [None]}], "Feature: Age has element with unexpected JSON type: Null"),
        ([3], "Example must be JSON object but got JSON Number"),
        ([], "'examples' value is an empty array"),
        ({}, "Expecting 'examples' value to be an list/array"),
        ([{}] * 10, "at most 9 rows"),
    ],
)
def test_what_is_no_example_is_refused(given, said):
    with pytest.raises(Refused) as caught:
        examples(given)
    assert said in caught.value.said


def test_a_feature_of_an_array_has_all_its_values_or_none():
    features = {"inputs": ("inputs", "float32", (2,))}

    def arrays(given):
        return protocol.examples({"examples": given}, features, most_rows=9, method="classify")[0]["inputs"]

    np.testing.assert_array_equal(arrays([{"inputs": [1.5, 2.5]}, {}]), np.float32([[1.5, 2.5], [np.nan, np.nan]]))
    with pytest.raises(Refused, match=r"Values size: 3 but output shape: \[2\]"):
        arrays([{"inputs": [1.0, 2.0, 3.0]}])


STAMPS = {"when": ["float64", [None]]}


def test_large_whole_numbers_are_taken_where_the_type_has_them():
    found, _, _ = tensors({"instances": [{"when": 1_700_000_000_123}, {"when": 2**53 - 1}]}, STAMPS)
    assert found["when"].dtype == np.float64 and found["when"].tolist() == [1_700_000_000_123, 2**53 - 1]
    many, _, _ = tensors({"inputs": {"when": [1_700_000_000_123] * 20}}, STAMPS)
    assert many["when"].dtype == np.float64 and set(many["when"]) == {1_700_000_000_123}
    said = refused({"instances": [{"when": 2**53 + 1}]}, STAMPS)[1]
    assert "Cannot convert JSON value: 9007199254740993 to double without loss" in said


def test_examples_hold_numbers_of_float64_as_strings():
    features = {"t": ("when", "float64", ())}

    def stamps(given, lenient=None):
        options = {"most_rows": 9, "method": "regress", "lenient": lenient}
        return protocol.examples({"examples": given}, features, **options)[0]["when"]

    found = stamps([{"t": "1700000000.25"}, {"t": " "}, {}])
    np.testing.assert_array_equal(found, [1700000000.25, np.nan, np.nan])
    assert found.dtype == np.float64
    lenient = Lenient([{"name": "t", "kind": "number", "served": "when"}], STAMPS)
    given = [{"t": 1_700_000_001}, {"t": [0.5]}, {"t": "1700000000.25"}, {"t": []}]
    np.testing.assert_array_equal(stamps(given, lenient), [1_700_000_001.0, 0.5, 1700000000.25, np.nan])
    with pytest.raises(Refused, match="Expected type: string, actual type: int64"):
        stamps([{"t": 1_700_000_001}])
    with pytest.raises(Refused, match="could not correctly convert string: noon"):
        stamps([{"t": "noon"}])


def test_examples_must_be_there():
    with pytest.raises(Refused, match="When method is regress, key 'examples' is expected and was not found"):
        protocol.examples({}, FEATURES, most_rows=9, method="regress")


def test_floats_are_written_as_short_as_they_are():
    body = protocol.answer(
        {"p": np.float32([[0.2, 0.8], [1.0, 1e-7]]), "l": np.array([b"a", "ü".encode()], object)}, True
    )
    assert json.loads(body) == {"predictions": [{"l": "a", "p": [0.2, 0.8]}, {"l": "ü", "p": [1.0, 1e-07]}]}
    assert b"0.2," in body


def test_one_output_stands_alone():
    one = {"prediction": np.float32([1.5, 2.5])}
    assert json.loads(protocol.answer(one, True)) == {"predictions": [1.5, 2.5]}
    assert json.loads(protocol.answer(one, False)) == {"outputs": [1.5, 2.5]}


def test_results_are_pairs_or_numbers():
    outputs = {"probabilities": np.float32([[0.25, 0.75]]), "prediction": np.float32([3.5])}
    assert json.loads(protocol.results(outputs, ["no", "yes"])) == {"results": [[["no", 0.25], ["yes", 0.75]]]}
    assert json.loads(protocol.results(outputs, None)) == {"results": [3.5]}


def test_bytes_go_out_in_base_64():
    assert json.loads(protocol.answer({"x_bytes": np.array([b"\xff"], object)}, True)) == {
        "predictions": [{"b64": "/w=="}]
    }


@pytest.mark.parametrize("lengths", [(5, 4), (5, 3), (4, 5)])  # 5 + 3 steps would fit (2, 4)
def test_sequences_of_a_request_are_as_long_as_each_other(lengths):
    currents = {"inputs": ("float32", (None, None, 1))}
    found, _, _ = tensors({"instances": [[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]]}, currents)
    assert found["inputs"].tolist() == [[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]]
    status, said = refused({"instances": [[[1.0]] * length for length in lengths]}, currents)
    assert status == 400 and f"unexpected size: {lengths[1]}" in said and f"expected size: {lengths[0]}" in said
