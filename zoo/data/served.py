"""The served graph: raw columns -> preprocessor -> network -> label and probabilities, as a SavedModel of its own.

    serving_default      one tensor (batch,) a raw column, under its served name; images and arrays as one tensor
    serve_examples       serialized tf.train.Example with the raw names, missing features allowed
    serve_image_bytes    PNG or JPEG strings, for images

It loads with TensorFlow alone. Each weight is stored once: Keras's own export stores it twice.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from zoo.data.encoding import Encoder


class Served(tf.Module):
    """A model as a tf.Module of raw columns. Its signatures are `signatures()`."""

    def __init__(self, model):
        super().__init__(name="served")
        self.encoder = Encoder(model.preprocessor)
        self.weights = [variable.value for variable in model.network.variables]
        self._model = _Untracked(model)

    def answer(self, columns: dict) -> dict:
        """Returns the outputs for raw columns by their raw names."""
        model = self._model.value
        outputs = model.decide(model.network(self.encoder(columns), training=False))
        if model.entry.task != "classification":
            return {"prediction": outputs[:, 0] if outputs.shape[-1] == 1 else outputs}
        probabilities = model.probabilities(outputs)
        labels = tf.constant([str(label) for label in model.classes])
        chosen = tf.argmax(probabilities, axis=-1)
        return {
            "label": tf.gather(labels, chosen),
            "probability": tf.gather(probabilities, chosen, batch_dims=1),
            "probabilities": probabilities,
        }

    def signatures(self) -> dict:
        """Returns the signatures for `tf.saved_model.save`."""
        model = self._model.value
        served = model.schema.served_names
        specs = model.preprocessor.signature()
        names = {served[name]: name for name in specs}

        def serving_default(**columns):
            # The shape is checked when it runs: a signature does not, and (batch,) beside (batch, 1) would broadcast.
            return self.answer({names[key]: tf.ensure_shape(value, specs[names[key]].shape) for key, value in columns.items()})

        inputs = {served[name]: tf.TensorSpec(spec.shape, spec.dtype, served[name]) for name, spec in specs.items()}
        found = {"serving_default": tf.function(serving_default, autograph=False).get_concrete_function(**inputs)}
        first = model.schema.columns[0]
        if first.kind == "image":
            found["serve_image_bytes"] = self._image_bytes(first).get_concrete_function(
                tf.TensorSpec((None,), tf.string, "image_bytes")
            )
            return found
        found["serve_examples"] = self._examples(specs).get_concrete_function(tf.TensorSpec((None,), tf.string, "examples"))
        return found

    def _image_bytes(self, column):
        height, width, channels = column.shape

        def decode(content):
            image = tf.io.decode_image(content, channels=channels, expand_animations=False)
            return tf.ensure_shape(image, (height, width, channels))

        def serve_image_bytes(image_bytes):
            images = tf.map_fn(decode, image_bytes, fn_output_signature=tf.TensorSpec(column.shape, tf.uint8))
            return self.answer({column.name: images})

        return tf.function(serve_image_bytes, autograph=False)

    def _examples(self, specs):
        features = {}
        for name, spec in specs.items():
            if len(spec.shape) > 1:
                features[str(name)] = tf.io.FixedLenFeature(spec.shape[1:], spec.dtype)
            else:
                absent = "" if spec.dtype == tf.string else np.nan
                features[str(name)] = tf.io.FixedLenFeature((), spec.dtype, absent)

        def serve_examples(examples):
            parsed = tf.io.parse_example(examples, features)
            return self.answer({name: parsed[str(name)] for name in specs})

        return tf.function(serve_examples, autograph=False)


class _Untracked:
    """Holds a value out of sight of TensorFlow's tracking."""

    def __init__(self, value):
        self.value = value


def save_served(model, path) -> None:
    """Writes the SavedModel of a model on the TensorFlow backend to a folder."""
    served = Served(model)
    tf.saved_model.save(served, str(path), signatures=served.signatures())
