"""Many models of one structure as one program: folds, seeds and learning rates side by side.

    theta  (members, *shape)      a step of all members is one step on stacked weights

A small network spends its time around the arithmetic; members share that. Each has rows, an order, dropout and an end
of its own, and leaves with the weights that it would have had alone.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import threading
from collections.abc import Callable, Hashable, Sequence

import keras
import numpy as np

from zoo.engine import compiled, updates
from zoo.engine.schedules import WarmupCosine

ELEMENTWISE = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Lion", "Ftrl")
KEPT = 4

_kept: collections.OrderedDict[Hashable, _Program] = collections.OrderedDict()
_lock = threading.Lock()


@dataclasses.dataclass(frozen=True)
class Member:
    """What a member's training left: the loss of each epoch, that of its validation rows, and the best epoch from 0."""

    losses: list[float]
    val_losses: list[float]
    best_epoch: int | None


def obstacle(models: Sequence[keras.Model], rows: Sequence[tuple], batch_size: int) -> str:
    """Returns why models cannot train as one program, or `""`.

    Args:
        models: Compiled.
        rows: For each, what it trains on.
        batch_size: Rows a step.
    """
    if keras.backend.backend() != "tensorflow":
        return f"Keras runs on {keras.backend.backend()}"
    first = models[0]
    shapes = [[(v.shape, v.dtype) for v in model.network.variables] for model in models]
    if any(other != shapes[0] for other in shapes):
        return "their networks have different shapes"
    if len({-(-_count(part) // batch_size) for part in rows}) > 1:
        return "an epoch has different numbers of steps"
    optimizer = first.optimizer
    if type(optimizer).__name__ not in ELEMENTWISE:
        return f"{type(optimizer).__name__} looks at a whole variable at once"
    settings = ("clipnorm", "global_clipnorm", "use_ema", "gradient_accumulation_steps", "loss_scale_factor")
    if used := [name for name in settings if getattr(optimizer, name, None)]:
        return f"the optimizer's {used[0]} looks at a whole variable at once"
    layers = first.network._flatten_layers()
    if any(isinstance(layer, keras.layers.BatchNormalization) for layer in layers):
        return "batch normalization would count the rows that fill a batch"
    if any(getattr(layer, "activity_regularizer", None) for layer in layers):
        return "a penalty on activities would count the rows that fill a batch"
    if any(layer.compute_dtype != "float32" for layer in layers):
        return "its layers do not compute in float32"
    if any(hasattr(layer, "seed_generator") and type(layer) is not keras.layers.Dropout for layer in layers):
        return "a layer beside Dropout draws random numbers"
    return ""


def fit(
    models: Sequence[keras.Model],
    rows: Sequence[tuple],
    validation: Sequence[tuple] | None,
    *,
    loss: Callable,
    batch_size: int,
    epochs: int,
    shuffle: bool,
    seeds: Sequence[int],
    patience: int | None = None,
    key: Hashable | None = None,
) -> list[Member]:
    """Trains models at once and leaves each with its best weights.

    Args:
        models: Compiled, of one structure but for their rates; each has a `network`.
        rows: For each, `(x, y, weight)`: a dict of arrays `(rows, ...)`, targets in the network's units `(rows,)`, and
            weights `(rows,)`.
        validation: The same of the rows that choose the best epoch, or None.
        loss: `(y, network output) -> (rows,)`.
        batch_size: Rows a step.
        epochs: The most epochs.
        shuffle: Whether rows are permuted, by (seed, epoch).
        seeds: Of each member's orders.
        patience: Epochs without a better one after which a member stops.
        key: Equal for models whose steps do the same; None: the program is not kept.

    Returns:
        What each left.
    """
    rates = _rates(models)
    stacked, counts = _stacked(rows)
    held = None if validation is None else _stacked(validation)
    sizes = (len(models), batch_size, shuffle, patience, tuple(counts), held and tuple(held[1]), rates is None)
    parts = [stacked] if held is None else [stacked, held[0]]
    shapes = tuple((a.shape, str(a.dtype)) for a in keras.tree.flatten(parts))
    with _program(key and (key, sizes, shapes), models[0], loss, counts, held and held[1], sizes) as program:
        program.begin(models, rates)
        return program.run(models, stacked, held and held[0], epochs, seeds)


def clear() -> None:
    """Forgets all kept programs."""
    with _lock:
        _kept.clear()


@contextlib.contextmanager
def _program(key, template, loss, counts, held_counts, sizes):
    members, batch_size, shuffle, patience = sizes[:4]
    with _lock:
        program = _kept.pop(key, None) if key is not None else None
    if program is None:
        program = _Program(template, loss, counts, held_counts, members, batch_size, shuffle, patience)
    yield program
    if key is not None:  # after a failure, its state may be any
        with _lock:
            _kept[key] = program
            while len(_kept) > KEPT:
                _kept.popitem(last=False)


def _count(rows) -> int:
    return len(rows[1])


def _rates(models) -> np.ndarray | None:
    """Returns each member's learning rate over the first one's, or None where they are equal."""
    rates = np.array([_peak(model.optimizer) for model in models])
    return None if np.all(rates == rates[0]) else (rates / rates[0]).astype("float32")


def _peak(optimizer) -> float:
    rate = optimizer._learning_rate
    return rate.peak if isinstance(rate, WarmupCosine) else float(keras.ops.convert_to_numpy(optimizer.learning_rate))


def _stacked(rows: Sequence[tuple]) -> tuple[tuple, list[int]]:
    """Returns members' rows as `(members, most rows, ...)`, filled with zeros, and how many each has."""
    counts = [_count(part) for part in rows]
    most = max(counts)

    def stack(*arrays):
        filled = [np.pad(a, [(0, most - len(a)), *[(0, 0)] * (a.ndim - 1)]) for a in arrays]
        return np.stack(filled)

    return keras.tree.map_structure(stack, *rows), counts


def _trained(model) -> list:
    return model.network.trainable_variables


def _rest(model) -> list:
    """Returns the other variables; members' draws follow from the seed of the training."""
    return [v for v in model.network.non_trainable_variables if not v.path.endswith("seed_generator_state")]


class _GivenMask(keras.layers.Layer):
    """Dropout whose mask is drawn for all members together, outside of what is vectorized."""

    def __init__(self, rate: float, width: tuple, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.width, self.mask = rate, width, None

    def call(self, x, training=None):
        return x * self.mask if training else x


def _with_given_masks(network) -> keras.Model:
    """Returns a network of the same weights whose Dropout layers take masks."""

    def clone(layer):
        if isinstance(layer, keras.layers.Dropout):
            return _GivenMask(layer.rate, tuple(layer.output.shape[1:]), name=layer.name)
        return layer.__class__.from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=clone)


class _Program:
    """Stacked weights, their optimizer, and the compiled epoch.

    Args:
        template: A model whose network every member has.
        loss: Of each row.
        counts: How many rows each member trains on.
        held_counts: How many choose its best epoch, or None.
        members: How many there are.
        batch_size: Rows a step.
        shuffle: Whether to permute.
        patience: Epochs without a better one.
    """

    def __init__(self, template, loss, counts, held_counts, members, batch_size, shuffle, patience):
        self._network, self._loss = _with_given_masks(template.network), loss
        self._dropouts = [layer for layer in self._network.layers if isinstance(layer, _GivenMask)]
        self._counts, self._held_counts, self._members = counts, held_counts, members
        self._batch_size, self._shuffle, self._patience = batch_size, shuffle, patience
        self._trainable = [self._stack(v, True) for v in template.network.trainable_variables]
        self._fixed = [self._stack(v, False) for v in _rest(template)]
        self._best = [self._stack(v, False) for v in (*_trained(template), *_rest(template))]
        self._state = {
            name: keras.Variable(np.zeros(members, kind), dtype=kind, trainable=False, name=name)
            for name, kind in (("best_loss", "float32"), ("wait", "int32"), ("stopped", "int32"), ("epoch", "int32"))
        }
        self._factors = keras.Variable(np.ones(members, "float32"), trainable=False, name="rates")
        self._optimizer = template.optimizer.from_config(template.optimizer.get_config())
        self._optimizer.build(self._trainable)
        self._same_rates = True
        self._function = None

    def _stack(self, variable, trainable):
        shape = (self._members, *variable.shape)
        return keras.Variable(
            np.zeros(shape, variable.dtype), dtype=variable.dtype, trainable=trainable, name="stacked"
        )

    def begin(self, models, rates) -> None:
        """Takes the models' weights and rates; nothing is left of a training before."""
        for own, theirs in ((self._trainable, _trained), (self._fixed, _rest)):
            for variable, values in zip(own, zip(*(theirs(model) for model in models), strict=True), strict=True):
                variable.assign(np.stack([value.numpy() for value in values]))
        for variable, now in zip(self._best, (*self._trainable, *self._fixed), strict=True):
            variable.assign(now)
        for name, value in (("best_loss", np.inf), ("wait", 0), ("stopped", 0), ("epoch", -1)):
            self._state[name].assign(np.full(self._members, value))
        theirs = models[0].optimizer._learning_rate
        for variable in self._optimizer.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))
        if isinstance(theirs, WarmupCosine):
            for variable, value in zip(self._optimizer._learning_rate.variables, theirs.variables, strict=True):
                variable.assign(value)
        else:
            self._optimizer.learning_rate = float(theirs)
        self._same_rates = rates is None
        self._factors.assign(np.ones(self._members) if rates is None else rates)

    def run(self, models, rows, held, epochs: int, seeds) -> list[Member]:
        """Trains until every member has stopped, and gives the models their best weights."""
        import tensorflow as tf

        rows, held = (part and tf.nest.map_structure(tf.constant, part) for part in (rows, held))
        seeds = tf.constant(list(seeds), tf.int32)
        losses, val_losses, lasting = [], [], []
        for epoch in range(epochs):
            lasting.append(self._state["stopped"].numpy() == 0)
            loss, tested = self._call(rows, held, seeds, tf.constant(epoch))
            losses.append(loss.numpy())
            val_losses.append(tested.numpy())
            if np.all(self._state["stopped"].numpy()):
                break
        best = [variable.numpy() for variable in self._best]
        best_epochs = self._state["epoch"].numpy()
        left = []
        for k, model in enumerate(models):
            for variable, value in zip((*_trained(model), *_rest(model)), best, strict=True):
                variable.assign(value[k])
            at = [i for i, some in enumerate(lasting) if some[k]]
            left.append(
                Member(
                    [float(losses[i][k]) for i in at],
                    [float(val_losses[i][k]) for i in at] if held is not None else [],
                    int(best_epochs[k]) if held is not None and best_epochs[k] >= 0 else None,
                )
            )
        return left

    def _call(self, *arguments):
        import tensorflow as tf

        if self._function is None:
            flops = 6.0 * self._batch_size * sum(float(np.prod(v.shape)) for v in self._trainable if len(v.shape) > 2)
            small = flops < compiled.SMALL_STEP
            executors = [compiled._single_thread] if small else []
            for executor in (*executors, contextlib.nullcontext):
                with executor():  # what is traced depends on it
                    function = tf.function(self._epoch, autograph=False).get_concrete_function(*arguments)
                if executor is contextlib.nullcontext or not compiled._calls_within_calls(function):
                    self._function, self._executor = function, executor
                    break
        with self._executor():
            return self._function(*arguments)

    def _epoch(self, rows, held, seeds, epoch):
        """Returns the members' losses `(members,)` of an epoch, and of their validation rows after it."""
        import tensorflow as tf

        size = min(self._batch_size, max(self._counts))
        steps = -(-max(self._counts) // size)
        orders, filled = [], []
        for k, count in enumerate(self._counts):
            order = tf.range(count)
            if self._shuffle:
                order = tf.random.experimental.stateless_shuffle(order, seed=tf.stack([seeds[k], epoch]))
            orders.append(tf.pad(order, [[0, steps * size - count]]))
            filled.append(np.arange(steps * size) < count)
        orders, filled = tf.stack(orders), tf.constant(np.stack(filled).astype("float32"))

        def step(i, totals):
            index, mask = (tf.slice(part, [0, i * size], [self._members, size]) for part in (orders, filled))
            x, y, weight = tf.nest.map_structure(lambda a: tf.gather(a, index, axis=1, batch_dims=1), rows)
            counts = tf.reduce_sum(mask, axis=1)
            with tf.GradientTape() as tape:
                trainable = [v.value.read_value() for v in self._trainable]
                tape.watch(trainable)
                masks = self._masks(size, tf.stack([seeds[0], epoch * steps + i]))
                share = weight * mask / counts[:, None]
                losses, fixed = self._losses(trainable, x, y, share, masks, training=True)
                total = tf.reduce_sum(losses)
            gradients = tape.gradient(total, trainable, unconnected_gradients="zero")
            gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
            with self._updating():
                self._optimizer.apply(gradients, self._trainable)
            for variable, value in zip(self._fixed, fixed, strict=True):
                variable.assign(value)
            return i + 1, totals + losses * counts

        start = (tf.constant(0), tf.zeros(self._members))
        _, totals = tf.while_loop(lambda i, _: i < steps, step, start, parallel_iterations=1)
        losses = totals / tf.constant(self._counts, tf.float32)
        return losses, self._keep(losses, held, epoch)

    def _masks(self, size: int, seed) -> list:
        """Returns the mask of each Dropout layer, `(members, size, ...)`: 0, or 1 over the share that is kept."""
        import tensorflow as tf

        masks = []
        for i, layer in enumerate(self._dropouts):
            own = tf.random.experimental.stateless_fold_in(seed, i)
            draws = tf.random.stateless_uniform((self._members, size, *layer.width), own)
            masks.append(tf.where(draws >= layer.rate, 1.0 / (1.0 - layer.rate), 0.0))
        return masks

    def _losses(self, trainable, x, y, share, masks, *, training: bool):
        """Returns losses `(members,)` and what becomes of the variables that are not trained."""
        import tensorflow as tf

        fixed = [v.value.read_value() for v in self._fixed]

        def one(parts):
            trainable, fixed, x, y, share, masks = parts
            for layer, mask in zip(self._dropouts, masks, strict=False):
                layer.mask = mask
            outputs, fixed, penalties = self._network.stateless_call(
                trainable, fixed, x, training=training, return_losses=True
            )
            return tf.reduce_sum(self._loss(y, outputs) * share) + sum(penalties), fixed

        return tf.vectorized_map(one, (trainable, fixed, x, y, share, masks), fallback_to_while_loop=False)

    def _keep(self, losses, held, epoch):
        """Keeps the weights of members whose epoch is their best; without validation rows, the last that are finite."""
        import tensorflow as tf

        now = [v.value.read_value() for v in (*self._trainable, *self._fixed)]
        state = {name: v.value.read_value() for name, v in self._state.items()}
        finite = tf.math.is_finite(losses)
        for tensor in now:
            if tensor.dtype.is_floating:
                finite &= tf.reduce_all(tf.math.is_finite(tf.reshape(tensor, (self._members, -1))), axis=1)
        going = state["stopped"] == 0
        if held is None:
            value, better = losses, going & finite
        else:
            x, y, weight = held
            mask = np.arange(max(self._held_counts)) < np.array(self._held_counts)[:, None]
            share = weight * tf.constant(mask / np.array(self._held_counts)[:, None], tf.float32)
            value, _ = self._losses(now[: len(self._trainable)], x, y, share, [], training=False)
            better = going & finite & (value < state["best_loss"])
        wait = tf.where(better, 0, state["wait"] + 1)
        done = ~finite
        if held is not None and self._patience is not None:
            done |= wait >= self._patience
        self._state["best_loss"].assign(tf.where(better, value, state["best_loss"]))
        self._state["epoch"].assign(tf.where(better, epoch, state["epoch"]))
        self._state["wait"].assign(wait)
        self._state["stopped"].assign(tf.where(going & ~done, 0, 1))
        for best, tensor in zip(self._best, now, strict=True):
            chosen = tf.reshape(better, (-1, *[1] * (len(tensor.shape) - 1)))
            best.assign(tf.where(chosen, tensor, best.value))
        return value

    @contextlib.contextmanager
    def _updating(self):
        """Has the optimizer step each member by its own rate; one rate for all takes the quicker way."""
        optimizer = self._optimizer
        if self._same_rates:
            with updates.in_one_operation(optimizer):
                yield
            return

        def rate_of(variable, rate):
            return rate * keras.ops.reshape(self._factors, (-1, *[1] * (len(variable.shape) - 1)))

        def update(gradients, variables, rate):
            for gradient, variable in zip(gradients, variables, strict=True):
                optimizer.update_step(gradient, variable.value, rate_of(variable, rate))

        def decay(variables):
            for variable in variables:
                if optimizer.weight_decay and optimizer._use_weight_decay(variable):
                    share = optimizer.weight_decay * rate_of(variable, optimizer.learning_rate)
                    variable.assign(variable - variable * share)

        own = {"_backend_update_step": update, "_apply_weight_decay": decay}
        optimizer.__dict__.update(own)
        try:
            yield
        finally:
            for name in own:
                del optimizer.__dict__[name]
