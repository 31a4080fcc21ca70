"""Adam's update of a variable as one operation. Keras writes some fifteen, which cost more to run than small layers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def in_one_operation(optimizer) -> Iterator[None]:
    """Has Adam and AdamW update by TensorFlow's own kernel while a training is traced; others stay as they are.

    The arithmetic is Keras's, rounded elsewhere. Sparse or accumulated gradients and `amsgrad` take Keras's own steps.
    """
    ours = type(optimizer) in (keras.optimizers.Adam, keras.optimizers.AdamW)
    if not ours or optimizer.amsgrad or optimizer.gradient_accumulation_steps:
        yield
        return
    theirs = optimizer.update_step

    def update_step(gradient, variable, learning_rate):
        import tensorflow as tf

        if not isinstance(gradient, tf.Tensor) or variable.dtype != tf.float32:
            return theirs(gradient, variable, learning_rate)
        i = optimizer._get_variable_index(variable)
        step = tf.cast(optimizer.iterations.value + 1, tf.float32)
        return tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=optimizer._momentums[i].value.handle,
            v=optimizer._velocities[i].value.handle,
            beta1_power=tf.pow(tf.constant(optimizer.beta_1, tf.float32), step),
            beta2_power=tf.pow(tf.constant(optimizer.beta_2, tf.float32), step),
            lr=tf.cast(learning_rate, tf.float32),
            beta1=optimizer.beta_1,
            beta2=optimizer.beta_2,
            epsilon=optimizer.epsilon,
            grad=tf.cast(gradient, tf.float32),
        )

    optimizer.__dict__["update_step"] = update_step
    try:
        yield
    finally:
        del optimizer.__dict__["update_step"]
