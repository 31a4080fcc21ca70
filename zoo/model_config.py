"""How Keras saves a `zoo.Model`: the plain values that it is built from again, and what it was compiled with."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from zoo import entries, notices, registry
from zoo.data.preprocessing import Preprocessor
from zoo.engine import keras_internals
from zoo.engine.registration import unsaved_parts
from zoo.registry import Entry

if TYPE_CHECKING:
    from zoo.model import Model


def config_of(model: Model) -> dict[str, Any]:
    """Returns the plain values that a model is built from again."""
    decision, unsaved = model.decision, model.unsaved
    return {
        "name": model.name,
        "network": keras.saving.serialize_keras_object(model.network),
        "entry": model.entry.name,
        "preprocessor": model.preprocessor.get_config(),
        "options": _plain(model.options),
        "decision": decision
        if decision is None or isinstance(decision, str)
        else keras.saving.serialize_keras_object(decision),
        "counts": [keras.saving.serialize_keras_object(count.function) for count in model._counts],
        **({"unsaved": list(unsaved)} if unsaved else {}),
    }


def arguments_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the arguments of `zoo.Model` for the values of `config_of`."""
    entry = registry.info(config["entry"])  # by a former name too, with a warning
    entries.load_builder(entry)  # its module registers the layers and losses of the network
    return {
        "network": keras.saving.deserialize_keras_object(config["network"]),
        "entry": entry,
        "preprocessor": Preprocessor.from_config(config["preprocessor"]),
        "options": config["options"],
        "decision": _deserialized(config["decision"]),
        "counts": [keras.saving.deserialize_keras_object(function) for function in config["counts"]],
        "name": _renamed(config["name"], entry),
    }


def name_in_keras(entry_name: str) -> str:
    """Returns an entry's name as the name of a Keras model, in which `/` would separate scopes."""
    return entry_name.replace("/", "_")


def _renamed(name: str, entry: Entry) -> str:
    """Returns a model's name, replaced by the entry's current name if it is a former name of the entry."""
    return name_in_keras(entry.name) if name in map(name_in_keras, entry.formerly) else name


def _deserialized(decision):
    return keras.saving.deserialize_keras_object(decision) if isinstance(decision, Mapping) else decision


def _plain(value):
    """Returns options as JSON has them: tuples and arrays as lists."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


# What a model was compiled with.


def unsaved_parts_of(model: Model) -> tuple[str, ...]:
    """Returns what a compiled model was compiled with that a file cannot hold, such as `("loss my_loss",)`."""
    compiled = keras_internals.compiled_with(model)
    parts = {name: compiled.get(name) for name in ("loss", "metrics", "weighted_metrics")}
    parts["optimizer"] = model.optimizer
    with notices.importing():
        return tuple(unsaved_parts(parts))


def warn_of_unsaved(parts: Iterable[str]) -> None:
    """Warns of what a file cannot hold. The warning points at the caller of `get_compile_config`."""
    warnings.warn(
        f"The file does not hold what the model was compiled with: {', '.join(parts)} is not registered with Keras. It "
        "loads without, not compiled: it predicts, is exported, and zoo.train compiles it as its recipe says. Put "
        "@keras.saving.register_keras_serializable() above the definition to keep it.",
        stacklevel=3,
    )


def compile_config(model: Model, config: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Returns Keras's compile config with what `compile_from` needs beside it; None where Keras has none."""
    if config and keras.backend.backend() == "torch":
        config = {**_portable(config), "jit_compile": model.traits.jit is True}
    return config and {**config, "optimizer_built": model.optimizer is not None and model.optimizer.built}


def compile_from(model: Model, config: Mapping[str, Any]) -> None:
    """Compiles as saved. Keras would build an optimizer that was saved without slots, and warn that it has none."""
    config = dict(config)
    built = config.pop("optimizer_built", True)
    if keras.backend.backend() == "torch":  # Keras on PyTorch has no XLA, and runs one step at a time
        config |= {"jit_compile": False, "steps_per_execution": 1}
    model.compile(**keras.saving.deserialize_keras_object(config))
    if built:
        model.optimizer.build(model.trainable_variables)


def _portable(config):
    """Returns a config that loads on every backend: Keras's subclasses of optimizers for PyTorch are replaced."""
    if isinstance(config, (list, tuple)):
        return [_portable(item) for item in config]
    if not isinstance(config, Mapping):
        return config
    config = {key: _portable(item) for key, item in config.items()}
    if str(config.get("module")).startswith("keras.src.backend.torch.optimizers"):
        config |= {"module": "keras.optimizers", "registered_name": None}
    return config
