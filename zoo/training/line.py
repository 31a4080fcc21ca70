"""The line beside the hidden layers of a network on tables: solved from the training rows, before the network trains.

The task says by which method (see `zoo.training.line_methods`). Features are the tensor `linear` and an indicator of
each level that occurs at least twice. The penalty is that of the least error on five folds of the training rows. Of
many rows a sample by the seed is taken: as many as are decomposed, and fitted, in about a second.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence

import keras
import numpy as np

from zoo.data.pipelines import Encoded
from zoo.data.threads import one_thread
from zoo.engine.freezing import heads
from zoo.layers.known_levels import known_to, with_known
from zoo.layers.linear import SolvedLine, line_of, line_outputs, lines_of_pool, stands_alone
from zoo.layers.members import receivers
from zoo.model import Model
from zoo.solvers.ridge import Line, most_rows
from zoo.training.line_methods import method_of, positive
from zoo.training.rows import Rows

MOST_LEVELS = 512  # the most frequent ones
MOST_VALUES = 2**25  # rows x features x outputs of what is fitted
TESTED_ROWS = 8192


@dataclasses.dataclass(frozen=True)
class Solved:
    """What was found.

    Args:
        penalty: By which the weights are shrunk: a of `a |b|^2` beside the sum of squared errors of standardised
            targets for a regression; C of `|b|^2 / (2 C)` beside the sum of log losses for classes. Of several
            targets or labels, of each.
        rows: How many it was solved from.
        features: How many it has.
        lines: How many lines of a pool were solved; None where the network has one line.
    """

    penalty: float | list[float]
    rows: int
    features: int
    lines: int | None = None


def is_at_zero(layer: keras.Layer) -> bool:
    """Returns whether all weights of a layer are 0: a line has not been solved, and a head has learnt nothing."""
    return not any(np.any(weight.numpy()) for weight in layer.weights)


def is_needed(model: Model, *, again: bool = False) -> bool:
    """Returns whether the line of a model's network is to be solved: before all else that learns, or again.

    A network that has learnt without its line, as by Keras's `fit`, goes on without: beside a line its answers would
    count twice. Which lines of a pool are solved is said by `solve_lines_of_pool`.

    Args:
        model: Any.
        again: Whether it is to be solved in any case; of a pool, all of its lines.

    Raises:
        ValueError: if a line is to be solved again that is not there.
    """
    layer = line_of(model.network)
    if layer is None and again and not lines_of_pool(model.network):
        raise ValueError(
            f"`linear='refit'` needs a line beside the hidden layers. This {model.entry.name!r} has none. Leave it "
            "out, or train a fresh model."
        )
    return again or (layer is not None and _is_alone(model.network))


def _is_alone(network: keras.Model) -> bool:
    """Returns whether the heads that a line is added to have learnt nothing."""
    beside = receivers(network)

    def is_untouched(layer) -> bool:
        if beside is None or getattr(layer, "members", None) is None:
            return is_at_zero(layer)
        return not any(np.any(weight[beside]) for weight in layer.get_weights())

    return all(map(is_untouched, heads(network)))


def solve(model: Model, encoded: Encoded, *, seed: int) -> Solved:
    """Solves the line of a model's network.

    Args:
        model: Compiled; its network has a line.
        encoded: Training rows.
        seed: Of the folds, and of the sample of many rows.
    """
    layer = line_of(model.network)
    generator = np.random.default_rng(seed)
    levels = _levels(layer, encoded.x)
    width = sum(encoded.x[name].shape[1] for name in layer._numbers) + len(levels)
    count = len(encoded.y)
    most = min(most_rows(max(width, 1)), max(1, MOST_VALUES // max(width * layer.num_outputs, 1)))
    chosen = np.sort(generator.permutation(count)[:most])
    x = _features(layer, encoded.x, chosen, levels)
    weight = positive(None if encoded.weight is None else encoded.weight[chosen].astype("float64"))
    weight = None if weight is None else weight / weight.mean()
    with one_thread():
        found = method_of(model.task).solve(model, encoded, chosen, x, weight, generator)
    _assign(layer, found, levels)
    return Solved(found.penalty, len(chosen), width)


def solve_lines_of_pool(model: Model, rows: Rows, *, seed: int, again: bool = False) -> Solved | None:
    """Solves lines of the networks of a pool from the rows of a training, each by the levels that its network knows.

    A line that is all of its network has nothing else to learn by: it is solved in every training. A line beside hidden
    layers stays as an earlier training left it, unless no line of the pool is solved, as of new classes.

    Args:
        model: Any.
        rows: Its encoded rows.
        seed: As for `solve`.
        again: Whether all lines are solved in any case.

    Returns:
        What was found of the first line; None where none was solved.
    """
    lines = lines_of_pool(model.network)
    again = again or all(map(is_at_zero, lines))
    chosen = [each for each in lines if again or stands_alone(model.network, each)]
    if not chosen:
        return None
    encoded, found = rows.for_line(), dict[bytes, tuple[Solved, list[np.ndarray]]]()
    for each in chosen:
        seen, known = _seen_by(model.network, each, encoded)
        if known not in found:
            alone = _like(model, each)
            found[known] = solve(alone, seen, seed=seed), alone.network.layers[-1].get_weights()
        each.set_weights(found[known][1])
    first, _ = next(iter(found.values()))
    return dataclasses.replace(first, lines=len(chosen))


def _seen_by(network: keras.Model, line: SolvedLine, encoded: Encoded) -> tuple[Encoded, bytes]:
    """Returns rows as a line of a pool sees them, and bytes that are equal for lines that see them alike."""
    layer = known_to(network, line)
    if layer is None:
        return encoded, b""
    known = keras.ops.convert_to_numpy(layer.known)
    categorical = with_known(encoded.x["categorical"], layer.sizes, known)
    return dataclasses.replace(encoded, x={**encoded.x, "categorical": categorical}), categorical.tobytes()


def _like(model: Model, line: SolvedLine) -> Model:
    """Returns a model of a line like one in a pool, and nothing else."""
    names = [*line._numbers, *(["categorical"] if line.categorical_sizes else [])]
    inputs = {tensor.name: tensor for tensor in model.network.inputs if tensor.name in names}
    taken = {name: keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name) for name, tensor in inputs.items()}
    network = keras.Model(taken, SolvedLine.from_config(line.get_config())(taken), name="line")
    how = {"entry": model.entry, "preprocessor": model.preprocessor, "options": model.options}
    return Model(network, **how, decision=model.decision)


def is_solved(model: Model) -> bool:
    """Returns whether the network of a model has a line that says something."""
    layer = line_of(model.network)
    return layer is not None and not is_at_zero(layer)


def constant(model: Model, encoded: Encoded) -> np.ndarray:
    """Returns the network's outputs `(outputs,)` that answer all rows alike: the mean, or the shares of the classes.

    Args:
        model: Its network has a line.
        encoded: Training rows.
    """
    return method_of(model.task).constant(model, encoded)


def loss(model: Model, held_out) -> float:
    """Returns the loss of a compiled model as it is, as a training has it after an epoch.

    Args:
        model: Compiled.
        held_out: Encoded rows, or a dataset of batches `(x, y)` or `(x, y, weight)`.
    """
    return _losses(model, held_out, [_network_outputs(model)])[0]


def explained(model: Model, alike: np.ndarray, held_out) -> float | None:
    """Returns which share of what a trained model explains is the line's, from 0 to 1.

    That is how far the line lowers the loss of a constant answer, over how far the model does.

    Args:
        model: Trained.
        alike: What `constant` gives for its training rows.
        held_out: As for `loss`.

    Returns:
        The share; None where the model explains nothing.
    """

    def to_all(x):
        rows = len(next(iter(x.values())))
        return np.tile(alike.astype("float32"), (rows, 1))

    def alone(x):
        return line_outputs(model.network, x)

    of_constant, of_line, of_model = _losses(model, held_out, [to_all, alone, _network_outputs(model)])
    if not of_model < of_constant:
        return None
    return float(np.clip((of_constant - of_line) / (of_constant - of_model), 0.0, 1.0))


def _network_outputs(model: Model) -> Callable:
    names = [tensor.name for tensor in model.network.inputs]
    return lambda x: model.network({name: x[name] for name in names}, training=False)


def _losses(model: Model, held_out, answers: Sequence[Callable]) -> list[float]:
    """Returns the mean losses of several functions from encoded rows to outputs, by one pass over the rows."""
    totals, count = np.zeros(len(answers)), 0
    for x, y, *weight in _batches(held_out):
        how = {"x": x, "y": y, "sample_weight": weight[0] if weight else None, "training": False}
        means = [keras.ops.convert_to_numpy(model.compute_loss(y_pred=answer(x), **how)) for answer in answers]
        totals, count = totals + np.array(means, "float64") * len(y), count + len(y)
    return (totals / count).tolist()


def _batches(held_out) -> Iterator[tuple]:
    if not isinstance(held_out, Encoded):
        yield from held_out
        return
    for first in range(0, len(held_out), TESTED_ROWS):
        yield keras.tree.map_structure(operator.itemgetter(slice(first, first + TESTED_ROWS)), held_out.tensors())


def _levels(layer: SolvedLine, x: Mapping[str, np.ndarray]) -> np.ndarray:
    """Returns the rows of the layer's table whose levels occur at least twice: at most `MOST_LEVELS`, in their order.

    What training has not seen, position 0 of a column, has no indicator.
    """
    if not layer.categorical_sizes:
        return np.zeros(0, "int64")
    columns = zip(x["categorical"].T, layer.categorical_sizes, strict=True)
    counts = np.concatenate([np.bincount(positions, minlength=size) for positions, size in columns])
    counts[layer._offsets] = 0
    frequent = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
    return np.sort(frequent[counts[frequent] >= 2])


def _features(layer: SolvedLine, x: Mapping[str, np.ndarray], rows: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Returns numbers and indicators `(rows, features)`, float64."""
    parts = [x[name][rows].astype("float64") for name in layer._numbers]
    if len(levels):
        place = np.full(sum(layer.categorical_sizes), -1)
        place[levels] = np.arange(len(levels))
        places = place[x["categorical"][rows].astype("int64") + layer._offsets]
        indicators = np.zeros((len(rows), len(levels)))
        row, column = np.nonzero(places >= 0)
        indicators[row, places[row, column]] = 1.0
        parts.append(indicators)
    return np.concatenate(parts, axis=1) if parts else np.zeros((len(rows), 0))


def _assign(layer: SolvedLine, found: Line, levels: np.ndarray) -> None:
    values = {weight.name: np.zeros(weight.shape, "float32") for weight in layer.weights}
    numbers = found.weights[: len(found.weights) - len(levels)]
    if "kernel" in values:
        values["kernel"][:] = numbers
    if len(levels):
        values["levels"][levels] = found.weights[len(numbers) :]
    values["bias"][:] = found.intercept
    layer.set_weights([values[weight.name] for weight in layer.weights])
