"""Full-batch solvers in the place of epochs: their steps are the epochs that callbacks and histories see."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import keras
import numpy as np

from zoo.data.pipelines import Encoded
from zoo.engine import interruption
from zoo.engine.budget import Budget
from zoo.engine.callbacks import EpochLines
from zoo.engine.fitting import Fitted
from zoo.layers.ensemble import each_member
from zoo.model import Model
from zoo.progress import Progress
from zoo.registry import Recipe
from zoo.solvers.lbfgs import lbfgs
from zoo.solvers.newton import newton
from zoo.solvers.objective import Objective
from zoo.training.one_sided import one_sided

SOLVERS = {"lbfgs": (lbfgs, "L-BFGS"), "newton": (newton, "Newton's method")}
SHOWN = 3  # values that a warning names


def solve(
    model: Model,
    encoded: Encoded,
    recipe: Recipe,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    budget: Budget | None = None,
    verbose: int = 0,
) -> Fitted:
    """Fits a model by the recipe's solver, and says so where there is no minimum.

    Args:
        model: Compiled.
        encoded: All training rows.
        recipe: Its `solver`, and its `epochs` as the most steps.
        callbacks: Keras callbacks; a step is an epoch for them.
        budget: What ends the steps when its time is over, or None.
        verbose: 1 shows a line of progress on a terminal, 2 prints a line a step.

    Raises:
        ValueError: if there are more weights than the solver takes.
    """
    run, name = SOLVERS[recipe.solver]
    y = model.target.standardised(encoded.truth if model.target.dtype == "float64" else encoded.y)
    loss = model.loss.function if model.members == 1 else each_member(model.loss.function)
    objective = Objective(
        model.network,
        encoded.x,
        y,
        lambda y_true, outputs: loss(y_true, model.values(outputs)),
        encoded.weight,
    )
    history = keras.callbacks.History()
    lines = [EpochLines(recipe.epochs)] if verbose > 1 else []
    limit = [] if budget is None else [budget]
    told = keras.callbacks.CallbackList([history, *limit, *callbacks, *lines], add_history=False, model=model)
    told.set_params({"epochs": recipe.epochs, "steps": 1, "verbose": 0})
    may_separate = model.task.separable and not model.network.losses
    separated, reached = [], [objective.start]
    progress = Progress(None, "step", verbose=verbose == 1)  # most end long before the most steps

    def after_step(theta, loss) -> bool:
        reached.append(theta)
        if callbacks:
            objective.keep(theta)
        told.on_epoch_end(len(reached) - 2, {"loss": loss})
        progress.advance(text=f"loss {loss:.4g}")
        if may_separate and np.all(_separates(model.merged(objective.outputs(theta)), encoded.y)):
            separated.append(True)
        if len(reached) <= recipe.epochs and not separated and not model.stop_training:
            told.on_epoch_begin(len(reached) - 1)
        return bool(separated) or model.stop_training

    model.stop_training = False
    told.on_train_begin()
    if recipe.epochs:
        told.on_epoch_begin(0)
    interrupt, theta, minimum = None, None, None
    try:
        with progress:
            theta, minimum = run(objective, recipe.epochs, after_step)
    except KeyboardInterrupt as error:
        interrupt = error
    finally:
        objective.keep(reached[-1] if theta is None else theta)
    told.on_train_end()
    losses = {"loss": history.history.get("loss") or ([minimum.loss] if minimum else [])}
    if interrupt is not None:
        return Fitted(losses, interruption.reason(interrupt), True, None)
    if separated:
        warnings.warn(
            "The classes are separable: the likelihood has no maximum, and the weights would grow without "
            "bound. The fit does not converge; it stopped at the first weights that separate them. Predictions are "
            "usable, coefficients are not. Pass l2=1e-3 for a maximum that exists.",
            stacklevel=4,
        )
        return Fitted(losses, f"not converged: separable, after {minimum.steps} steps", False, None)
    if budget is not None and budget.stopped:
        return Fitted(losses, f"{budget.stopped}, after {minimum.steps} steps", False, None, out_of_time=True)
    if model.stop_training:
        return Fitted(losses, f"a callback, after {minimum.steps} steps", False, None)
    may_grow = may_separate and encoded.y.ndim == 1 and model.members == 1  # labels have a likelihood each
    if may_grow and (values := one_sided(model.network, model.preprocessor.layout.features, encoded.x, encoded.y)):
        named = ", ".join(values[:SHOWN]) + (f" and {len(values) - SHOWN} more" if len(values) > SHOWN else "")
        warnings.warn(
            f"The likelihood has no maximum: rows of these values are never of some class: {named}. Their weights "
            "would grow without bound, and probabilities of rows that have them are too sure. Pass l2=1e-3 for a "
            "maximum that exists.",
            stacklevel=4,
        )
        return Fitted(losses, f"not converged: no maximum, after {minimum.steps} steps", False, None)
    if not minimum.converged:
        warnings.warn(
            f"{name} did not converge in {minimum.steps} steps ({minimum.message}). Pass more epochs, standardise the "
            "columns, or add l2.",
            stacklevel=4,
        )
        return Fitted(losses, f"not converged after {minimum.steps} steps", False, None)
    return Fitted(losses, f"converged in {minimum.steps} steps of {name}", False, None)


def _separates(outputs, y: np.ndarray) -> np.ndarray:
    """Returns whether every row is on its class's side, of each label by itself.

    That proves that the likelihood has no maximum; further on, weights only grow.
    """
    outputs = keras.ops.convert_to_numpy(outputs)
    if y.ndim == 2:  # labels
        return np.all((outputs > 0) == (y > 0), axis=0)
    right = (outputs[:, 0] > 0) == (y > 0) if outputs.shape[-1] == 1 else np.argmax(outputs, axis=-1) == y
    return np.asarray(np.all(right))
