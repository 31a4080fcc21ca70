"""Several optimizers as one: each player's moves the weights of its own layers, with variables of its own.

Keras, checkpoints, files and JAX's functions of state see one optimizer, whose variables are those of all players.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import math
from collections.abc import Callable, Mapping, Sequence

import keras
from keras import ops

from zoo.engine import optimizers
from zoo.engine.schedules import scheduled
from zoo.layers.nesting import layers_of
from zoo.recipes import Player, Recipe


@dataclasses.dataclass(frozen=True)
class Turn:
    """What a player does in a step.

    Args:
        name: The player's name.
        weights: Which of the model's trainable weights it moves, by their places.
        every: It moves in each step of which the number, from 1, is a multiple of this.
        optimizer: Its own.
    """

    name: str
    weights: tuple[int, ...]
    every: int
    optimizer: keras.optimizers.Optimizer

    def of(self, variables: Sequence) -> list:
        """Returns the player's own of a list of all trainable weights, or of values of them."""
        return [variables[place] for place in self.weights]


@keras.saving.register_keras_serializable(package="zoo")
class Players(keras.optimizers.Optimizer):
    """The optimizers of several players.

    Args:
        turns: What each does, in the order in which they move.
        name: The optimizer's name.
    """

    def __init__(self, turns: Sequence[Turn], name: str = "players"):
        super().__init__(learning_rate=0.0, name=name)
        self.turns = tuple(turns)

    def build(self, variables):
        """Creates the variables of all players.

        Args:
            variables: The model's trainable weights, in its order.

        Raises:
            ValueError: if they are others than those that the players share out.
        """
        if self.built:
            return
        if len(variables) != sum(len(turn.weights) for turn in self.turns):
            raise ValueError(
                f"The players move {sum(len(turn.weights) for turn in self.turns)} weights. Received: "
                f"{len(variables)} trainable ones. Compile the model again after layers were frozen or added."
            )
        for turn in self.turns:
            turn.optimizer.build(turn.of(variables))
        super().build(variables)
        self.use_ema = any(turn.optimizer.use_ema for turn in self.turns)

    @property
    def variables(self):
        return [*super().variables, *(v for turn in self.turns for v in turn.optimizer.variables)]

    @property
    def learning_rate(self):
        return super().learning_rate

    @learning_rate.setter
    def learning_rate(self, rate):
        raise ValueError(
            f"Each player has a learning rate of its own. Received: learning_rate={rate!r} for all. Set "
            "`model.optimizer.turns[i].optimizer.learning_rate`, or leave out the callback that sets it."
        )

    def moves(self, turn: Turn):
        """Returns whether a player moves in the step that is next, as a boolean tensor."""
        return (self.iterations + 1) % turn.every == 0

    def end_step(self) -> None:
        """Counts a step, after all players."""
        self.iterations.assign_add(1)

    def apply(self, grads, trainable_variables=None):
        """Raises TypeError: the players' gradients are of different objectives, so that no one list holds them."""
        raise TypeError(
            "Players move one by one, each by the gradients of its own objective. Train with `fit`, `train_on_batch` "
            "or `zoo.train`, whose steps do so."
        )

    def finalize_variable_values(self, var_list):
        for turn in self.turns:
            turn.optimizer.finalize_variable_values(turn.of(var_list))

    def get_config(self):
        serialized = keras.saving.serialize_keras_object
        turns = [
            {"name": t.name, "weights": list(t.weights), "every": t.every, "optimizer": serialized(t.optimizer)}
            for t in self.turns
        ]
        return {"name": self.name, "turns": turns}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        turns = [
            Turn(turn["name"], tuple(turn["weights"]), turn["every"], _deserialized(turn["optimizer"]))
            for turn in config["turns"]
        ]
        return cls(turns, config["name"])


def _deserialized(optimizer) -> keras.optimizers.Optimizer:
    return keras.saving.deserialize_keras_object(optimizer) if isinstance(optimizer, Mapping) else optimizer


