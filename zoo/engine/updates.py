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

    def update(gradients, variables, learning_rate):
        import tensorflow as tf

        step = tf.cast(optimizer.iterations.value + 1, tf.float32)
        powers = [tf.pow(tf.constant(beta, tf.float32), step) for beta in (optimizer.beta_1, optimizer.beta_2)]
        rate = tf.cast(tf.convert_to_tensor(learning_rate), tf.float32)
        for gradient, variable in zip(gradients, variables, strict=True):
            variable = getattr(variable, "value", variable)
            if not isinstance(gradient, tf.Tensor) or variable.dtype != tf.float32:
                optimizer.update_step(gradient, variable, learning_rate)
                continue
            i = optimizer._get_variable_index(variable)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=optimizer._momentums[i].value.handle,
                v=optimizer._velocities[i].value.handle,
                beta1_power=powers[0],
                beta2_power=powers[1],
                lr=rate,
                beta1=optimizer.beta_1,
                beta2=optimizer.beta_2,
                epsilon=optimizer.epsilon,
                grad=tf.cast(gradient, tf.float32),
            )

    optimizer.__dict__["_backend_update_step"] = update
    try:
        yield
    finally:
        del optimizer.__dict__["_backend_update_step"]
