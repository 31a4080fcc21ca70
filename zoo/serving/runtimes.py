"""What answers: TensorFlow on a SavedModel, or ONNX Runtime on model.onnx. Neither needs the rest of the zoo.

A runtime has `.signatures` (name -> inputs and outputs as `{name: [dtype, shape]}`), `.metadata` (as TensorFlow Serving
tells it), `.run(signature, tensors) -> outputs` and `.close()`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo import notices

METHOD = "tensorflow/serving/predict"
DATA_TYPES = {
    "float32": "DT_FLOAT",
    "float64": "DT_DOUBLE",
    "string": "DT_STRING",
    "uint8": "DT_UINT8",
    "int64": "DT_INT64",
}


class TensorFlowRuntime:
    """A SavedModel in a session of its own, as TensorFlow Serving has it: closing it frees the memory."""

    def __init__(self, folder: Path):
        import tensorflow as tf

        v1 = tf.compat.v1
        tf.get_logger().setLevel("ERROR")  # it warns that sessions are of version 1, on purpose here
        # Negative: all operations in the caller's thread. For networks of this size handing over costs more than it
        # gains.
        config = v1.ConfigProto(inter_op_parallelism_threads=-1)
        self._session = v1.Session(graph=tf.Graph(), config=config)
        try:
            with self._session.graph.as_default():
                loaded = v1.saved_model.load(self._session, ["serve"], str(folder))
        except Exception:
            self._session.close()
            raise
        self.signatures, self._calls, self.metadata = {}, {}, {}
        for name, definition in loaded.signature_def.items():
            self.metadata[name] = _told(definition, tf)
            if name.startswith("__"):
                continue
            inputs, outputs = (dict(sorted(part.items())) for part in (definition.inputs, definition.outputs))
            self.signatures[name] = tuple(
                {key: _facts(info, tf) for key, info in part.items()} for part in (inputs, outputs)
            )
            fetches, feeds = ([info.name for info in part.values()] for part in (outputs, inputs))
            self._calls[name] = (self._session.make_callable(fetches, feed_list=feeds), list(inputs), list(outputs))

    def run(self, signature: str, tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns the outputs of a signature."""
        call, inputs, outputs = self._calls[signature]
        return dict(zip(outputs, call(*[tensors[name] for name in inputs])))

    def close(self) -> None:
        """Frees the memory."""
        self._session.close()


def _facts(info, tf) -> list:
    shape = [None if dim.size < 0 else dim.size for dim in info.tensor_shape.dim]
    return [tf.dtypes.as_dtype(info.dtype).name, shape]


def _told(definition, tf) -> dict:
    from google.protobuf import json_format

    return json_format.MessageToDict(
        definition, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


class OnnxRuntime:
    """A model.onnx: TensorFlow and pandas are never imported."""

    def __init__(self, folder: Path):
        try:
            import onnxruntime
        except ImportError as error:
            raise ImportError('ONNX Runtime is missing: pip install "keras-zoo[onnx]"') from error
        file = folder / "model.onnx"
        if not file.is_file():
            raise FileNotFoundError(
                f"There is no {str(file)!r}. Export the model with `format='onnx'` (zoo export MODEL -o FOLDER "
                "--format onnx), or serve with --runtime tensorflow."
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        signature = json.loads((folder / "schema.json").read_text(encoding="utf-8"))["signature"]
        self.signatures = {"serving_default": (signature["inputs"], signature["outputs"])}
        self.metadata = {"serving_default": _made_up(*self.signatures["serving_default"])}
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._strings = {name for name, (dtype, _) in signature["inputs"].items() if dtype == "string"}

    def run(self, signature: str, tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns the outputs."""
        given = {
            name: np.array([value.decode("utf-8", "replace") for value in values], object)
            if name in self._strings
            else values
            for name, values in tensors.items()
        }
        return dict(zip(self._outputs, self._session.run(self._outputs, given)))

    def close(self) -> None:
        """Frees the memory."""
        self._session = None


def _made_up(inputs: Mapping, outputs: Mapping) -> dict:
    """Returns what TensorFlow Serving would tell of a SavedModel with this signature."""

    def tensor(dtype, shape):
        dims = [{"size": str(-1 if size is None else size), "name": ""} for size in shape]
        return {
            "dtype": DATA_TYPES.get(dtype, dtype),
            "tensor_shape": {"dim": dims, "unknown_rank": False},
            "name": "",
        }

    return {
        "inputs": {name: tensor(*facts) for name, facts in inputs.items()},
        "outputs": {name: tensor(*facts) for name, facts in outputs.items()},
        "method_name": METHOD,
    }


RUNTIMES: dict = {"tensorflow": TensorFlowRuntime, "onnx": OnnxRuntime}


def imported(runtime: str) -> None:
    """Imports what a runtime needs, so that a missing package is told before a socket is opened."""
    if runtime == "tensorflow":
        notices.import_module("tensorflow")
    else:
        try:
            import onnxruntime  # noqa: F401 (to know that it is there)
        except ImportError as error:
            raise ImportError('ONNX Runtime is missing: pip install "keras-zoo[onnx]"') from error
