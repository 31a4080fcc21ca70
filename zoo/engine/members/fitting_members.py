"""Many models of one structure as one program: folds, seeds and learning rates side by side.

    theta  (members, *shape)      a step of all members is one step of a network of members

A small network spends its time around the arithmetic; members share that. Where steps keep to a thread, each core
trains a part of the members, which takes the same function with variables of its own. Each member has rows, an order,
dropout and an end of its own, and leaves with the weights that it would have had alone.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import os
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np

from zoo.engine import costs, keras_internals
from zoo.engine.loop_compiled import MOST_KEPT_WEIGHTS
from zoo.engine.members import member_rows, narrow_inputs, own_rows
from zoo.engine.members.program import MemberResult, Program
from zoo.layers.linear import line_of, line_outputs

KEPT_PROGRAMS = 4
MOST_SECONDS_TO_BEGIN = 0.1  # the longest that other threads wait for the first one's first epoch

_kept: collections.OrderedDict[Hashable, list[Program]] = collections.OrderedDict()
_lock = threading.Lock()


def fit(
    models: Sequence[keras.Model],
    rows: Sequence[tuple],
    validation: Sequence[tuple] | None,
    *,
    loss: Callable,
    tested_loss: Callable | None = None,
    batch_size: int,
    epochs: int,
    shuffle: bool,
    seeds: Sequence[int],
    patience: int | tuple[int, float] | None = None,
    best_so_far: Sequence[float | None] | None = None,
    key: Hashable | None = None,
    after_epoch: Callable[[], bool | None] | None = None,
) -> list[MemberResult]:
    """Trains models at once and leaves each with its best weights.

    Args:
        models: Compiled, of one structure but for their rates and the widths of inputs; each has a `network`.
        rows: For each, `(x, y, weight)`: a dict of arrays `(rows, ...)`, targets in the network's units `(rows,)`, and
            weights `(rows,)`.
        validation: The same of the rows that choose the best epoch, or None.
        loss: `(y, network output) -> (rows,)`.
        tested_loss: The same of validation rows, if it is another.
        batch_size: Rows a step.
        epochs: The most epochs.
        shuffle: Whether rows are permuted, by (seed, epoch).
        seeds: Of each member's orders.
        patience: Epochs without a better one after which a member stops, as in a recipe; or None.
        best_so_far: For each member the loss of its validation rows that its current weights reach, or None; they stay
            unless an epoch is better.
        key: Equal for models whose steps do the same as the widest's; None: the program is not kept.
        after_epoch: Is called after each epoch, in the thread that calls; True ends the training with that epoch.

    Returns:
        How each one's training ended.
    """
    keras_internals.warn_of_version()
    rows = _with_lines(models, rows)
    validation = validation and _with_lines(models, validation)
    rates = _rates(models)
    widest = models[narrow_inputs.widest([model.network for model in models])]
    settings: dict[str, Any] = {
        "shapes": member_rows.shapes_of(rows),
        "held_shapes": validation and member_rows.shapes_of(validation),
        "batch_size": batch_size,
        "shuffle": shuffle,
        "patience": patience,
    }
    arrays = keras.tree.flatten([rows[0], validation[0] if validation else ()])
    dtypes = tuple(str(array.dtype) for array in arrays)
    key = key and (key, len(models), *settings.values(), rates is None, dtypes)
    settings["tested_loss"] = tested_loss

    weights = [narrow_inputs.weights_in(model.network, widest.network) for model in models]
    with _programs(key, widest, loss, len(models), settings) as programs:
        while True:
            parts = _in_parts(len(models), len(programs))
            tensors = []
            for program, part in zip(programs, parts, strict=True):
                program.begin([weights[k] for k in part], models[0].optimizer, rates if rates is None else rates[part])
                held = validation and [validation[k] for k in part]
                tensors.append(program.data([rows[k] for k in part], held, [seeds[k] for k in part], part))
                program.prepare(tensors[-1], like=programs[0])
                if not program.single_threaded:
                    break
            if len(tensors) == len(programs):
                break
            programs[:] = _made(1, widest, loss, len(models), settings)
        trainings = [
            (program, data, [best_so_far and best_so_far[k] for k in part], epochs)
            for program, part, data in zip(programs, parts, tensors, strict=True)
        ]
        results = list(itertools.chain(*_in_threads(trainings, after_epoch)))[: len(models)]
    for model, result in zip(models, results, strict=True):
        narrow_inputs.assign(model.network, widest.network, result.weights)
    return results


def _in_threads(trainings: Sequence[tuple], after_epoch: Callable[[], bool | None] | None) -> list[list[MemberResult]]:
    """Runs programs in a thread each, the first in the one that calls; where one fails or Ctrl-C comes, all end.

    The others begin after the first one's first epoch: TensorFlow then has its function ready, for which they would
    wait, and make it again. A thread that makes one must also ask for the memory that the calling one has already.
    """
    stopping, has_begun = threading.Event(), threading.Event()

    def train(program, *arguments):
        with _set_by_errors(stopping):
            has_begun.wait(MOST_SECONDS_TO_BEGIN)
            return program.run(*arguments, stopping, has_begun.set)

    def after_epoch_of_first():
        has_begun.set()
        if after_epoch is not None and after_epoch():
            stopping.set()

    with ThreadPoolExecutor(len(trainings)) as beside, _set_by_errors(stopping):
        others = [beside.submit(train, *training) for training in trainings[1:]]
        first, *arguments = trainings[0]
        results = first.run(*arguments, stopping, after_epoch_of_first)
        return [results, *(other.result() for other in others)]


@contextlib.contextmanager
def _set_by_errors(event: threading.Event) -> Iterator[None]:
    try:
        yield
    except BaseException:
        event.set()
        raise


def _cores() -> int:
    import tensorflow as tf

    threads = tf.config.threading.get_inter_op_parallelism_threads()
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(here, threads) if threads else here


def _in_parts(members: int, parts: int) -> list[list[int]]:
    """Returns the numbers of members in parts of one size; the last member fills the last part."""
    size = -(-members // parts)
    numbers = [min(k, members - 1) for k in range(size * parts)]
    return [numbers[first : first + size] for first in range(0, len(numbers), size)]


def clear() -> None:
    """Forgets all kept programs."""
    with _lock:
        _kept.clear()


@contextlib.contextmanager
def _programs(key, template, loss, members: int, settings: dict) -> Iterator[list[Program]]:
    """Yields the programs of the parts of the members: a part a core where steps are small, else one of all."""
    with _lock:
        programs = _kept.pop(key, None) if key is not None else None
    if programs is None:
        size = -(-members // min(members, _cores()))
        parts = -(-members // size)
        if not costs.is_small(size * costs.training_flops(template, settings["batch_size"])):
            parts, size = 1, members
        programs = _made(parts, template, loss, size, settings)
    yield programs
    if key is not None and sum(program.num_weights for program in programs) <= MOST_KEPT_WEIGHTS:
        with _lock:  # after a failure, its state may be any
            _kept[key] = programs
            while len(_kept) > KEPT_PROGRAMS:
                _kept.popitem(last=False)


def _made(count: int, template, loss, members: int, settings: dict) -> list[Program]:
    """Returns new programs, each of so many members whose network is as the template's."""
    network, variables = own_rows.with_own_rows(template.network, members)
    regularizers = [v.regularizer for v in template.network.trainable_variables]
    given = network, variables, regularizers, template.optimizer, loss
    return [Program(*given, members=members, **settings) for _ in range(count)]


def _with_lines(models, rows: Sequence[tuple]) -> Sequence[tuple]:
    """Returns rows with what the lines of the models give for them, `line`, in place of what the lines alone take."""
    if line_of(models[0].network) is None:
        return rows
    return [
        ({**{k: v for k, v in x.items() if k != "linear"}, "line": line_outputs(model.network, x)}, *rest)
        for model, (x, *rest) in zip(models, rows, strict=True)
    ]


def _rates(models) -> np.ndarray | None:
    """Returns each member's learning rate over the first one's, or None where they are equal."""
    rates = np.array([_peak(model.optimizer) for model in models])
    return None if np.all(rates == rates[0]) else (rates / rates[0]).astype("float32")


def _peak(optimizer) -> float:
    rate = keras_internals.learning_rate_of(optimizer)
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return getattr(rate, "peak", 1.0)  # those of others come with an optimizer, the same for all
    return float(keras.ops.convert_to_numpy(rate))
