"""Kinds of columns, one file each: what raw values are, how they are read, encoded and served.

    number     any numeric column, also numbers stored as text        category   strings that repeat
    boolean    bool, or nothing but 0 and 1                           text       strings that hardly repeat
    date       datetime64, or strings in a notation of dates          array, image   a tensor a row

Nothing outside of this folder asks for a kind by its name: what differs between kinds is a method of `kind.Kind`.
Packages outside the zoo register further kinds by `register_column`; schemas and artifacts name them "package/kind".
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from zoo import overrides
from zoo.data.columns.encodings import OTHERS, WHOLE
from zoo.data.columns.kind import Group, Kind
from zoo.data.schema import KINDS, Column
from zoo.plugins import load_plugins
from zoo.registry import suggest

CHANNELS = (1, 3, 4)  # of images that PNG holds

_lock = threading.Lock()
_loaded: dict[str, Kind] = {}


def register_column(name: str, where: str) -> None:
    """Registers a kind of column of another package.

    Args:
        name: `"package/kind"`, as schemas name it.
        where: `"module:attribute"` of an instance of `zoo.data.columns.kind.Kind`, imported when it is needed.

    Raises:
        ValueError: if the name has no package, is taken by another kind, or `where` has no attribute.
    """
    package, slash, kind_name = name.partition("/")
    if not (slash and package and kind_name):
        raise ValueError(f"A kind's name must be 'package/kind'. Received: {name!r}. Put the package's name before it.")
    module, colon, attribute = where.partition(":")
    if not (colon and module and attribute):
        raise ValueError(f"A kind must be given as 'module:attribute'. Received: {where!r}. Name both.")
    if KINDS.get(name, where) != where:
        raise ValueError(f"The kind {name!r} is registered already, as {KINDS[name]!r}. Take another name.")
    KINDS[name] = where


def kind(name: str) -> Kind:
    """Returns the kind of a name.

    Raises:
        TypeError: if what is registered is no kind, has another name, or has not the form of the protocol.
        ValueError: if there is none.
    """
    found = _loaded.get(name)
    if found is not None:
        return found
    if name not in KINDS and "/" in name:
        load_plugins()
    if name not in KINDS:
        outside = " Import the package that registers it." if "/" in name else ""
        raise ValueError(
            f"A column's kind must be one of {', '.join(KINDS)}. Received: {name!r}.{suggest(name, KINDS)}{outside}"
        )
    module, _, attribute = KINDS[name].partition(":")
    found = getattr(importlib.import_module(module), attribute)
    if not isinstance(found, Kind) or found.name != name:
        raise TypeError(
            f"{KINDS[name]!r} must be an instance of zoo.data.columns.kind.Kind with the name {name!r}. Received: "
            f"{found!r}."
        )
    overrides.check(type(found), Kind)
    with _lock:
        _loaded[name] = found
    return found


def place_of(column: Column) -> str:
    """Returns `"module:attribute"` of a column's kind."""
    return KINDS[column.kind]


def kinds() -> list[Kind]:
    """Returns all kinds, those of other packages too, in the order in which they are asked whether they suit."""
    load_plugins()
    return sorted((kind(name) for name in KINDS), key=lambda one: one.precedence)


def kind_of(column: Column) -> Kind:
    """Returns the kind of a column."""
    return kind(column.kind)


