"""A description of data: beside each column its kind, how much is missing, an example, what was done, what is doubtful.

A schema says how columns are read and holds no statistics; these are counted anew from the rows.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zoo import display
from zoo.data.columns import kind_of
from zoo.data.columns.values import has_arrays
from zoo.data.raw import Data
from zoo.data.raw_values import is_missing, level_name
from zoo.data.schema import Column, Schema
from zoo.data.schema_file import name_in_json
from zoo.plugins import load_plugins
from zoo.registry import TASKS, load_task

if TYPE_CHECKING:
    from zoo.tasks.task import Task

FEWEST_ROWS = 50  # of fewer rows, all values may differ by chance
LOPSIDED = 0.995  # share of one value from which a column says little
MOST_LEVELS = 10_000  # among which levels that differ in writing alone are looked for
MOST_CODES = 100
SHOWN_PAIRS = 3
CODE = re.compile(r"(?<![a-z])(code|zip|postcode|plz|class|type|category|status|group|id)(?![a-z])", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class ColumnDescription:
    """What the rows say of a column.

    Args:
        name: Its name.
        kind: Its kind, or `"target"`.
        served: Its name in the served signature; `""` of the target.
        missing: Share of rows whose value is missing; None for arrays of pixels or numbers.
        distinct: How many values differ; None for arrays.
        example: A value that is not missing, as text.
        notes: What was done to the column and why.
        doubts: What to check.
    """

    name: Any
    kind: str
    served: str
    missing: float | None
    distinct: int | None
    example: str
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values."""
        plain = {**dataclasses.asdict(self), "name": name_in_json(self.name)}
        return {**plain, "notes": list(self.notes), "doubts": list(self.doubts)}


