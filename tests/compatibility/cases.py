"""The table of cases. `make.py` writes those that no archive holds yet; what an archive holds describes itself.

A case is an artifact of an entry, trained on a few rows, with the answers to others, and trainings that go on from it.
Optimizers are stochastic gradient descent, or Adam with an epsilon so large that rounding is not amplified: `make.py`
refuses a training whose weights differ by more than 1e-6 where the first weights differ in their last digit.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

from tests.compatibility import rows


@dataclasses.dataclass(frozen=True)
class Case:
    """One artifact and what is recorded of it.

    Args:
        entry: Name of the entry.
        data: `(rows, seed) -> rows`: DataFrame, `x`, or `(x, y)`. Seed 0 trains the artifact, 1 is answered, 2 trained.
        target: The target's column.
        options: The builder's options.
        trainings: What goes on from the artifact; see `training.py`.
        columns: Columns to keep beside the target; None for all.
        kinds: Columns whose kind is set in the schema.
        attributes: What models of the entry have beside Keras's: None for a property, the arguments of a method.
        settings: Further arguments of `zoo.train` for the artifact.
        gaps: Whether the rows to answer have values that are missing or never seen.
        num_rows: Rows that train the artifact.
        trained: Whether the artifact is trained, or as it was built.
    """

    entry: str
    data: Callable
    target: str | None = None
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    trainings: tuple[Mapping[str, Any], ...] = ()
    columns: tuple[str, ...] | None = None
    kinds: Mapping[str, str] = dataclasses.field(default_factory=dict)
    attributes: Mapping[str, list | None] = dataclasses.field(default_factory=dict)
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    gaps: bool = False
    num_rows: int = 48
    trained: bool = True


TARGETS = ("mood", "bought", "grade", "spent", "species", "is_setosa", "age")  # of the tables; a case keeps one
ANSWERED, TRAINED = 20, 36

SGD = {"class_name": "SGD", "learning_rate": 0.05, "momentum": 0.9}
PLAIN = {"class_name": "SGD", "learning_rate": 0.05}
SLOW = {"class_name": "SGD", "learning_rate": 0.01, "momentum": 0.5}
ADAM = {"class_name": "Adam", "learning_rate": 1e-3, "epsilon": 1e-3}
ADAMW = {"class_name": "AdamW", "learning_rate": 1e-3, "epsilon": 1e-3, "weight_decay": 0.1}
DECAY = {"class_name": "SGD", "learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.1}
RULE = {"class_name": "SGD", "learning_rate": 1.0}  # a rule gives the whole change


def fit(optimizer=SGD, **arguments) -> dict[str, Any]:
    """Five batches in the order of the rows, by Keras's `fit`."""
    return {"how": "fit", "optimizer": optimizer, "batch_size": 8, "epochs": 1, **arguments}


def train(optimizer=SGD, engine="fused", **arguments) -> dict[str, Any]:
    """Five batches in the order of the seed, by `zoo.train`."""
    return {
        "how": "train", "optimizer": optimizer, "engine": engine, "batch_size": 8, "epochs": 1, "seed": 5, **arguments
    }  # fmt: skip


def full(optimizer=SGD, engine="fused", **arguments) -> dict[str, Any]:
    """Five steps on all rows."""
    return train(optimizer, engine, **{"batch_size": "full", "epochs": 5, **arguments})


def solve(solver, epochs=5, **arguments) -> dict[str, Any]:
    """Five steps of a solver."""
    return {"how": "train", "solver": solver, "epochs": epochs, "seed": 5, "not_converged": True, **arguments}


def tune(optimizer=SGD, **arguments) -> dict[str, Any]:
    """A step, or one for each phase of unfreezing, by `zoo.fine_tune`."""
    return {"how": "fine_tune", "optimizer": optimizer, "batch_size": "full", "epochs": 2, "seed": 5, **arguments}


GRADIENT = (fit(), train())
MLP = {"hidden_units": (6, 4), "num_bins": 4, "embedding_size": 2}
ONE_HIDDEN = {"hidden_units": (6,), "num_bins": 4}
FLOWER_COLUMNS = ("sepal length", "petal length", "soil")

