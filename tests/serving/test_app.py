"""The addresses: what TensorFlow Serving answers, with its status and its message."""

import asyncio
import gzip
import json

import numpy as np
import pytest

import zoo
from tests.serving.conftest import ROW, call, client, exported, requests_of
from zoo.serving.app import App
from zoo.serving.models import open_folders

PREDICT = "/v1/models/ship:predict"


def test_rows_are_answered_as_python_answers_them(ask, frame, trained):
    status, content, _ = ask("POST", PREDICT, {"instances": requests_of(frame)})
    wanted = zoo.predict(trained, frame)
    assert status == 200
    assert [p["label"] for p in content["predictions"]] == wanted["label"].tolist()
    np.testing.assert_allclose(
        [p["probabilities"] for p in content["predictions"]], wanted[["p_no", "p_yes"]], atol=1e-5
    )
    np.testing.assert_allclose([p["probability"] for p in content["predictions"]], wanted["probability"], atol=1e-5)


def test_columns_are_answered_in_columns(ask):
    by_row = ask("POST", PREDICT, {"instances": [ROW, {**ROW, "age": 60.0}]})[1]["predictions"]
    columns = {name: [value, value] for name, value in ROW.items()} | {"age": [22.0, 60.0]}
    status, content, _ = ask("POST", PREDICT, {"inputs": columns, "signature_name": "serving_default"})
    assert status == 200
    assert content["outputs"]["label"] == [row["label"] for row in by_row]
    assert content["outputs"]["probabilities"] == [row["probabilities"] for row in by_row]


def test_a_version_may_be_named(ask):
    assert ask("POST", "/v1/models/ship/versions/1:predict", {"instances": [ROW]})[0] == 200
    assert ask("POST", "/V1/Models/ship:Predict", {"instances": [ROW]})[0] == 200


def test_classify_gives_each_class_its_score(ask, frame, trained):
    example = {"age": 22.5, "fare paid": 7.25, "sex": "male", "alone": 1.0}
    status, content, _ = ask(
        "POST", "/v1/models/ship:classify", {"signature_name": "classify", "examples": [example, {}]}
    )
    wanted = zoo.predict(trained, frame.head(1).assign(**{"class?": None, **example}))
    assert status == 200
    assert [name for name, _ in content["results"][0]] == ["no", "yes"]
    np.testing.assert_allclose([s for _, s in content["results"][0]], wanted[["p_no", "p_yes"]].iloc[0], atol=1e-5)
    assert len(content["results"]) == 2


def test_examples_answer_as_the_exported_signature_does(ask, models, served):
    """classify by columns, as the server does it, against the graph's own signature on a serialized tf.Example."""
    import tensorflow as tf

    features = {
        "age": tf.train.Feature(float_list=tf.train.FloatList(value=[33.5])),
        "sex": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"female"])),
    }
    example = tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()
    signature = tf.saved_model.load(str(served / "1")).signatures["classify"]
    scores = signature(inputs=tf.constant([example]))["scores"].numpy()[0]
    request = {"signature_name": "classify", "examples": [{"age": 33.5, "sex": "female"}]}
    content = ask("POST", "/v1/models/ship:classify", request)[1]
    np.testing.assert_allclose([score for _, score in content["results"][0]], scores, atol=1e-6)


def test_the_signature_classify_answers_predict_too(ask):
    request = {"signature_name": "classify", "instances": [{"b64": ""}, {"b64": ""}]}  # examples without features
    status, content, _ = ask("POST", PREDICT, request)
    assert status == 200 and [row["classes"] for row in content["predictions"]] == [["no", "yes"]] * 2


def test_regress_gives_numbers(frame, tmp_path):
    run = zoo.train(
        "mlp_regressor", frame.drop(columns="survived"), target="fare paid", hidden_units=(8,), epochs=2, verbose=0
    )
    exported(run, tmp_path / "fare")
    models = open_folders([tmp_path / "fare"], "tensorflow")
    ask = client(App(models))
    request = {"signature_name": "regress", "examples": [{"age": 3.5, "sex": "male"}]}
    status, content, _ = ask("POST", "/v1/models/fare:regress", request)
    row = {"age": 3.5, "sex": "male", "class_": "", "alone": float("nan")}
    assert status == 200
    assert content["results"] == pytest.approx(
        ask("POST", "/v1/models/fare:predict", {"instances": [row]})[1]["predictions"]
    )
    assert ask("POST", "/v1/models/fare:classify", {"examples": [{}]})[0] == 400
    models["fare"].close()


