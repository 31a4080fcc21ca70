"""The requests that go with an export."""

import json

import numpy as np
import pytest

import zoo
from zoo.artifacts import samples


def descriptors():
    """Returns PredictionLog, its parts as tensorflow_serving/apis/*.proto declare them; tensors as bytes."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kind = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="apis.proto", package="apis", syntax="proto3")

    def message(name, *fields, within=None):
        made = (within.nested_type if within is not None else file.message_type).add(name=name)
        for field, number, of, repeated in fields:
            made.field.add(
                name=field,
                number=number,
                type=kind.TYPE_MESSAGE
                if of[0].isupper() or of.startswith(".")
                else getattr(kind, f"TYPE_{of.upper()}"),
                type_name=(of if of.startswith(".") else f".apis.{of}") if of[0].isupper() or of[0] == "." else None,
                label=kind.LABEL_REPEATED if repeated else kind.LABEL_OPTIONAL,
            )
        return made

    message("ModelSpec", ("name", 1, "string", False), ("signature_name", 3, "string", False))
    request = message(
        "PredictRequest",
        ("model_spec", 1, ".apis.ModelSpec", False),
        ("inputs", 2, ".apis.PredictRequest.InputsEntry", True),
    )
    entry = message("InputsEntry", ("key", 1, "string", False), ("value", 2, "bytes", False), within=request)
    entry.options.map_entry = True
    message("PredictLog", ("request", 1, ".apis.PredictRequest", False))
    message("PredictionLog", ("predict_log", 6, ".apis.PredictLog", False))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("apis.PredictionLog"))


def test_the_warm_up_is_what_tensorflow_serving_replays(exported):
    import tensorflow as tf

    tensor = type(tf.make_tensor_proto(0.0))
    logs = [
        descriptors().FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(exported.path / samples.WARMUP))
    ]
    signature = tf.saved_model.load(str(exported.path)).signatures["serving_default"]
    assert len(logs) == 2
    for log, rows in zip(logs, (1, 32)):
        request = log.predict_log.request
        assert (request.model_spec.name, request.model_spec.signature_name) == ("moods", "serving_default")
        columns = {name: tf.make_ndarray(tensor.FromString(value)) for name, value in request.inputs.items()}
        assert set(columns) == set(exported.inputs)
        answer = signature(
            **{k: tf.constant(v, tf.string if v.dtype == object else tf.float32) for k, v in columns.items()}
        )
        assert answer["probabilities"].shape[0] == rows


def test_the_sample_request_is_answered_as_it_stands(exported):

    from tests.serving.conftest import client
    from zoo.serving.app import App
    from zoo.serving.models import open_folders

    request = json.loads((exported.path / "sample_request.json").read_text(encoding="utf-8"))
    models = open_folders([exported.path.parent], "tensorflow")
    status, content, _ = client(App(models))("POST", f"/v1/models/{exported.path.parent.name}:predict", request)
    for model in models.values():
        model.close()
    assert status == 200 and len(content["predictions"]) == 2


@pytest.mark.parametrize("shape", [(8, 8, 1), (5, 6, 3)])
def test_the_sample_of_images_is_a_bare_list_of_pictures(shape):
    model = zoo.build("image_mlp", (np.zeros((4, *shape), "uint8"), np.arange(4) % 2), hidden_units=())
    instances = np.array(samples.sample_request(model)["instances"])
    assert instances.shape == (2, *shape) and instances.max() == 255 and instances.min() == 0


def test_the_sample_of_arrays_is_a_bare_list_of_rows():
    model = zoo.build("perceptron", (np.random.default_rng(0).normal(size=(9, 3)), np.arange(9) % 2))
    assert np.array(samples.sample_request(model)["instances"]).shape == (2, 3)


def test_the_version_carries_no_stale_fingerprint(exported):
    assert not (exported.path / "fingerprint.pb").exists()


def test_the_proof_asks_every_signature(run):
    from zoo.artifacts import proof

    sent = proof.requests(run.model, proof.cases(run.model))
    assert {key.partition(":")[0] for key in sent} == {"serving_default", "serve_examples", "classify"}
    x = np.random.default_rng(0).integers(0, 256, (9, 6, 6, 1), dtype="uint8")
    image = zoo.build("image_mlp", (x, np.arange(9) % 3), hidden_units=(4,))
    sent = proof.requests(image, proof.cases(image))
    assert {key.partition(":")[0] for key in sent} == {
        "serving_default",
        "serve_examples",
        "serve_image_bytes",
        "classify",
    }
    assert "serve_image_bytes:jpeg/image_bytes" in sent
