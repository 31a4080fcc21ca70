"""Checks the network that a builder returns: its inputs must be those of the spec, its one output of the task's shape.

Which shapes a task allows, `Task.outputs` says. An ensemble has an axis of members after the batch axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from zoo.layers import ensemble
from zoo.registry import Entry, Spec
from zoo.tasks.task import Task


def check_network(
    network, entry: Entry, task: Task, shapes: list[tuple], spec: Spec, columns: Mapping[str, Any] | None = None
) -> None:
    """Checks the object that an entry's builder returned for a spec.

    Args:
        network: What the builder returned.
        entry: The entry.
        task: What its model answers.
        shapes: The shapes that its output may have, in which a string stands for any size.
        spec: The spec that it was given.
        columns: The column of each encoded tensor that is an image or an array, by the tensor's name.

    Raises:
        TypeError: if it is not a network with inputs and one output.
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
    _check_inputs(network, entry, spec, columns or {})
    output = network.output if hasattr(network, "output") else network.outputs[0]  # a Sequential always has one output
    if not isinstance(output, keras.KerasTensor):
        raise TypeError(
            f"The network of the builder {_address(entry)!r} must return one tensor. Received: a "
            f"{type(output).__name__} of {len(network.outputs)}. Return keras.Model(inputs, outputs) where `outputs` "
            "is one tensor."
        )
    shape = tuple(output.shape)
    without_members = (shape[0], *shape[2:]) if ensemble.size(network) > 1 else shape
    if not any(_is_like(without_members, other) for other in shapes):
        repair = " Give the last layer `spec.num_outputs` units." if task.supervised else ""
        raise ValueError(
            f"The network of the builder {_address(entry)!r} must have an output of the shape "
            f"{' or '.join(map(_shown, shapes))} for the task {task.name!r}. Received: {_shown(shape)}.{repair}"
        )


def _check_inputs(network: keras.Model, entry: Entry, spec: Spec, columns: Mapping[str, Any]) -> None:
    """Raises ValueError unless each input of the network is an input of the spec. Not all must be used."""
    expected = {
        name: (None, *("time" if size is None else size for size in tensor.shape[1:]))
        for name, tensor in spec.inputs().items()
    }
    received = {tensor.name: tuple(tensor.shape) for tensor in network.inputs}
    own = [*(["image"] if spec.image_shape else []), *(["inputs"] if spec.sequences else []), *spec.tensors]
    in_use = _inputs_in_use(network) if len(expected) > 1 else set(own)
    if left := [name for name in own if name not in in_use]:
        names = [columns.get(name, name) for name in left]
        raise ValueError(
            f"{entry.name!r} must take all images and arrays. Received: it has no use for "
            f"{', '.join(map(str, names))}. Leave them out, `ignore={names!r}`, or take a network that combines them "
            "with the other columns."
        )
    if not expected:  # built without data: the options decide on the shape
        expected = {"inputs": received.get("inputs", (None, "values"))}
    if not all(name in expected and _is_like(shape, expected[name]) for name, shape in received.items()):
        known, came = (", ".join(f"{n} {_shown(s)}" for n, s in shapes.items()) for shapes in (expected, received))
        raise ValueError(
            f"The network of the builder {_address(entry)!r} must have the inputs of `spec.inputs()`: {known}. "
            f"Received: {came}."
        )


def _inputs_in_use(network: keras.Model) -> set[str]:
    """Returns the names of the inputs that operations of a network take."""
    operations = getattr(network, "operations", network.layers)  # a Sequential has layers alone
    used = {id(tensor) for operation in operations for tensor in keras.tree.flatten(_input_of(operation))}
    return {tensor.name for tensor in network.inputs if id(tensor) in used}


def _input_of(operation):
    """Returns the tensors that an operation of a network takes; none of an input layer."""
    return () if isinstance(operation, keras.layers.InputLayer) else operation.input


def _is_like(shape: Sequence, other: Sequence) -> bool:
    """Returns whether a shape matches another one, in which a name stands for any size."""
    return len(shape) == len(other) and all(isinstance(b, str) or a == b for a, b in zip(shape, other))


def _shown(shape: Sequence) -> str:
    sizes = ["batch" if axis == 0 and size is None else str(size) for axis, size in enumerate(shape)]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _address(entry: Entry) -> str:
    """Returns an entry's builder as "module:function"."""
    builder = entry.builder
    return builder if isinstance(builder, str) else f"{builder.__module__}:{builder.__qualname__}"
