"""Losses that callers give: refused where they take other targets than the task has."""

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.tasks.keras_losses import takes_class_indices

ROWS = np.arange(24)
TABLE = pd.DataFrame(
    {"x": ROWS / 7, "a": ROWS % 2, "b": ROWS // 2 % 2, "two": ROWS // 3 % 2, "three": ROWS % 3, "y": ROWS**0.5}
)
QUICK = {"epochs": 1, "hidden_units": (4,), "verbose": 0}
SPARSE = keras.losses.SparseCategoricalCrossentropy()


def trained(entry, target, loss):
    targets = target if isinstance(target, list) else [target]
    return zoo.train(entry, TABLE[["x", *targets]], target=target, loss=loss, **QUICK)


@pytest.mark.parametrize(
    ("loss", "takes"),
    [
        ("sparse_categorical_crossentropy", True),
        ("SparseCategoricalCrossentropy", True),
        (SPARSE, True),
        (keras.losses.sparse_categorical_crossentropy, True),
        ("mse", False),
        (keras.losses.Huber(), False),
        (lambda y_true, y_pred: y_pred, None),
        (["mse", "mae"], None),
    ],
)
def test_losses_of_class_indices_are_told_from_those_of_columns(loss, takes):
    assert takes_class_indices(loss) is takes


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", SPARSE])
@pytest.mark.parametrize(
    ("entry", "target", "task"),
    [("mlp_classifier", ["a", "b"], "multilabel"), ("mlp_regressor", "y", "regression")],
)
def test_numbers_are_not_compared_as_indices_of_classes(entry, target, task, loss):
    said = f"`loss` must compare numbers, which the targets of a model of {task} are. Received: loss='[sS]parse.*of cl"
    with pytest.raises(ValueError, match=f"{said}.*Leave it out"):
        trained(entry, target, loss)


@pytest.mark.parametrize("target", ["two", "three"])
@pytest.mark.parametrize("loss", ["mse", "categorical_crossentropy", keras.losses.BinaryCrossentropy()])
def test_indices_of_classes_are_not_compared_as_columns(target, loss):
    said = "`loss` must compare indices of classes, which the targets of a model of classification are. Received: loss="
    with pytest.raises(ValueError, match=f"{said}.*Pass 'sparse_categorical_crossentropy', or leave it out"):
        trained("mlp_classifier", target, loss)


@pytest.mark.parametrize(
    ("entry", "target", "loss"),
    [
        ("mlp_classifier", ["a", "b"], "binary_crossentropy"),
        ("mlp_classifier", "three", "sparse_categorical_crossentropy"),
        ("mlp_regressor", "y", "mae"),
    ],
)
def test_losses_that_take_the_targets_train(entry, target, loss):
    assert np.isfinite(trained(entry, target, loss).history["loss"]).all()


def test_a_single_threshold_unit_has_the_column_that_such_losses_take():
    model = zoo.build("mlp_classifier", TABLE[["x", "two"]], target="two", hidden_units=(4,))
    for activation, refuses in (("threshold", False), ("softmax", True)):
        try:
            model.task.check_loss("hinge", model.target, activation)
            refused = False
        except ValueError:
            refused = True
        assert refused is refuses