def test_a_target_that_float32_cannot_resolve_is_answered_in_full(tmp_path):
    import pandas as pd

    x = np.linspace(-1.0, 1.0, 40)
    frame = pd.DataFrame({"x": x, "y": 1.7e9 + 600 * x})
    model = zoo.build("linear_regression", frame, target="y")
    exported(model, tmp_path / "seconds")
    opened = open_folders([tmp_path / "seconds"], "tensorflow")
    status, content, _ = client(App(opened))("POST", "/v1/models/seconds:predict", {"instances": [{"x": 0.25}]})
    metadata = client(App(opened))("GET", "/v1/models/seconds/metadata")[1]["metadata"]
    for served in opened.values():
        served.close()
    wanted = zoo.predict(model, frame[:1].assign(x=0.25)).prediction[0]
    assert status == 200 and content["predictions"] == [pytest.approx(wanted, rel=1e-13)]
    signature = metadata["signature_def"]["signature_def"]["serving_default"]
    assert signature["outputs"]["prediction"]["dtype"] == "DT_DOUBLE"


def test_an_array_is_classified_as_an_example(tmp_path):
    run = zoo.train("perceptron", "and_gate", epochs=9, verbose=0)
    exported(run, tmp_path / "gate")
    models = open_folders([tmp_path / "gate"], "tensorflow")
    status, content, _ = client(App(models))(
        "POST",
        "/v1/models/gate:classify",
        {"signature_name": "classify", "examples": [{"inputs": [1.0, 1.0]}, {"inputs": [1.0, 0.0]}]},
    )
    assert (status, content["results"]) == (200, [[["0", 0.0], ["1", 1.0]], [["0", 1.0], ["1", 0.0]]])
    models["gate"].close()