def encodings_by_kind(encodings, columns: Iterable[Column]) -> dict[str, tuple[str, ...]]:
    """Returns the names of the encodings that are on, of each kind that offers some.

    Args:
        encodings: `"standard"` or `"expanded"`; or a dict by kind: one of these, or one name of the kind's, or several.
            Its value `"others"` holds for the kinds that it leaves out.
        columns: The columns of a schema; beside the zoo's own kinds, theirs are looked at.

    Raises:
        ValueError: if there is no such kind or encoding.
    """
    by_kind = encodings if isinstance(encodings, Mapping) else {OTHERS: encodings}
    others = by_kind.get(OTHERS, "expanded")
    if others not in WHOLE:
        known = f"'raw', 'image', {', '.join(map(repr, WHOLE))}, or a dict of encodings by kind of column"
        raise ValueError(f"`encodings` must be {known}.{suggest(str(others), WHOLE)} Received: encodings={encodings!r}")
    own = [name for name in KINDS if "/" not in name]
    named = [name for name in by_kind if name != OTHERS]
    offered = {name: kind(name).encodings for name in dict.fromkeys([*own, *(c.kind for c in columns), *named])}
    return {
        name: _chosen(name, by_kind.get(name, others), of_kind)
        for name, of_kind in offered.items()
        if of_kind or name in named
    }


def _chosen(name: str, asked, offered: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Returns the names of a kind's encodings that are on."""
    if isinstance(asked, str) and asked in WHOLE:
        return tuple(one for one, sets in offered.items() if asked in sets)
    names = tuple(asked) if isinstance(asked, (list, tuple)) else (asked,)
    for one in names:
        if one not in offered:
            known = ", ".join(map(repr, [*WHOLE, *offered]))
            raise ValueError(
                f"The encodings of columns of the kind {name!r} must be of {known}.{suggest(str(one), offered)} "
                f"Received: {asked!r}"
            )
    return tuple(one for one in offered if one in names)


def grouped(columns: Sequence[Column], states: Sequence | None = None) -> list[Group]:
    """Returns the groups of columns that are read together, in the order of their features."""
    states = [{}] * len(columns) if states is None else states
    members: dict[str, list[tuple[Kind, Column, dict]]] = {}
    counts: dict[str, int] = {}
    for column, state in zip(columns, states, strict=True):
        own = kind_of(column).of_state(state)
        key = column.kind if own is kind_of(column) else f"{column.kind} of an earlier version"
        if not own.together:
            counts[key] = counts.get(key, 0) + 1
            key = key if counts[key] == 1 else f"{key} {counts[key]}"
        members.setdefault(key, []).append((own, column, state))
    found = [
        Group(some[0][0], key, tuple(c for _, c, _ in some), tuple(s for _, _, s in some))
        for key, some in members.items()
    ]
    return sorted(found, key=lambda group: group.kind.order)


def array_column(array: np.ndarray) -> Column:
    """Returns the one column of an array of rows."""
    return next(one.array_column(array) for one in kinds() if one.array_name and one.suits_array(array))


def the_array(columns: Sequence[Column]) -> Column | None:
    """Returns the one column of a schema whose data may be an array instead of a table; None for a table."""
    if len(columns) != 1 or not kind_of(columns[0]).array_name:
        return None
    return columns[0]


def the_vector(columns: Sequence[Column]) -> Column | None:
    """Returns the one column of a schema whose data may be an array of numbers; None for pictures and tables."""
    alone = the_array(columns)
    return None if alone is None or kind_of(alone).is_picture else alone


def the_picture(columns: Sequence[Column]) -> Column | None:
    """Returns the one column of a schema whose data may be an array of pictures; None for others and tables."""
    alone = the_array(columns)
    return alone if alone is not None and kind_of(alone).is_picture else None


def pictures(columns: Iterable[Column]) -> list[Column]:
    """Returns the columns that hold pictures."""
    return [column for column in columns if kind_of(column).is_picture]


def as_units(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Returns columns whose values are encoded in their order: beside numbers, booleans are numbers too."""
    if not any(kind_of(column).has_numbers for column in columns):
        return tuple(columns)
    return tuple(kind_of(column).as_number(column) for column in columns)


def takes_examples(columns: Sequence[Column]) -> bool:
    """Returns whether rows can be tf.train.Examples: of images that PNG can hold, and of no sequences."""
    of_any_length = any(None in (column.shape or ()) for column in columns)
    return not of_any_length and all(column.shape[-1] in CHANNELS for column in pictures(columns))
