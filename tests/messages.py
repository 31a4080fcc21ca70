"""Who says what: whether errors and warnings are the zoo's own or of a library that it called, and what is printed."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

import zoo

PACKAGE = Path(zoo.__file__).parent
HIDDEN = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)  # by Python, from users


@dataclasses.dataclass
class Said:
    """Warnings of the zoo, and warnings and printed text of others, each once."""

    own: list[str] = dataclasses.field(default_factory=list)
    foreign: list[str] = dataclasses.field(default_factory=list)


def is_own(error: BaseException) -> bool:
    """Returns whether an error is a ValueError that code of the zoo raised, and not a library that it called."""
    return type(error) is ValueError and _is_of_zoo(traceback.extract_tb(error.__traceback__)[-1].filename)


def _is_of_zoo(file: str) -> bool:
    return PACKAGE in Path(file).parents


@contextlib.contextmanager
def warned() -> Iterator[Said]:
    """Collects the warnings of a `with` block by who raised them."""
    said = Said()

    def note(message, category, filename, lineno, file=None, line=None):
        frame = sys._getframe(1)
        while frame.f_code.co_filename == warnings.__file__:
            frame = frame.f_back
        found = said.own if _is_of_zoo(frame.f_code.co_filename) else said.foreign
        if (text := f"{category.__name__}: {message}") not in found:
            found.append(text)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        for category in HIDDEN:
            warnings.simplefilter("ignore", category)
        warnings.showwarning = note
        yield said


@contextlib.contextmanager
def listening() -> Iterator[Said]:
    """Collects the warnings of a `with` block, and as foreign what is printed: by libraries of other languages too."""
    with warned() as said, tempfile.TemporaryFile() as printed, contextlib.ExitStack() as restored:
        text = restored.enter_context(open(os.dup(printed.fileno()), "w", encoding="utf-8", buffering=1))
        for stream, number in ((sys.stdout, 1), (sys.stderr, 2)):
            stream.flush()
            kept = os.dup(number)
            restored.callback(os.close, kept)
            restored.callback(os.dup2, kept, number)
            os.dup2(printed.fileno(), number)
        restored.enter_context(contextlib.redirect_stdout(text))  # what Python prints may not pass by these numbers
        restored.enter_context(contextlib.redirect_stderr(text))
        try:
            yield said
        finally:
            restored.close()
            printed.seek(0)
            if words := printed.read().decode(errors="replace").strip():
                said.foreign.append(f"printed: {words[:500]}")
