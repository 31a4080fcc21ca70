"""What a model learns when its training has ended, from rows that trained nothing: how its outputs become answers.

    network outputs of held-out rows --Task.calibrate--> the model's target, whose state `Task.standard` applies

What is learnt here is state of the target, so that `predict`, the served graph and every export have it.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from zoo import overrides
from zoo.data import extension
from zoo.data.pipelines import Encoded
from zoo.model import Model
from zoo.tasks.target import Target

ROWS_AT_ONCE = 4096
COVERING = ("coverage", "mean_width", "mean_set_size")  # the scores of intervals and sets, by their beginnings


def learnt(
    model: Model,
    held_out,
    *,
    outputs: np.ndarray | None = None,
    calibration: bool = True,
    intervals: float | None = None,
    row_weight: np.ndarray | None = None,
) -> dict[str, Any]:
    """Gives a model what its task learns from held-out rows, and returns facts about it for the run and the card.

    Args:
        model: Trained. Its preprocessor gets another state of the target.
        held_out: Rows that no weight was fitted on, encoded. Where there are none, they have no target, or they come
            as a pipeline, nothing is learnt. Where `outputs` is given, `x` may be empty.
        outputs: What the network gives for the rows, `(rows, outputs)`, if it was computed elsewhere, such as
            out-of-fold outputs; of members, merged. None for a pass of the rows through the network.
        calibration: Whether probabilities are calibrated.
        intervals: The share of new rows that intervals or sets are to cover, or None for none. They are fitted on what
            the calibrated model decides.
        row_weight: The sample weights of the rows alone, `(rows,)`, without those of their classes: an interval covers
            a share of rows as they come. None where rows count alike.

    Returns:
        Plain values by what was learnt, such as `{"calibration": {...}, "intervals": {...}}`.

    Raises:
        ValueError: if there are too few rows for `intervals`, the answers are not finite, or the task has no intervals.
    """
    target = set_aside(model)
    if not isinstance(held_out, Encoded) or held_out.y is None or not model.task.supervised:
        return {}
    y = held_out.y if held_out.truth is None else held_out.truth
    outputs = network_outputs(model, held_out.x) if outputs is None else outputs
    facts: dict[str, Any] = {}
    if calibration:
        target, calibrated = model.task.calibrate(target, y, outputs, held_out.weight, model.decision)
        overrides.returned(target, Target, f"`calibrate` of the task {model.task.name!r}")
        facts |= {"calibration": calibrated} if calibrated else {}
    if intervals is not None:
        decided = _decided(model, target, outputs)
        target = model.task.with_intervals(target, y, decided, row_weight, intervals, model.decision)
        overrides.returned(target, Target, f"`with_intervals` of the task {model.task.name!r}")
        facts["intervals"] = _facts_of_intervals(model, target, y, decided, row_weight)
    replace_target(model, target)
    return facts


def _decided(model: Model, target: Target, outputs: np.ndarray) -> np.ndarray:
    """Returns what the model decides by network outputs, as `inference.outputs` does, in numpy."""
    standard = model.task.standard(keras.ops.convert_to_tensor(outputs), target, model.decision)
    return model.task.decided(keras.tree.map_structure(keras.ops.convert_to_numpy, standard), target)


def _facts_of_intervals(model: Model, target: Target, y, decided, weight) -> dict[str, Any]:
    """Returns coverage, rows, and the scores of the intervals on the rows that they were fitted on."""
    scores = model.task.scores(y, decided, target, model.decision, weight)
    known = target.intervals or {}
    measured = {name: value for name, value in scores.items() if name.startswith(COVERING)}
    return {"coverage": known.get("coverage"), "rows": known.get("rows"), "held_out": measured}


def set_aside(model: Model) -> Target:
    """Takes from a model what an earlier training learnt from its held-out rows; returns the target that is left."""
    target = model.target.without_held_out()
    replace_target(model, target)
    return target


def replace_target(model: Model, target: Target) -> None:
    """Gives a model another state of its target. What Keras compiled with the old one is compiled anew."""
    if target.get_config() == model.target.get_config():
        return
    model.preprocessor = extension.with_target_state(model.preprocessor, target.get_config())
    model.train_function = model.test_function = model.predict_function = None


def network_outputs(model: Model, x: dict[str, np.ndarray]) -> np.ndarray:
    """Returns what the network gives for encoded rows, `(rows, outputs)`; of members, merged."""
    total = len(next(iter(x.values())))
    starts = range(0, total, ROWS_AT_ONCE)
    parts = [{name: values[i : i + ROWS_AT_ONCE] for name, values in x.items()} for i in starts]
    return np.concatenate([keras.ops.convert_to_numpy(model.merged(model.network_outputs(part))) for part in parts])
