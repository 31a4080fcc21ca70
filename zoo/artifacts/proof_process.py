"""Run as a script in a fresh process, without the zoo: answers requests to an exported version in its own runtime.

    python proof_process.py FORMAT VERSION_FOLDER REQUESTS.npz ANSWERS.npz

REQUESTS holds arrays `<signature>:<case>/<input>`, strings in base 64 (numpy cuts trailing zero bytes off); ANSWERS
gets `<signature>:<case>/<output>`.
"""

import base64
import json
import subprocess
import sys

import numpy as np


def answer(format: str, folder: str, requests: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the outputs of each request."""
    cases: dict = {}
    for key, values in requests.items():
        case, _, name = key.partition("/")
        if values.dtype.kind == "S":
            values = np.array([base64.b64decode(value) for value in values], dtype=object)
        cases.setdefault(case, {})[name] = values
    call = RUNTIMES[format](folder)
    answers = {}
    for case, inputs in cases.items():
        for name, values in call(case.partition(":")[0], inputs).items():
            answers[f"{case}/{name}"] = values.astype("S") if values.dtype == object else values
    return answers


def tf_saved_model(folder: str):
    """Returns `(signature, inputs) -> outputs` of a SavedModel; strings are objects of bytes."""
    import tensorflow as tf

    loaded = tf.saved_model.load(folder)

    def call(signature, inputs):
        tensors = {
            name: tf.constant(values, tf.string if values.dtype == object else None) for name, values in inputs.items()
        }
        return {name: tensor.numpy() for name, tensor in loaded.signatures[signature](**tensors).items()}

    return call


def onnx(folder: str):
    """Returns `(signature, inputs) -> outputs` of `model.onnx` in onnxruntime, on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # a Tokenizer without tokens gives fewer dimensions, which is warned of
    session = onnxruntime.InferenceSession(f"{folder}/model.onnx", options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def call(signature, inputs):
        texts = {
            name: np.array([value.decode() for value in values], dtype=object) if values.dtype == object else values
            for name, values in inputs.items()
        }
        answers = session.run(names, texts)
        return {
            name: np.array([text.encode() for text in values], dtype=object) if values.dtype == object else values
            for name, values in zip(names, answers)
        }

    return call


def litert(folder: str):
    """Returns `(signature, inputs) -> outputs` of `model.tflite` in LiteRT; strings are objects of bytes."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(f"{folder}/model.tflite")

    def call(signature, inputs):
        runner = interpreter.get_signature_runner(signature)
        dtypes = {name: details["dtype"] for name, details in runner.get_input_details().items()}
        return runner(**{name: v if v.dtype == object else v.astype(dtypes[name]) for name, v in inputs.items()})

    return call


class _NumpyAlone:
    """Refuses to import anything but Python's standard library and numpy."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "numpy"}:
            raise ImportError(f"predict.py must need numpy alone. It imports {name!r}.")


def numpy(folder: str):
    """Returns `(signature, inputs) -> outputs` of `predict.py`; the inputs have their raw names."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("predict", f"{folder}/predict.py")
    program, guard = importlib.util.module_from_spec(spec), _NumpyAlone()
    sys.meta_path.insert(0, guard)
    try:
        spec.loader.exec_module(program)
    finally:
        sys.meta_path.remove(guard)

    def call(signature, inputs):
        rows = {
            name: [value.decode() for value in values] if values.dtype == object else values
            for name, values in inputs.items()
        }
        only = next(iter(rows.values()))
        is_array = len(rows) == 1 and isinstance(only, np.ndarray) and only.ndim > 1
        answers = program.predict(only if is_array else rows)
        return {
            name: np.array([str(text).encode() for text in values], dtype=object)
            if name == "label" or values.dtype.kind in "OU"
            else values
            for name, values in answers.items()
        }

    return call


# JSON has no NaN and no infinity: a missing number is null, an infinite one a string.
_WEB = """
const { readFileSync } = require("fs"), [folder] = process.argv.slice(1);
const { predictor } = require(folder + "/predict.js");
const infinite = (key, value) => ({ Infinity, "-Infinity": -Infinity })[value] ?? value;
const cases = JSON.parse(readFileSync(0, "utf8"), infinite);
const predict = predictor(JSON.parse(readFileSync(folder + "/model.json", "utf8")));
process.stdout.write(JSON.stringify(cases.map(predict)));
"""


def web(folder: str):
    """Returns `(signature, inputs) -> outputs` of `predict.js` in Node; the inputs have their raw names."""
    with open(f"{folder}/model.json", encoding="utf-8") as file:
        model = json.load(file)

    def plain(value):
        if isinstance(value, list):
            return [plain(one) for one in value]
        if value != value:
            return None
        return str(value).replace("inf", "Infinity") if value in (float("inf"), -float("inf")) else value

    def call(signature, inputs):
        columns = {name: plain(values.tolist()) for name, values in inputs.items()}
        table = "columns" in model["inputs"]
        rows = [dict(zip(columns, row)) for row in zip(*columns.values())] if table else next(iter(columns.values()))
        done = subprocess.run(
            ["node", "-e", _WEB, folder], input=json.dumps([rows]), capture_output=True, text=True, encoding="utf-8"
        )
        if done.returncode != 0:
            raise RuntimeError(f"predict.js must answer in Node. It said:\n{done.stderr[-2000:]}")
        (answers,) = json.loads(done.stdout)
        return {
            name: np.array([str(row[name]).encode() for row in answers], dtype=object)
            if dtype == "string"
            else np.array([np.nan if row[name] is None else row[name] for row in answers], dtype)
            for name, dtype in model["dtypes"].items()
        }

    return call


RUNTIMES = {
    "tf_saved_model": tf_saved_model,
    "onnx": onnx,
    "numpy": numpy,
    "web": web,
    "litert": litert,
    "litert_float16": litert,
    "litert_int8": litert,
}
# Formats that have no other signature than `serving_default`.
PLAIN = ("onnx", "numpy", "web", "litert", "litert_float16", "litert_int8")


def main(format: str, folder: str, requests_file: str, answers_file: str) -> None:
    """Answers a file of requests."""
    with np.load(requests_file, allow_pickle=False) as stored:
        requests = {key: stored[key] for key in stored}
    answers: dict = answer(format, folder, requests)
    if "zoo" in sys.modules:
        raise RuntimeError("The proof must run without the zoo.")
    np.savez(answers_file, **answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
