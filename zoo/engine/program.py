"""The program by which many models train: weights, optimizer and early stopping of all members, members first.

    theta_m <- theta_m - eta_m update(grad L_m)      one step of all members on (members, *shape)

Members that have stopped go on, as the others do; their best weights are kept.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import threading

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
        members: How many.
        most: The most rows that one of them trains on.
        held_most: The most rows that choose a member's best epoch, or None.
        batch_size: Rows a step.
        shuffle: Whether to permute.
        patience: Epochs without a better one.
    """

    def __init__(self, template, loss, *, members, most, held_most, batch_size, shuffle, patience):
        import tensorflow as tf

        self._network, self._loss = template.network, loss
        self._most, self._held_most, self._members = most, held_most, members
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

    def begin(self, models, rates, first, widest) -> None:
        """Takes models' weights and rates; nothing is left of a training before.

        Args:
            models: As many as members.
            rates: Each one's over that of `first`, or None where they are equal.
            first: The model whose learning rate or schedule counts.
            widest: The one of the widest inputs.
        """
        members, self._places = [], []
        for model in models:
            filled = [np.zeros(shape, "float32") for shape in self._shapes]
            places = stacked.places(model.network, widest.network)
            self._places.append([slice(None) if rows is None else rows for rows in places])
            for all_rows, rows, variable in zip(filled, self._places[-1], _trained(model), strict=True):
                all_rows[rows] = variable.numpy()
            members.append(filled)
        for variable, *values in zip(self._weights, *members, strict=True):
            variable.assign(np.stack(values).reshape(variable.shape))
        for variable, value in zip(self._optimizer.variables, self._fresh, strict=True):
            variable.assign(np.full(variable.shape, value))
        theirs = first.optimizer._learning_rate
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

    @property
    def alone(self) -> bool:
        """Whether the epoch keeps to the thread that calls, so that others can run beside it. It is prepared."""
        return self._function.alone

    def prepare(self, data: tuple, like: Program | None = None) -> None:
        """Traces the epoch, if it is not yet.

        Args:
            data: As for `run`.
            like: A program of the same arguments, whose function serves here too where it is prepared.
        """
        import tensorflow as tf

        if self._function is not None:
            return
        if like is not None and like._function is not None:
            self._function = like._function.with_state(self._state())
        else:
            flops = 6.0 * self._batch_size * sum(float(math.prod(v.shape)) for v in self._weights if len(v.shape) > 2)
            alone = flops < compiled.SMALL_STEP and not compiled._gpus()
            self._function = calls.traced(self._epoch, [*data, tf.constant(0)], alone=alone)
            self._function.know(self._state())
        self._network = None  # traced: the model is the caller's

    def data(self, rows, held, counts, held_counts, seeds, places) -> tuple:
        """Returns what `run` takes, as tensors.

        Args:
            rows: Nest of arrays `(members, most rows, ...)`.
            held: The same of the rows that choose, or None.
            counts: Rows of each member.
            held_counts: The same of `held`, or None.
            seeds: Of each member's orders.
            places: Of each member among all: dropout draws by seed and place.
        """
        import tensorflow as tf

        rows, held = (part and tf.nest.map_structure(tf.constant, part) for part in (rows, held))
        keys = [
            np.random.SeedSequence([seed % 2**32, place]).generate_state(2)
            for seed, place in zip(seeds, places, strict=True)
        ]
        numbers = counts, held_counts or counts, seeds, np.array(keys).astype("int32")
        return rows, held, *(tf.constant(part, tf.int32) for part in numbers)

    def run(self, models, data: tuple, epochs: int, stopping: threading.Event) -> list[Member]:
        """Trains until every member has stopped, and gives the models their best weights.

        Args:
            models: Those of `begin`.
            data: Of `data`.
            epochs: The most epochs.
            stopping: Is set where the training is to end before, and nothing to be given.
        """
        import tensorflow as tf

        tensors = [tensor for tensor in tf.nest.flatten(data) if tensor is not None]
        left = [_Kept(self._patience, chooses=data[1] is not None) for _ in models]
        for member, weights in zip(left, self._by_member(self._weights), strict=True):
            member.weights = [values.copy() for values in weights]
        for epoch in range(epochs):
            losses, val_losses, *weights = self._function([*tensors, tf.constant(epoch)])
            found = losses.numpy(), val_losses.numpy(), self._by_member(weights)
            for member, *result in zip(left, *found, strict=True):
                if not member.stopped:
                    member.see(epoch, *result)
            if stopping.is_set():
                return []
            if all(member.stopped for member in left):
                break
        for model, member, places in zip(models, left, self._places, strict=True):
            for variable, value, rows in zip(_trained(model), member.weights, places, strict=True):
                variable.assign(value[rows])
        return [member.told() for member in left]

    def _state(self) -> list:
        """Returns the handles of all variables, in an order that programs of the same arguments share."""
        rate = self._optimizer._learning_rate
        schedule = rate.variables if isinstance(rate, WarmupCosine) else ()
        variables = [v.value for v in (*self._weights, *self._optimizer.variables, *schedule)]
        return [v.handle for v in (*variables, self._factors, *self._scratch.values())]

    def _by_member(self, weights) -> list[list[np.ndarray]]:
        """Returns each member's weights."""
        parts = [np.reshape(v, (self._members, *shape)) for v, shape in zip(weights, self._shapes, strict=True)]
        return [list(member) for member in zip(*parts, strict=True)]

    def _epoch(self, rows, held, counts, held_counts, seeds, keys, epoch):
        """Returns the members' losses `(members,)` of an epoch, those of validation rows after it, and the weights."""
        import tensorflow as tf

        most, size = self._most, min(self._batch_size, self._most)
        steps = -(-most // size)
        orders = []
        for k, count in enumerate(tf.unstack(counts)):
            order = tf.range(count)
            if self._shuffle:
                order = tf.random.experimental.stateless_shuffle(order, seed=tf.stack([seeds[k], epoch]))
            orders.append(tf.ensure_shape(tf.pad(order + k * most, [[0, steps * size - count]]), [steps * size]))
        index = _by_step(tf.stack(orders), steps)
        rows = tf.nest.map_structure(_merged, rows)
        of_batches = _counts_of_batches(counts, steps, size)
        shares = _shares(tf.gather(rows[2], index), of_batches, size)

        def step(i, totals):
            now, share, count = (tf.gather(tensor, i) for tensor in (index, shares, tf.cast(of_batches, tf.float32)))
            x, y = tf.nest.map_structure(lambda tensor: tf.gather(tensor, now), rows[:2])
            weights = [v.value.value() for v in self._weights]
            masks = stacked.masks(self._network, size, keys, epoch * steps + i)
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
        losses = totals / tf.cast(counts, tf.float32)
        weights = [v.value.read_value() for v in self._weights]  # not copied until they change
        return [losses, losses if held is None else self._tested(weights, held, held_counts), *weights]

    def _losses(self, weights, x, y, share, masks=None):
        """Returns each member's mean loss `(members,)` of rows `(members * size, ...)`."""
        import tensorflow as tf

        outputs = stacked.outputs(self._network, weights, x, self._members, masks)
        return tf.reduce_sum(tf.reshape(self._loss(y, outputs) * share, (self._members, -1)), axis=1)

    def _tested(self, weights, held, counts):
        """Returns the loss of each member's validation rows `(members,)`."""
        import tensorflow as tf

        most = self._held_most
        steps = -(-most // compiled.TESTED_ROWS)
        size = -(-most // steps)
        of_batches = _counts_of_batches(counts, steps, size)

        def padded(tensor):
            rest = [[0, 0]] * (len(tensor.shape) - 2)
            return _by_step(tf.pad(tensor, [[0, 0], [0, steps * size - most], *rest]), steps)

        x, y, weight = tf.nest.map_structure(padded, held)
        weighed = (x, y, _shares(weight, of_batches, size), tf.cast(of_batches, tf.float32))

        def step(i, totals):
            *now, count = tf.nest.map_structure(lambda tensor: tf.gather(tensor, i), weighed)
            return i + 1, totals + self._losses(weights, *now) * count

        start = (tf.constant(0), tf.zeros(self._members))
        _, totals = step(*start) if steps == 1 else tf.while_loop(lambda i, _: i < steps, step, start)
        return totals / tf.cast(counts, tf.float32) + stacked.penalties(self._network, weights, self._members)

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


def _counts_of_batches(counts, steps: int, size: int):
    """Returns how many rows of each batch are no filling, `(steps, members)`."""
    import tensorflow as tf

    return tf.clip_by_value(counts - size * tf.range(steps)[:, None], 0, size)


def _shares(weight, counts, size: int):
    """Returns what each row counts in the mean of its member's batch, `(steps, members * size)`; none that fills.

    Args:
        weight: Sample weights, of the same shape.
        counts: Rows of each batch that are no filling, `(steps, members)`.
        size: Rows of a batch.
    """
    import tensorflow as tf

    counts = counts[..., None]
    weight = tf.reshape(weight, (counts.shape[0], -1, size))
    filled = tf.where(tf.range(size) < counts, weight, 0.0) / tf.cast(tf.maximum(counts, 1), tf.float32)
    return tf.reshape(filled, (counts.shape[0], -1))
