"""What a training is, and how it runs: the only place that decides loop, compiler and devices, and says why.

    Workload   how much there is to train on, and for how long: what a plan depends on beside the network
    Training   a workload with its arrays, and everything else that a loop is given
    Plan       which loop trains, whether XLA compiles the steps, on which devices, and why

A plan is made once for a compiled model, before rows are placed or anything is traced. What cannot be done is refused
here, by name and with the repair. Of many models at once `zoo.engine.members.plan_members` decides the same.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import keras

from zoo.engine import costs, keras_internals
from zoo.engine.budget import Budget
from zoo.engine.refusals import obstacle_of_steps
from zoo.engine.workers.devices import Placement
from zoo.layers.nesting import layers_of

ENGINES = ("auto", "fused", "xla", "keras")
COMPILED = ("tensorflow", "jax")  # backends that have a compiled loop, which bears the backend's name
BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Workload:
    """How much there is to train on, and for how long.

    Args:
        num_rows: Training rows.
        batch_size: Rows of a step; the last one of an epoch has what is left.
        epochs: The most epochs.
        streamed: Whether rows come in blocks, because they do not fit in memory.
        inputs_only: Whether rows have neither targets nor weights.
        augmentation: A function `(images, seed) -> images` on batches of `x["image"]`, with a seed `(2,)`; or None.
        made_by_model: Whether rows come from the model's own acts.
    """

    num_rows: int
    batch_size: int
    epochs: int
    streamed: bool = False
    inputs_only: bool = False
    augmentation: Callable | None = None
    made_by_model: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training(Workload):
    """One training of a compiled model.

    Args:
        rows: `(x,)`, `(x, y)` or `(x, y, weight)`, nests of arrays; or a function from an epoch to an iterator of
            `(arrays, order)`, where `order` lists rows of the arrays, batch after batch; or None for Keras's `fit`. A
            `zoo.engine.experience.Experience` is such a function.
        batches: A function from a variable that holds an epoch to a `tf.data.Dataset` of its batches, for Keras's
            `fit`; None where `rows` are arrays that need no augmentation.
        shuffle: Whether each epoch permutes the rows, by (seed, epoch). Blocks have an order of their own.
        seed: Seed of the permutations and of the augmentation.
        first_epoch: The epoch to begin with, from 0.
        validation: What Keras's `validation_data` takes, or None: then the last weights are kept.
        patience: Epochs without a better one after which training stops, as in a recipe; or None.
        stop_at: `(metric, value)`: stop after the first epoch whose metric is at most the value; or None.
        best_so_far: Validation loss of the current weights, which stay unless an epoch is better; or None.
        key: Equal for models whose compiled training is the same; None: what is compiled is not kept.
        callbacks: The caller's Keras callbacks.
        budget: What ends the training when its time is over, or None.
        checkpoint: A folder to write to after each epoch and to resume from, or None.
        identity: Plain values that say which run a checkpoint belongs to.
    """

    rows: Any
    batches: Callable | None = None
    shuffle: bool = False
    seed: int = 0
    first_epoch: int = 0
    validation: Any = None
    patience: int | tuple[int, float] | None = None
    stop_at: tuple[str, float] | None = None
    best_so_far: float | None = None
    key: Hashable | None = None
    callbacks: Sequence[keras.callbacks.Callback] = ()
    budget: Budget | None = None
    checkpoint: str | os.PathLike | None = None
    identity: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a training runs.

    Args:
        loop: `"tensorflow"` or `"jax"`: an epoch is one compiled call. `"numpy"`: an epoch is a pass of the layer's own
            rule in numpy. `"replicas"`: several devices or machines. `"keras"`: Keras's `fit`. Or the name of a
            full-batch solver.
        xla: Whether XLA compiles the steps.
        devices: Where it runs.
        why: Why this loop.
    """

    loop: str
    xla: bool
    devices: Placement
    why: str

    @property
    def text(self) -> str:
        """The plan in words."""
        if self.loop == "keras":
            return f"Keras's fit trains: {self.why}"
        if self.loop in COMPILED:
            return f"an epoch is one call, {'compiled by XLA' if self.xla else 'traced'}, {self.why}"
        return f"{self.loop} trains: {self.why}"

    @property
    def listed(self) -> dict[str, Any]:
        """The plan in plain values, for the record of a run."""
        return {"loop": self.loop, "xla": self.xla, "devices": self.devices.text, "why": self.why}


