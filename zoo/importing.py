"""Imports what a name such as `"package.module:function"` names, and offers the nearest of known names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from zoo import notices


def attribute(where: str, what: str) -> Any:
    """Imports what `"module:attribute"` names.

    Args:
        where: The name.
        what: What it is, in words, for the error.

    Raises:
        AttributeError: if the module has no such attribute.
    """
    name, _, own = where.partition(":")
    module = notices.import_module(name)
    if not hasattr(module, own):
        near = suggest(own, [public for public in vars(module) if not public.startswith("_")])
        raise AttributeError(f"The module {name!r} must have {own!r}, {what}. There is no such name.{near}")
    return getattr(module, own)


def suggest(name: object, candidates: Iterable[str]) -> str:
    """Returns " Did you mean 'x'?" for the candidate nearest to `name`, or nothing.

    Names that differ in upper and lower case, or in blanks around them, are nearest.
    """
    candidates = list(candidates)
    plain = str(name).strip().casefold()
    near = [one for one in candidates if one.strip().casefold() == plain and one != name]
    near = near or difflib.get_close_matches(str(name), candidates, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
