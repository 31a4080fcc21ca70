"""Traces functions once and calls them often, at the least cost of a call.

The functions of small networks run in the thread that calls them: handing an operation to a thread of the executor
takes longer than the operation. They are not optimised as graphs either, which would take longer than it saves.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from typing import Any

from zoo.engine import keras_internals

SINGLE_THREADED = "SINGLE_THREADED_EXECUTOR"


class Traced:
    """A traced function, whose variables can be exchanged for those of another model.

    Args:
        function: A concrete function of tensors.
        single_threaded: Whether it runs in the thread that calls, as it was traced for.
    """

    def __init__(self, function, *, single_threaded: bool):
        self.function, self.single_threaded = function, single_threaded
        self.note: Any = None  # for the caller, who traced it
        self._captures = list(function.captured_inputs)
        self._places: list[int | None] = []
        self._types = [output.dtype for output in function.outputs]
        self._options = _without_optimiser() if single_threaded else b""

    def set_state(self, state: list) -> None:
        """Takes the handles of the variables that the function was traced with, to know their places."""
        places = {id(handle): place for place, handle in enumerate(state)}
        self._places = [places.get(id(capture)) for capture in self._captures]

    def bind(self, state: list) -> None:
        """Replaces the handles of the variables by others, in the order of `set_state`."""
        self._captures = self._captures_of(state)
        self.function.set_external_captures(self._captures)

    def with_state(self, state: list) -> Traced:
        """Returns the same function with other handles, for another thread."""
        twin = copy.copy(self)
        twin._captures = self._captures_of(state)
        return twin

    def _captures_of(self, state: list) -> list:
        pairs = zip(self._captures, self._places, strict=True)
        return [own if place is None else state[place] for own, place in pairs]

    def __call__(self, tensors: list) -> list:
        """Returns what the function gives, as a flat list of tensors."""
        import tensorflow as tf

        if not self.single_threaded:
            return list(tf.nest.flatten(self.function(*tensors)))
        return tf.raw_ops.StatefulPartitionedCall(  # a third of what the function's own call costs
            args=[*tensors, *self._captures],
            Tout=self._types,
            f=self.function,
            executor_type=SINGLE_THREADED,
            config_proto=self._options,
        )


def traced(function: Callable, arguments, *, single_threaded: bool) -> Traced:
    """Traces a function of nests of tensors, for the tensors of them, without None.

    Args:
        function: Returns a flat list of tensors, or None.
        arguments: Nests to trace it with.
        single_threaded: Whether it may run in the thread that calls; what calls within calls cannot, and then does not.
    """
    import tensorflow as tf

    flat = tf.nest.flatten(arguments)

    def of_tensors(*tensors):
        given = iter(tensors)
        return function(*tf.nest.pack_sequence_as(arguments, [None if t is None else next(given) for t in flat]))

    # What is traced depends on the executor.
    executor = keras_internals.functions_run_by(SINGLE_THREADED) if single_threaded else contextlib.nullcontext()
    with executor:
        concrete = tf.function(of_tensors, autograph=False).get_concrete_function(*(t for t in flat if t is not None))
    if single_threaded and calls_within_calls(concrete):
        return traced(function, arguments, single_threaded=False)
    return Traced(concrete, single_threaded=single_threaded)


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
