"""What happens to a model where its training ends: `Traits.finish`, by the rows that were held out."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from zoo.data.pipelines import Encoded
from zoo.engine import objectives
from zoo.model import Model


class HeldOut:
    """Validation rows, and the outputs and the loss of a trained model for them.

    Args:
        model: Trained and compiled.
        rows: The rows, encoded.
    """

    def __init__(self, model: Model, rows: Encoded):
        self._model = model
        self.x, self.y, self.weight = rows.x, rows.y, rows.weight
        self._tensors = [None if part is None else keras.ops.convert_to_tensor(part) for part in (rows.y, rows.weight)]

    def outputs(self, at_once: int = 4096) -> np.ndarray:
        """Returns what the network gives for the rows, `(rows, outputs)`; of members, `(rows, members, outputs)`.

        Args:
            at_once: Rows that pass through the network together.
        """
        names = [tensor.name for tensor in self._model.network.inputs]
        total = len(self.x[names[0]])
        starts = range(0, total, at_once)
        parts = [{name: self.x[name][i : i + at_once] for name in names} for i in starts]
        return np.concatenate([keras.ops.convert_to_numpy(self._model.network_outputs(part)) for part in parts])

    def loss(self, outputs) -> float:
        """Returns the loss of the rows, as validation has it, by outputs of the network, or of some of its members."""
        y, weight = self._tensors
        y_pred = keras.ops.convert_to_tensor(outputs)
        return float(self._model.compute_loss(y=y, y_pred=y_pred, sample_weight=weight, training=False))


def finished(model: Model, held_out, *, compiled: Callable[[Model], object], seed: int) -> tuple[Model, str]:
    """Returns a trained model as its traits finish it, itself or another one of its entry, and what they changed.

    Args:
        model: Trained; it stays as it is.
        held_out: The validation rows, encoded. Where there are none, or they come as a pipeline, nothing is finished.
        compiled: Compiles another model as this one was.
        seed: Of the training.

    Returns:
        A compiled model, and a clause that says what differs from the one that trained, or `""`.
    """
    finish = model.traits.finish
    if finish is None or not isinstance(held_out, Encoded):
        return model, ""
    changed = finish(model, HeldOut(model, held_out))
    if changed is None:
        return model, ""
    network, options, what = changed
    other = Model(
        network,
        entry=model.entry,
        preprocessor=model.preprocessor,
        options=options,
        decision=model.decision,
        counts=model.traits.counts,
        name=model.name,
    )
    objectives.begin(other, seed)
    compiled(other)
    if hasattr(model, "card"):
        object.__setattr__(other, "card", model.card)  # its ancestry goes on
    return other, what
