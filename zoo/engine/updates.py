"""Optimizer and metric updates in few operations: Keras's own cost more than a small layer, above all to trace."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Iterator

import keras

from zoo.engine import dropout, keras_internals
from zoo.engine.keras_internals import replaced
from zoo.engine.members import products
from zoo.engine.optimizers import GroupedAdamW
from zoo.layers.members import MemberDense
from zoo.layers.nesting import layers_of

# TensorFlow's kernel of Adam cuts every variable into parts for all threads, which costs 35 us; from about here on it
# gains more.
FEW_WEIGHTS = 2**15


@contextlib.contextmanager
def in_few_operations(model: keras.Model, scratch: dict | None = None, *, xla: bool = False) -> Iterator[None]:
    """Has a model's optimizer and metrics update by TensorFlow's own kernels while a training is traced.

    The arithmetic is Keras's, rounded elsewhere. Dropout draws other numbers of the same distribution.

    Args:
        model: Compiled, its variables created.
        scratch: As for `adam`.
        xla: Whether XLA compiles it.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(adam(model.optimizer, scratch))
        for tracker in model.metrics[:1]:  # the loss's own mean comes first
            if type(tracker) is keras.metrics.Mean:
                stack.enter_context(replaced(tracker, "update_state", _sum_of_scalars(tracker)))
        for metric in _compiled_metrics(model):
            if getattr(type(metric), "update_state", None) is keras.metrics.MeanMetricWrapper.update_state:
                stack.enter_context(replaced(metric, "update_state", _sum_of_rows(metric)))
        for layer in layers_of(model):
            if dropout.suits(layer):
                stack.enter_context(replaced(layer, "call", dropout.of_few_bits(layer, hashed=xla)))
            if isinstance(layer, MemberDense) and scratch is not None:
                stack.enter_context(replaced(layer, "product", products.product))
        yield


def _compiled_metrics(model) -> list:
    """Returns the metrics that `compile` was given: Keras holds them together in one metric of the model."""
    return [metric for group in model.metrics for metric in getattr(group, "metrics", ())]


@contextlib.contextmanager
def adam(optimizer, scratch: dict | None = None) -> Iterator[None]:
    """Has Adam and AdamW update a variable by one operation, where Keras writes some fifteen; others stay as they are.

    So does `zoo.engine.optimizers.GroupedAdamW`.

    The learning rate is computed once for all, and for their decay: Keras has its schedule, of a dozen operations, for
    every variable anew.

    Sparse or accumulated gradients and `amsgrad` take Keras's own steps.

    Args:
        optimizer: A Keras optimizer, its variables created.
        scratch: Takes variables that must live as long as what is traced: with it, small variables are updated by the
            kernel of AMSGrad, whose greatest second moment, from 0 at each step, is the one of the step. That kernel
            keeps to one thread where variables are small.
    """
    if not _is_adam(optimizer):
        yield
        return
    if scratch is not None:
        prepare(optimizer, scratch)
    rates: list = []  # the learning rate, from the decay to the update that follows
    rate_by_keras = keras_internals.computation_of_rate(optimizer)
    is_grouped = isinstance(optimizer, GroupedAdamW)

    def update(gradients, variables, learning_rate):
        import tensorflow as tf

        step = tf.cast(optimizer.iterations.value + 1, tf.float32)
        betas = [tf.constant(beta, tf.float32) for beta in (optimizer.beta_1, optimizer.beta_2)]
        powers = [tf.pow(beta, step) for beta in betas]
        epsilon = tf.constant(optimizer.epsilon, tf.float32)
        rate = tf.cast(tf.convert_to_tensor(learning_rate), tf.float32)
        rates.clear()

        @functools.cache  # of each group of variables once
        def rate_of(factor: float):
            return rate if factor == 1.0 else rate * factor

        @functools.cache
        def share_of(factor: float):
            return rate_of(factor) * optimizer.current_decay()

        for gradient, variable in zip(gradients, variables, strict=True):
            variable = getattr(variable, "value", variable)
            if not isinstance(gradient, tf.Tensor) or variable.dtype != tf.float32:
                optimizer.update_step(gradient, variable, learning_rate)
                continue
            factor, decay = optimizer.factors_of(variable) if is_grouped else (1.0, 0.0)
            if decay:
                share = variable.value() * share_of(decay)
                tf.raw_ops.AssignSubVariableOp(resource=variable.handle, value=share)
            first, second = keras_internals.moments_of(optimizer, variable)
            moments = {"var": variable.handle, "m": first.value.handle, "v": second.value.handle}
            numbers = {
                "beta1_power": powers[0],
                "beta2_power": powers[1],
                "lr": rate_of(factor),
                "beta1": betas[0],
                "beta2": betas[1],
                "epsilon": epsilon,
                "grad": tf.cast(gradient, tf.float32),
            }
            if scratch is None or variable.shape.num_elements() > FEW_WEIGHTS:
                tf.raw_ops.ResourceApplyAdam(**moments, **numbers)
                continue
            greatest = scratch[tuple(variable.shape)]
            greatest.assign(tf.zeros(variable.shape), read_value=False)
            tf.raw_ops.ResourceApplyAdamWithAmsgrad(**moments, vhat=greatest.handle, **numbers)

    def decay(variables):
        import tensorflow as tf

        if optimizer.weight_decay is None:
            return
        rates.append(tf.convert_to_tensor(rate_by_keras()))
        shares: dict = {}
        for variable in variables:
            variable = getattr(variable, "value", variable)  # by whose name Keras asks
            if keras_internals.decays(optimizer, variable):
                dtype = variable.dtype
                if dtype not in shares:
                    shares[dtype] = tf.cast(rates[0], dtype) * tf.cast(optimizer.weight_decay, dtype)
                tf.raw_ops.AssignSubVariableOp(resource=variable.handle, value=variable.value() * shares[dtype])

    def rate():
        return rates[0] if rates else rate_by_keras()

    with keras_internals.own_updates(optimizer, rate=rate, update=update, decay=decay):
        yield