@dataclasses.dataclass(frozen=True)
class Description:
    """What the rows say of the columns of a schema.

    Args:
        schema: The schema.
        rows: How many rows were looked at.
        columns: The columns, in the order of the schema.
        targets: The target columns: none, one or several.
        tasks: Names of the tasks that suit the targets. Of one target the schema has the task; of several the model
            has it, which is one of these.
    """

    schema: Schema
    rows: int
    columns: tuple[ColumnDescription, ...]
    targets: tuple[ColumnDescription, ...] = ()
    tasks: tuple[str, ...] = ()

    @property
    def target(self) -> ColumnDescription | None:
        """The target, or None where there is none or several."""
        return self.targets[0] if len(self.targets) == 1 else None

    @property
    def _described(self) -> list[ColumnDescription]:
        return [*self.columns, *self.targets]

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values."""
        described = [column.to_dict() for column in self.targets]
        return {
            "rows": self.rows,
            "columns": [column.to_dict() for column in self.columns],
            "target": described if len(described) > 1 else described[0] if described else None,
            "tasks": list(self.tasks),
        }

    def _cells(self) -> list[tuple[str, ...]]:
        return [
            (
                display.cut(column.name, 60),
                column.kind,
                "" if column.missing is None else f"{100 * column.missing:.4g} %",
                "" if column.distinct is None else f"{column.distinct:,}",
                column.example,
                display.cut(column.served, 60),
            )
            for column in self._described
        ]

    def __str__(self) -> str:
        rows = [HEADER, *self._cells()]
        widths = [max(len(row[i]) for row in rows) for i in range(len(HEADER))]
        numbers = {HEADER.index("missing"), HEADER.index("distinct")}
        lines = [
            "  ".join(
                cell.rjust(width) if i in numbers else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        lines.append(f"{display.count(self.rows, 'row')}; {', '.join(self._task())}")
        described = self._described
        lines += [f"{column.name}: {note}" for column in described for note in column.notes]
        lines += [f"no input: {name} ({reason})" for name, reason in self.schema.dropped.items()]
        lines += [f"please check {column.name}: {doubt}" for column in described for doubt in column.doubts]
        return "\n".join(lines)

    def _task(self) -> list[str]:
        if not self.targets:
            return ["no target"]
        classes = self.schema.classes
        shown = [] if classes is None else [f"{len(classes):,} classes: {display.listed(classes)}"]
        called, names = "targets" if len(self.targets) > 1 else "target", [column.name for column in self.targets]
        task = " or ".join(self.tasks) or "no task"
        task += ", as the model does" if self.tasks and self.schema.task is None else ""
        return [f"{called}: {display.listed(names)} ({', '.join([task, *shown])})"]

    def _repr_html_(self) -> str:
        described = self._described
        facts = {"rows": f"{self.rows:,}", **{k: v for k, v in self.schema.summary().items() if k != "columns"}}
        facts |= {f"{column.name}": " ".join([*column.notes, *column.doubts]) for column in described}
        return display.card("Columns", display.facts(facts), display.table(HEADER, self._cells(), total=len(described)))


HEADER = ("column", "kind", "missing", "distinct", "example", "served as")


def describe(source, **options) -> Description:
    """Describes data column by column: kind, missing share, number of distinct values, an example, doubts.

    Args:
        source: Anything that `zoo.data.load` takes. Of a stream, the rows that statistics are taken from are described.
        **options: As for `zoo.data.load`: `target`, `schema`, `ignore` and so on.

    Returns:
        The description. `print` shows it as a table, `.to_dict()` returns plain values.

    Raises:
        ValueError: as `zoo.data.load` does.
    """
    from zoo.data.sources import load

    return describe_data(source if isinstance(source, Data) and not options else load(source, **options))


def describe_data(data: Data, schema: Schema | None = None) -> Description:
    """Returns the description of loaded rows, by their own schema or another one of the same columns."""
    schema = data.schema if schema is None else schema
    if not data.streaming and not isinstance(data.x, pd.DataFrame):
        served = schema.served_names
        columns = [_of_array(column, served[column.name], data.x) for column in schema.columns]
        return Description(schema, len(data), tuple(columns))
    frame = data.sample().frame if data.streaming else data.frame()
    served, rows = schema.served_names, len(frame)
    columns = [_described(column, frame[column.name], served[column.name]) for column in schema.columns]
    targets = tuple(
        dataclasses.replace(_counted(Column(name, "target"), frame[name]), served="")
        for name in schema.targets
        if name in frame.columns
    )
    return Description(schema, rows, tuple(columns), targets, _tasks(schema, frame))


def _tasks(schema: Schema, frame: pd.DataFrame) -> tuple[str, ...]:
    """Returns the names of the tasks that suit the targets of a schema, in the rows where none is missing."""
    if schema.task is not None:
        return (schema.task,)
    if len(schema.targets) < 2 or not set(schema.targets) <= set(frame.columns):
        return ()
    load_plugins()
    several, y = [name for name in TASKS if load_task(name).several], frame[schema.targets].dropna()
    return tuple(name for name in several if _suits(load_task(name), schema, y))


def _suits(task: Task, schema: Schema, y: pd.DataFrame) -> bool:
    if task.suits(y):
        return False
    try:
        task.described(schema, y)
    except ValueError:
        return False
    return True


def _of_array(column: Column, served: str, array: np.ndarray) -> ColumnDescription:
    shape = " x ".join(map(str, array.shape[1:]))
    return ColumnDescription(column.name, column.kind, served, None, None, f"{array.dtype}, {shape}", column.notes)


def _described(column: Column, values: pd.Series, served: str) -> ColumnDescription:
    if has_arrays(values):
        first = next(value for value in values if value is not None)
        found = _of_array(column, served, np.asarray(first)[None])
        return dataclasses.replace(found, missing=float(values.isna().mean()))
    found = dataclasses.replace(_counted(column, values), served=served)
    return dataclasses.replace(found, doubts=tuple(_doubts(column, values[~_missing(column, values)], len(values))))


def _missing(column: Column, values: pd.Series) -> np.ndarray:
    missing = is_missing(values)
    return missing | values.isin(column.missing).to_numpy() if column.missing else missing


def _counted(column: Column, values: pd.Series) -> ColumnDescription:
    missing = _missing(column, values)
    left = values[~missing]
    example = display.cut(left.iloc[0], 24) if len(left) else ""
    share = float(missing.mean()) if len(values) else 0.0
    return ColumnDescription(column.name, column.kind, "", share, int(left.nunique()), example, column.notes)


def _doubts(column: Column, values: pd.Series, rows: int) -> Iterable[str]:
    """Yields what is doubtful about the values of a column that are not missing."""
    if not len(values):
        return
    counts = values.value_counts()
    counts = counts[counts > 0]  # a categorical dtype counts what does not occur
    is_text = not pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_datetime64_any_dtype(values.dtype)
    is_whole = pd.api.types.is_integer_dtype(values.dtype)
    most = counts.iloc[0] / rows
    may_be_ids = kind_of(column).may_be_ids and (is_whole or is_text and _are_words(counts.index))
    if rows >= FEWEST_ROWS and len(counts) == rows and may_be_ids:
        yield f"every value differs: is it an id? If so, leave it out: `ignore={column.name!r}`."
    if rows >= FEWEST_ROWS and most >= LOPSIDED and len(counts) > 1:
        yield f"{display.cut(counts.index[0], 24)!r} stands in {100 * most:.4g} % of the rows."
    if is_text and not column.format and len(counts) <= MOST_LEVELS and len(counts) < rows:
        pairs = _written_otherwise(counts.index)
        for one, other in pairs[:SHOWN_PAIRS]:
            yield f"{one!r} and {other!r} are two levels. If they are one, write them alike."
        if len(pairs) > SHOWN_PAIRS:
            yield f"{len(pairs) - SHOWN_PAIRS} further pairs of levels differ in upper and lower case or blanks alone."
    if is_whole and 2 < len(counts) <= MOST_CODES and CODE.search(str(column.name).replace("_", " ")):
        low, high = values.min(), values.max()
        yield f'whole numbers from {low} to {high}: if they are codes, make it a "category" in the schema.'


def _are_words(values) -> bool:
    """Returns whether no value has a blank, as ids have none and texts do."""
    return not any(re.search(r"\s", str(value).strip()) for value in values)


def _written_otherwise(values) -> list[tuple[str, str]]:
    """Returns the pairs of levels that differ in upper and lower case or in blanks alone."""
    first: dict[str, str] = {}
    pairs = []
    for level in dict.fromkeys(map(level_name, values)):
        key = re.sub(r"\s+", "", level).casefold()
        if key in first:
            pairs.append((first[key], level))
        else:
            first[key] = level
    return pairs
