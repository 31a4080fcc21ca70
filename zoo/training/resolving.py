"""What callers name: a model as an entry, a `zoo.Model`, a run, a folder or a preset; data as the model takes them."""

from __future__ import annotations

import os
from typing import NamedTuple, TypeAlias

from zoo import registry
from zoo.data.raw import Data
from zoo.data.sources import load as load_data
from zoo.model import Model
from zoo.registry import Entry
from zoo.run import Run

AnyModel: TypeAlias = "Model | Run | str | os.PathLike[str]"


def resolve_model(model: AnyModel) -> Model:
    """Returns the `zoo.Model` that is meant.

    Args:
        model: A `zoo.Model`, a `Run`, an artifact's folder, an exported version, a `.keras` file or a preset's name.

    Raises:
        TypeError: if it is none of these.
    """
    model = model.model if isinstance(model, Run) else model
    if isinstance(model, Model):
        return model
    if isinstance(model, (str, os.PathLike)):
        import zoo

        return zoo.load(model)
    raise TypeError(
        f"`model` must be a zoo.Model, a Run, a folder or a preset's name. Received: {type(model).__name__}."
    )


class Given(NamedTuple):
    """A model that a caller named, and the run that it comes from, if it is one's."""

    model: Model
    run: Run | None


def resolve(model: AnyModel) -> Given:
    """Returns the model that is meant, and its run.

    Args:
        model: As for `resolve_model`.

    Raises:
        TypeError: if it is none of these.
    """
    return Given(resolve_model(model), model if isinstance(model, Run) else None)


def check_verb(verb: str, entry: Entry) -> None:
    """Raises TypeError if models of an entry cannot do what is asked of them.

    Args:
        verb: A name of the public surface that not all tasks know, such as `"cross_validate"`.
        entry: The entry.
    """
    if not any(verb in registry.load_task(name).verbs for name in entry.tasks):
        known = [name for name in registry.TASKS if "/" not in name and verb in registry.load_task(name).verbs]
        raise TypeError(
            f"`zoo.{verb}` is for models of these tasks: {', '.join(known) or 'none'}. Received: {entry.name!r}, which "
            f"does {' or '.join(entry.tasks)}."
        )


def load_for(model: Model, data, *, target=None, image_size=None) -> Data:
    """Returns data with the model's schema; the target may be absent from them."""
    target = target if target is not None else model.schema.target
    return load_data(data, target=target, schema=model.schema, image_size=image_size)
