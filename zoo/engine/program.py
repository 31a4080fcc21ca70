"""The program by which many models train: weights, optimizer and early stopping of all members, members first.

    theta_m <- theta_m - eta_m update(grad L_m)      one step of all members on (members, *shape)

Members that have stopped go on, as the others do; their best weights are kept.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math

import keras
import numpy as np

from zoo.engine import calls, compiled, stacked, updates
from zoo.engine.schedules import WarmupCosine


@dataclasses.dataclass(frozen=True)
class Member:
    """What a member's training left.

    Args:
        losses: The loss of each epoch.
        val_losses: That of its validation rows.
        best_epoch: Whose weights were kept, from 0; None where none was chosen.
        diverged: Whether its loss or weights were no longer finite.
    """

    losses: list[float]
    val_losses: list[float]
    best_epoch: int | None
    diverged: bool


class _Kept:
    """The weights that a member leaves with, and when it stops: as `zoo.engine.callbacks` has it for one model.

    Args:
        patience: Epochs without a better one after which it stops, or None.
        chooses: Whether validation rows choose the epoch; else the last one that ended finite is kept.
    """

    def __init__(self, patience: int | None, *, chooses: bool):
        self._patience, self._chooses = patience, chooses
        self._losses, self._val_losses = [], []
        self._best, self._best_epoch, self._wait = np.inf, None, 0
        self.weights, self.stopped, self._diverged = None, False, False

    def see(self, epoch: int, loss, val_loss, weights) -> None:
        """Judges an epoch."""
        self._losses.append(float(loss))
        self._val_losses.append(float(val_loss))
        if not np.isfinite(loss) or not all(np.all(np.isfinite(values)) for values in weights):
            self.stopped = self._diverged = True
            return
        self._wait += 1
        if not self._chooses or val_loss < self._best:
            self._best, self._best_epoch, self._wait = val_loss, epoch, 0
            self.weights = [values.copy() for values in weights]
        waited = self._patience is not None and self._wait >= self._patience
        self.stopped = waited and self._chooses and self._best_epoch is not None

    def told(self) -> Member:
        chosen = (self._val_losses, self._best_epoch) if self._chooses else ([], None)
        return Member(self._losses, *chosen, self._diverged)


def _trained(model) -> list:
    return model.network.trainable_variables


class Program:
    """Stacked weights, their optimizer, and the compiled epoch.

    Args:
        template: A model whose network every member has, of the widest inputs.
        loss: Of each row.
        counts: How many rows each member trains on.
        held_counts: How many choose its best epoch, or None.
        batch_size: Rows a step.
        shuffle: Whether to permute.
        patience: Epochs without a better one.
    """

    def __init__(self, template, loss, counts, held_counts, batch_size, shuffle, patience):
        import tensorflow as tf

        self._network, self._loss = template.network, loss
        self._counts, self._held_counts, self._members = counts, held_counts, len(counts)
        self._batch_size, self._shuffle, self._patience = batch_size, shuffle, patience
        shapes = stacked.shapes(self._network, self._members)
        self._shapes = [tuple(v.shape) for v in _trained(template)]
        self._places: list[list] = []  # of each member's rows in the widest one's variables
        self._weights = [keras.Variable(np.zeros(shape, "float32"), name="stacked") for shape in shapes]
        self._factors = tf.Variable(tf.ones(self._members), trainable=False)
        self._optimizer = template.optimizer.from_config(template.optimizer.get_config())
        self._optimizer.build(self._weights)
        self._fresh = [v.numpy().flat[0] for v in self._optimizer.variables]  # each begins as one number
        self._same_rates = True
        self._scratch: dict = {}  # the variables of `updates.adam`
        updates.prepare(self._optimizer, self._scratch)
        self._function: calls.Traced | None = None

    def begin(self, models, rates) -> None:
        """Takes the models' weights and rates; nothing is left of a training before."""
        wide = models[stacked.widest([model.network for model in models])].network
        members, self._places = [], []
        for model in models:
            filled = [np.zeros(shape, "float32") for shape in self._shapes]
            self._places.append([slice(None) if rows is None else rows for rows in stacked.places(model.network, wide)])
            for all_rows, rows, variable in zip(filled, self._places[-1], _trained(model), strict=True):
                all_rows[rows] = variable.numpy()
            members.append(filled)
        for variable, *values in zip(self._weights, *members, strict=True):
            variable.assign(np.stack(values).reshape(variable.shape))
        for variable, value in zip(self._optimizer.variables, self._fresh, strict=True):
            variable.assign(np.full(variable.shape, value))
        theirs = models[0].optimizer._learning_rate
        if isinstance(theirs, WarmupCosine):
            for variable, value in zip(self._optimizer._learning_rate.variables, theirs.variables, strict=True):
                variable.assign(value)
        elif not isinstance(theirs, keras.optimizers.schedules.LearningRateSchedule):
            self._optimizer.learning_rate = float(theirs)
        self._same_rates = rates is None
        if rates is not None:
            self._factors.assign(rates)

    @property
    def num_weights(self) -> int:
        """Of all members."""
        return sum(math.prod(v.shape) for v in self._weights)

    def run(self, models, rows, held, epochs: int, seeds) -> list[Member]:
        """Trains until every member has stopped, and gives the models their best weights."""
        import tensorflow as tf

        rows, held = (part and tf.nest.map_structure(tf.constant, part) for part in (rows, held))
        seeds = tf.constant(list(seeds), tf.int32)
        left = [_Kept(self._patience, chooses=held is not None) for _ in models]
        for member, weights in zip(left, self._by_member(), strict=True):
            member.weights = [values.copy() for values in weights]
        for epoch in range(epochs):
            losses, val_losses = (tensor.numpy() for tensor in self._call(rows, held, seeds, tf.constant(epoch)))
            for member, *result in zip(left, losses, val_losses, self._by_member(), strict=True):
                if not member.stopped:
                    member.see(epoch, *result)
            if all(member.stopped for member in left):
                break
        for model, member, places in zip(models, left, self._places, strict=True):
            for variable, value, rows in zip(_trained(model), member.weights, places, strict=True):
                variable.assign(value[rows])
        return [member.told() for member in left]

    def _by_member(self) -> list[list[np.ndarray]]:
        """Returns the weights that each member has now."""
        parts = [v.numpy().reshape(self._members, *shape) for v, shape in zip(self._weights, self._shapes, strict=True)]
        return [list(member) for member in zip(*parts, strict=True)]

    def _call(self, *arguments):
        import tensorflow as tf

        if self._function is None:
            flops = 6.0 * self._batch_size * sum(float(np.prod(v.shape)) for v in self._weights if len(v.shape) > 2)
            self._function = calls.traced(
                self._epoch, arguments, alone=flops < compiled.SMALL_STEP and not compiled._gpus()
            )
            self._network = None  # traced: the model is the caller's
        return self._function([tensor for tensor in tf.nest.flatten(arguments) if tensor is not None])

    def _epoch(self, rows, held, seeds, epoch):
        """Returns the members' losses `(members,)` of an epoch, and of their validation rows after it."""
        import tensorflow as tf

        most, size = max(self._counts), min(self._batch_size, max(self._counts))
        steps = -(-most // size)
        orders = []
        for k, count in enumerate(self._counts):
            order = tf.range(count)
            if self._shuffle:
                order = tf.random.experimental.stateless_shuffle(order, seed=tf.stack([seeds[k], epoch]))
            orders.append(tf.pad(order + k * most, [[0, steps * size - count]]))
        index = _by_step(tf.stack(orders), steps)
        rows = tf.nest.map_structure(_merged, rows)
        counts = np.clip(np.array(self._counts) - size * np.arange(steps)[:, None], 0, size)  # (steps, members)
        shares = self._shares(tf.gather(rows[2], index), counts, size)
        counts = tf.constant(counts, tf.float32)

        def step(i, totals):
            now, share, count = (tf.gather(tensor, i) for tensor in (index, shares, counts))
            x, y = tf.nest.map_structure(lambda tensor: tf.gather(tensor, now), rows[:2])
            weights = [v.value.read_value() for v in self._weights]
            masks = stacked.masks(self._network, self._members * size, (seeds[0], epoch * steps + i))
            with tf.GradientTape() as tape:
                tape.watch(weights)
                losses = self._losses(weights, x, y, share, masks) + stacked.penalties(
                    self._network, weights, self._members
                )
            gradients = tape.gradient(losses, weights, unconnected_gradients="zero")
            with self._updating():
                self._optimizer.apply(gradients, self._weights)
            return i + 1, totals + losses * count

        start = (tf.constant(0), tf.zeros(self._members))
        _, totals = tf.while_loop(lambda i, _: i < steps, step, start, parallel_iterations=1)
        losses = totals / tf.constant(self._counts, tf.float32)
        if held is None:
            return [losses, losses]
        return [losses, self._tested([v.value.read_value() for v in self._weights], held)]

    def _shares(self, weight, counts, size: int):
        """Returns what each row counts in the mean of its member's batch, `(steps, members * size)`; none that fills.

        Args:
            weight: Sample weights, of the same shape.
            counts: Rows of each batch that are no filling, `(steps, members)`.
            size: Rows of a batch.
        """
        import tensorflow as tf

        if counts.min() == size:
            return weight / size
        counts = tf.constant(counts[..., None], tf.int32)
        filled = tf.cast(tf.range(size) < counts, tf.float32) / tf.cast(tf.maximum(counts, 1), tf.float32)
        return weight * tf.reshape(filled, (counts.shape[0], -1))

    def _losses(self, weights, x, y, share, masks=None):
        """Returns each member's mean loss `(members,)` of rows `(members * size, ...)`."""
        import tensorflow as tf

        outputs = stacked.outputs(self._network, weights, x, self._members, masks)
        return tf.reduce_sum(tf.reshape(self._loss(y, outputs) * share, (self._members, -1)), axis=1)

    def _tested(self, weights, held):
        """Returns the loss of each member's validation rows `(members,)`."""
        import tensorflow as tf

        most = max(self._held_counts)
        steps = -(-most // compiled.TESTED_ROWS)
        size = -(-most // steps)
        counts = np.clip(np.array(self._held_counts) - size * np.arange(steps)[:, None], 0, size)

        def padded(tensor):
            rest = [[0, 0]] * (len(tensor.shape) - 2)
            return _by_step(tf.pad(tensor, [[0, 0], [0, steps * size - most], *rest]), steps)

        x, y, weight = tf.nest.map_structure(padded, held)
        shares = self._shares(weight, counts, size)
        counts = tf.constant(counts, tf.float32)

        def step(i, totals):
            *now, count = tf.nest.map_structure(lambda tensor: tf.gather(tensor, i), (x, y, shares, counts))
            return i + 1, totals + self._losses(weights, *now) * count

        start = (tf.constant(0), tf.zeros(self._members))
        _, totals = step(*start) if steps == 1 else tf.while_loop(lambda i, _: i < steps, step, start)
        return totals / tf.constant(self._held_counts, tf.float32) + stacked.penalties(
            self._network, weights, self._members
        )

    @contextlib.contextmanager
    def _updating(self):
        """Has the optimizer step each member by its own rate; one rate for all takes the quicker way."""
        optimizer = self._optimizer
        if self._same_rates:
            with updates.adam(optimizer, self._scratch):
                yield
            return
        theirs = optimizer.update_step

        def rate_of(variable, rate):
            factors = keras.ops.repeat(self._factors, variable.shape[0] // self._members)
            return rate * keras.ops.reshape(factors, (-1, *[1] * (len(variable.shape) - 1)))

        def update_step(gradient, variable, rate):
            theirs(gradient, variable, rate_of(variable, rate))

        def decay(variables):
            for variable in variables:
                if optimizer.weight_decay:
                    share = optimizer.weight_decay * rate_of(variable, optimizer.learning_rate)
                    variable.assign(variable - variable * share)

        own = {"update_step": update_step, "_apply_weight_decay": decay}
        optimizer.__dict__.update(own)
        try:
            yield
        finally:
            for name in own:
                del optimizer.__dict__[name]


def _merged(tensor):
    """Returns `(members, rows, ...)` as `(members * rows, ...)`."""
    import tensorflow as tf

    return tf.reshape(tensor, (-1, *tensor.shape[2:]))


def _by_step(tensor, steps: int):
    """Returns `(members, steps * size, ...)` as `(steps, members * size, ...)`."""
    import tensorflow as tf

    members, rest = tensor.shape[0], tensor.shape[2:]
    parts = tf.reshape(tensor, (members, steps, -1, *rest))
    return tf.reshape(tf.transpose(parts, (1, 0, *range(2, 3 + len(rest)))), (steps, -1, *rest))
