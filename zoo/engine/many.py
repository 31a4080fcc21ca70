"""Many models of one structure as one program: folds, seeds and learning rates side by side.

    theta  (members, *shape)      a step of all members is one step on stacked weights

A small network spends its time around the arithmetic; members share that. Each has rows, an order, dropout and an end
of its own, and leaves with the weights that it would have had alone.
"""

from __future__ import annotations

import collections
import contextlib
import threading
from collections.abc import Callable, Hashable, Sequence

import keras
import numpy as np

from zoo.engine import compiled, stacked
from zoo.engine.program import Member, Program

ELEMENTWISE = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Lion", "Ftrl")
KEPT = 4
MOST_BYTES = 2**30  # of all members' rows, which stand beside each other in memory

_kept: collections.OrderedDict[Hashable, Program] = collections.OrderedDict()
_lock = threading.Lock()


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
    networks = [model.network for model in models]
    wide = networks[stacked.widest(networks)]
    if any(stacked.places(network, wide) is None for network in networks):
        return "their networks have different shapes"
    if len({-(-_count(part) // batch_size) for part in rows}) > 1:
        return "an epoch has different numbers of steps"
    size = sum(array.nbytes for part in rows for array in keras.tree.flatten(part))
    if size > MOST_BYTES:
        return f"their rows take {size / 2**30:.1f} GiB together"
    optimizer = first.optimizer
    if type(optimizer) not in [getattr(keras.optimizers, name) for name in ELEMENTWISE]:
        return f"{type(optimizer).__name__} looks at a whole variable at once"
    settings = ("clipnorm", "global_clipnorm", "use_ema", "gradient_accumulation_steps", "loss_scale_factor")
    if used := [name for name in settings if getattr(optimizer, name, None)]:
        return f"the optimizer's {used[0]} looks at a whole variable at once"
    if getattr(optimizer, "_exclude_from_weight_decay", None):
        return "the optimizer's weight decay depends on the names of variables"
    return stacked.obstacle(first.network)


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
        models: Compiled, of one structure but for their rates and the widths of inputs; each has a `network`.
        rows: For each, `(x, y, weight)`: a dict of arrays `(rows, ...)`, targets in the network's units `(rows,)`, and
            weights `(rows,)`.
        validation: The same of the rows that choose the best epoch, or None.
        loss: `(y, network output) -> (rows,)`.
        batch_size: Rows a step.
        epochs: The most epochs.
        shuffle: Whether rows are permuted, by (seed, epoch).
        seeds: Of each member's orders.
        patience: Epochs without a better one after which a member stops.
        key: Equal for models whose steps do the same as the widest's; None: the program is not kept.

    Returns:
        What each left.
    """
    rates = _rates(models)
    data, counts = _stacked(rows)
    held = None if validation is None else _stacked(validation)
    sizes = (len(models), batch_size, shuffle, patience, tuple(counts), held and tuple(held[1]), rates is None)
    parts = [data] if held is None else [data, held[0]]
    shapes = tuple((a.shape, str(a.dtype)) for a in keras.tree.flatten(parts))
    widest = models[stacked.widest([model.network for model in models])]
    with _program(key and (key, sizes, shapes), widest, loss, counts, held and held[1], sizes) as program:
        program.begin(models, rates)
        return program.run(models, data, held and held[0], epochs, seeds)


def clear() -> None:
    """Forgets all kept programs."""
    with _lock:
        _kept.clear()


@contextlib.contextmanager
def _program(key, template, loss, counts, held_counts, sizes):
    batch_size, shuffle, patience = sizes[1:4]
    with _lock:
        program = _kept.pop(key, None) if key is not None else None
    if program is None:
        program = Program(template, loss, counts, held_counts, batch_size, shuffle, patience)
    yield program
    if key is not None and program.num_weights <= compiled.KEPT_WEIGHTS:  # after a failure, its state may be any
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
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return getattr(rate, "peak", 1.0)  # those of others come with an optimizer, the same for all
    return float(keras.ops.convert_to_numpy(rate))


def _stacked(rows: Sequence[tuple]) -> tuple[tuple, list[int]]:
    """Returns members' rows as `(members, most rows, ...)`, filled with zeros, and how many each has."""
    counts = [_count(part) for part in rows]

    def stack(*arrays):
        most = np.max([array.shape for array in arrays], axis=0)
        return np.stack([np.pad(a, [(0, m - n) for n, m in zip(a.shape, most, strict=True)]) for a in arrays])

    return keras.tree.map_structure(stack, *rows), counts