def test_images_come_as_pixels_and_as_files(tmp_path):
    import base64

    import tensorflow as tf

    x = np.random.default_rng(0).integers(0, 256, (30, 6, 5, 1), dtype="uint8")
    run = zoo.train("image_mlp", (x, np.arange(30) % 3), hidden_units=(8,), epochs=1, verbose=0)
    exported(run, tmp_path / "dots")
    models = open_folders([tmp_path / "dots"], "tensorflow")
    ask = client(App(models))
    pixels = ask("POST", "/v1/models/dots:predict", {"instances": x[:2].tolist()})[1]["predictions"]
    files = [{"b64": base64.b64encode(tf.io.encode_png(image).numpy()).decode()} for image in x[:2]]
    request = {"signature_name": "serve_image_bytes", "instances": files}
    status, content, _ = ask("POST", "/v1/models/dots:predict", request)
    assert status == 200 and [row["label"] for row in content["predictions"]] == [row["label"] for row in pixels]
    probabilities = [row["probabilities"] for row in pixels]
    np.testing.assert_allclose([row["probabilities"] for row in content["predictions"]], probabilities, rtol=1e-5)
    np.testing.assert_allclose(
        [p["probabilities"] for p in pixels], zoo.predict(run, x[:2]).filter(regex="^p_"), atol=1e-5
    )
    request = {"signature_name": "classify", "examples": [{"image": file} for file in files]}
    status, content, _ = ask("POST", "/v1/models/dots:classify", request)
    assert status == 200
    np.testing.assert_allclose([[score for _, score in row] for row in content["results"]], probabilities, rtol=1e-5)
    request = {"signature_name": "serve_image_bytes"}
    request["instances"] = [{"b64": base64.b64encode(b"no image").decode()}]
    status, content, _ = ask("POST", "/v1/models/dots:predict", request)
    assert status == 400 and content["error"]
    models["dots"].close()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "/v1/models/boat:predict", {"instances": [ROW]}, 404, "Servable not found for request: Latest(boat)"),
        (
            "POST",
            "/v1/models/ship/versions/9:predict",
            {"instances": [ROW]},
            404,
            "Servable not found for request: Specific(ship, 9)",
        ),
        ("POST", PREDICT, {"signature_name": "x"}, 400, 'Serving signature name: "x" not found in signature def'),
        ("POST", PREDICT, b"{", 400, "JSON Parse error: "),
        ("POST", "/v1/models/ship:guess", {}, 400, "Malformed request: POST /v1/models/ship:guess"),
        ("GET", PREDICT, b"", 400, "Malformed request: GET /v1/models/ship:predict"),
        ("DELETE", "/v1/models/ship", b"", 400, "Malformed request: DELETE /v1/models/ship"),
        ("GET", "/v1/models", b"", 400, "Missing model name in request."),
        ("GET", "/v1/models/boat", b"", 404, "Could not find any versions of model boat"),
        ("GET", "/v1/models/ship/versions/7", b"", 404, "Could not find version 7 of model ship"),
        ("GET", "/v1/models/boat/metadata", b"", 404, "Servable not found for request: Latest(boat)"),
        ("POST", "/v1/models/ship:regress", {"examples": [{}]}, 400, "Expected regression signature method_name"),
        (
            "POST",
            "/v1/models/ship:classify",
            {"examples": [{}], "signature_name": "x"},
            400,
            "No signature was found with the name: x",
        ),
        (
            "POST",
            "/v1/models/ship:classify",
            {"examples": [{}]},
            400,
            "Expected classification signature method_name to be tensorflow/serving/classify. Was: "
            'tensorflow/serving/predict. Ask with "signature_name": "classify".',
        ),
        ("POST", PREDICT, b'{"instances": [1e400]}', 400, "JSON Parse error: Number too big to be stored in double."),
        ("POST", PREDICT, '{"instances": []}'.encode("utf-16"), 400, "JSON Parse error: "),
        (
            "POST",
            "/v1/models/ship:classify",
            {"examples": [{"sex": "\ud800"}], "signature_name": "classify"},
            400,
            "is no valid Unicode",
        ),
        (
            "POST",
            "/v1/models/ship:classify",
            {"signature_name": "classify", "examples": [{"sex": {"b64": "!"}}]},
            400,
            "Unable to base64 decode",
        ),
        (
            "POST",
            f"/v1/models/ship/versions/{'9' * 5000}:predict",
            {"instances": [ROW]},
            400,
            "Failed to convert version",
        ),
        ("GET", f"/v1/models/ship/versions/{'9' * 5000}", b"", 400, "Failed to convert version"),
        ("GET", "/v1/models/ship/versions/\u0661", b"", 400, "Malformed request"),  # an Arabic 1
        ("GET", "/nothing", b"", 404, "There is nothing at /nothing"),
    ],
)
def test_errors_have_tensorflow_servings_status_and_message(ask, method, path, body, status, said):
    found, content, headers = ask(method, path, body)
    assert (found, content.keys()) == (status, {"error"})
    assert said in content["error"]
    assert headers[b"content-type"] == b"application/json"


def test_the_status_is_tensorflow_servings(ask):
    wanted = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    for path in ("/v1/models/ship", "/v1/models/ship/versions/1"):
        assert ask("GET", path)[:2] == (200, {"model_version_status": [wanted]})


def test_the_metadata_are_tensorflow_servings(ask):
    status, content, _ = ask("GET", "/v1/models/ship/metadata")
    assert status == 200
    assert content["model_spec"] == {"name": "ship", "signature_name": "", "version": "1"}
    signature = content["metadata"]["signature_def"]["signature_def"]["serving_default"]
    age = signature["inputs"]["age"]
    assert age["dtype"] == "DT_FLOAT"
    assert age["tensor_shape"] == {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}
    assert signature["outputs"]["label"]["dtype"] == "DT_STRING"
    assert signature["method_name"] == "tensorflow/serving/predict"


def test_lenient_takes_a_raw_passenger(models, trained, frame):
    ask = client(App(models, lenient=True))
    raw = {"age": None, "fare paid": 7.25, "sex": "male", "class?": None, "alone": True}
    status, content, _ = ask("POST", PREDICT, {"instances": [raw]})
    wanted = zoo.predict(trained, frame.head(1).assign(**raw))
    assert status == 200
    assert content["predictions"][0]["probability"] == pytest.approx(wanted["probability"].iloc[0], abs=1e-5)
    assert client(App(models))("POST", PREDICT, {"instances": [raw]})[0] == 400


