"""Texts: strings that hardly repeat, as their frequent words and their lengths. See `zoo.data.texts`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from zoo.data import doubts, texts
from zoo.data.columns.encodings import Encodings, Feature
from zoo.data.columns.kind import Group, Kind, State
from zoo.data.columns.number import is_absent
from zoo.data.columns.source_code import STRING_CONSTANTS, STRING_FUNCTIONS, WORDS, Source
from zoo.data.columns.strings import of_strings, string_cases, strings
from zoo.data.columns.table import Table
from zoo.data.columns.values import Values
from zoo.data.raw_values import BLANKS, text_of
from zoo.data.schema import Column

FEW_LEVELS = 20  # strings of at most so many values are categories, however few rows they have
STRANGE_WORDS = ("Ärger", "x1", "4-5", "(Mrs.)", " ")  # in the texts that prove an export


class Text(Kind):
    """Strings that hardly repeat."""

    name, precedence, order = "text", 40, 60
    may_be_ids = True
    together, dtype, block_dtype = True, "string", "object"

    def suits(self, values: Values) -> bool:
        if values.cells is not None or values.is_categorical:
            return False
        return len(values.levels) > FEW_LEVELS and len(values.levels) > 0.5 * values.num_filled

    def column(self, values: Values) -> Column:
        return dataclasses.replace(super().column(values), missing=values.hints.missing)

    def read(self, values, column: Column, state: State) -> np.ndarray:
        def written(value) -> str:
            text = text_of(value)
            return "" if text.strip(BLANKS) in column.missing else text

        return strings(values, column, written if column.missing else text_of)

    def fit_group(
        self, table: Table, columns: Sequence[Column], encodings: Encodings, counts: dict, y: np.ndarray | None = None
    ) -> list[State]:
        if encodings.raw:
            names = ", ".join(str(column.name) for column in columns)
            doubts.note(
                f"The text columns {names} are no numbers, which this model takes, and are left out.",
                repair="Take another model, such as 'mlp_classifier', to use them.",
            )
            return [{} for _ in columns]
        return [texts.fit(self.read(table.column(column.name), column, {})) for column in columns]

    def read_group(self, table: Table, group: Group) -> np.ndarray:
        return np.stack([self.read(table.column(c.name), c, {}) for c in group.columns], axis=1)

    def read_cells(self, cells: list[list], group: Group) -> np.ndarray | None:
        if any(column.missing for column in group.columns):
            return None
        read = [[_cell(value) for value in values] for values in cells]
        if any(None in values for values in read):
            return None
        return np.array(read, object).T

    def read_graph_group(self, tensors: Sequence, group: Group, tables: Sequence):
        import tensorflow as tf

        read = []
        for tensor, column in zip(tensors, group.columns, strict=True):
            if column.missing:
                absent = tf.reduce_any(tf.strings.strip(tensor)[:, None] == tf.constant([column.missing]), axis=1)
                tensor = tf.where(absent, "", tensor)
            read.append(tensor)
        return tf.stack(read, axis=1)

    def parse_tables(self, column: Column, state: State) -> dict[str, int] | None:
        return {word: i + 1 for i, word in enumerate(state["words"])} if state else None

    def parse_group(self, block, group: Group, tables: Sequence) -> list:
        import tensorflow as tf

        if not any(group.states):
            return []
        described = zip(tf.unstack(block, num=len(group.columns), axis=1), group.states, tables, strict=True)
        return [texts.features(values, state, table) for values, state, table in described]

    def encode_group(self, parsed, group: Group, encodings: Encodings) -> list:
        return [(features, "part") for features in parsed]

    def converted_shape(self, column: Column, state: State) -> tuple[int, ...] | None:
        return None if column.missing else (texts.width(state),)  # the operations know no marks of missing values

    def parse_converted(self, tensors: Sequence, group: Group, tables: Sequence) -> list:
        described = zip(tensors, group.states, strict=True)
        return [texts.features_of_numbers(tensor, state) for tensor, state in described if state]

    def onnx_numbers(self, nodes, name: str, column: Column, state: State) -> str | None:
        return nodes.text(name, state["words"]) if state else None

    def litert_obstacle(self, column: Column, state: State) -> str:
        return "words in texts"

    def source(self, group: Group, encodings: Encodings) -> Source:
        if not any(group.states):
            return Source()
        fitted = [
            f"    {str(c.name)!r}: ({t['words']!r}, {t['mean']!r}, {t['deviation']!r}, {c.missing!r}),"
            for c, t in zip(group.columns, group.states, strict=True)
        ]
        return Source(
            sections=(("part", "*(words(rows[name], *fitted) for name, fitted in WORDS.items())"),),
            constants={**STRING_CONSTANTS, "WORDS": "\n".join(["{", *fitted, "}"])},
            functions={**STRING_FUNCTIONS, "words": WORDS},
            modules=("re", "from unicodedata import category"),
        )

    def features(self, column: Column, state: State, encodings: Encodings) -> list[Feature]:
        return [Feature(what, section="part") for what in texts.names(state)] if state else []

    def sample(self, column, state, rows, generator, *, odd=False):
        words = list(state.get("words", ()))
        if odd:
            words = [*words, *STRANGE_WORDS]
            drawn = [" ".join(generator.choice(words, generator.integers(1, 6))) for _ in range(rows)]
            return of_strings([*column.missing, *drawn][:rows])
        return of_strings(" ".join(generator.choice(words or ["text"], min(3, len(words) or 1))) for _ in range(rows))

    def cases(self, values: np.ndarray, turn: int) -> dict[str, np.ndarray]:
        return string_cases(values, turn)


def _cell(value) -> str | None:
    """Returns a text, `""` if it is missing; None if the value has another type."""
    return value if type(value) is str else "" if is_absent(value) else None


KIND = Text()
