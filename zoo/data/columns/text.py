"""Texts: strings that hardly repeat.

words    the frequent ones, and the lengths of the text: see `zoo.data.texts`
ngrams   character n-grams, as a few numbers: see `zoo.data.ngrams`
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from zoo.data import doubts, ngrams, packing, texts
from zoo.data.columns.encodings import Encodings, Feature
from zoo.data.columns.kind import Group, Kind, State
from zoo.data.columns.number import is_absent
from zoo.data.columns.source_code import NGRAMS, STRING_CONSTANTS, STRING_FUNCTIONS, WORDS, Source
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
    encodings = {"words": ("standard", "expanded"), "ngrams": ()}
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
        chosen, states = encodings.of(self.name), []
        for column in columns:
            read = self.read(table.column(column.name), column, {})
            state = texts.fit(read) if "words" in chosen else {}
            states.append(state | ({"ngrams": ngrams.fit(read)} if "ngrams" in chosen else {}))
        return states

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
        return {word: i + 1 for i, word in enumerate(state["words"])} if "words" in state else None

    def parse_group(self, block, group: Group, tables: Sequence) -> list:
        import tensorflow as tf

        parsed = []
        for i, (values, state) in enumerate(zip(tf.unstack(block, num=len(group.columns), axis=1), group.states)):
            if "words" in state:
                parsed.append(texts.features(values, state, tables[i]))
            if "ngrams" in state:
                parsed.append(ngrams.features(values, state["ngrams"]))
        return parsed

    def encode_group(self, parsed, group: Group, encodings: Encodings) -> list:
        return [(features, "part") for features in parsed]

    def converted_shape(self, column: Column, state: State) -> tuple[int, ...] | None:
        if column.missing or "ngrams" in state:  # the operations know neither marks of missing values nor characters
            return None
        return (texts.width(state),)

    def parse_converted(self, tensors: Sequence, group: Group, tables: Sequence) -> list:
        described = zip(tensors, group.states, strict=True)
        return [texts.features_of_numbers(tensor, state) for tensor, state in described if state]

    def onnx_numbers(self, nodes, name: str, column: Column, state: State) -> str | None:
        return nodes.text(name, state["words"]) if "words" in state else None

    def litert_obstacle(self, column: Column, state: State) -> str:
        return "n-grams of texts" if "ngrams" in state else "words in texts"

    def source(self, group: Group, encodings: Encodings) -> Source:
        if not any(group.states):
            return Source()
        known: dict[str, list[str]] = {"WORDS": [], "NGRAMS": []}
        sections, modules = [], []
        for column, state in zip(group.columns, group.states, strict=True):
            name = str(column.name)
            if "words" in state:
                own = (state["words"], state["mean"], state["deviation"], column.missing)
                known["WORDS"].append(f"    {name!r}: {own!r},")
                sections.append(("part", f"words(rows[{name!r}], *WORDS[{name!r}])"))
            if "ngrams" in state:
                own = state["ngrams"]
                own = (own["idf"], own["matrix"], own["mean"], own["deviation"], column.missing)
                known["NGRAMS"].append(f"    {name!r}: {own!r},")
                sections.append(("part", f"ngrams(rows[{name!r}], *NGRAMS[{name!r}])"))
        constants, functions = dict(STRING_CONSTANTS), dict(STRING_FUNCTIONS)
        if known["WORDS"]:
            functions["words"] = WORDS
            modules += ["re", "from unicodedata import category"]
        if known["NGRAMS"]:
            functions |= {"unpacked": packing.SOURCE, "ngrams": NGRAMS}
            constants |= {"BUCKETS": repr(ngrams.BUCKETS), "SIZES": repr(ngrams.SIZES)}
            constants |= {"FACTOR": repr(ngrams.FACTOR), "PRIME": repr(ngrams.PRIME)}
            modules.append("base64")
        constants |= {name: "\n".join(["{", *lines, "}"]) for name, lines in known.items() if lines}
        return Source(sections=tuple(sections), constants=constants, functions=functions, modules=tuple(modules))

    def features(self, column: Column, state: State, encodings: Encodings) -> list[Feature]:
        names = texts.names(state) if "words" in state else []
        names += ngrams.names(state["ngrams"]) if "ngrams" in state else []
        return [Feature(what, section="part") for what in names]

    def sample(self, column, state, rows, generator, *, odd=False):
        words = [*state.get("words", ()), *state.get("ngrams", {}).get("words", ())]
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
