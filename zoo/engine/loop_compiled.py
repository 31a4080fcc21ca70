"""Epochs as compiled calls, on TensorFlow and JAX: what the two backends' loops have in common.

Keras's `fit` spends most of its time around the steps of small networks; here an epoch of rows in memory is one call.
Rows that do not fit come in blocks, the next of which is fetched while one is trained on, in the order that they would
have had. What is compiled is kept, and used again by models of the same structure.
"""

from __future__ import annotations

import collections
import contextlib
import math
import threading
from collections.abc import Hashable, Iterator
from typing import Any

import keras

from zoo.engine import memory
from zoo.engine.driver import Epoch
from zoo.engine.plan import Plan, Training
from zoo.engine.schedules import schedule_variables

STEPS_PER_CALL = 256  # Ctrl-C is heard between calls
TESTED_ROWS = 8192  # validation rows of a batch
MOST_KEPT = 8  # models' compiled steps
MOST_KEPT_WEIGHTS = 2**22  # compiled steps of a larger model are kept only while it trains


class CompiledLoop:
    """The loop of a compiled model (`zoo.engine.driver.Loop`), by a backend's compiled steps.

    Args:
        model: A compiled model.
        training: What it trains on.
        plan: How.
        backend: The module of the backend: `loop_tensorflow` or `loop_jax`.
    """

    def __init__(self, model: keras.Model, training: Training, plan: Plan, backend):
        self._model, self._training, self._plan, self._backend = model, training, plan, backend
        self._shuffles = training.shuffle and not callable(training.rows)
        self._open = contextlib.ExitStack()
        self._snapshot: memory.Snapshot | None = None  # until an epoch has shown that memory is enough
        self._is_first = True
        self._steps: Any
        self._rows: memory.Rows
        self._held_out: Any

    def begin(self) -> None:
        training, backend = self._training, self._backend

        def order(count: int, epoch: int):
            return backend.order(count, shuffle=self._shuffles, seed=training.seed, epoch=epoch)

        self._rows = memory.Rows(training.rows, place=backend.place, order=order, batch_size=training.batch_size)
        self._held_out = self._placed(training.validation)
        backend.create_variables(self._model, self._rows.some(training.first_epoch))
        settings = {
            "batch_size": training.batch_size,
            "xla": self._plan.xla,
            "shuffle": self._shuffles,
            "augmentation": training.augmentation,
        }
        self._steps = self._open.enter_context(steps_of(self._model, training.key, backend.Steps, **settings))

    def epoch(self, epoch: int) -> Epoch:
        """Trains an epoch. Where memory is short in the first one, it is repeated with smaller and smaller blocks."""
        if self._is_first:
            self._is_first = False
            self._snapshot = memory.Snapshot(loop_variables(self._model))
        try:
            results, tested, weights, finite = self._train(epoch)
        except Exception as error:  # steps may have been taken: only the first epoch can be repeated
            if self._snapshot is None or not self._rows.shrink(error):
                raise
            results, tested, weights, finite = self._repeat(epoch)
        self._snapshot = None  # what fits in one epoch fits in the others
        results |= self._rows.logs
        return Epoch(results | {f"val_{name}": value for name, value in tested.items()}, weights, finite)

    def end(self) -> None:
        """Does nothing: the model has its weights."""

    def close(self) -> None:
        self._open.close()

    def _placed(self, validation):
        """Returns validation rows on the device, or in batches where they do not fit."""
        if not isinstance(validation, tuple):
            return validation
        try:
            return self._backend.place(validation)
        except Exception as error:
            if memory.shortage(error) is None:
                raise
            return memory.Slices(validation, TESTED_ROWS)

    def _repeat(self, epoch: int) -> tuple:
        while True:
            self._steps.release()
            self._snapshot.restore()
            try:
                return self._train(epoch)
            except Exception as error:
                if not self._rows.shrink(error):
                    raise

    def _train(self, epoch: int) -> tuple:
        """Trains an epoch and tests; returns what `Steps.epoch` of a backend does."""
        steps, rows, seed = self._steps, self._rows, self._training.seed
        tests_at_once = self._held_out is None or isinstance(self._held_out, tuple)
        if rows.placed is not None and tests_at_once:
            return steps.epoch(rows.placed, self._held_out, seed, epoch)
        steps.begin()
        count = 0 if rows.count is None else epoch * -(-rows.count // steps.batch_size)
        blocks = rows.blocks(epoch)
        for block in self._made_in_turn(blocks) if rows.made_by_model else memory.fetched_ahead(blocks):
            for placed, order in rows.placed_blocks(*block):
                steps.steps(placed, order, seed, count)
                count += -(-len(order) // steps.batch_size)
                del placed, order
        if tests_at_once:
            return steps.end(self._held_out)
        results, _, weights, finite = steps.end()
        steps.begin()
        for batch in self._held_out:
            steps.test(batch)
        return results, steps.end()[0], weights, finite

    def _made_in_turn(self, blocks: Iterator) -> Iterator:
        """Yields blocks that the model's acts make, each when the model has the weights that the last one left."""
        self._steps.release()
        for block in blocks:
            yield block
            self._steps.release()


# Compiled steps that are kept.

_kept: collections.OrderedDict[Hashable, Any] = collections.OrderedDict()
_lock = threading.Lock()


@contextlib.contextmanager
def steps_of(model: keras.Model, key: Hashable | None, kind: type, **settings) -> Iterator:
    """Yields compiled steps for a model: its own, or those of another model of the same structure.

    Args:
        model: A compiled model whose variables are created.
        key: Equal for models whose training steps do the same to variables of the same shapes; None where that is not
            known: then the steps are the model's own, and not kept.
        kind: The class of a backend's steps.
        **settings: Its further arguments.
    """
    if key is None:
        steps = kind(model, **settings)
        try:
            yield steps
        finally:
            steps.release()
        return
    key = (key, kind, *settings.values())
    with _lock:
        steps = _kept.get(key)
        if steps is not None and not steps.busy and steps.fits(model):
            _kept.move_to_end(key)
            steps.use(model)
        else:
            steps = kind(model, **settings)
            if sum(math.prod(v.shape) for v in loop_variables(model)) <= MOST_KEPT_WEIGHTS:
                _kept[key] = steps
        steps.busy = True
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    try:
        yield steps
    finally:
        steps.release()
        steps.busy = False


def clear() -> None:
    """Forgets all kept steps, and the models that they were traced for."""
    with _lock:
        _kept.clear()


def loop_variables(model: keras.Model) -> list:
    """Returns the Keras variables that training steps read and write."""
    variables = (
        *model.variables,
        *model.optimizer.variables,
        *model.metrics_variables,
        *schedule_variables(model.optimizer),
    )
    return list({id(v): v for v in variables}.values())
