"""Run as a script in a fresh process, with TensorFlow and numpy alone: answers requests to a SavedModel.

    python proof_process.py VERSION_FOLDER REQUESTS.npz ANSWERS.npz

REQUESTS holds arrays `<signature>:<case>/<input>`, strings in base 64 (numpy cuts trailing zero bytes off); ANSWERS
gets `<signature>:<case>/<output>`.
"""

import base64
import sys

import numpy as np
import tensorflow as tf


def answer(folder: str, requests: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the outputs of each request."""
    loaded = tf.saved_model.load(folder)
    cases: dict = {}
    for key, values in requests.items():
        case, _, name = key.partition("/")
        if values.dtype.kind == "S":
            cases.setdefault(case, {})[name] = tf.constant([base64.b64decode(value) for value in values], tf.string)
        else:
            cases.setdefault(case, {})[name] = tf.constant(values)
    answers = {}
    for case, inputs in cases.items():
        for name, tensor in loaded.signatures[case.partition(":")[0]](**inputs).items():
            values = tensor.numpy()
            answers[f"{case}/{name}"] = values.astype("S") if values.dtype == object else values
    return answers


def main(folder: str, requests_file: str, answers_file: str) -> None:
    """Answers a file of requests."""
    with np.load(requests_file, allow_pickle=False) as stored:
        requests = {key: stored[key] for key in stored}
    answers = answer(folder, requests)
    if "zoo" in sys.modules:
        raise RuntimeError("The proof must run without the zoo.")
    np.savez(answers_file, **answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
