"""Which layers a training moves: all, or first the head alone, or all but the lowest.

"none"        every layer
"head_first"  the head, then every layer at a tenth of the rate
"body"        the head alone
n             every layer but the n lowest with weights
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import keras

from zoo.layers.members import AddToMembers
from zoo.layers.pool import WeightedPool

if TYPE_CHECKING:
    from zoo.engine.fitting import Fitted

HEAD_SHARE = 1 / 3  # of the epochs of "head_first", for the head


@dataclasses.dataclass(frozen=True)
class Phase:
    """A part of a training: its name, the layers that stand still, the factor of the rate, and the most epochs."""

    name: str
    frozen: tuple
    rate: float
    epochs: int


def phases(network: keras.Model, freeze: str | int | None, epochs: int) -> list[Phase]:
    """Returns the parts of a training.

    Args:
        network: What is trained.
        freeze: None or `"none"`, `"head_first"`, `"body"`, or the number of the lowest layers that stand still.
        epochs: The most epochs of all parts together.

    Raises:
        ValueError: if `freeze` is none of these, or nothing would be left to train.
    """
    layers = [layer for layer in network.layers if layer.trainable_variables or layer.non_trainable_variables]
    layers = [layer for layer in layers if layer.weights and getattr(layer, "learns", True)]
    if isinstance(freeze, int) and not isinstance(freeze, bool) and 0 <= freeze:
        if freeze >= len(layers) > 0:
            names = ", ".join(layer.name for layer in layers)
            raise ValueError(
                f"`freeze` must leave a layer to train. Received: freeze={freeze} of {len(layers)} layers with "
                f"weights: {names}"
            )
        return [Phase("all", tuple(layers[:freeze]), 1.0, epochs)]
    if freeze not in (None, "none", "head_first", "body"):
        raise ValueError(
            "`freeze` must be 'head_first', 'body', 'none' or the number of the lowest layers to freeze. Received: "
            f"freeze={freeze!r}"
        )
    body = tuple(layer for layer in layers if layer not in heads(network))
    if freeze in (None, "none") or not body:  # a linear model is all head
        return [Phase("all", (), 1.0, epochs)]
    if freeze == "body":
        return [Phase("head", body, 1.0, epochs)]
    first = math.ceil(epochs * HEAD_SHARE)
    parts = [Phase("head", body, 1.0, first), Phase("all", (), 0.1, epochs - first)]
    return [part for part in parts if part.epochs] or parts[:1]  # one epoch is the head's


def joined(before: Fitted | None, after: Fitted, phase: Phase, *, of: Sequence[Phase]) -> Fitted:
    """Returns what the phases of a training so far left, with the history of all and the limit of them together.

    Args:
        before: What the phases before left, or None.
        after: What the last one left.
        phase: The last one.
        of: All phases of the training.
    """
    limit, stopped = f"the limit of {phase.epochs} epochs", after.stopped
    if stopped.startswith(limit):
        stopped = f"the limit of {sum(part.epochs for part in of)} epochs{stopped.removeprefix(limit)}"
    if before is None:
        return dataclasses.replace(after, stopped=stopped)
    done = max((len(values) for values in before.history.values()), default=0)
    names = dict.fromkeys((*before.history, *after.history))
    return dataclasses.replace(
        after,
        history={name: before.history.get(name, []) + after.history.get(name, []) for name in names},
        stopped=stopped,
        best_epoch=before.best_epoch if after.best_epoch is None else done + after.best_epoch,
    )


def heads(network: keras.Model) -> list:
    """Returns the layers with weights behind which there are none with weights but those that add them up."""
    ends, found = {id(tensor) for tensor in network.outputs}, []
    for operation in reversed(network.operations):
        if isinstance(operation, keras.layers.InputLayer):
            continue
        if any(id(tensor) in ends for tensor in keras.tree.flatten(operation.output)):
            if getattr(operation, "weights", ()) and not isinstance(operation, AddToMembers | WeightedPool):
                found.append(operation)
            else:
                ends |= {id(tensor) for tensor in keras.tree.flatten(operation.input)}
    return found


@contextlib.contextmanager
def frozen(layers):
    """Freezes layers during a block; compile the model inside."""
    before = [layer.trainable for layer in layers]
    for layer in layers:
        layer.trainable = False
    try:
        yield
    finally:
        for layer, trainable in zip(layers, before):
            layer.trainable = trainable
