"""`fitting.fit` on several workers: the chief's call, which the others follow and whose end they share."""

from __future__ import annotations

import dataclasses
import inspect

from zoo.engine import fitting
from zoo.engine.fitting import Fitted
from zoo.engine.workers import copies, loop_replicas
from zoo.engine.workers.devices import Placement

FOLLOWED = ("rows", "batch_size", "shuffle", "seed", "epochs", "validation", "augmentation")


def fit(model, batches, *, placement: Placement, **how) -> Fitted:
    """Trains as `fitting.fit` does, whose arguments these are, wherever the placement says.

    With several workers every one of them calls this with the same arguments. Callbacks, checkpoints and prints are the
    chief's alone; weights, the optimizer's state and what is returned are the same on all.

    Raises:
        ConnectionError: if a worker was lost.
        RuntimeError: on the other workers, if the chief failed.
    """
    messages = placement.messages
    if messages is None:
        return fitting.fit(model, batches, placement=placement, **how)
    with messages.leading():
        if placement.chief:
            fitted = fitting.fit(model, batches, placement=placement, messages=messages, **how)
            messages.same(["end", dataclasses.asdict(fitted)], copies.values_of(model))
            return fitted
        (step, told), values = messages.same()
        if step == "train":
            given = inspect.signature(fitting.fit).bind(model, batches, **how)
            given.apply_defaults()
            known = {name: given.arguments[name] for name in FOLLOWED}
            loop_replicas.fit(model, placement=placement, messages=messages, first_epoch=told, callbacks=[], **known)
            (_, told), values = messages.same()
        copies.assign(model, values)
        return Fitted(**told)
