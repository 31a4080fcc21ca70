"""Warns of names that still work and are called otherwise now."""

from __future__ import annotations

import inspect
import warnings


def warn(message: str) -> None:
    """Warns of a former name by a FutureWarning, which points at the first caller outside zoo and Keras."""
    frame, level = inspect.currentframe(), 1
    while frame and frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in ("zoo", "keras"):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, FutureWarning, stacklevel=level)