def plan(
    model: keras.Model,
    workload: Workload,
    *,
    devices: Placement,
    engine: str = "auto",
    solver: str | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Plan:
    """Decides how a compiled model trains.

    Args:
        model: A compiled model.
        workload: What it trains on.
        devices: What the caller asks for, or what there is, of `zoo.engine.workers.devices.place`.
        engine: `"auto"`, or what the caller insists on: `"fused"`: the compiled loop, traced. `"xla"`: the same,
            compiled by XLA. `"keras"`: Keras's `fit`.
        solver: A full-batch solver in the place of epochs, or None.
        callbacks: The caller's callbacks.

    Raises:
        ValueError: if the engine, or several devices that the caller insists on, cannot train so.
    """
    obstacle = _obstacle_to_compiling(workload, callbacks)
    if devices.several:
        devices = _settled(devices, model, workload, _obstacle_to_devices(engine, solver, obstacle))
    if solver is not None:
        return Plan(solver, False, devices, "the full-batch solver that was asked for")
    if devices.several:
        return Plan("replicas", False, devices, devices.why)
    if engine == "auto" and learns_in_numpy(model, workload, callbacks):
        return Plan("numpy", False, devices, "the layer's own rule is quickest there")
    why = "asked for" if engine == "keras" else obstacle
    if why and workload.made_by_model:
        raise ValueError(
            "Rows that a model makes by its own acts are trained on by the zoo's own loop alone, which cannot run "
            f"here: {'engine=' + repr(engine) + ' is asked for' if engine == 'keras' else why}. Pass `engine='auto'`, "
            "and callbacks of epochs."
        )
    if why:
        _check_engine(engine, why)
        return Plan("keras", False, devices, why)
    backend = keras.backend.backend()
    if backend == "jax":
        return Plan(backend, True, devices, "as JAX does")
    if engine != "auto":
        return Plan(backend, engine == "xla", devices, "as asked for")
    sizes = {"rows": workload.num_rows, "batch_size": workload.batch_size, "epochs": workload.epochs}
    xla = workload.augmentation is None and costs.xla_pays_off(model, **sizes)
    return Plan(backend, xla, devices, "which pays off" if xla else "for XLA would not pay off")


def _obstacle_to_compiling(workload: Workload, callbacks: Sequence) -> str:
    """Returns why no compiled loop can train, or `""`."""
    backend = keras.backend.backend()
    if backend not in COMPILED:
        return f"Keras runs on {backend}"
    if workload.augmentation is not None and backend != "tensorflow":
        return "augmentation computes in TensorFlow"
    return _obstacle_to_own_epochs(callbacks)


def _obstacle_to_own_epochs(callbacks: Sequence) -> str:
    """Returns why the zoo's driver of epochs cannot train, or `""`."""
    if keras.distribution.distribution() is not None:
        return "keras.distribution is set"
    if names := [type(callback).__name__ for callback in callbacks if asks_for_batches(callback)]:
        return f"{', '.join(names)} must be told of every batch"
    return keras_internals.lacking(keras_internals.LOOP)


def asks_for_batches(callback: keras.callbacks.Callback) -> bool:
    """Returns whether a Keras callback must be told of every batch."""
    if isinstance(callback, keras.callbacks.TensorBoard):
        return callback.update_freq != "epoch" or keras_internals.profiles_batches(callback)
    if isinstance(callback, (keras.callbacks.ModelCheckpoint, keras.callbacks.BackupAndRestore)):
        return callback.save_freq != "epoch"
    base = keras.callbacks.Callback
    return any(getattr(getattr(callback, name), "__func__", None) is not getattr(base, name) for name in BATCH_HOOKS)


def learns_in_numpy(model: keras.Model, workload: Workload, callbacks: Sequence) -> bool:
    """Returns whether the last layer of a model trains it by passes in numpy: on a CPU, on inputs alone, in memory."""
    network = getattr(model, "network", model)
    layer = network.layers[-1]
    return (
        bool(getattr(layer, "learns_in_numpy", False))
        and all(layer.output is tensor for tensor in network.outputs)
        and len(network.trainable_variables) == len(layer.trainable_variables) == 1
        and workload.inputs_only
        and not workload.streamed
        and not _obstacle_to_own_epochs(callbacks)
        and not _has_accelerator()
    )


def _has_accelerator() -> bool:
    if keras.backend.backend() == "jax":
        import jax

        return jax.default_backend() != "cpu"
    if keras.backend.backend() == "torch":
        import torch

        return torch.accelerator.is_available()
    return bool(costs.gpus())


def _check_engine(engine: str, why: str) -> None:
    """Raises ValueError if the caller insists on the compiled loop, which cannot train; warns of missing names."""
    names_are_missing = why == keras_internals.lacking(keras_internals.LOOP)
    if names_are_missing and engine != "auto":
        raise ValueError(
            f"`engine={engine!r}` is the zoo's own loop, which cannot run here: {why}. Or pass `engine='auto'`, by "
            "which Keras's fit trains."
        )
    if names_are_missing:
        keras_internals.warn_of_fit()
    if engine in ("fused", "xla"):
        raise ValueError(
            f"`engine={engine!r}` needs TensorFlow or JAX as the backend, and callbacks that ask for no batches. "
            f"Received: {why}. Pass `engine='auto'`."
        )


# Several devices.


def _obstacle_to_devices(engine: str, solver: str | None, obstacle: str) -> str:
    """Returns why several devices cannot do what is asked for, or `""`."""
    if solver is not None:
        return f"solver={solver!r}"
    if engine in ("xla", "keras"):
        return f"engine={engine!r}"
    return obstacle


def _settled(devices: Placement, model: keras.Model, workload: Workload, obstacle: str) -> Placement:
    """Returns the placement of a training whose model is known: a small network stays on one device.

    Raises:
        ValueError: if the caller, or TF_CONFIG, insists on several devices that cannot train this way.
    """
    obstacle = obstacle or _obstacle_of_model(model)
    if obstacle and devices.forced:
        repair = "unset TF_CONFIG" if devices.cluster else "pass `devices='auto'`"
        raise ValueError(f"Several devices cannot train this way: {obstacle}. Change that, or {repair}.")
    if devices.forced:
        return devices
    count = len(devices.devices)
    if obstacle or not costs.several_gpus_pay_off(model, batch_size=workload.batch_size, count=count):
        why = obstacle or f"{count} GPUs would be slower: the network is small"
        return dataclasses.replace(devices, several=False, devices=devices.devices[:1], why=f"one is used: {why}")
    return dataclasses.replace(devices, why=f"{count} GPUs share each batch")


def _obstacle_of_model(model: keras.Model) -> str:
    """Returns why a model cannot train on several devices to the weights of one, or `""`."""
    if why := keras_internals.lacking(keras_internals.LOOP, keras_internals.SEVERAL_DEVICES):
        return why
    if (traits := getattr(model, "traits", None)) and (why := obstacle_of_steps(traits)):
        return why
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    losses = keras.tree.flatten(model.loss)
    reductions = {getattr(loss, "reduction", None) for loss in losses} - {None, "sum_over_batch_size", "mean"}
    if reductions:
        named = ", ".join(sorted(map(str, reductions)))
        return f"a loss with the reduction {named}, which is not the mean over the batch"
    if optimizer.gradient_accumulation_steps:
        return "gradient_accumulation_steps, which a larger batch_size makes up for"
    if optimizer.use_ema and optimizer.ema_overwrite_frequency:
        return "ema_overwrite_frequency, for which None averages as well"
    if any(isinstance(layer, keras.layers.BatchNormalization) for layer in layers_of(model)):
        return "BatchNormalization, which normalizes by the batch of its device alone; normalization='layer' does not"
    return ""
