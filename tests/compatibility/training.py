"""Trainings of the archive: few steps from a stored artifact, with optimizer, rate, batch size and order given.

fit         Keras's `fit` on the encoded rows that are stored, in their order
train       `zoo.train` on raw rows: the loop is named, or left to the zoo ("auto")
fine_tune   `zoo.fine_tune` on raw rows
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

import zoo

SEED_STATE = "seed_generator_state"
TOLERANCE = 1e-6  # of weights, on another machine or with other versions: of max(1, |w|)


def optimizer_of(facts: Mapping[str, Any]) -> keras.optimizers.Optimizer:
    """Returns the optimizer of a recorded training."""
    config = {name: value for name, value in facts.items() if name != "class_name"}
    return keras.optimizers.get({"class_name": facts["class_name"], "config": config})


def trained(
    model, training: Mapping[str, Any], rows, encoded: Mapping[str, np.ndarray], *, first_seed: int = 1000
) -> dict[str, np.ndarray]:
    """Trains a model as recorded.

    Args:
        model: Loaded from the artifact of the case.
        training: `how`, and the arguments of it; see the table in `cases.py`.
        rows: Raw rows to train on.
        encoded: The same rows, encoded: `x/<tensor>`, and `y` where there is a target.
        first_seed: Seed of the first layer that draws; the others count on.

    Returns:
        The weights after it, by their place.
    """
    arguments = dict(training)
    for i, variable in enumerate(v for v in model.network.variables if v.path.endswith(SEED_STATE)):
        variable.assign([first_seed + i, 0])  # Keras draws it anew when a model is loaded
    how, quiet = arguments.pop("how"), arguments.pop("not_converged", False)
    if (given := arguments.pop("optimizer", None)) is not None:
        arguments["optimizer"] = optimizer_of(given)
    if isinstance(arguments.get("class_weight"), list):  # JSON's keys are strings alone
        arguments["class_weight"] = dict(arguments["class_weight"])
    with warnings.catch_warnings():
        if quiet:  # five steps are not meant to converge
            warnings.simplefilter("ignore", UserWarning)
        if how == "fit":
            x = {name.removeprefix("x/"): values for name, values in encoded.items() if name.startswith("x/")}
            model.compile(
                optimizer=arguments.pop("optimizer"), loss=model.loss, jit_compile=arguments.pop("jit_compile", False)
            )
            model.fit(x, encoded.get("y"), shuffle=False, verbose=0, **arguments)
        elif how == "train":
            model = zoo.train(model, rows, validation=None, verbose=0, target=model.schema.target, **arguments).model
        else:
            model = zoo.fine_tune(model, rows, validation=None, verbose=0, **arguments).model
    return {f"w{i:02d}": np.asarray(values) for i, values in enumerate(model.get_weights())}


def largest_difference(found: Mapping[str, np.ndarray], wanted: Mapping[str, np.ndarray]) -> float:
    """Returns the largest difference of weights, as a share of max(1, |w|)."""
    assert {name: values.shape for name, values in found.items()} == {n: values.shape for n, values in wanted.items()}
    shares = [
        np.max(np.abs(found[name].astype("float64") - old) / np.maximum(1.0, np.abs(old)), initial=0.0)
        for name, old in wanted.items()
    ]
    return float(np.max(shares, initial=0.0))


def is_equal(found: Mapping[str, np.ndarray], wanted: Mapping[str, np.ndarray]) -> bool:
    """Returns whether weights are equal bit for bit."""
    return found.keys() == wanted.keys() and all(np.array_equal(found[name], wanted[name]) for name in wanted)
