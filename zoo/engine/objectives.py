"""Training steps of networks that a loss of (target, output) does not train: objectives, players, what follows a step.

    for each player                    one alone, of all weights, where the traits have an `objective`
        loss = mean of objective(network, x, y, target, seed) + losses of its layers
        its weights <- its optimizer(gradients of its loss by its weights)
    after_step(network, step)

Each function here reads and assigns variables. On JAX, where a step must be a function of its state, it runs inside a
`keras.StatelessScope` that stands for the state. `zoo.Model.train_step` calls it: Keras's `fit` and the zoo's loops
train alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
from keras import ops

from zoo.engine import keras_internals, players
from zoo.recipes import Player, Traits

TESTED_SEED = 2**30  # stands for the number of the step on validation rows, whose noise is the same in each epoch


def trains(traits: Traits) -> bool:
    """Returns whether a network trains by objectives in place of a loss."""
    return traits.objective is not None or bool(traits.players)


def seed_generator(traits: Traits) -> keras.random.SeedGenerator | None:
    """Returns the generator of the seeds that objectives get; None where there are no objectives."""
    return keras.random.SeedGenerator(0, name="objective_seeds") if trains(traits) else None


def begin(model, seed: int) -> None:
    """Has the seeds of a training be functions of `seed` and of the number of the step."""
    if model.seeds is not None:
        model.seeds.state.assign([seed % 2**31, 0])


def trackers(traits: Traits) -> list[keras.metrics.Mean]:
    """Returns the means of the players' losses, `<name>_loss`."""
    return [keras.metrics.Mean(name=f"{player.name}_loss") for player in traits.players]


def train_step(model, plain: Callable, *args):
    """Returns what Keras's `train_step` returns, of a step with what the traits have beside a loss.

    Args:
        model: A `zoo.Model`, compiled.
        plain: Keras's `train_step`, for models without an objective.
        args: `(data,)`, or on JAX `(state, data)`.
    """
    jax = keras.backend.backend() == "jax"
    if trains(model.traits):
        return _stateless(model, _train, *args) if jax else _train(model, *args)
    if model.traits.after_step is None:
        return plain(*args)
    if not jax:
        logs = plain(*args)
        _follow(model)
        return logs
    logs, state = plain(*args)
    return logs, _stateless(model, _follow, state)[1]


def test_step(model, plain: Callable, *args):
    """Returns what Keras's `test_step` returns, of the objectives in place of the loss; as `train_step`."""
    if not trains(model.traits):
        return plain(*args)
    return _stateless(model, _test, *args) if keras.backend.backend() == "jax" else _test(model, *args)


def _stateless(model, step: Callable, state: tuple, *data) -> tuple:
    """Returns what a step returns, and the state that it leaves."""
    parts = [model.trainable_variables, model.non_trainable_variables, model.metrics_variables]
    if len(state) == 4:
        parts.insert(2, model.optimizer.variables)
    mapping = [pair for part, values in zip(parts, state, strict=True) for pair in zip(part, values, strict=True)]
    with keras.StatelessScope(state_mapping=mapping) as scope:
        logs = step(model, *data)
    return logs, tuple([scope.get_current_value(variable) for variable in part] for part in parts)


def _train(model, data) -> dict:
    x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
    if not model.optimizer.built:  # Keras's `train_on_batch` leaves it to the first step
        model.optimizer.build(model.trainable_variables)
    rows, losses = _count(x), []
    for player, turn in _turns(model):
        seed = model.seeds.next()
        variables = model.trainable_variables if turn is None else turn.of(model.trainable_variables)
        optimizer = model.optimizer if turn is None else turn.optimizer
        loss_of = _loss_of(model, player, x, y, weight, seed, training=True)
        sometimes = turn is not None and turn.every > 1
        changed = [*variables, *optimizer.variables, *model.non_trainable_variables] if sometimes else []
        before = [ops.copy(variable) for variable in changed]
        loss, gradients = _value_and_gradients(model, loss_of, optimizer, variables)
        players.applied(optimizer, gradients, variables)
        if sometimes:
            players.where(model.optimizer.moves(turn), changed, before)
        losses.append(loss)
    if model.traits.players:
        model.optimizer.end_step()
    _follow(model)
    return _tracked(model, losses, rows, x, y, weight)


