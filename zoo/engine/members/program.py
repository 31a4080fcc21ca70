"""The program that trains several members: their weights, members first, their optimizer and their early stopping.

    theta_m <- theta_m - eta_m update(grad L_m)      one step of all members on (members, *shape)

Members that have stopped go on, as the others do; their best weights are kept.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import threading
from collections.abc import Callable, Sequence

import keras
import numpy as np

from zoo.engine import costs, dropout, keras_internals, traced_functions, updates
from zoo.engine.callbacks import has_waited
from zoo.engine.loop_compiled import TESTED_ROWS
from zoo.engine.members import member_rows, products
from zoo.engine.schedules import schedule_variables
from zoo.layers.members import MemberDense, own_variables


@dataclasses.dataclass(frozen=True)
class MemberResult:
    """How the training of a member ended.

    Args:
        weights: Its weights, as for `Program.begin`: those of its best epoch.
        losses: The loss of each epoch on its training rows.
        val_losses: The loss of each epoch on its validation rows.
        best_epoch: Whose weights these are, from 0; -1 for those before the first; None where none was chosen.
        diverged: Whether its loss or weights were no longer finite.
    """

    weights: list[np.ndarray]
    losses: list[float]
    val_losses: list[float]
    best_epoch: int | None
    diverged: bool


class BestWeights:
    """The best weights of a member so far, and whether it has stopped: as `zoo.engine.callbacks` has it for one model.

    Args:
        weights: The weights before the first epoch.
        patience: Epochs without a better one after which it stops, as for `zoo.engine.callbacks.has_waited`.
        chooses: Whether validation rows choose the epoch; else the last one that ended finite is kept.
        best_so_far: Loss of the validation rows that the current weights reach; they stay unless an epoch is better.
    """

    def __init__(self, weights, patience, *, chooses: bool, best_so_far: float | None = None):
        self._patience, self._chooses = patience, chooses
        self._has_weights = best_so_far is not None
        self._losses: list[float] = []
        self._val_losses: list[float] = []
        self._best, self._wait = np.inf if best_so_far is None else best_so_far, 0
        self._best_epoch: int | None = None
        self._weights = [values.copy() for values in weights]
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
            self._weights = [values.copy() for values in weights]
        waited = has_waited(self._wait, self._patience, self._best_epoch)
        self.stopped = waited and self._chooses and (self._has_weights or self._best_epoch is not None)

    def result(self) -> MemberResult:
        """Returns how the training ended."""
        best_epoch = -1 if self._has_weights and self._best_epoch is None else self._best_epoch
        chosen = (self._val_losses, best_epoch) if self._chooses else ([], None)
        return MemberResult(self._weights, self._losses, *chosen, self._diverged)


def _zeros_like(variable: keras.Variable) -> keras.Variable:
    """Returns a variable of zeros in float32 whose path is that of another, by which optimizers choose factors."""
    *scopes, name = variable.path.split("/")
    with contextlib.ExitStack() as stack:
        for scope in scopes:
            stack.enter_context(keras.name_scope(scope))
        return keras.Variable(np.zeros(variable.shape, "float32"), name=name)


class Program:
    """The weights of several members, their optimizer, and the compiled epoch.

    Args:
        network: From tensors `(members, rows, ...)` by name to `(members, rows, outputs)`. The weights of its layers
            without members are shared: they learn from the rows of all.
        variables: Its trainable variables, in the order in which weights are given and returned.
        regularizers: The regularizer of one member's part of each of them, or None.
        optimizer: An optimizer of the same settings updates the weights.
        loss: `(y, outputs) -> (rows,)`.
        tested_loss: The same of validation rows, or None for `loss`.
        members: How many members the network has.
        shapes: The largest shapes of their training rows, of `zoo.engine.members.member_rows.shapes_of`.
        held_shapes: The same of their validation rows, or None.
        batch_size: Rows of a member in a step.
        shuffle: Whether to permute the training rows in each epoch.
        patience: Epochs without a better one after which a member stops, as in a recipe; or None.
    """

    def __init__(
        self,
        network: keras.Model,
        variables: Sequence[keras.Variable],
        regularizers: Sequence,
        optimizer,
        loss,
        *,
        members,
        shapes,
        held_shapes,
        batch_size,
        shuffle,
        patience,
        tested_loss=None,
    ):
        import tensorflow as tf

        self._tested_loss = tested_loss or loss
        self._network, self._variables, self._regularizers, self._loss = network, variables, regularizers, loss
        self._shapes_of_rows, self._shapes_of_held, self._members = shapes, held_shapes, members
        self._batch_size, self._shuffle, self._patience = batch_size, shuffle, patience
        own = own_variables(network)
        self._is_own = [id(v) in own for v in variables]
        self._weights = [_zeros_like(v) for v in variables]
        self._factors = tf.Variable(tf.ones(self._members), trainable=False)
        self._total_steps = tf.Variable(1.0, trainable=False)
        self._optimizer = optimizer.from_config(optimizer.get_config())
        self._optimizer.build(self._weights)
        self._fresh = [v.numpy().flat[0] for v in self._optimizer.variables]  # each begins as one number
        self._same_rates = True
        self._scratch: dict = {}  # the variables of `updates.adam`
        updates.prepare(self._optimizer, self._scratch)
        self._function: traced_functions.Traced | None = None

    def begin(self, weights: Sequence[Sequence[np.ndarray]], optimizer, rates=None) -> None:
        """Takes initial weights and learning rates; nothing stays of a training before.

        Args:
            weights: Of each member an array for each variable; of a shared variable the first member's counts.
            optimizer: The one whose learning rate or schedule counts.
            rates: Each member's rate over that of the optimizer, or None where they are equal.

        Raises:
            ValueError: if members that share weights have rates of their own.
        """
        if rates is not None and not all(self._is_own):
            raise ValueError(
                "Members that share weights must have one learning rate. Received: rates of "
                f"{', '.join(f'{rate:g}' for rate in rates)} of the first one's. Train them one after another."
            )
        for variable, is_own, *values in zip(self._weights, self._is_own, *weights, strict=True):
            variable.assign(np.reshape(np.stack(values) if is_own else values[0], variable.shape))
        for variable, value in zip(self._optimizer.variables, self._fresh, strict=True):
            variable.assign(np.full(variable.shape, value))
        given = keras_internals.learning_rate_of(optimizer)
        if not isinstance(given, keras.optimizers.schedules.LearningRateSchedule):
            self._optimizer.learning_rate = float(given)
        for variable, value in zip(schedule_variables(self._optimizer), schedule_variables(optimizer), strict=True):
            variable.assign(value)
        self._same_rates = rates is None
        if rates is not None:
            self._factors.assign(rates)

    @property
    def num_weights(self) -> int:
        """The number of weights of all members."""
        return sum(math.prod(v.shape) for v in self._weights)

    @property
    def single_threaded(self) -> bool:
        """Whether an epoch, which is prepared, keeps to the thread that calls it, so that others can run beside it."""
        return self._function.single_threaded

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
            # A kernel has an axis more than a bias; the tables of members, which are looked up, have as many.
            pairs = zip((v.shape for v in self._weights), self._is_own, strict=True)
            kernels = [(shape, 1 if is_own else self._members) for shape, is_own in pairs if len(shape) > 1 + is_own]
            flops = 6.0 * self._batch_size * sum(uses * math.prod(shape) for shape, uses in kernels)
            single_threaded = costs.is_small(flops)
            self._function = traced_functions.traced(
                self._epoch, [*data, tf.constant(0)], single_threaded=single_threaded
            )
            self._function.set_state(self._state())
        self._network = self._variables = None  # traced: its own weights, which are zero, take memory

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
        data: tuple,
        best_so_far,
        epochs: int,
        stopping: threading.Event,
        after_epoch: Callable[[], object],
    ) -> list[MemberResult]:
        """Trains until every member has stopped.

        Args:
            data: Of `data`.
            best_so_far: For each member the loss of its validation rows that its current weights reach, or None.
            epochs: The most epochs.
            stopping: Is set where the training is to end before.
            after_epoch: Is called after each epoch.
        """
        import tensorflow as tf

        tensors = [tensor for tensor in tf.nest.flatten(data) if tensor is not None]
        self._total_steps.assign(float(max(1, epochs * data[0].slots.shape[1])))
        chooses = data[1] is not None
        members = [
            BestWeights(weights, self._patience, chooses=chooses, best_so_far=loss)
            for weights, loss in zip(self._by_member(self._weights), best_so_far, strict=True)
        ]
        for epoch in range(epochs):
            losses, val_losses, *weights = self._function([*tensors, tf.constant(epoch)])
            after_epoch()
            results = losses.numpy(), val_losses.numpy(), self._by_member(weights)
            for member, *result in zip(members, *results, strict=True):
                if not member.stopped:
                    member.see(epoch, *result)
            if stopping.is_set() or all(member.stopped for member in members):
                break
        return [member.result() for member in members]

    def _state(self) -> list:
        """Returns the handles of all variables, in an order that programs of the same arguments share."""
        schedules = schedule_variables(self._optimizer)
        variables = [v.value for v in (*self._weights, *self._optimizer.variables, *schedules)]
        return [v.handle for v in (*variables, self._factors, self._total_steps, *self._scratch.values())]

    def _by_member(self, weights) -> list[list[np.ndarray]]:
        """Returns each member's weights; it has those that are shared whole."""
        count, pairs = self._members, zip(map(np.asarray, weights), self._is_own, strict=True)
        parts = [np.reshape(v, (count, -1, *v.shape[1:])) if is_own else [v] * count for v, is_own in pairs]
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
        index = tf.stack(orders, axis=1)  # (steps, members, size)
        shares = tf.gather(rows.weight, index) / rows.divisors

        def step(i, totals):
            now, share, count = (tf.gather(tensor, i) for tensor in (index, shares, rows.batches))
            x, y = tf.nest.map_structure(lambda tensor: tf.gather(tensor, now), (rows.x, rows.y))
            weights = [v.value.value() for v in self._weights]
            with tf.GradientTape() as tape:
                tape.watch(weights)
                draws = keys, epoch * steps + i, self._total_steps
                losses = self._losses(weights, x, y, share, draws) + self._penalties(weights)
            gradients = tape.gradient(losses, weights, unconnected_gradients="zero")
            with self._updating():
                self._optimizer.apply(gradients, self._weights)
            return i + 1, totals + losses * count

        start = (tf.constant(0), tf.zeros(members))
        _, totals = tf.while_loop(lambda i, _: i < steps, step, start, parallel_iterations=1)
        losses = totals / rows.counts
        weights = [v.value.value() for v in self._weights]  # not copied until they change
        return [losses, losses if held is None else self._tested(weights, held), *weights]

    def _losses(self, weights, x, y, share, draws=None):
        """Returns each member's mean loss `(members,)` of rows `(members, size, ...)`.

        In training, `draws` are the members' keys, the step and the steps of the whole training, by which dropouts
        draw, and by their places.
        """
        import tensorflow as tf

        layers = self._network.layers
        own_calls = [(layer, "product", products.product) for layer in layers if isinstance(layer, MemberDense)]
        for place, layer in enumerate(filter(dropout.suits, layers) if draws else ()):
            own_calls.append((layer, "call", dropout.of_members(layer, place, *draws)))
        with contextlib.ExitStack() as stack:
            for own_call in own_calls:
                stack.enter_context(keras_internals.replaced(*own_call))
            stack.enter_context(keras.StatelessScope(zip(self._variables, weights, strict=True)))
            inputs = {tensor.name: x[tensor.name] for tensor in self._network.inputs}
            outputs = self._network(inputs, training=draws is not None)
        y, outputs = (tf.reshape(tensor, (-1, *tensor.shape[2:])) for tensor in (y, outputs))
        loss = self._tested_loss if draws is None else self._loss
        return tf.reduce_sum(tf.reshape(loss(y, outputs), share.shape) * share, axis=1)

    def _penalties(self, weights):
        """Returns the sum of the regularizers of each member's weights `(members,)`, or 0."""
        import tensorflow as tf

        of_all = zip(self._regularizers, weights, self._is_own, strict=True)
        return sum(
            tf.vectorized_map(regularizer, values) if is_own else regularizer(values)
            for regularizer, values, is_own in of_all
            if regularizer is not None
        )

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
        return totals / counts + self._penalties(weights)

    @contextlib.contextmanager
    def _updating(self):
        """Has the optimizer step each member by its own rate; one rate for all takes the quicker way."""
        optimizer = self._optimizer
        if self._same_rates:
            with updates.adam(optimizer, self._scratch):
                yield
            return
        keras_s_own = optimizer.update_step

        def rate_of(variable, rate):
            factors = keras.ops.repeat(self._factors, variable.shape[0] // self._members)
            return rate * keras.ops.reshape(factors, (-1, *[1] * (len(variable.shape) - 1)))

        def update_step(gradient, variable, rate):
            keras_s_own(gradient, variable, rate_of(variable, rate))

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
