"""Categories: strings that repeat, as positions of their levels; 0 is what training has not seen.

    levels         positions, for an indicator or a learned vector each
    target_means   in their place, of columns of many levels, means of the target and counts: see
                   `zoo.data.target_means`; other columns, and all where there is no target, have their levels

Means and levels do not stand beside each other: among the rows of a level, those whose fold has high targets have a low
mean of the others, so that the two together tell a row's own target.

Of more than 8 levels those seen once are left to position 0, so that the vector of what was not seen is trained.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd

from zoo.data import packing, target_means
from zoo.data.columns.encodings import Encodings, Feature
from zoo.data.columns.kind import Group, Kind, State
from zoo.data.columns.number import is_absent, is_number
from zoo.data.columns.source_code import MEANS, STRING_CONSTANTS, STRING_FUNCTIONS, Source
from zoo.data.columns.strings import distinct, series, string_cases, strings
from zoo.data.columns.table import Table
from zoo.data.columns.values import Values
from zoo.data.raw_values import BLANKS, MISSING, level_name
from zoo.data.schema import Column

FEW_LEVELS = 8  # up to so many, all are kept, however rare, and have an indicator each, beside which means say nothing
DTYPES_OF_TEXTS = ("str", "large_string", "object")  # how they begin


class Category(Kind):
    """Levels."""

    name, precedence, order = "category", 50, 50
    encodings = {"levels": ("standard", "expanded"), "target_means": ()}
    may_be_ids = True
    together, dtype, block_dtype = True, "string", "int64"

    def suits(self, values: Values) -> bool:
        return values.cells is None

    def column(self, values: Values) -> Column:
        levels = tuple(sorted(set(values.levels)))
        return Column(values.name, self.name, values.dtype, levels, missing=values.hints.missing)

    def keeps_text(self, column: Column) -> bool:
        from_texts = column.dtype.startswith(DTYPES_OF_TEXTS) or not all(map(_is_of_a_value, column.categories))
        return column.is_marked or from_texts

    def read(self, values, column: Column, state: State) -> np.ndarray:
        return _read(values, column, level_positions(state["levels"], column.missing))

    def served(self, values, column: Column, state: State) -> np.ndarray:
        return strings(values, column, level_name)

    def fit_group(
        self, table: Table, columns: Sequence[Column], encodings: Encodings, counts: dict, y: np.ndarray | None = None
    ) -> list[State]:
        return [self._fitted(table.column(c.name), c, encodings, counts.get(c.name), y) for c in columns]

    def _fitted(self, values, column: Column, encodings: Encodings, counts, y) -> State:
        levels = fitted_levels(self.served(values, column, {}), column, counts, rare=encodings.raw)
        if len(levels) <= FEW_LEVELS or y is None or not self.sees_target(encodings):
            return {"levels": levels}
        means = target_means.fit(self.read(values, column, {"levels": levels}), y, len(levels))
        return {"levels": levels, "means": means}

    def sees_target(self, encodings: Encodings) -> bool:
        return "target_means" in encodings.of(self.name)

    def encode_training(
        self, read: np.ndarray, y: np.ndarray, column: Column, state: State, encodings: Encodings, seed: int
    ) -> np.ndarray:
        return target_means.of_training_rows(read, y, state["means"], seed)

    def prepare(self, group: Group) -> list[dict[str, int]]:
        described = zip(group.columns, group.states, strict=True)
        return [level_positions(state["levels"], column.missing) for column, state in described]

    def read_group(self, table: Table, group: Group) -> np.ndarray:
        read = [
            _read(table.column(column.name), column, positions)
            for column, positions in zip(group.columns, group.prepared, strict=True)
        ]
        return np.stack(read, axis=1)

    def read_cells(self, cells: list[list], group: Group) -> np.ndarray | None:
        read = []
        for values, positions in zip(cells, group.prepared, strict=True):
            found = [_position(value, positions) for value in values]
            if None in found:
                return None
            read.append(found)
        return np.array(read, "int64").T

    def read_tables(self, column: Column, state: State) -> dict[str, int]:
        return level_positions(state["levels"], column.missing)

    def read_graph_group(self, tensors: Sequence, group: Group, tables: Sequence):
        import tensorflow as tf

        found = [table.lookup(tf.strings.strip(tensor)) for table, tensor in zip(tables, tensors, strict=True)]
        return tf.stack(found, axis=1)

    def parse_converted(self, tensors: Sequence, group: Group, tables: Sequence):
        import tensorflow as tf

        if tables:  # without the strip of blanks; the converter to LiteRT does not know the rank of what a table gives
            tensors = [tf.reshape(table.lookup(tensor), (-1,)) for table, tensor in zip(tables, tensors, strict=True)]
        return list(tensors)

    def converted_shape(self, column: Column, state: State) -> tuple[int, ...]:
        return ()

    def onnx_numbers(self, nodes, name: str, column: Column, state: State) -> str:
        return nodes.position(name, state["levels"], column.missing)

    def litert_obstacle(self, column: Column, state: State) -> str:
        return ""

    def source(self, group: Group, encodings: Encodings) -> Source:
        levels = {}
        for column, state in zip(group.columns, group.states, strict=True):
            places = {level: i + 1 for i, level in enumerate(state["levels"])}
            absent = dict.fromkeys((*MISSING, *column.missing), places[""]) if "" in places else {}
            levels[str(column.name)] = {**absent, **places}
        sections, constants, functions = [], dict(STRING_CONSTANTS), dict(STRING_FUNCTIONS)
        if encodings.raw:
            counts = [len(state["levels"]) for state in group.states]
            sections = [("value", f"categorical[:, [{i}]] == np.arange(1, {n + 1})") for i, n in enumerate(counts)]
        if means := {i: state["means"] for i, state in enumerate(group.states) if "means" in state}:
            tables = {i: (one["table"], target_means.width(one)) for i, one in means.items()}
            sections = [("part", f"means(places[:, {i}], *MEANS[{i}])") for i in means]
            constants["MEANS"] = f"{tables!r}  # features of each level, by the place of the column"
            functions |= {"unpacked": packing.SOURCE, "means": MEANS}
        chosen = [i for i, state in enumerate(group.states) if "means" not in state]
        setup = [
            "level = [[places.get(name, 0) for name in strings(rows[c], True)] for c, places in LEVELS.items()]",
            "categorical = np.array(level).T.reshape(len(level[0]), -1)",
        ]
        if means:
            setup += ["places = categorical", f"categorical = places[:, {chosen}]"]
        return Source(
            setup=tuple(setup),
            sections=tuple(sections),
            positions="categorical",
            constants={"LEVELS": f"{levels!r}  # level -> place; 0 is what was never seen", **constants},
            functions=functions,
            modules=("base64",) if means else (),
        )

    def parse_group(self, block, group: Group, tables: Sequence) -> list:
        import tensorflow as tf

        return tf.unstack(block, num=len(group.columns), axis=1)

    def levels(self, column: Column, state: State) -> list[str] | None:
        return None if "means" in state else state["levels"]

    def encode_group(self, parsed, group: Group, encodings: Encodings) -> list:
        import tensorflow as tf

        if not encodings.raw:
            described = zip(parsed, group.states, strict=True)
            return [(target_means.features(at, s["means"]), "part") for at, s in described if "means" in s]
        positions = zip(parsed, group.states, strict=True)
        return [(tf.one_hot(at - 1, len(state["levels"])), "value") for at, state in positions]

    def positions_group(self, parsed, group: Group) -> list:
        return [at for at, state in zip(parsed, group.states, strict=True) if "means" not in state]

    def features(self, column: Column, state: State, encodings: Encodings) -> list[Feature]:
        if encodings.raw:
            return [Feature(f"= {level}") for level in state["levels"]]
        return (
            [Feature(what, section="part") for what in target_means.names(state["means"])] if "means" in state else []
        )

    def extend(self, values, column: Column, state: State, encodings: Encodings) -> tuple[Column, State]:
        found = fitted_levels(
            self.served(values, column, {}), dataclasses.replace(column, categories=()), None, rare=True
        )
        levels = [*state["levels"], *(level for level in found if level not in state["levels"])]
        more = sorted(set(levels) - {*column.categories, *column.missing, *MISSING})
        return dataclasses.replace(column, categories=(*column.categories, *more)), {**state, "levels": levels}

    def unknown(self, values, column: Column, state: State) -> tuple[str, ...]:
        known = {*column.categories, *column.missing, *state["levels"], *MISSING}
        return tuple(sorted(set(self.served(values, column, {})) - known))

    def sample(self, column, state, rows, generator, *, odd=False):
        levels = state["levels"]
        if odd:
            levels = [*levels, *(f" {level}\t" for level in levels[:3]), "?", "\xa0?"]
        else:
            levels = [level for level in levels if level] or [""]
        return generator.choice(np.array(levels, dtype=object), rows)

    def cases(self, values: np.ndarray, turn: int) -> dict[str, np.ndarray]:
        return string_cases(values, turn)


def _read(values, column: Column, positions: dict[str, int]) -> np.ndarray:
    names, codes = distinct(series(values, column), level_name)
    return np.array([positions.get(name.strip(BLANKS), 0) for name in names], "int64")[codes]


def _is_of_a_value(level: str) -> bool:
    """Returns whether a level is how a number or a boolean is written as one: `2`, not `2.0`; `true`, not `TRUE`."""
    try:
        return level_name(float(level)) == level
    except ValueError:
        return level in ("true", "false")


def level_positions(levels: Sequence[str], missing: Sequence[str] = ()) -> dict[str, int]:
    """Returns the position of each level, counted from 1; marks of missing values have the position of `""`."""
    positions = {level: i + 1 for i, level in enumerate(levels)}
    missing = {level: positions.get("", 0) for level in (*MISSING, *missing)}
    return {**missing, **positions}


def _position(value, positions: dict[str, int]) -> int | None:
    """Returns the position of a value's level; None if its type is not str or a number of Python."""
    if is_absent(value):
        return positions.get("", 0)
    return positions.get(level_name(value), 0) if type(value) is str or is_number(value) else None


def fitted_levels(values: np.ndarray, column: Column, counts, *, rare: bool) -> list[str]:
    """Returns the levels of a category, sorted, `""` (missing) first where it occurs.

    Args:
        values: Strings `(rows,)`.
        column: The column, whose categories alone are levels where it has some.
        counts: Count of each value over all rows, where `values` are a sample; else None.
        rare: Whether levels seen once are kept beside many others.
    """
    if counts is None:
        codes, uniques = pd.factorize(values)
        found = dict(zip(uniques, np.bincount(codes, minlength=len(uniques))))
    else:
        found = {}
        for value, count in counts.items():
            key = level_name(value)
            found[key] = found.get(key, 0) + int(count)
        if (blank := int(np.sum(values == ""))) > 0:
            found[""] = found.get("", 0) + blank
    empty = [level for level in found if level in MISSING or level in column.missing]
    has_missing = sum(found.pop(level) for level in empty) > 0
    if allowed := set(column.categories):
        found = {level: count for level, count in found.items() if level in allowed}
    if len(found) > FEW_LEVELS and not rare:
        found = {level: count for level, count in found.items() if count > 1} or found
    return ([""] if has_missing else []) + sorted(found)


KIND = Category()