CASES: dict[str, Case] = {
    # Multilayer perceptrons: every kind of column, every option, every loop.
    "mlp_classifier_visits": Case(
        "mlp_classifier", rows.visits, "mood", {**MLP, "dropout": 0.2}, kinds={"zone": "category"}, gaps=True,
        trainings=(
            fit(),
            train(),
            train(engine="xla"),
            train(engine="keras"),
            train(batch_size=15, epochs=2),
        ),
    ),
    "mlp_classifier_bools": Case(
        "mlp_classifier", rows.visits, "bought", {**MLP, "dropout": 0.0, "l2": 0.01, "activation": "gelu"}, gaps=True,
        columns=("Größe", "A", "keeper", "class", "hours per week", "importance"), settings={"weight": "importance"},
        trainings=(
            fit(),
            train(ADAM),
            train(ADAMW),
            train(DECAY),
            full(DECAY, engine="xla"),
            full(engine="keras"),
            train(class_weight=[[False, 1.0], [True, 3.0]]),
            train(weight="importance"),
            train(freeze=1),
            full(freeze="head_first", epochs=4),
        ),
    ),
    "mlp_classifier_ints": Case(
        "mlp_classifier", rows.visits, "grade", {**MLP, "dropout": 0.1, "normalization": "batch"}, gaps=True,
        columns=("weight in kg", "2nd visit", "paid", "size-class", "arrived", "price"), trainings=GRADIENT,
    ),
    "mlp_classifier_each_by_itself": Case(
        "mlp_classifier", rows.visits, "mood",
        {**MLP, "normalization": "layer", "output_activation": "sigmoid", "activation": "tanh"},
        columns=("born", "seen", "note", "ratio"), gaps=True, trainings=(fit(SLOW), train(SLOW)),
    ),
    "mlp_classifier_logits": Case(
        "mlp_classifier", rows.grades, None, {**ONE_HIDDEN, "output_activation": None, "activation": "tanh"},
        trainings=GRADIENT,
    ),
    "mlp_classifier_ensemble": Case(
        "mlp_classifier", rows.visits, "mood", {**MLP, "ensemble": 3, "dropout": 0.1}, gaps=True,
        columns=("weight in kg", "Größe", "class", "keeper", "A"),
        trainings=(*GRADIENT, train(engine="xla"), train(engine="keras"), full(class_weight="balanced")),
    ),
    "mlp_classifier_array": Case("mlp_classifier", rows.points, None, {**ONE_HIDDEN, "dropout": 0.0},
        (fit(), train(engine="auto"), tune(freeze="body")), settings={"epochs": 5},
    ),
    "mlp_classifier_constants": Case(
        "mlp_classifier", rows.constants, "mood", ONE_HIDDEN, gaps=True, trainings=(fit(), train()),
    ),
    "mlp_regressor_visits": Case(
        "mlp_regressor", rows.visits, "spent", {**MLP, "dropout": 0.0}, kinds={"zone": "category"}, gaps=True,
        trainings=(fit(), train(engine="xla"), full(), tune(freeze="head_first")),
    ),
    "mlp_regressor_bounded": Case(
        "mlp_regressor", rows.flowers, "age", {**ONE_HIDDEN, "output_activation": "sigmoid", "l2": 0.001},
        trainings=GRADIENT,
    ),
    "mlp_regressor_ensemble": Case(
        "mlp_regressor", rows.flowers, "age", {**ONE_HIDDEN, "ensemble": 2, "normalization": "batch"},
        trainings=GRADIENT,
    ),
    # Linear models.
    "linear_regression_table": Case(
        "linear_regression", rows.visits, "spent", {"l2": 0.01}, gaps=True, attributes={"coefficients": []},
        columns=("weight in kg", "class", "2nd visit", "arrived", "note", "hours per week"),
        trainings=(*GRADIENT, tune(freeze="none"), solve("newton"), solve("lbfgs")),
    ),
    "linear_regression_raw": Case(
        "linear_regression", rows.flowers, "age", {"preprocessing": "raw"}, columns=FLOWER_COLUMNS,
        attributes={"coefficients": []}, trainings=(fit(SLOW), train(SLOW), solve("newton")),
        settings={"solver": "newton"},
    ),
    "linear_regression_array": Case("linear_regression", rows.heights, None, {}, GRADIENT),
    "logistic_regression_two": Case(
        "logistic_regression", rows.flowers, "is_setosa", {"l2": 0.05}, attributes={"coefficients": []},
        columns=("sepal length", "soil"),
        trainings=(fit(), full(), tune(freeze="none"), solve("lbfgs"), solve("newton")), settings={"epochs": 300},
    ),
    "logistic_regression_many": Case(
        "logistic_regression", rows.flowers, "species", {"l2": 0.05, "preprocessing": "raw"}, columns=FLOWER_COLUMNS,
        attributes={"coefficients": []}, trainings=(fit(SLOW), train(SLOW), solve("lbfgs")), settings={"epochs": 300},
    ),
    # Threshold units.
    "perceptron_two": Case(
        "perceptron", rows.flowers, "is_setosa", {}, columns=("sepal length", "sepal width", "soil"),
        settings={"epochs": 20}, trainings=(fit(PLAIN), train(PLAIN), train(PLAIN, engine="auto"), full(PLAIN)),
    ),
    "perceptron_many": Case(
        "perceptron", rows.flowers, "species", {"preprocessing": "tabular"}, settings={"epochs": 20},
        trainings=(fit(PLAIN), train(PLAIN), tune(PLAIN, freeze="none")),
    ),
    "mark_1_perceptron": Case(
        "mark_1_perceptron", functools.partial(rows.two_bars, size=20), None, {"association_units": 40},
        (fit(PLAIN), train(PLAIN), tune(PLAIN, freeze="none")), settings={"epochs": 3},
        attributes={"association": ["rows"]},
    ),
    "backprop_1986_symmetry": Case(
        "backprop_1986", rows.symmetry, None, {}, (fit(), full(), full(engine="keras"), tune(freeze="none")),
        settings={"epochs": 30},
    ),
    "backprop_1986_xor": Case(
        "backprop_1986", rows.xor, None, {"problem": "xor", "hidden_units": 3}, (fit(), full()),
        settings={"epochs": 30},
    ),
    # Pictures.
    "image_mlp_grey": Case(
        "image_mlp", rows.pictures, None, {"hidden_units": (6,), "dropout": 0.1, "augmentation": False},
        (*GRADIENT, train(engine="xla")),
    ),
    "image_mlp_colour": Case(
        "image_mlp", functools.partial(rows.pictures, channels=3), None,
        {"hidden_units": (5, 4), "normalization": "batch", "l2": 0.001, "dropout": 0.0, "augmentation": False},
        (*GRADIENT, tune(freeze="none")),
    ),
    "image_mlp_augmented": Case(
        "image_mlp", rows.pictures, None, {"hidden_units": (4,), "dropout": 0.0},
        (fit(), train(), train(engine="keras")),
    ),
    "cognitron": Case(
        "cognitron", rows.pictures, None, {"layers": 2, "window": 3, "vicinity": 1, "lateral": 3, "q1": 3.0},
        (fit(RULE), train(RULE), train(RULE, engine="auto"), tune(RULE, freeze="none", epochs=1)),
        attributes={"cells": ["rows"]},
    ),
    "neocognitron_by_layer": Case(
        "neocognitron", functools.partial(rows.pictures, size=16), None, {"planes": 3, "q": (1.0, 4.0, 4.0)},
        (fit(RULE, epochs=3), train(RULE, epochs=3)), attributes={"cells": ["rows"]},
    ),
    "neocognitron_together": Case(
        "neocognitron", functools.partial(rows.pictures, size=16), None,
        {"planes": 4, "organization": "together", "alpha": 0.4, "q": (1.0, 4.0, 4.0), "r": (2.0, 1.0, 1.0)},
        (fit(RULE), train(RULE), tune(RULE, freeze="none", epochs=1)),
    ),
    # Memories.
    "hopfield_hebb": Case(
        "hopfield", rows.signs, None, {}, (fit(RULE), train(RULE), train(RULE, engine="auto")), num_rows=3,
        settings={"epochs": 1}, attributes={"couplings": None, "stored": None, "energy": ["rows"]},
    ),
    "hopfield_storkey": Case(
        "hopfield", rows.signs, None, {"rule": "storkey", "update": "synchronous", "sweeps": 20},
        (fit(RULE), train(RULE), tune(RULE, freeze="none")), num_rows=3, settings={"epochs": 1},
        attributes={"couplings": None},
    ),
    "hopfield_projection": Case(
        "hopfield", rows.signs, None, {"rule": "projection"}, (fit(RULE, batch_size=4), full(RULE, epochs=1)),
        settings={"epochs": 1}, num_rows=4, attributes={"couplings": None},
    ),
    "modern_hopfield": Case(
        "modern_hopfield", rows.blobs, None, {"beta": 2.0, "capacity": 100, "steps": 5},
        (fit(RULE), train(RULE), tune(RULE, freeze="none")), settings={"epochs": 1}, num_rows=12,
        attributes={"patterns": None, "energy": ["rows"], "attention": ["rows"]},
    ),
    # Maps.
    "kohonen_map_minibatch": Case(
        "kohonen_map", rows.blobs, None, {"grid": (3, 4)}, (fit(RULE), train(RULE), tune(RULE, freeze="none")),
        attributes={"codebook": None, "u_matrix": None, "winners": ["rows"], "distances": ["rows"]},
    ),
    "kohonen_map_online": Case(
        "kohonen_map", rows.blobs, None,
        {"grid": 6, "topology": "chain", "rule": "online", "neighbourhood": "bubble", "decay": "linear",
         "radius": (2.0, 0.5)},
        (fit(RULE), train(RULE), train(RULE, engine="auto")), attributes={"codebook": None}, settings={"epochs": 4},
    ),
    "kohonen_map_batch": Case(
        "kohonen_map", rows.flowers, None,
        {"grid": (3, 3), "topology": "hexagonal", "rule": "batch", "preprocessing": "tabular", "decay": "inverse"},
        (fit(RULE, batch_size=36, epochs=3), full(RULE)), columns=FLOWER_COLUMNS, gaps=True,
        attributes={"codebook": None, "quantization_error": ["rows"]}, settings={"epochs": 4},
    ),
    # Features.
    "hebbian_hebb": Case("hebbian", rows.blobs, None, {"units": 2, "prune_below": 0.001}, (fit(PLAIN), train(PLAIN))),
    "hebbian_oja": Case(
        "hebbian", rows.flowers, None, {"rule": "oja"}, (fit(PLAIN), train(PLAIN), train(PLAIN, engine="auto")),
        columns=("sepal length", "sepal width", "petal length"), gaps=True,
        attributes={"components": None, "variances": ["rows"]},
    ),
    "hebbian_sanger": Case(
        "hebbian", rows.blobs, None, {"rule": "sanger", "units": 2},
        (fit(PLAIN), train(PLAIN), tune(PLAIN, freeze="none")),
        attributes={"components": None},
    ),
    "hebbian_stdp": Case(
        "hebbian", rows.spikes, None, {"rule": "stdp", "units": 2, "tau": 15.0, "threshold": 1.5},
        (fit(PLAIN), train(PLAIN)), attributes={"components": None},
    ),
    "hebbian_outer_product": Case(
        "hebbian", rows.pairs, None, {"rule": "outer_product"}, (fit(PLAIN), train(PLAIN)), num_rows=4,
        attributes={"components": None},
    ),
    "restricted_boltzmann_machine_columns": Case(
        "restricted_boltzmann_machine", rows.bit_columns, None, {"units": 4},
        (fit(), train(), train(engine="auto"), tune(freeze="none")), settings={"epochs": 5},
        attributes={"components": None, "free_energy": ["rows"], "reconstruct": ["rows"]},
    ),
    "restricted_boltzmann_machine_persistent": Case(
        "restricted_boltzmann_machine", rows.bits, None, {"units": 4, "steps": 2, "persistent": True, "chains": 10},
        (fit(), train()), settings={"epochs": 5}, attributes={"components": None},
    ),
    # Dynamics and logic.
    "hodgkin_huxley": Case(
        "hodgkin_huxley", rows.recordings, None, {"dt": 0.02},
        (fit(PLAIN, batch_size=36, epochs=2), full(PLAIN, epochs=2), tune(PLAIN, freeze="none")),
        num_rows=4, settings={"epochs": 2}, attributes={"membrane": None, "g_na": None, "capacitance": None},
    ),
    "hodgkin_huxley_cable": Case(
        "hodgkin_huxley", functools.partial(rows.recordings, outputs=8), None,
        {"dt": 0.02, "compartments": 2, "outputs": "state", "method": "exponential_euler", "temperature": 18.5},
        num_rows=4, trained=False,
    ),
    "mcculloch_pitts_gate": Case(
        "mcculloch_pitts", rows.xor, None, {"truth_table": "xor", "layers": 2}, trained=False,
    ),
    "mcculloch_pitts_network": Case(
        "mcculloch_pitts_network", functools.partial(rows.spikes, fibres=2), None, {}, trained=False,
        attributes={"delay": None},
    ),
}  # fmt: skip
