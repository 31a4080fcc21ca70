"""`zoo.adapt`: a trained model for other classes, columns or image sizes, without training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import keras
import numpy as np
import pandas as pd

from zoo.artifacts import surgery
from zoo.artifacts.card import card_of
from zoo.building import build_network
from zoo.compiling import compile_model
from zoo.data import doubts, extension
from zoo.data.columns import the_array, the_picture, the_vector
from zoo.data.names import named_as, names_of
from zoo.data.raw import Data
from zoo.data.raw_values import level_name
from zoo.data.schema import Schema
from zoo.data.sources import load as load_data
from zoo.data.target_columns import beside
from zoo.engine.precision import policy_of
from zoo.layers import ensemble
from zoo.model import Model
from zoo.training.resolving import AnyModel, Given, resolve

CHOICES = ("strict", "extend", "new")


def adapt(
    model: AnyModel,
    data,
    *,
    target=None,
    classes: Literal["strict", "extend", "new"] = "strict",
    columns: Literal["strict", "extend", "new"] = "strict",
    image_size: int | Sequence[int] | None = None,
    seed: int = 0,
) -> Model:
    """Returns a trained model for data of other classes, columns or image size. The given model stays as it is.

    What was learned is kept: old classes and levels in their order, the statistics of old columns, and every weight
    that still has its place. A new column, level or image size leaves the answers to old rows as they were.

    Args:
        model: A `zoo.Model`, a `Run`, an artifact's folder, an exported version, a `.keras` file or a preset's name.
        data: Anything that `zoo.data.load` takes; it shows the classes and columns to adapt to.
        target: The target's column, if its name is another than in training; of several, a list in the same order.
        classes: `"strict"`: the data hold no class that the model has not. `"extend"`: new ones come behind the old.
            `"new"`: the classes of the data alone, with fresh weights in the last layer.
        columns: `"strict"`: the same columns and levels of categories. `"extend"`: new ones come behind the old.
            `"new"`: the columns of the data alone; those that the model knows keep what was learned.
        image_size: `(height, width)` of the data's images, if it is another than the model's.
        seed: Seed of fresh weights.

    Returns:
        A compiled model.

    Raises:
        ValueError: if the data differ in what is to be strict; the message names the difference and the repair.
        TypeError: if the entry has nothing to train.
    """
    given = resolve(model)
    data, target = beside(data, target)
    schema = given.model.schema
    with doubts.collected() as doubtful:
        size = image_size_of(given.model, image_size)
        loaded = load_data(data, target=schema.target if target is None else target, image_size=size)
        doubtful.discard(schema.names)  # the model has said what they are
    how: dict[str, Any] = {"classes": classes, "columns": columns, "image_size": image_size, "seed": seed}
    adapted = adapted_to(given, loaded, target=target, **how)
    compile_model(adapted, adapted.recipe)
    return adapted


def adapted_to(
    given: Given,
    loaded: Data,
    *,
    target=None,
    classes: str = "strict",
    columns: str = "strict",
    image_size: Sequence[int] | None = None,
    seed: int = 0,
) -> Model:
    """Returns a trained model for data that were loaded for it, not compiled.

    Args:
        given: The model.
        loaded: Data without the model's schema, with images of the size that `image_size_of` returns.
        target, classes, columns, image_size, seed: As for `adapt`.
    """
    for name, value in (("classes", classes), ("columns", columns)):
        if value not in CHOICES:
            raise ValueError(f"`{name}` must be one of {', '.join(map(repr, CHOICES))}. Received: {name}={value!r}")
    model = given.model
    model.check_trainable()
    size = image_size_of(model, image_size)
    preprocessor = model.preprocessor
    alone = the_array(preprocessor.schema.columns)
    if alone is not None and columns != "strict":
        raise ValueError(f"`columns` is for tables; this model takes one {alone.kind}. Leave it out.")
    if the_picture(preprocessor.schema.columns) is not None:
        preprocessor = _with_images(preprocessor, loaded, size)
    elif image_size is not None:
        raise ValueError("`image_size` is for models of images; this one takes columns. Leave it out.")
    elif alone is not None:
        _check_array(preprocessor, loaded)
    else:
        preprocessor = _with_columns(preprocessor, loaded, columns)
    preprocessor = _with_classes(preprocessor, loaded, classes)
    if target is not None:
        preprocessor = _with_targets(preprocessor, target)
    with policy_of(model.network):
        adapted = _assembled(model, preprocessor, fresh_head=classes == "new", seed=seed)
    known = getattr(model, "card", None) or (card_of(model, given.run) if given.run is not None else None)
    if known:
        object.__setattr__(adapted, "card", known)  # its ancestry goes on with this one
    return adapted


def image_size_of(model: Model, image_size):
    """Returns the size to which images are resized for a model: that given, or its own; None where it takes none."""
    column = the_picture(model.schema.columns)
    if column is None:
        return None
    return column.shape[:2] if image_size is None and column.resized else image_size


def _check_array(preprocessor, loaded: Data) -> None:
    own, found = the_vector(preprocessor.schema.columns), the_vector(loaded.schema.columns)
    if found is None or found.shape != own.shape:
        received = "other data" if found is None else f"rows of the shape {found.shape}"
        raise ValueError(
            f"The model takes arrays with rows of the shape {own.shape}. Received: {received}. Pass (x, y) with such "
            "an x, or train a fresh model."
        )


def _with_columns(preprocessor, loaded: Data, columns: str):
    frame = loaded.sample().frame if loaded.streaming else loaded.x
    if not isinstance(frame, pd.DataFrame):
        names = ", ".join(map(str, preprocessor.schema.names))
        raise ValueError(f"The model takes the columns {names}. Received: an array. Pass a table with named columns.")
    frame = named_as(frame, preprocessor.schema.known_names)
    frame = frame.drop(columns=[*loaded.targets, *loaded.ignore], errors="ignore")
    if "train" in loaded.splits:
        frame = frame.iloc[loaded.splits["train"]]
    new = extension.new_columns(preprocessor, frame, loaded)
    found = extension.differences(preprocessor, frame, new)
    if not found:
        return preprocessor
    if columns == "strict":
        if found.missing:
            repair = "Add it (empty where unknown), or pass `columns='new'` to go on without it."
        else:
            repair = "Pass `columns='extend'` to learn it, or leave it out of the data."
        raise ValueError(f"The data differ from those of training: {found}. {repair}")
    if found.missing and columns == "new":
        _note_set_aside(preprocessor, "earlier columns")
    return extension.extend(preprocessor, frame, new, drop=columns == "new")


def _note_set_aside(preprocessor, earlier: str) -> None:
    """Notes what was learnt from held-out rows and holds no longer; calibration is fitted anew without being asked."""
    state = preprocessor.target.get_config()
    if preprocessor.target.intervals is not None:
        coverage = preprocessor.target.intervals.get("coverage")
        parameter = "intervals" if coverage is None else f"intervals={coverage:g}"
        doubts.note(
            f"The model's intervals or sets were fitted for its {earlier}, and are set aside.",
            repair=f"Train it with `{parameter}`, or pass that to zoo.fine_tune.",
        )
    if "threshold" in state:
        doubts.note(
            f"The model's threshold was chosen for its {earlier}, and is set aside.",
            repair=f"Train it with `threshold={state['threshold']['by']!r}`, or pass that to zoo.fine_tune.",
        )


def _with_images(preprocessor, loaded: Data, image_size):
    column = the_picture(preprocessor.schema.columns)
    shape, resized = column.shape, image_size is not None
    came = the_array(loaded.schema.columns)
    found = () if came is None else tuple(came.shape)
    if len(found) == 2:
        found = (*found, 1)
    if len(found) != 3 or found[-1] != shape[-1]:
        came = (
            f"images of the shape {found}"
            if found
            else f"the columns {', '.join(c.name for c in loaded.schema.columns)}"
        )
        raise ValueError(
            f"The data must be images (height, width, {shape[-1]}), as the model's are. Received: {came}. Pass images "
            "of as many channels, or build a model of columns."
        )
    if image_size is None:
        image_size = shape[:2]
    size = tuple(image_size) if isinstance(image_size, Sequence) else (image_size, image_size)
    if len(size) != 2 or any(
        isinstance(length, bool) or not isinstance(length, (int, np.integer)) or length < 1 for length in size
    ):
        raise ValueError(f"`image_size` must be (height, width). Received: image_size={image_size!r}")
    size = (int(size[0]), int(size[1]))
    if found[:2] != size:
        raise ValueError(
            f"The data must hold images of {size[0]} x {size[1]}. Received: {found[0]} x {found[1]}. Pass "
            f"`image_size={found[:2]}` to adapt the model to them, or resize the images."
        )
    same = size == tuple(shape[:2]) and resized == column.resized
    if same:
        return preprocessor
    _note_set_aside(preprocessor, "earlier size of images")
    return extension.with_image_size(preprocessor, size, resized)


def _with_classes(preprocessor, loaded: Data, classes: str):
    schema: Schema = preprocessor.schema
    if schema.classes is None:
        if classes != "strict":
            does = "" if schema.task is None else f", it does {schema.task}"
            raise ValueError(f"`classes` is for classifiers; this model has none{does}. Leave it out.")
        return preprocessor
    y = loaded.sample().frame.get(loaded.target) if loaded.streaming else loaded.y
    if y is None:
        if classes != "strict":
            raise ValueError(
                f"The data have no target, so that no classes are known. Pass `target`. Received: {classes=}"
            )
        return preprocessor
    shown = loaded.schema.with_task(schema.task, y) if len(pd.unique(pd.Series(y))) > 1 else None
    found = shown.classes if shown else tuple(pd.unique(pd.Series(y)).tolist())
    names = {level_name(value) for value in schema.classes}
    added = tuple(value for value in found if level_name(value) not in names)
    if classes == "strict":
        if added:
            raise ValueError(
                f"The data hold the classes {', '.join(map(repr, added[:10]))}, which the model has not; it has "
                f"{', '.join(map(repr, schema.classes[:10]))}. Pass `classes='extend'` to add them, `classes='new'` "
                "for those of the data alone, or drop their rows."
            )
        return preprocessor
    if classes == "extend" and not added:
        return preprocessor
    wanted = (*schema.classes, *added) if classes == "extend" else found
    if len(wanted) < 2:
        raise ValueError(
            f"A classifier must have at least two classes. Received: only {wanted[0]!r}. Add rows of another class, or "
            "pass `classes='extend'` to keep those of training."
        )
    dtype = shown.class_dtype if shown else schema.class_dtype
    if classes == "extend" and schema.class_dtype != dtype:
        dtype = "object"
    _note_set_aside(preprocessor, "earlier classes")
    return extension.with_classes(preprocessor, wanted, dtype)


def _with_targets(preprocessor, target):
    """Returns the preprocessor for targets of other names, which stand in the order of the old ones."""
    own, given = preprocessor.schema.targets, names_of(target)
    if len(given) != max(1, len(own)):
        known = f"the targets {', '.join(map(str, own))}" if len(own) > 1 else "one target"
        raise ValueError(
            f"The model answers {known}. Received: target={target!r}. Name as many columns, in their order, or train a "
            "fresh model for other targets."
        )
    if len(own) > 1 and set(given) == set(own):
        return preprocessor  # columns are found by their names
    if moved := [name for i, name in enumerate(given) if name in own and own[i] != name]:
        raise ValueError(
            f"Each target must stand in the place of the one whose name it takes: {', '.join(map(str, own))}. "
            f"Received: target={target!r}, where {moved[0]!r} is another one's. Keep the order."
        )
    return preprocessor if target == preprocessor.schema.target else extension.with_target(preprocessor, target)


def _assembled(model: Model, preprocessor, *, fresh_head: bool, seed: int) -> Model:
    """Returns a model of the same entry and options for another preprocessor, with all weights that keep a place."""
    if preprocessor is model.preprocessor and not fresh_head:
        network = keras.models.clone_model(model.network)
        network.set_weights(model.network.get_weights())
    else:
        network = build_network(model.entry, preprocessor, model.options, seed=seed)
        if not surgery.faithful(model.network, build_network(model.entry, model.preprocessor, model.options)):
            raise ValueError(
                f"{model.entry.name!r} is no longer built as this model was: its columns and classes cannot change. "
                "Train a fresh model, or adapt it with the version of the zoo that made it."
            )
        olds, news = _members(model, model.network, model.preprocessor), _members(model, network, preprocessor)
        for old, new in zip(olds, news, strict=True):
            surgery.transfer(old, new, fresh_head=fresh_head)
        if ensemble.is_separable(network):
            ensemble.join(network, [new.network for new in news])
    return Model(
        network,
        entry=model.entry,
        preprocessor=preprocessor,
        options=model.options,
        decision=model.decision,
        counts=model.traits.counts,
        name=model.name,
    )


def _members(model: Model, network: keras.Model, preprocessor) -> list[surgery.Named]:
    """Returns a network built with the model's options as its members, each a network of its own, if they share none.

    Members that share layers stay one network, and so does a network without members.
    """
    networks = [network]
    if ensemble.is_separable(network):
        alone = {**model.options, "ensemble": 1}
        networks = [build_network(model.entry, preprocessor, alone) for _ in range(model.members)]
        ensemble.split(network, networks)
    names, outputs = surgery.input_names(preprocessor), preprocessor.target.unit_names
    return [surgery.Named(single, names, outputs) for single in networks]
