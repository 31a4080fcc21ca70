"""What a model is compiled with and a file can hold: Keras writes functions and classes by their registered names."""

from __future__ import annotations

import types
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import keras


def unsaved_parts(compiled: Mapping[str, Any]) -> Iterator[str]:
    """Yields each part that Keras could not load from a file, such as `"loss my_loss"`.

    Args:
        compiled: Losses, metrics and the optimizer, by the name of the argument; nests of objects, functions or names.
    """
    for argument, given in compiled.items():
        for part in _leaves(given):
            if part is not None and not isinstance(part, (str, int, float)) and not _comes_back(part):
                own = getattr(part, "function", getattr(part, "metric", part))  # of what wraps a function or a metric
                yield f"{argument} {getattr(own, '__name__', None) or type(own).__name__}"


def _leaves(given) -> Iterator:
    if isinstance(given, Mapping):
        given = list(given.values())
    if isinstance(given, (list, tuple)):
        for part in given:
            yield from _leaves(part)
    else:
        yield given


def _comes_back(part) -> bool:
    """Returns whether Keras makes the same of what it would write."""
    if isinstance(part, types.FunctionType) and part.__name__ == "<lambda>":
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config = keras.saving.serialize_keras_object(part)
            found = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except Exception:  # whatever a class of the caller's raises: it cannot be loaded
        return False
    return found is part if isinstance(part, types.FunctionType) else type(found) is type(part)
