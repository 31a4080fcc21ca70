"""Run as a script in a fresh process, with TensorFlow and numpy alone: answers rows from a SavedModel.

    python proof_process.py VERSION_FOLDER ROWS.npz ANSWERS.npz

ROWS holds `<case>/<input>` arrays; ANSWERS gets `<case>/<output>`.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf


def main(folder: str, rows: str, answers: str) -> None:
    """Answers each case by the signature that its name begins with."""
    loaded = tf.saved_model.load(folder)
    cases: dict = {}
    with np.load(rows, allow_pickle=False) as stored:
        for key in stored:
            case, _, name = key.partition("/")
            cases.setdefault(case, {})[name] = stored[key]
    found = {}
    for case, inputs in cases.items():
        signature = loaded.signatures[case.partition(":")[0]]
        tensors = {name: tf.constant(values.tolist() if values.dtype.kind in "US" else values) for name, values in inputs.items()}
        for name, tensor in signature(**tensors).items():
            values = tensor.numpy()
            found[f"{case}/{name}"] = values.astype("S") if values.dtype == object else values
    if "zoo" in sys.modules:
        raise RuntimeError("The proof must run without the zoo.")
    np.savez(answers, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
