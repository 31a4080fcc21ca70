"""Run as a script, without the zoo: answers requests to a SavedModel by TensorFlow alone.

    python served.py VERSION_FOLDER REQUESTS.npz ANSWERS.npz SIGNATURES.json

REQUESTS holds arrays `<signature>/<input>`, strings in base 64; ANSWERS gets `<signature>/<output>`, SIGNATURES what
each signature takes and gives: names, dtypes and shapes.
"""

import base64
import json
import sys

import numpy as np


def main(folder: str, requests_file: str, answers_file: str, signatures_file: str) -> None:
    """Answers a file of requests."""
    import tensorflow as tf

    loaded = tf.saved_model.load(folder)
    asked: dict = {}
    with np.load(requests_file, allow_pickle=False) as stored:
        for key in stored:
            signature, _, name = key.partition("/")
            values = stored[key]
            if values.dtype.kind == "S":
                values = np.array([base64.b64decode(value) for value in values], dtype=object)
            asked.setdefault(signature, {})[name] = tf.constant(values, tf.string if values.dtype == object else None)
    answers = {}
    for signature, tensors in asked.items():
        for name, values in loaded.signatures[signature](**tensors).items():
            values = values.numpy()
            answers[f"{signature}/{name}"] = values.astype("S") if values.dtype == object else values
    facts = {
        name: {
            "inputs": _facts(function.structured_input_signature[1]),
            "outputs": _facts(function.structured_outputs),
        }
        for name, function in loaded.signatures.items()
    }
    if "zoo" in sys.modules:
        raise RuntimeError("A SavedModel must answer without the zoo.")
    np.savez(answers_file, **answers)
    with open(signatures_file, "w", encoding="utf-8") as file:
        json.dump(facts, file, indent=1)


def _facts(tensors: dict) -> dict:
    return {name: [tensor.dtype.name, tensor.shape.as_list()] for name, tensor in sorted(tensors.items())}


if __name__ == "__main__":
    main(*sys.argv[1:])
