"""A KServe predictor of an exported folder: the SavedModel of its highest version, without the zoo.

    python server.py FOLDER --model_name titanic --http_port 8080
    POST /v1/models/titanic:predict   {"instances": [{"age": 22.0, "sex": "male", ...}]}   ->   {"predictions": [...]}

KServe reads JSON strictly, so a missing number is null there. A body that is not declared as JSON comes as bytes; it
may hold NaN, as TensorFlow Serving takes it.
"""

import argparse
import json
import math
import socket
from pathlib import Path

import kserve
import tensorflow as tf
from kserve.errors import InvalidInput
from kserve.protocol.rest.server import RESTServer


class SavedModel(kserve.Model):
    """A SavedModel that answers row by row.

    Args:
        name: Its name in addresses.
        folder: Holds versions 1, 2, ...
    """

    def __init__(self, name, folder):
        super().__init__(name)
        self.folder = Path(folder)

    def load(self):
        versions = [path for path in self.folder.iterdir() if path.name.isdigit()]
        if not versions:
            raise FileNotFoundError(
                f"{str(self.folder)!r} must hold versions 1, 2, ... Make one: zoo export MODEL -o it"
            )
        self.loaded = tf.saved_model.load(str(max(versions, key=lambda path: int(path.name))))
        self.signature = self.loaded.signatures["serving_default"]
        self.inputs = self.signature.structured_input_signature[1]
        self.ready = True
        return self.ready

    async def preprocess(self, payload, headers=None):
        if not isinstance(payload, bytes):
            return payload
        try:
            return json.loads(payload)
        except ValueError as error:
            raise InvalidInput(f"The body must be JSON. {error}") from error

    def predict(self, payload, headers=None):
        try:
            columns = {name: column(payload["instances"], name, spec) for name, spec in self.inputs.items()}
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(
                f'The request must be {{"instances": [{{...}}, ...]}} with a value for each of '
                f"{', '.join(self.inputs)}. Received: {type(error).__name__} {error}"
            ) from error
        answers = {name: values.numpy().tolist() for name, values in self.signature(**columns).items()}
        rows = [dict(zip(answers, row)) for row in zip(*answers.values())]
        return {"predictions": [{name: plain(value) for name, value in row.items()} for row in rows]}


def column(instances, name, spec):
    """Returns a column as a tensor `(rows, ...)`; null is NaN, or "" among strings."""
    missing = "" if spec.dtype == tf.string else math.nan
    return tf.constant([missing if row[name] is None else row[name] for row in instances], spec.dtype)


def plain(value):
    return value.decode() if isinstance(value, bytes) else value


def serve_on_loopback(model):
    """Serves on a free port of 127.0.0.1 and says which; `ModelServer.start` binds to all addresses, for a pod."""
    server = kserve.ModelServer(enable_grpc=False)
    server.register_model(model)
    bound = socket.create_server(("127.0.0.1", 0))
    print(f"serving on http://127.0.0.1:{bound.getsockname()[1]}", flush=True)
    rest = RESTServer("kserve.model_server:app", server.dataplane, server.model_repository_extension, http_port=0)
    rest.run(sockets=[bound])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(parents=[kserve.model_server.parser])
    parser.add_argument("folder")
    parser.add_argument("--loopback", action="store_true", help="a free port of 127.0.0.1, for tests")
    arguments = parser.parse_args()
    model = SavedModel(arguments.model_name, arguments.folder)
    model.load()
    if arguments.loopback:
        serve_on_loopback(model)
    else:
        kserve.ModelServer().start([model])
