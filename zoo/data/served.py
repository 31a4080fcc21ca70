"""The served graph: raw columns -> preprocessor -> network -> the answers of the task, as a SavedModel of its own.

    serving_default      one tensor (batch,) a raw column, under its served name; images and arrays as one tensor
    serve_examples       serialized tf.train.Example with the raw names, missing features allowed; images as bytes,
                         numbers that are served as float64 as strings, for an Example has float32 alone
                         (not for sequences, whose length an Example does not tell)
    serve_image_bytes    for images: the bytes of PNG, JPEG, GIF, BMP and WebP files, with the pixels of `zoo.predict`
    classify, regress    Examples again, with the inputs and outputs of TensorFlow Serving's methods of that name

It loads with TensorFlow alone. Each weight is stored once (Keras's own export stores it twice), and so is the graph:
every signature calls one function.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from zoo import notices
from zoo.data import image_graph, image_pixels
from zoo.data.columns import pictures, takes_examples, the_picture
from zoo.data.encoding import Encoder

METHODS = {"classify": tf.saved_model.CLASSIFY_METHOD_NAME, "regress": tf.saved_model.REGRESS_METHOD_NAME}


class Served(tf.Module):
    """A model as a tf.Module of raw columns.

    Args:
        model: A `zoo.Model` on the TensorFlow backend.
    """

    def __init__(self, model):
        super().__init__(name="served")
        self.encoder = Encoder(model.preprocessor)
        self.weights = [variable.value for variable in model.network.variables]
        self._model = _Untracked(model)
        self._specs = _Untracked(model.preprocessor.signature())  # raw name -> TensorSpec
        self._names = _Untracked(model.schema.served_names)
        self._pictures = _Untracked({column.name: column for column in pictures(model.schema.columns)})
        specs = [tf.TensorSpec(s.shape, s.dtype, self._names.value[name]) for name, s in self._specs.value.items()]
        # Tracked, the function would be written a second time, as a method of what is loaded.
        self._function = _Untracked(tf.function(self._answer, input_signature=specs, autograph=False))

    def _answer(self, *columns):
        """Returns the outputs for raw columns in the order of the schema."""
        model = self._model.value
        encoded = self.encoder(dict(zip(self._specs.value, columns)))
        encoded = {tensor.name: encoded[tensor.name] for tensor in model.network.inputs}  # it may leave some aside
        return model.task.served(model.answers(self._decide(model.network_outputs(encoded))), model.target)

    def _decide(self, outputs):
        return self._model.value.decide(outputs)

    def signatures(self) -> dict:
        """Returns the concrete functions for `tf.saved_model.save`, by the signature's name."""
        model = self._model.value
        strings = tf.TensorSpec((None,), tf.string)
        inputs = {self._names.value[name]: spec for name, spec in self._specs.value.items()}
        found = {"serving_default": _concrete(self._serving_default, inputs)}
        image = the_picture(model.schema.columns)
        if takes_examples(model.schema.columns):
            found["serve_examples"] = _concrete(self._serve_examples, {"examples": strings})
            methods = {"classify": self._classify, "regress": self._regress}
            if (method := model.task.method(len(model.target.names))) in methods:
                found[method] = _concrete(methods[method], {"inputs": strings})
            if image is not None:
                found["serve_image_bytes"] = _concrete(self._serve_image_bytes, {"image_bytes": strings})
        return found

    def _serving_default(self, **columns):
        # A signature checks neither rank nor rows: [batch] beside [batch, 1], or one row beside many, would broadcast.
        values = [
            tf.ensure_shape(columns[self._names.value[name]], spec.shape) for name, spec in self._specs.value.items()
        ]
        rows = tf.stack([tf.shape(value)[0] for value in values])
        names = ", ".join(self._names.value.values())
        said = f"All inputs must have the same number of rows. Received, for {names}:"
        same = tf.debugging.Assert(tf.reduce_all(rows == rows[0]), [said, rows], summarize=100)
        with tf.control_dependencies([same]):
            return self._function.value(*[tf.identity(value) for value in values])

    def _serve_examples(self, examples):
        features = {}
        for name, spec in self._specs.value.items():
            if name in self._pictures.value:
                features[str(name)] = tf.io.FixedLenFeature((), tf.string)
            elif spec.dtype == tf.float32:
                features[str(name)] = tf.io.FixedLenFeature(spec.shape[1:], spec.dtype, np.full(spec.shape[1:], np.nan))
            else:
                absent = np.full(spec.shape[1:], "").tolist()
                features[str(name)] = tf.io.FixedLenFeature(spec.shape[1:], tf.string, absent)
        parsed = tf.io.parse_example(examples, features)
        return self._function.value(*[self._of_feature(name, parsed[str(name)]) for name in self._specs.value])

    def _of_feature(self, name, values):
        """Returns the served tensor of a column from its feature in Examples."""
        spec = self._specs.value[name]
        if (column := self._pictures.value.get(name)) is not None:
            return self._decoded(column, values)
        if spec.dtype == tf.float64:
            values = tf.strings.strip(values)
            return tf.strings.to_number(tf.where(values == "", "nan", values), tf.float64)
        return values

    def _classify(self, inputs):
        outputs = self._serve_examples(inputs)
        rows = tf.shape(outputs["probabilities"])[0]
        return {
            "classes": tf.tile(tf.constant(self._model.value.target.texts)[None], (rows, 1)),
            "scores": outputs["probabilities"],
        }

    def _regress(self, inputs):
        prediction = self._serve_examples(inputs)["prediction"]
        return {"outputs": tf.cast(prediction, tf.float32)}  # which TensorFlow Serving's method of that name wants

    def _serve_image_bytes(self, image_bytes):
        return self._function.value(self._decoded(the_picture(self._model.value.schema.columns), image_bytes))

    def _decoded(self, column, contents):
        """Returns the images of a column from the bytes of files."""
        most = image_pixels.most_pixels()

        def decode(content):
            return image_graph.pixels(content, column.shape, resized=column.resized, most_pixels=most)

        return tf.map_fn(decode, contents, fn_output_signature=tf.TensorSpec(column.shape, tf.uint8))