def _test(model, data) -> dict:
    x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
    losses = []
    for place, (player, _) in enumerate(_turns(model)):
        state = ops.convert_to_tensor(model.seeds.state)
        seed = ops.stack([state[0], ops.convert_to_tensor(TESTED_SEED - place, state.dtype)])
        losses.append(_loss_of(model, player, x, y, weight, seed, training=False)())
    return _tracked(model, losses, _count(x), x, y, weight)


def _follow(model, *_) -> None:
    """Calls the traits' `after_step`."""
    if model.traits.after_step is not None:
        model.traits.after_step(model.network, ops.cast(ops.convert_to_tensor(model.optimizer.iterations), "int32"))


def _turns(model) -> list[tuple]:
    """Returns the players with their turns; of a model with one objective, one player of all weights without a turn."""
    if not model.traits.players:
        return [(Player("", "*", model.traits.objective), None)]
    if not isinstance(model.optimizer, players.Players):
        raise TypeError(
            f"{model.entry.name!r} is trained by players, each with an optimizer of its own. Received: a model that "
            f"was compiled with {type(model.optimizer).__name__}. Take the model as `zoo.build` or `zoo.train` "
            "compiles it."
        )
    return list(zip(model.traits.players, model.optimizer.turns, strict=True))


def _loss_of(model, player: Player, x, y, weight, seed, *, training: bool) -> Callable:
    """Returns the function, without arguments, that computes a player's loss."""

    def objective(inputs):
        rows = player.objective(model.network, inputs, y, model.target, seed)
        if len(rows.shape) != 1:
            raise ValueError(
                f"An objective must return a number a row, of the shape (batch,). Received: the shape "
                f"{tuple(rows.shape)} of {player.objective.__name__!r}. Take the mean over the other axes."
            )
        return rows

    def loss():
        # Within a call of the model, layers know whether they train, and losses that they add are those of this call.
        with model.calling(objective):
            rows = model(x, training=training)
        if weight is not None:
            rows = rows * ops.cast(weight, rows.dtype)
        reduced = ops.sum(rows) if model.recipe.reduction == "sum" else ops.mean(rows)
        owners = players.layers_of_player(model, player) if model.traits.players else [model]
        return reduced + sum({id(part): ops.sum(part) for layer in owners for part in layer.losses}.values())

    return loss


def _value_and_gradients(model, function: Callable, optimizer, variables: Sequence) -> tuple:
    """Returns the value of a function without arguments, and its gradients by variables."""
    if keras.backend.backend() == "jax":
        return _by_jax(model, function, optimizer, variables)
    import tensorflow as tf

    watched = [variable.value for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(watched)
        value = function()
        scaled = optimizer.scale_loss(value)
    return value, tape.gradient(scaled, watched)


def _by_jax(model, function: Callable, optimizer, variables: Sequence) -> tuple:
    import jax

    own = {id(variable) for variable in variables}
    others = [v for v in (*model.variables, *optimizer.variables) if id(v) not in own]
    fixed = [(variable, variable.value) for variable in others]

    def of_values(values):
        mapping = [*fixed, *zip(variables, values, strict=True)]
        with keras.StatelessScope(state_mapping=mapping, collect_losses=True) as scope:
            value = function()
            scaled = optimizer.scale_loss(value)
        return scaled, (value, [scope.get_current_value(variable) for variable in others])

    (_, (value, after)), gradients = jax.value_and_grad(of_values, has_aux=True)([v.value for v in variables])
    for variable, left in zip(others, after, strict=True):
        variable.assign(left)
    return value, gradients


def _count(x):
    """Returns how many rows a batch has, as a tensor."""
    return ops.cast(ops.shape(keras.tree.flatten(x)[0])[0], "float32")


def _tracked(model, losses: list, rows, x, y, weight) -> dict:
    """Adds a step to the metrics; their forward pass is left out where there are none beside the losses."""
    tracker, *_ = model.metrics
    tracker.update_state(sum(losses), sample_weight=rows)
    if model.traits.players:
        for mean, loss in zip(model.player_losses, losses, strict=True):
            mean.update_state(loss, sample_weight=rows)
    given = keras_internals.compiled_with(model)
    if model.traits.counts or given.get("metrics") or given.get("weighted_metrics"):
        return model.compute_metrics(x, y, model(x, training=False), weight)
    return model.get_metrics_result()
