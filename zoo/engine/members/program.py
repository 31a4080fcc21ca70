"""The program by which many models train: weights, optimizer and early stopping of all members, members first.

    theta_m <- theta_m - eta_m update(grad L_m)      one step of all members on (members, *shape)

Members that have stopped go on, as the others do; their best weights are kept.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import threading
from collections.abc import Callable

import keras
import numpy as np

from zoo.engine import costs, keras_internals, traced_functions, updates
from zoo.engine.loop_compiled import TESTED_ROWS
from zoo.engine.members import member_rows, stacked_networks
from zoo.engine.schedules import WarmupCosine


@dataclasses.dataclass(frozen=True)
class Member:
    """What a member's training left.

    Args:
        losses: The loss of each epoch.
        val_losses: That of its validation rows.
        best_epoch: Whose weights were kept, from 0; -1 for those before the first; None where none was chosen.
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
        best_so_far: Loss of the validation rows that the current weights reach; they stay unless an epoch is better.
    """

    def __init__(self, patience: int | None, *, chooses: bool, best_so_far: float | None = None):
        self._patience, self._chooses = patience, chooses
        self._has_weights = best_so_far is not None
        self._losses: list[float] = []
        self._val_losses: list[float] = []
        self._best, self._wait = np.inf if best_so_far is None else best_so_far, 0
        self._best_epoch: int | None = None
        self.weights: list[np.ndarray] | None = None
        self.stopped = self._diverged = False

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
        self.stopped = waited and self._chooses and (self._has_weights or self._best_epoch is not None)

    def told(self) -> Member:
        best_epoch = -1 if self._has_weights and self._best_epoch is None else self._best_epoch
        chosen = (self._val_losses, best_epoch) if self._chooses else ([], None)
        return Member(self._losses, *chosen, self._diverged)


def _trained(model) -> list:
    return model.network.trainable_variables


class Program:
    """Stacked weights, their optimizer, and the compiled epoch.

    Args:
        template: A model whose network every member has, of the widest inputs.
        loss: Of each row.
        members: How many.
        shapes: Of what any of them trains on, of `zoo.engine.members.member_rows.shapes_of`.
        held_shapes: The same of what chooses a best epoch, or None.
        batch_size: Rows a step.
        shuffle: Whether to permute.
        patience: Epochs without a better one.
    """

    def __init__(self, template, loss, *, members, shapes, held_shapes, batch_size, shuffle, patience):
        import tensorflow as tf

        self._network, self._loss = template.network, loss
        self._shapes_of_rows, self._shapes_of_held, self._members = shapes, held_shapes, members
        self._batch_size, self._shuffle, self._patience = batch_size, shuffle, patience
        self._shapes = [tuple(v.shape) for v in _trained(template)]
        self._places: list[list] = []  # of each member's rows in the widest one's variables
        self._weights = [
            keras.Variable(np.zeros(shape, "float32"), name="stacked")
            for shape in stacked_networks.shapes(self._network, members)
        ]
        self._factors = tf.Variable(tf.ones(self._members), trainable=False)
        self._optimizer = template.optimizer.from_config(template.optimizer.get_config())
        self._optimizer.build(self._weights)
        self._fresh = [v.numpy().flat[0] for v in self._optimizer.variables]  # each begins as one number
        self._same_rates = True
        self._scratch: dict = {}  # the variables of `updates.adam`
        updates.prepare(self._optimizer, self._scratch)
        self._function: traced_functions.Traced | None = None

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
            places = stacked_networks.places(model.network, widest.network)
            self._places.append([slice(None) if rows is None else rows for rows in places])
            for all_rows, rows, variable in zip(filled, self._places[-1], _trained(model), strict=True):
                all_rows[rows] = variable.numpy()
            members.append(filled)
        for variable, *values in zip(self._weights, *members, strict=True):
            variable.assign(np.stack(values).reshape(variable.shape))
        for variable, value in zip(self._optimizer.variables, self._fresh, strict=True):
            variable.assign(np.full(variable.shape, value))
        theirs = keras_internals.learning_rate_of(first.optimizer)
        if isinstance(theirs, WarmupCosine):
            own = keras_internals.learning_rate_of(self._optimizer)
            for variable, value in zip(own.variables, theirs.variables, strict=True):
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
            alone = costs.is_small(flops)
            self._function = traced_functions.traced(self._epoch, [*data, tf.constant(0)], alone=alone)
            self._function.know(self._state())
        self._network = None  # traced: the model is the caller's

    def data(self, rows, held, seeds, places) -> tuple:
        """Returns what `run` takes, as tensors.

        Args:
            rows: Of each member, `(x, y, weight)`: nests of arrays `(rows, ...)`.
            held: The same of the rows that choose, or None.
            seeds: Of each member's orders.
            places: Of each member among all: dropout draws by seed and place.
        """
        import tensorflow as tf

        given = member_rows.of_training(rows, self._shapes_of_rows, self._batch_size)
        held = held and member_rows.of_testing(held, self._shapes_of_held, TESTED_ROWS)
        given, held = (part and tf.nest.map_structure(tf.constant, part) for part in (given, held))
        keys = [
            np.random.SeedSequence([seed % 2**32, place]).generate_state(2)
            for seed, place in zip(seeds, places, strict=True)
        ]
        return given, held, tf.constant(seeds, tf.int32), tf.constant(np.array(keys).astype("int32"))

    def run(
        self,
        models,
        data: tuple,
        best_so_far,
        epochs: int,
        stopping: threading.Event,
        after_epoch: Callable[[], object],
    ) -> list[Member]:
        """Trains until every member has stopped, and gives the models their best weights.

        Args:
            models: Those of `begin`.
            data: Of `data`.
            best_so_far: For each member the loss of its validation rows that its current weights reach, or None.
            epochs: The most epochs.
            stopping: Is set where the training is to end before, and nothing to be given.
            after_epoch: Is called after each epoch.
        """
        import tensorflow as tf

        tensors = [tensor for tensor in tf.nest.flatten(data) if tensor is not None]
        left = [_Kept(self._patience, chooses=data[1] is not None, best_so_far=loss) for loss in best_so_far]
        for member, weights in zip(left, self._by_member(self._weights), strict=True):
            member.weights = [values.copy() for values in weights]
        for epoch in range(epochs):
            losses, val_losses, *weights = self._function([*tensors, tf.constant(epoch)])
            after_epoch()
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
        rate = keras_internals.learning_rate_of(self._optimizer)
        schedule = rate.variables if isinstance(rate, WarmupCosine) else ()
        variables = [v.value for v in (*self._weights, *self._optimizer.variables, *schedule)]
        return [v.handle for v in (*variables, self._factors, *self._scratch.values())]

    def _by_member(self, weights) -> list[list[np.ndarray]]:
        """Returns each member's weights."""
        parts = [np.reshape(v, (self._members, *shape)) for v, shape in zip(weights, self._shapes, strict=True)]
        return [list(member) for member in zip(*parts, strict=True)]

    def _epoch(self, rows, held, seeds, keys, epoch):
        """Returns the members' losses `(members,)` of an epoch, those of validation rows after it, and the weights."""
        import tensorflow as tf

        members, steps, size = rows.slots.shape
        most = rows.y.shape[0] // members
        orders = []
        for k, of_member in enumerate(zip(*map(tf.unstack, (rows.ends, rows.slots, seeds)), strict=True)):
            end, slots, seed = of_member
            order = tf.range(k * most, end)
            if self._shuffle:
                order = tf.random.experimental.stateless_shuffle(order, seed=tf.stack([seed, epoch]))
            orders.append(tf.gather(order, slots))
        index = tf.concat(orders, axis=1)
        shares = tf.gather(rows.weight, index) / rows.divisors

        def step(i, totals):
            now, share, count = (tf.gather(tensor, i) for tensor in (index, shares, rows.batches))
            x, y = tf.nest.map_structure(lambda tensor: tf.gather(tensor, now), (rows.x, rows.y))
            weights = [v.value.value() for v in self._weights]
            masks = stacked_networks.masks(self._network, size, keys, epoch * steps + i)
            with tf.GradientTape() as tape:
                tape.watch(weights)
                losses = self._losses(weights, x, y, share, masks) + stacked_networks.penalties(
                    self._network, weights, members
                )
            gradients = tape.gradient(losses, weights, unconnected_gradients="zero")
            with self._updating():
                self._optimizer.apply(gradients, self._weights)
            return i + 1, totals + losses * count

        start = (tf.constant(0), tf.zeros(members))
        _, totals = tf.while_loop(lambda i, _: i < steps, step, start, parallel_iterations=1)
        losses = totals / rows.counts
        weights = [v.value.value() for v in self._weights]  # not copied until they change
        return [losses, losses if held is None else self._tested(weights, held), *weights]

    def _losses(self, weights, x, y, share, masks=None):
        """Returns each member's mean loss `(members,)` of rows `(members * size, ...)`."""
        import tensorflow as tf

        outputs = stacked_networks.outputs(self._network, weights, x, self._members, masks)
        return tf.reduce_sum(tf.reshape(self._loss(y, outputs) * share, (self._members, -1)), axis=1)

    def _tested(self, weights, held):
        """Returns the loss of each member's validation rows `(members,)`."""
        import tensorflow as tf

        *tensors, counts = held
        steps = held.batches.shape[0]

        def step(i, totals):
            *now, count = tf.nest.map_structure(lambda tensor: tf.gather(tensor, i), tensors)
            return i + 1, totals + self._losses(weights, *now) * count

        start = (tf.constant(0), tf.zeros(self._members))
        _, totals = step(*start) if steps == 1 else tf.while_loop(lambda i, _: i < steps, step, start)
        return totals / counts + stacked_networks.penalties(self._network, weights, self._members)

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

        with (
            keras_internals.replaced(optimizer, "update_step", update_step),
            keras_internals.own_updates(optimizer, decay=decay),
        ):
            yield
