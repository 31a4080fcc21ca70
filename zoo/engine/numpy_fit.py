"""Keras's `fit` of maps by the loop in numpy: the same arguments, callbacks and history, in a hundredth of the time."""

from __future__ import annotations

import keras

from zoo.engine import driver
from zoo.engine.callbacks import EpochWeights
from zoo.engine.loop_numpy import NumpyLoop
from zoo.engine.plan import Training, Workload, learns_in_numpy

OPTIONS = {"epochs", "verbose", "callbacks", "shuffle", "initial_epoch"}


def fit(
    model: keras.Model, x, *, num_rows: int, batch_size: int, validation=None, **options
) -> keras.callbacks.History | None:
    """Trains as Keras's `fit` does, if the loop in numpy can.

    Args:
        model: A compiled model.
        x: Encoded tensors; there are neither targets nor weights.
        num_rows: How many rows they have.
        batch_size: Rows of a step.
        validation: What Keras's `validation_data` takes.
        **options: Further arguments of Keras's `fit`.

    Returns:
        The history, or None where Keras has to train: options, callbacks or the network ask for it.
    """
    callbacks = options.get("callbacks") or []
    held_out = validation if isinstance(validation, tuple) else (validation,)
    workload = Workload(num_rows=num_rows, batch_size=batch_size, epochs=options.get("epochs", 1), inputs_only=True)
    if not (
        set(options) <= OPTIONS
        and isinstance(callbacks, (list, tuple))
        and (validation is None or keras.tree.is_nested(validation))
        and all(part is None for part in held_out[1:])
        and learns_in_numpy(model, workload, callbacks)
    ):
        return None
    verbose = options.get("verbose", "auto")
    listeners = keras.callbacks.CallbackList(
        callbacks,
        add_history=True,
        add_progbar=bool(verbose),
        model=model,
        verbose=verbose,
        epochs=workload.epochs,
        steps=1,
    )
    training = Training(
        **vars(workload),
        rows=(x,),
        shuffle=bool(options.get("shuffle", True)),
        first_epoch=options.get("initial_epoch", 0),
        validation=None if validation is None else held_out[:1],
    )
    driver.run(model, NumpyLoop(model, training), training, listeners.callbacks, EpochWeights())
    return model.history
