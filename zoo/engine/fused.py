"""Epochs as compiled calls: rows stand in memory as tensors, and one TensorFlow function runs many training steps.

Keras's `fit` spends most of its time around the steps of networks of this size. Each step here is the model's own
`train_step`, so that optimizers, losses, metrics, weights, regularizers and dropout are Keras's; callbacks are called
at the ends of epochs.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

import keras

STEPS_PER_CALL = 256  # Ctrl-C is heard between calls


def suits(callbacks: Sequence[keras.callbacks.Callback]) -> bool:
    """Returns whether the backend is TensorFlow and no callback asks for the ends of batches."""
    names = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
    base = keras.callbacks.Callback
    asks = any(getattr(type(callback), name) is not getattr(base, name) for callback in callbacks for name in names)
    return keras.backend.backend() == "tensorflow" and not asks


def fit(
    model: keras.Model,
    rows: tuple,
    *,
    batch_size: int,
    shuffle: bool,
    seed: int,
    epochs: int,
    first_epoch: int,
    validation: tuple | None,
    augmentation: Callable | None = None,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Trains a compiled model; the callbacks hold what comes of it.

    Args:
        model: Compiled.
        rows: `(x, y)` or `(x, y, weight)`, arrays.
        batch_size: Rows a step; the last one of an epoch holds what is left.
        shuffle: Whether to permute the rows, by (seed, epoch).
        seed: Seed of the permutations.
        epochs: The number of the last epoch.
        first_epoch: The number of the first, from 0.
        validation: `(x, y)` or `(x, y, weight)`, or None.
        augmentation: A function `(images, seed) -> images` on the batches of `x["image"]`, seed `(2,)`, or None.
        callbacks: Keras callbacks.
    """
    import tensorflow as tf

    train = tf.nest.map_structure(tf.constant, rows)
    held_out = None if validation is None else tf.nest.map_structure(tf.constant, validation)
    count = _count(train)
    steps = -(-count // batch_size)
    _create_variables(model, tf.nest.map_structure(lambda tensor: tensor[:1], train))

    @tf.function(autograph=False, reduce_retracing=True)
    def run(epoch, first, last):
        order = tf.range(count)
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, seed=tf.stack([seed, epoch]))

        def step(i):
            index = order[i * batch_size : tf.minimum((i + 1) * batch_size, count)]
            batch = tf.nest.map_structure(lambda tensor: tf.gather(tensor, index), train)
            if augmentation is not None:
                place = tf.stack([seed, epoch * steps + i])  # as `zoo.data.pipelines.batches` has it
                batch = ({**batch[0], "image": augmentation(batch[0]["image"], place)}, *batch[1:])
            model.train_step(batch)
            return (i + 1,)

        tf.while_loop(lambda i: i < last, step, (first,), parallel_iterations=1)

    validate = _validation(model, held_out)
    history = keras.callbacks.CallbackList(list(callbacks), model=model, add_history=False)
    history.set_params({"epochs": epochs, "steps": steps, "verbose": 0})
    model.stop_training = False
    history.on_train_begin()
    for epoch in range(first_epoch, epochs):
        model.reset_metrics()
        history.on_epoch_begin(epoch)
        for first in range(0, steps, STEPS_PER_CALL):
            run(*(tf.constant(i, tf.int32) for i in (epoch, first, min(first + STEPS_PER_CALL, steps))))
        logs = _results(model)
        if validate is not None:
            model.reset_metrics()
            validate()
            logs |= {f"val_{name}": value for name, value in _results(model).items()}
        history.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    history.on_train_end(logs if epochs > first_epoch else {})


def _count(tensors) -> int:
    import tensorflow as tf

    return int(tf.nest.flatten(tensors)[0].shape[0])


def _create_variables(model, one_row) -> None:
    """Creates the variables of the optimizer, the losses and the metrics, which a loop cannot."""
    x, y, weight = keras.utils.unpack_x_y_sample_weight(one_row)
    model.optimizer.build(model.trainable_variables)
    outputs = model.network(x, training=False)
    model.compute_loss(x=x, y=y, y_pred=outputs, sample_weight=weight, training=False)
    model.compute_metrics(x, y, outputs, sample_weight=weight)
    model.reset_metrics()


def _validation(model, held_out, batch_size: int = 8192):
    """Returns a function that updates the metrics by all validation rows."""
    import tensorflow as tf

    if held_out is None:
        return None
    count = _count(held_out)

    @tf.function(autograph=False)
    def run():
        for start in range(0, count, batch_size):
            part = slice(start, start + batch_size)
            model.test_step(tf.nest.map_structure(operator.itemgetter(part), held_out))

    return run


def _results(model) -> dict[str, float]:
    return {name: float(value) for name, value in model.get_metrics_result().items()}
