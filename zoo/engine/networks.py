"""What a builder must return, checked when a model is built: a network from the inputs of its spec to one output.

    classification   (batch, 1) for two classes, or (batch, classes)        regression   (batch, 1)
    dynamics         (batch, time, values)        other tasks   (batch, values) or (batch, time, values)

An ensemble has an axis of members behind that of the batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras

from zoo.layers import ensemble
from zoo.registry import SUPERVISED, Entry, Spec


def check_network(network, entry: Entry, spec: Spec) -> None:
    """Checks what an entry's builder returned for a spec.

    Raises:
        TypeError: if it is no network with inputs and one output.
        ValueError: if its inputs are not those of the spec, or its output has another shape than the task's.
    """
    if not isinstance(network, keras.Model) or not hasattr(network, "inputs"):
        received = "None" if network is None else f"an object of the class {type(network).__name__}"
        if isinstance(network, keras.Model):
            received = f"a {type(network).__name__} without inputs, which is not built"
        raise TypeError(
            f"The builder {_address(entry)!r} must return a network, keras.Model(inputs, outputs) with "
            f"inputs = spec.inputs(). Received: {received}."
        )
    _check_inputs(network, entry, spec)
    output = network.output if hasattr(network, "output") else network.outputs[0]  # a Sequential has one alone
    if not isinstance(output, keras.KerasTensor):
        raise TypeError(
            f"The network of the builder {_address(entry)!r} must return one tensor. Received: a "
            f"{type(output).__name__} of {len(network.outputs)}. Return keras.Model(inputs, outputs) where `outputs` "
            "is one tensor."
        )
    allowed, shape = _output_shapes(entry, spec), tuple(output.shape)
    without_members = (shape[0], *shape[2:]) if ensemble.size(network) > 1 else shape
    if not any(_is_like(without_members, other) for other in allowed):
        repair = " Give the last layer `spec.num_outputs` units." if entry.task in SUPERVISED else ""
        raise ValueError(
            f"The network of the builder {_address(entry)!r} must have an output of the shape "
            f"{' or '.join(map(_shown, allowed))}, by its task {entry.task!r}. Received: {_shown(shape)}.{repair}"
        )


def _check_inputs(network: keras.Model, entry: Entry, spec: Spec) -> None:
    """Raises ValueError unless the network's inputs are inputs of the spec; some of them may be left aside."""
    expected = {
        name: (None, *("time" if size is None else size for size in tensor.shape[1:]))
        for name, tensor in spec.inputs().items()
    }
    received = {tensor.name: tuple(tensor.shape) for tensor in network.inputs}
    if not expected:  # without data, where the options decide on the shape
        expected = {"inputs": received.get("inputs", (None, "values"))}
    if not all(name in expected and _is_like(shape, expected[name]) for name, shape in received.items()):
        known, came = (", ".join(f"{n} {_shown(s)}" for n, s in shapes.items()) for shapes in (expected, received))
        raise ValueError(
            f"The network of the builder {_address(entry)!r} must have the inputs of `spec.inputs()`: {known}. "
            f"Received: {came}."
        )


def _output_shapes(entry: Entry, spec: Spec) -> list[tuple]:
    """Returns the shapes that the output may have."""
    if entry.task == "classification" and spec.num_outputs == 1:  # of two classes
        return [(None, 1), (None, 2)]
    if entry.task in SUPERVISED:
        return [(None, spec.num_outputs)]
    of_time = (None, "time", "values")
    return [of_time] if entry.task == "dynamics" else [(None, "values"), of_time]


def _is_like(shape: Sequence, other: Sequence) -> bool:
    """Returns whether a shape is another one, where the other's names stand for any size."""
    return len(shape) == len(other) and all(isinstance(b, str) or a == b for a, b in zip(shape, other))


def _shown(shape: Sequence) -> str:
    sizes = ["batch" if axis == 0 and size is None else str(size) for axis, size in enumerate(shape)]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _address(entry: Entry) -> str:
    """Returns where an entry's builder is: "module:function"."""
    builder = entry.builder
    return builder if isinstance(builder, str) else f"{builder.__module__}:{builder.__qualname__}"