def _concrete(function, inputs: dict):
    specs = {name: tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in inputs.items()}
    return tf.function(function, autograph=False).get_concrete_function(**specs)


class _Untracked:
    """Holds a value out of sight of TensorFlow's tracking."""

    def __init__(self, value):
        self.value = value


@notices.unlogged()
def save_served(model, path) -> dict[str, tuple[dict, dict]]:
    """Writes the SavedModel of a model on the TensorFlow backend to a folder.

    Returns:
        Inputs and outputs of each signature, as `{name: [dtype, shape]}`.
    """
    with model.preprocessor.with_schema(model.schema.renamed_for_tensorflow()):
        served = Served(model)
        signatures = served.signatures()
    tf.saved_model.save(served, str(path), signatures=signatures)
    updater = tf.compat.v1.saved_model.signature_def_utils.MethodNameUpdater(str(path))
    for name in METHODS.keys() & signatures.keys():
        updater.replace_method_name(signature_key=name, method_name=METHODS[name])
    updater.save()
    # The hash of the graph before the methods had their names: none is better than a wrong one.
    Path(path, "fingerprint.pb").unlink(missing_ok=True)
    return {
        name: (_facts(function.structured_input_signature[1]), _facts(function.structured_outputs))
        for name, function in signatures.items()
    }


def answer_facts(model) -> dict[str, list]:
    """Returns dtype and shape of each answer that a model serves, as `{name: [dtype, shape]}`, on TensorFlow."""
    shapes = model.network.inputs if model.traits.respond else model.network.outputs
    zeros = {t.name: tf.zeros([1 if size is None else size for size in t.shape], t.dtype) for t in shapes}
    with tf.device("CPU"):
        outputs = model.network_outputs(zeros) if model.traits.respond else tf.cast(*zeros.values(), "float32")
        answers = model.task.served(model.answers(model.decide(outputs)), model.target)
    served = {name: tf.convert_to_tensor(values) for name, values in answers.items()}
    return {name: [dtype, [None, *shape[1:]]] for name, (dtype, shape) in _facts(served).items()}


def _facts(tensors: dict) -> dict[str, list]:
    return {name: [tensor.dtype.name, list(tensor.shape)] for name, tensor in sorted(tensors.items())}
