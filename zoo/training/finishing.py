"""What happens to a model where its training ends: `Traits.finish`, by the rows that were held out."""

from __future__ import annotations

from collections.abc import Callable

from zoo.data.pipelines import Encoded
from zoo.engine import objectives
from zoo.model import Model


def finished(model: Model, held_out, *, compiled: Callable[[Model], object], seed: int) -> Model:
    """Returns a trained model as its traits finish it: itself, or another one of its entry, compiled.

    Args:
        model: Trained; it stays as it is.
        held_out: The validation rows, encoded. Where there are none, or they come as a pipeline, nothing is finished.
        compiled: Compiles another model as this one was.
        seed: Of the training.
    """
    finish = model.traits.finish
    if finish is None or not isinstance(held_out, Encoded):
        return model
    changed = finish(model, held_out.x, held_out.y, held_out.weight)
    if changed is None:
        return model
    network, options = changed
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
    return other
