"""What the answers of a model depend on beside data and folds, as text by which stored answers are found again."""

from __future__ import annotations

import hashlib
import sys
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from zoo.doctor import version
from zoo.entries import Entry
from zoo.training.rivals import Rival

NETWORK_PACKAGES = ("keras", "tensorflow", "jax", "torch", "numpy")


def of_rival(rival: Rival) -> str:
    """Returns the estimator's parameters, the classes in it with the versions of their packages, and its columns."""
    estimator = rival.estimator
    parameters = sorted(estimator.get_params(deep=True).items(), key=lambda item: item[0])
    inside = (value for _, value in parameters if isinstance(value, BaseEstimator))
    classes = [_of_class(type(one)) for one in (estimator, *inside)]
    values = [(name, of_value(value)) for name, value in parameters]
    return repr((_version("sklearn"), classes, values, rival.takes_raw, rival.is_tree))


def of_entry(entry: Entry, settings: dict[str, Any], options: dict[str, Any]) -> str:
    """Returns an entry's name, builder, settings and options, and the versions of what trains it."""
    import keras

    builder = entry.builder
    where = builder if isinstance(builder, str) else f"{builder.__module__}:{getattr(builder, '__qualname__', '')}"
    versions = [(package, version(package)) for package in NETWORK_PACKAGES]
    asked = [sorted((name, of_value(value)) for name, value in given.items()) for given in (settings, options)]
    package = where.partition(":")[0].partition(".")[0]
    return repr((entry.name, where, _version(package), keras.backend.backend(), versions, *asked))


def of_value(value) -> str:
    """Returns an argument as text that is the same in another process, of optimizers their config."""
    if hasattr(value, "get_config"):
        return repr((*_of_class(type(value)), value.get_config()))
    if isinstance(value, np.ndarray):
        return repr((value.shape, str(value.dtype), hashlib.sha256(repr(value.tolist()).encode()).hexdigest()))
    return repr(value)


def _of_class(one: type) -> tuple[str, str, str]:
    return one.__module__, one.__qualname__, _version(one.__module__.partition(".")[0])


def _version(module: str) -> str:
    """Returns the version of an imported package, by the name by which it is imported."""
    return str(getattr(sys.modules.get(module), "__version__", ""))
