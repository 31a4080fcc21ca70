"""Rows that come from a model's own acts: an environment, the experience that the model makes in it, its replay memory.

    environment.actions                          how many actions there are: an action is an integer below
    environment.reset(seed) -> observation       begins an episode, which follows from the seed and the actions
    environment.step(action) -> observation, reward, done

An observation is an array of numbers, as the network takes them. An epoch begins with a new episode, whose seed follows
from the run's seed and the number of the epoch: with the state of the experience, which a checkpoint holds, a resumed
run goes on as one that was not interrupted.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import keras
import numpy as np

from zoo.recipes import Recipe

OBSERVED = 256  # observations by which a model knows the shape and the range of its inputs


class Environment(Protocol):
    """What a model acts in."""

    actions: int

    def reset(self, seed: int) -> np.ndarray:
        """Begins an episode and returns its first observation."""

    def step(self, action: int) -> tuple[np.ndarray, float, bool]:
        """Returns the observation after an action, its reward, and whether the episode is over."""


def checked(environment) -> Environment:
    """Returns an environment.

    Raises:
        TypeError: if it is none.
    """
    for name in ("actions", "reset", "step"):
        if not hasattr(environment, name):
            raise TypeError(
                "`data` must be an environment, with `actions`, `reset(seed)` and `step(action)`, of an entry that "
                f"learns from its own acts. Received: {type(environment).__name__}, which has no `{name}`."
            )
    return environment


def observations(environment: Environment, seed: int) -> np.ndarray:
    """Returns what random actions lead to `(256, ...)`: a model is built for such inputs."""
    generator = np.random.default_rng(seed)
    episodes = Episodes(environment, seed, 0)
    found = []
    for _ in range(OBSERVED):
        found.append(episodes.observation)
        episodes.step(int(generator.integers(environment.actions)))
    return np.stack(found)


def rows_per_epoch(recipe: Recipe) -> int:
    """Returns how many rows of experience an epoch trains on.

    Raises:
        ValueError: if the recipe does not say how many rows a step has.
    """
    if not isinstance(recipe.batch_size, int):
        raise ValueError(
            "`batch_size` must be an integer, of an entry that learns from its own acts, which have no end. Received: "
            f"batch_size={recipe.batch_size!r}."
        )
    return recipe.steps_per_epoch * recipe.batch_size


def check_encoding(observed: np.ndarray, encoded: Mapping[str, np.ndarray], entry_name: str) -> None:
    """Checks that a network is given observations as they are.

    Raises:
        ValueError: if the recipe has them encoded.
    """
    (values, *others) = encoded.values()
    if others or not np.array_equal(values, observed.astype(values.dtype)):
        raise ValueError(
            f"{entry_name!r} learns from its own acts, and must be given observations as they are. Received: a recipe "
            "that encodes them. Give it `encodings='raw'`."
        )


class Episodes:
    """An environment with its present observation; where an episode ends, the next begins.

    Args:
        environment: What a model acts in.
        seed: The run's.
        epoch: Number of the epoch, from 0.
    """

    def __init__(self, environment: Environment, seed: int, epoch: int):
        self.actions = environment.actions
        self._environment, self._seeds = environment, [seed, epoch]
        self.returns: list[float] = []
        self._begin()

    def _begin(self) -> None:
        (first,) = np.random.SeedSequence([*self._seeds, len(self.returns)]).generate_state(1)
        self.observation = self._observed(self._environment.reset(int(first)))
        self._return = 0.0

    def step(self, action: int) -> tuple[np.ndarray, float, bool]:
        """Returns the observation after an action, its reward, and whether that ended the episode.

        `observation` is then the one from which the next action goes out: the first of a new episode, if one ended.
        """
        after, reward, done = self._environment.step(int(action))
        after = self._observed(after)
        self._return += float(reward)
        if done:
            self.returns.append(self._return)
            self._begin()
        else:
            self.observation = after
        return after, float(reward), bool(done)

    @property
    def mean_return(self) -> float:
        """The mean sum of rewards of the episodes that have ended; of the present one where none has."""
        return float(np.mean(self.returns or [self._return]))

    @staticmethod
    def _observed(observation) -> np.ndarray:
        return np.array(observation)  # a copy: an environment may change its own


class Experience:
    """The rows of a training that a model makes itself: a function from the number of an epoch to its batches.

    Args:
        function: `Traits.experience`.
        environment: What the model acts in.
        model: A `zoo.Model`, whose network acts.
        steps: How many batches an epoch has.
        seed: The run's.
    """

    def __init__(self, function: Callable, environment: Environment, model, *, steps: int, seed: int):
        self._function, self._environment, self._model = function, environment, model
        self._steps, self._seed = steps, seed
        self.state: Any = None
        self.logs: dict[str, float] = {}  # of the last epoch

    def __call__(self, epoch: int) -> Iterator[tuple]:
        """Yields the batches of an epoch and the order of their rows; each needs the weights that the last left."""
        episodes = Episodes(self._environment, self._seed, epoch)
        for step in range(self._steps):
            yield self._batch(episodes, epoch * self._steps + step)
        self.logs = {"episode_return": episodes.mean_return}

    def example(self, epoch: int) -> tuple:
        """Returns the first batch of an epoch, and leaves the state as it is."""
        before = copy.deepcopy(self.state)
        try:
            return self._batch(Episodes(self._environment, self._seed, epoch), epoch * self._steps)[0]
        finally:
            self.state = before

    def _batch(self, episodes: Episodes, step: int) -> tuple:
        seed = np.array([self._seed, step])
        found = self._function(episodes, self._model.network, self.state, seed)
        if not (isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], tuple)):
            raise ValueError(
                "`experience` must return (batch, state), where the batch is (x,), (x, y) or (x, y, weight). "
                f"Received: {type(found).__name__} of {self._function.__name__!r}."
            )
        (x, *others), self.state = found
        x = x if isinstance(x, Mapping) else {self._model.network.inputs[0].name: x}
        batch = keras.tree.map_structure(np.asarray, (x, *others))
        return batch, np.arange(len(keras.tree.flatten(batch)[0]), dtype="int32")


# The state in a checkpoint: its arrays beside plain values, which JSON holds.


def packed(state) -> tuple[Any, list[np.ndarray]]:
    """Returns a state as plain values, in which arrays are numbered, and the arrays.

    Raises:
        TypeError: if it holds anything but arrays, numbers, strings, None, and lists, tuples and dicts of them.
    """
    arrays: list[np.ndarray] = []

    def plain(value):
        if isinstance(value, (np.ndarray, np.generic)) and value.dtype != object:
            arrays.append(np.asarray(value))
            return {"array": len(arrays) - 1}
        if isinstance(value, Mapping):
            return {"dict": [[plain(key), plain(item)] for key, item in value.items()]}
        if isinstance(value, (list, tuple)):
            return {type(value).__name__: [plain(item) for item in value]}
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        raise TypeError(
            "The state of `experience` must hold numpy arrays, numbers, strings, None, and lists, tuples and dicts of "
            f"them, for checkpoints. Received: {type(value).__name__}."
        )

    return plain(state), arrays


def unpacked(plain, arrays: list[np.ndarray]):
    """Returns the state of which `packed` gave plain values and arrays."""
    if not isinstance(plain, Mapping):
        return plain
    ((kind, held),) = plain.items()
    if kind == "array":
        return arrays[held]
    if kind == "dict":
        return {unpacked(key, arrays): unpacked(value, arrays) for key, value in held}
    items = [unpacked(item, arrays) for item in held]
    return items if kind == "list" else tuple(items)
