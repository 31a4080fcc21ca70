"""Trains a compiled model for some epochs: best weights, checkpoints, interruption, progress.

The plan says which loop runs the epochs. Either way the order of rows is a function of (seed, epoch), and the
checkpoint holds the rest of the state.
"""

from __future__ import annotations

import dataclasses
import warnings

import keras

from zoo.engine import driver, interruption, keras_internals, loop_keras, memory
from zoo.engine.callbacks import BestWeights, Diverged, EpochLines, EpochWeights, History, ProgressLine, StopAt
from zoo.engine.checkpoints import Checkpoint
from zoo.engine.driver import Loop
from zoo.engine.experience import Experience
from zoo.engine.plan import Plan, Training
from zoo.engine.workers.messages import Messages
from zoo.progress import Progress


@dataclasses.dataclass(frozen=True)
class Fitted:
    """The outcome of a training, whose weights the model has.

    Args:
        history: Values by epoch, for each name of the logs.
        stopped: Why it ended.
        interrupted: Whether Ctrl-C or SIGTERM ended it.
        best_epoch: The epoch whose weights were kept, from 0; None where none was chosen.
        best: Validation loss of the weights, or None.
        out_of_time: Whether its budget of time is spent.
    """

    history: dict[str, list[float]]
    stopped: str
    interrupted: bool
    best_epoch: int | None
    best: float | None = None
    out_of_time: bool = False


def fit(
    model: keras.Model, training: Training, plan: Plan, *, verbose: int = 1, messages: Messages | None = None
) -> Fitted:
    """Trains a compiled model and leaves it with its best weights.

    Args:
        model: A compiled model, whose train step takes the batches.
        training: What it trains on, and how long.
        plan: How it runs.
        verbose: 0 is silent, 1 shows one line, 2 a line an epoch.
        messages: To the other workers, if there are several.
    """
    weights = EpochWeights()
    best, diverged = BestWeights(training.patience, training.best_so_far, weights), Diverged(weights)
    stop, budget = StopAt(*training.stop_at) if training.stop_at else None, training.budget
    saver = None
    past: dict[str, list[float]] = {}
    if training.checkpoint is not None:
        rows = training.rows if isinstance(training.rows, Experience) else None
        saver = Checkpoint(training.checkpoint, best, diverged, training.identity, rows, budget)
        if saver.resume(model):
            training = dataclasses.replace(training, first_epoch=saver.epoch)
            past = {name: list(values) for name, values in saver.history.items()}
            if verbose:
                print(f"resumed from epoch {saver.epoch} of the checkpoint in {training.checkpoint}")
    history = History()
    progress = Progress(training.epochs, "epoch", first=training.first_epoch, verbose=verbose == 1, transient=False)
    line = ProgressLine(progress) if verbose == 1 else None
    # The checkpoint is the last: it holds the state that the others left.
    own = [diverged, best if training.validation is not None else None, stop, budget, line]
    callbacks = [history, *filter(None, own), *training.callbacks, *([saver] if saver else [])]
    has_reached = stop is not None and past.get(stop.metric, [float("inf")])[-1] <= stop.value
    interrupt = None
    try:
        if not (saver and (saver.finished or best.stopped or has_reached)):
            with progress:
                _train(model, training, plan, callbacks, weights, verbose, messages)
    except KeyboardInterrupt as error:
        interrupt = error
    finally:
        _keep_best(model, diverged, best)
    return _outcome(training, _joined(past, history.history), diverged, best, stop, interrupt)


def _train(model, training: Training, plan: Plan, callbacks: list, weights, verbose: int, messages) -> None:
    """Runs the epochs by the loop of the plan."""
    repair = (
        f"Pass a `batch_size` below {training.batch_size:,}, fewer units, or data by zoo.data.load(..., stream=True)."
    )
    with memory.explained(repair):
        if plan.loop == "keras":
            loop_keras.fit(model, training, callbacks, verbose=2 if verbose > 1 else 0)
            return
        keras_internals.warn_of_version()
        if verbose > 1:
            callbacks = [*callbacks, EpochLines(training.epochs)]
        driver.run(model, _loop(model, training, plan, messages), training, callbacks, weights)


def _loop(model, training: Training, plan: Plan, messages: Messages | None) -> Loop:
    """Returns the loop that a plan names; each is imported where it is used, for a backend has its own libraries."""
    if plan.loop == "replicas":
        from zoo.engine.workers.loop_replicas import ReplicasLoop

        return ReplicasLoop(model, training, plan, messages)
    if plan.loop == "numpy":
        from zoo.engine.loop_numpy import NumpyLoop

        return NumpyLoop(model, training)
    from zoo.engine.loop_compiled import CompiledLoop

    if plan.loop == "jax":
        from zoo.engine import loop_jax

        return CompiledLoop(model, training, plan, loop_jax)
    from zoo.engine import loop_tensorflow

    return CompiledLoop(model, training, plan, loop_tensorflow)


def _keep_best(model, diverged: Diverged, best: BestWeights) -> None:
    """Leaves the best weights in a model, else the last finite ones, however its training ended."""
    with interruption.uninterrupted():
        for keeper in (diverged, best):
            keeper.set_model(model)  # where a finished checkpoint trains no more, nothing else does
            keeper.apply()


def _joined(past: dict[str, list[float]], history: dict) -> dict[str, list[float]]:
    """Returns the history of the epochs before a resumed run and of its own."""
    return {name: past.get(name, []) + list(map(float, values)) for name, values in history.items()} or past


def _outcome(
    training: Training, history: dict, diverged: Diverged, best: BestWeights, stop: StopAt | None, interrupt
) -> Fitted:
    """Returns the outcome of a training, and warns where its loss was no longer finite."""
    if diverged.stopped:
        warnings.warn(f"Training stopped: {diverged.stopped}.", stacklevel=5)
    budget = training.budget
    ended = (diverged.stopped, best.stopped, stop and stop.stopped, budget and budget.stopped)
    reasons = [why for why in ended if why]
    reason = reasons[0] if reasons else f"the limit of {training.epochs} epochs"
    done = max((len(values) for values in history.values()), default=0)
    if interrupt is not None:
        reason = interruption.reason(interrupt)
    elif stop and not stop.stopped and done >= training.epochs:
        last = history.get(stop.metric, [float("nan")])[-1]
        reason = f"the limit of {training.epochs} epochs, with {stop.metric} at {last:g}"
    reached = best.best if best.weights is not None else None
    out_of_time = budget is not None and budget.is_spent
    return Fitted(history, reason, interrupt is not None, best.best_epoch, reached, out_of_time)
