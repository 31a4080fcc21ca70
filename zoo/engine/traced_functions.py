"""Functions traced once and called often, at what a call must cost.

Small networks run without an executor's threads, in the thread that calls: handing an operation over costs more than
the operation. They also do without the graph optimiser, which would take longer than what it saves.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from typing import Any

from zoo.engine import keras_internals

ALONE = "SINGLE_THREADED_EXECUTOR"


class Traced:
    """A traced function, whose variables can be exchanged for those of another model.

    Args:
        function: A concrete function of tensors.
        alone: Whether it runs in the thread that calls, as it was traced for.
    """

    def __init__(self, function, *, alone: bool):
        self.function, self.alone = function, alone
        self.note: Any = None  # of who traced it
        self._captures = list(function.captured_inputs)
        self._places: list[int | None] = []
        self._types = [output.dtype for output in function.outputs]
        self._options = _without_optimiser() if alone else b""

    def know(self, state: list) -> None:
        """Takes the handles of the variables that the function was traced with."""
        places = {id(handle): place for place, handle in enumerate(state)}
        self._places = [places.get(id(capture)) for capture in self._captures]

    def bind(self, state: list) -> None:
        """Puts other handles, in the order of those before, into the places of the variables."""
        self._captures = self._exchanged(state)
        self.function.set_external_captures(self._captures)

    def with_state(self, state: list) -> Traced:
        """Returns the same function with other handles, for a thread beside; it runs alone."""
        twin = copy.copy(self)
        twin._captures = self._exchanged(state)
        return twin

    def _exchanged(self, state: list) -> list:
        pairs = zip(self._captures, self._places, strict=True)
        return [own if place is None else state[place] for own, place in pairs]

    def __call__(self, tensors: list) -> list:
        """Returns what the function gives, as a flat list of tensors."""
        import tensorflow as tf

        if not self.alone:
            return list(tf.nest.flatten(self.function(*tensors)))
        return tf.raw_ops.StatefulPartitionedCall(  # a third of what the function's own call costs
            args=[*tensors, *self._captures],
            Tout=self._types,
            f=self.function,
            executor_type=ALONE,
            config_proto=self._options,
        )


def traced(function: Callable, arguments, *, alone: bool) -> Traced:
    """Traces a function of nests of tensors, for the tensors of them, without None.

    Args:
        function: Returns a flat list of tensors, or None.
        arguments: Nests to trace it with.
        alone: Whether it may run in the thread that calls; what calls within calls cannot, and then does not.
    """
    import tensorflow as tf

    flat = tf.nest.flatten(arguments)

    def of_tensors(*tensors):
        given = iter(tensors)
        return function(*tf.nest.pack_sequence_as(arguments, [None if t is None else next(given) for t in flat]))

    with keras_internals.functions_run_by(ALONE) if alone else contextlib.nullcontext():  # what is traced depends on it
        found = tf.function(of_tensors, autograph=False).get_concrete_function(*(t for t in flat if t is not None))
    if alone and calls_within_calls(found):
        return traced(function, arguments, alone=False)
    return Traced(found, alone=alone)


def calls_within_calls(concrete) -> bool:
    """Returns whether a function that a function calls, as a loop does its body, calls a third, as a branch does.

    Each waits for the one it called: an executor of one thread would wait for ever.
    """
    library = concrete.graph.as_graph_def().library
    return any(
        attribute.HasField("func") or attribute.list.func
        for function in library.function
        for node in function.node_def
        for attribute in node.attr.values()
    )


def _without_optimiser() -> bytes:
    import tensorflow as tf

    options = tf.compat.v1.ConfigProto()
    options.graph_options.rewrite_options.disable_meta_optimizer = True
    return options.SerializeToString()