def optimizer_of(
    model: keras.Model, players: Sequence[Player], recipe: Recipe, learning_rate: float | None, total_steps: int | None
) -> Players:
    """Returns the optimizer of a model with players.

    Args:
        model: Its trainable weights are shared out.
        players: Who move.
        recipe: Gives the learning rate and the schedule of players whose optimizer names no rate.
        learning_rate: Instead of the recipe's, or None.
        total_steps: Of the whole training, or None where that is not known: then rates are constant.

    Raises:
        ValueError: if a trainable weight belongs to no player or to two, a player has none, or `learning_rate` would
            be no one's.
    """
    rate = recipe.learning_rate if learning_rate is None else learning_rate
    own = [isinstance(player.optimizer, Mapping) and "learning_rate" in player.optimizer for player in players]
    if learning_rate is not None and all(own):
        raise ValueError(
            f"`learning_rate` is for players whose optimizer names no rate of its own. Received: learning_rate="
            f"{learning_rate!r}, where {', '.join(player.name for player in players)} each have one. Leave it out."
        )
    turns = []
    for player, places in zip(players, _shared_out(model, players), strict=True):
        steps = None if total_steps is None else math.ceil(total_steps / player.every)
        turns.append(Turn(player.name, places, player.every, _made(player, recipe, rate, steps)))
    return Players(turns)


def _made(player: Player, recipe: Recipe, rate: float, steps: int | None) -> keras.optimizers.Optimizer:
    """Returns the optimizer that a player describes."""
    rate = scheduled(recipe.schedule, rate, steps)
    if callable(player.optimizer):
        return player.optimizer(rate)
    described = {"name": player.optimizer} if isinstance(player.optimizer, str) else dict(player.optimizer)
    name = described.pop("name")
    return optimizers.named(name, rate, {"name": f"{player.name}_{name.lower()}", **described}, total_steps=steps)


def layers_of_player(model: keras.Model, player: Player) -> list[keras.layers.Layer]:
    """Returns the layers that a player names, at any depth of the model's network.

    Raises:
        ValueError: if a name is no layer's; the message lists those with weights.
    """
    layers = layers_of(model.network)
    patterns = (player.layers,) if isinstance(player.layers, str) else player.layers
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(layer.name, pattern) for layer in layers):
            known = ", ".join(layer.name for layer in layers if layer.trainable_variables)
            raise ValueError(
                f"The player {player.name!r} must name layers of the network. Received: {pattern!r}. Those with "
                f"weights to train are: {known}."
            )
    return [layer for layer in layers if any(fnmatch.fnmatchcase(layer.name, pattern) for pattern in patterns)]


def _shared_out(model: keras.Model, players: Sequence[Player]) -> list[tuple[int, ...]]:
    """Returns the places of each player's weights among the model's trainable ones."""
    variables = model.trainable_variables
    owners: list[list[str]] = [[] for _ in variables]
    for player in players:
        own = {id(v) for layer in layers_of_player(model, player) for v in layer.trainable_variables}
        for names, variable in zip(owners, variables, strict=True):
            if id(variable) in own:
                names.append(player.name)
    for names, variable in zip(owners, variables, strict=True):
        if len(names) != 1:
            raise ValueError(
                f"Each trainable weight must belong to one player. Received: {variable.path!r} of "
                f"{' and '.join(names) or 'none'}. Change `layers` of the players, or build layers that stand still "
                "with `trainable=False`."
            )
    places = [tuple(i for i, names in enumerate(owners) if names == [player.name]) for player in players]
    for player, of_player in zip(players, places, strict=True):
        if not of_player:
            raise ValueError(
                f"A player must have weights to train. Received: {player.name!r}, whose layers have none. Name others."
            )
    return places


def applied(optimizer: keras.optimizers.Optimizer, gradients: Sequence, variables: Sequence) -> None:
    """Moves variables by an optimizer's step; on JAX inside a `keras.StatelessScope`, which takes the new values."""
    if keras.backend.backend() != "jax":
        optimizer.apply(gradients, variables)
        return
    slots = optimizer.variables
    moved, after = optimizer.stateless_apply([v.value for v in slots], gradients, [v.value for v in variables])
    for variable, value in zip((*variables, *slots), (*moved, *after), strict=True):
        variable.assign(value)


def in_turn(moves, step: Callable, variables: Sequence):
    """Calls a step where its player moves; else it computes nothing and changes nothing.

    Args:
        moves: A boolean tensor.
        step: A function without arguments that assigns variables and returns a loss, float32.
        variables: All that it may read or assign.

    Returns:
        The loss, 0 where the player does not move.
    """
    if keras.backend.backend() != "jax":
        return ops.cond(moves, step, lambda: ops.zeros((), "float32"))
    import jax

    before = [variable.value for variable in variables]

    def moved():
        with keras.StatelessScope(state_mapping=list(zip(variables, before, strict=True))) as scope:
            loss = step()
        return loss, [scope.get_current_value(variable) for variable in variables]

    loss, after = jax.lax.cond(moves, moved, lambda: (ops.zeros((), "float32"), before))
    for variable, value in zip(variables, after, strict=True):
        variable.assign(value)
    return loss