def test_the_page_and_what_it_is_made_from(ask):
    status, page, headers = ask("GET", "/")
    assert status == 200 and headers[b"content-type"].startswith(b"text/html") and b"<title" in page
    model = ask("GET", "/zoo/models")[1]["models"][0]
    assert (model["name"], model["version"]) == ("ship", 1)
    assert [column["name"] for column in model["schema"]["columns"]] == ["age", "fare paid", "sex", "class?", "alone"]
    assert model["summary"].startswith("classification, version 1. A logistic regression of 10 features, C ")
    assert model["summary"].endswith("% of what the model does.")
    assert ask("GET", "/healthz")[:2] == (200, {"status": "ok"})


def test_limits_of_bodies_and_rows(models):
    ask = client(App(models, most_bytes=1000, most_rows=3))
    status, content, headers = ask("POST", PREDICT, b" " * 1001)
    assert status == 413 and "at most 1000 bytes" in content["error"] and headers[b"connection"] == b"close"
    status, content, _ = ask("POST", PREDICT, b"", headers=[(b"content-length", b"99999999999")])
    assert status == 413
    assert ask("POST", PREDICT, {"instances": [ROW] * 4})[0] == 413
    assert ask("POST", PREDICT, {"instances": [ROW] * 3})[0] == 200


def test_a_body_may_be_compressed_as_for_tensorflow_serving(ask, models):
    body = json.dumps({"instances": [ROW]}).encode()
    gzipped, header = gzip.compress(body), [(b"content-encoding", b"gzip")]
    assert ask("POST", PREDICT, gzipped, headers=header)[:2] == ask("POST", PREDICT, body)[:2]
    for broken in (gzipped[:-20], b"no gzip", b""):
        status, content, _ = ask("POST", PREDICT, broken, headers=header)
        assert status == 400 and "must be gzip, as its Content-Encoding says" in content["error"]
    small = client(App(models, most_bytes=1000))
    bomb = gzip.compress(b" " * 10**8)[:900]
    assert small("POST", PREDICT, bomb, headers=header)[0] == 413
    assert small("POST", PREDICT, gzip.compress(b" " * 1001), headers=header)[0] == 413
    assert "Is not object" in small("POST", PREDICT, gzip.compress(b"1".rjust(1000)), headers=header)[1]["error"]


def slow_app(models, **options):
    """An application whose runs take a second."""
    import dataclasses
    import time

    from zoo.serving.batching import Batcher

    def run(signature, tensors):
        time.sleep(1.0)
        return {"prediction": np.zeros(len(tensors["age"]), "float32")}

    class Slow:
        name = "ship"
        version = dataclasses.replace(models["ship"].version, batcher=Batcher(run, **options))

    return App({"ship": Slow})


def test_a_full_queue_says_when_to_try_again(models):
    app = slow_app(models, most_waiting=2)

    async def crowd():
        tasks = [asyncio.create_task(call(app, "POST", PREDICT, {"instances": [ROW]})) for _ in range(12)]
        return await asyncio.gather(*tasks)

    answers = asyncio.run(crowd())
    statuses = [status for status, _, _ in answers]
    assert set(statuses) == {200, 503} and statuses.count(503) >= 8
    refused = next(headers for status, _, headers in answers if status == 503)
    assert refused[b"retry-after"] == b"1"


def test_an_answer_that_takes_too_long_is_given_up(models):
    status, content, _ = client(slow_app(models, seconds=0.2))("POST", PREDICT, {"instances": [ROW]})
    assert status == 503 and "No answer in time" in content["error"]


@pytest.mark.parametrize("parts", [0, 1])
def test_a_body_that_never_comes_is_given_up(models, parts):
    app, sent = App(models, seconds=0.1), []
    messages = [{"type": "http.request", "body": b"{", "more_body": True}] * parts

    async def receive():
        if messages:
            return messages.pop()
        await asyncio.sleep(60)

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": PREDICT, "headers": []}
    asyncio.run(asyncio.wait_for(app(scope, receive, send), 10))
    assert sent[0]["status"] == 408


def test_a_client_that_hangs_up_is_not_answered(models):
    app, sent = App(models), []
    messages = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    asyncio.run(app({"type": "http", "method": "POST", "path": PREDICT, "headers": []}, receive, send))
    assert sent == []
