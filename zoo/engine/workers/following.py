"""Training on several workers: the chief runs the training, the others run its epochs and end with its weights."""

from __future__ import annotations

import dataclasses

import keras

from zoo.engine import fitting
from zoo.engine.fitting import Fitted
from zoo.engine.plan import Plan, Training
from zoo.engine.workers import copies
from zoo.engine.workers.loop_replicas import ReplicasLoop


def fit(model: keras.Model, training: Training, plan: Plan, *, verbose: int = 1) -> Fitted:
    """Trains as `fitting.fit` does, on every worker if there are several.

    Every worker calls this with the same arguments. Callbacks, checkpoints and prints are the chief's alone; the
    weights, the optimizer's state and what is returned are the same on all.

    Raises:
        ConnectionError: if a worker was lost.
        RuntimeError: on the other workers, if the chief failed.
    """
    messages = plan.devices.messages
    if messages is None:
        return fitting.fit(model, training, plan, verbose=verbose)
    with messages.leading():
        if plan.devices.chief:
            fitted = fitting.fit(model, training, plan, verbose=verbose, messages=messages)
            messages.same(["end", dataclasses.asdict(fitted)], copies.values_of(model))
            return fitted
        (step, content), values = messages.same()
        if step == "train":
            training = dataclasses.replace(training, first_epoch=content)
            loop = ReplicasLoop(model, training, plan, messages)
            loop.begin()
            try:
                loop.follow()
            finally:
                loop.close()
            (_, content), values = messages.same()
        copies.assign(model, values)
        return Fitted(**content)