def _is_adam(optimizer) -> bool:
    ours = type(optimizer) in (keras.optimizers.Adam, keras.optimizers.AdamW, GroupedAdamW)
    return ours and not optimizer.amsgrad and not optimizer.gradient_accumulation_steps


def prepare(optimizer, scratch: dict) -> None:
    """Creates the variables that `adam` takes for an optimizer: what creates one while it is traced is traced twice."""
    import tensorflow as tf

    if not _is_adam(optimizer):
        return
    scalars = {id(optimizer.iterations), id(keras_internals.learning_rate_of(optimizer))}
    for variable in optimizer.variables:  # moments, which have the shapes of the weights, and the two numbers above
        shape = tuple(variable.shape)
        if id(variable) in scalars:
            continue
        if shape not in scratch and math.prod(shape) <= FEW_WEIGHTS:
            scratch[shape] = tf.Variable(tf.zeros(shape), trainable=False)


def _sum_of_scalars(mean: keras.metrics.Mean):
    """Returns the update of the mean of a loss: a number, weighted by how many rows it is of."""
    keras_s_own = mean.update_state

    def update_state(value, sample_weight=None):
        import tensorflow as tf

        if sample_weight is None or value.shape.rank != 0 or sample_weight.shape.rank != 0:
            return keras_s_own(value, sample_weight=sample_weight)
        weight = tf.cast(sample_weight, mean.dtype)
        mean.total.value.assign_add(tf.cast(value, mean.dtype) * weight, read_value=False)
        mean.count.value.assign_add(weight, read_value=False)

    return update_state


def _sum_of_rows(metric: keras.metrics.MeanMetricWrapper):
    """Returns the update of the mean of a function of rows; those with weights or masks take Keras's own."""
    keras_s_own = metric.update_state

    def update_state(y_true, y_pred, sample_weight=None):
        import tensorflow as tf

        if sample_weight is not None or keras_internals.mask_of(y_pred) is not None:
            return keras_s_own(y_true, y_pred, sample_weight=sample_weight)
        values = keras_internals.values_of_rows(metric, y_true, y_pred)
        if keras_internals.mask_of(values) is not None:
            return keras_s_own(y_true, y_pred, sample_weight=sample_weight)
        values = tf.cast(values, metric.dtype)
        count = values.shape.num_elements() or tf.size(values)  # of labels, several a row
        metric.total.value.assign_add(tf.reduce_sum(values), read_value=False)
        metric.count.value.assign_add(tf.cast(count, metric.dtype), read_value=False)

    return update_state
