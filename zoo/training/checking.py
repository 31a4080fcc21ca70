"""What a training is asked to do, checked before its first epoch: callbacks, names of optimizers and losses, rates."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np

from zoo import registry
from zoo.engine import keras_internals, optimizers
from zoo.engine.schedules import callbacks_that_set_rates
from zoo.registry import Recipe


def checked_callbacks(given) -> tuple:
    """Returns the caller's callbacks.

    Raises:
        TypeError: if one is no Keras callback.
    """
    callbacks = (given,) if isinstance(given, keras.callbacks.Callback) else tuple(given or ())
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(
                f"`callbacks` must be Keras callbacks. Received: {callback!r}. Pass objects, such as "
                "[keras.callbacks.EarlyStopping('val_loss')], or a function as keras.callbacks.LambdaCallback("
                "on_epoch_end=function)."
            )
    return callbacks


def check_choice(name: str, value, allowed) -> None:
    """Raises ValueError if a parameter has none of the allowed values."""
    if value not in allowed:
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, allowed))}. Received: {name}={value!r}")


def check_seed(seed) -> None:
    """Raises ValueError if a seed is no integer from 0 on, of which numpy and Keras draw."""
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or seed < 0:
        raise ValueError(f"`seed` must be an integer, 0 or more. Received: seed={seed!r}")


def check_names(*, optimizer, loss) -> None:
    """Raises ValueError if Keras has no optimizer or no loss of the name given."""
    for name, given, module in (("optimizer", optimizer, keras.optimizers), ("loss", loss, keras.losses)):
        if name == "optimizer" and optimizers.is_own(given):
            continue
        try:
            module.get(given)
        except (ValueError, TypeError):
            known = [known for known in dir(module) if not known.startswith("_") and known[0].isupper()]
            hint = registry.suggest(given, [*known, *map(str.lower, known)])
            raise ValueError(
                f"`{name}` must be a Keras {name} or the name of one. Received: {name}={given!r}.{hint} See "
                f"{module.__name__.replace('._tf_keras', '')}."
            ) from None


def without_schedule(recipe: Recipe, optimizer, callbacks, verbose: int) -> Recipe:
    """Returns the recipe without its schedule if a callback sets the learning rate: Keras refuses the two together.

    Args:
        recipe: The recipe, with the solver that trains.
        optimizer: The caller's optimizer or its name, or None.
        callbacks: The caller's callbacks.
        verbose: Whether to say so.

    Raises:
        ValueError: if the caller's own optimizer has a schedule beside such a callback, or a solver has no rate.
    """
    setters = ", ".join(callbacks_that_set_rates(callbacks))
    if not setters:
        return recipe
    if recipe.solver is not None:
        raise ValueError(
            f"{setters} sets the learning rate, which the solver {recipe.solver!r} does not have. Leave the callback "
            "out, or pass an optimizer such as `optimizer='adam'`."
        )
    if optimizer is not None and not isinstance(optimizer, str):
        rate = keras_internals.learning_rate_of(optimizer)
        if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
            raise ValueError(
                f"{setters} sets the learning rate, which the schedule {type(rate).__name__} of `optimizer` sets too. "
                "Leave the callback out, or give the optimizer a number as its learning rate."
            )
        return recipe
    if recipe.schedule == "constant":
        return recipe
    if verbose:
        print(
            f"{setters} sets the learning rate: it begins at {recipe.learning_rate:g}, without the recipe's schedule "
            f"{recipe.schedule!r}",
            flush=True,
        )
    return dataclasses.replace(recipe, schedule="constant")
