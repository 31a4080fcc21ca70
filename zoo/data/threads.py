"""How many threads numpy's products take: one, where more would wait for each other longer than they compute."""

from __future__ import annotations

import contextlib
import functools
import importlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Lets numpy multiply on one thread, with the same result on any number of cores, while the block runs."""
    with _pools("scipy.linalg" in sys.modules).limit(limits=1, user_api="blas"):
        yield


@functools.cache
def _pools(with_scipy: bool):
    """Returns what limits the threads of the libraries that are loaded; finding them takes some milliseconds.

    Args:
        with_scipy: Whether scipy is loaded, which brings a library of its own.
    """
    return importlib.import_module("threadpoolctl").ThreadpoolController()
