"""The schema: what the raw columns are. Inferred, printed, written as JSON, edited, accepted back.

    number    any numeric column, also numbers stored as text        category   strings that repeat
    boolean   bool, or nothing but 0 and 1                           text       strings that hardly repeat
    date      datetime64, or strings in a notation of dates          array, image   one tensor, not columns

Statistics are not in it: they are the preprocessor's, from training rows alone.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo import display
from zoo.data import targets
from zoo.data.names import as_target, names_of, served_name
from zoo.plugins import load_plugins
from zoo.registry import load_task, suggest

# Where each kind of column is; `zoo.data.columns` loads them, and other packages add theirs.
KINDS = {
    name: f"zoo.data.columns.{name}:KIND"
    for name in ("number", "category", "boolean", "date", "text", "array", "image")
}
READING = (
    "format",
    "decimal",
    "thousands",
    "prefix",
    "suffix",
    "missing",
    "notes",
    "resized",
)  # how a column's values are read
VERSION = 1
MAX_INT_CLASSES = 100


@dataclasses.dataclass(frozen=True)
class Column:
    """One raw column (or tensor).

    Args:
        name: As in the data.
        kind: One of `KINDS`.
        dtype: As pandas names it.
        categories: Levels of a category.
        shape: Of a tensor, without the rows; None in it is an axis of any length, such as time.
        values: The only values that a tensor may hold; empty for any.
        format: Notation of dates that are no ISO 8601, as strptime has it: `"%d/%m/%Y"`.
        decimal: Decimal mark of numbers in strings.
        thousands: Mark between groups of three digits of numbers in strings; `""` for none.
        prefix: What stands before numbers in strings, such as `"$"`.
        suffix: What stands behind them, such as `"%"`.
        missing: Further values that count as missing.
        notes: What was done to the column and why, in sentences.
        resized: Whether images of other sizes are resized to `shape`, in Python and where their bytes are served.
        served: Its name in the served signature, if an older artifact has another name than the current rule gives.
    """

    name: Any
    kind: str
    dtype: str = ""
    categories: tuple[str, ...] = ()
    shape: tuple[int | None, ...] | None = None
    values: tuple[float, ...] = ()
    served: str = dataclasses.field(default="", repr=False, compare=False)
    format: str = ""
    decimal: str = "."
    thousands: str = ""
    prefix: str = ""
    suffix: str = ""
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    resized: bool = dataclasses.field(default=False, compare=False)  # what is served has the same shape

    @property
    def is_marked(self) -> bool:
        """Whether its values are written in marks or a notation of their own."""
        return any(getattr(self, f.name) != f.default for f in dataclasses.fields(self) if f.name in READING)


@dataclasses.dataclass(frozen=True)
class Schema:
    """The contract of raw data.

    Args:
        columns: The inputs.
        target: The target's column, a list of several, or None.
        task: The name of a task that has a target, such as `"classification"`, or None.
        classes: The classes in the caller's own values, sorted, or None.
        class_dtype: Their dtype as pandas names it.
        dropped: Columns of the data that are no inputs, each with the reason.
    """

    columns: tuple[Column, ...]
    target: Any = None
    task: str | None = None
    classes: tuple | None = None
    class_dtype: str | None = None
    dropped: Mapping[Any, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        names = [column.name for column in self.columns]
        for column in self.columns:
            check_kind(column.name, column.kind)
        if twice := sorted(str(name) for name, count in Counter(names).items() if count > 1):
            raise ValueError(f"Column names must differ. Received twice: {', '.join(twice)}. Rename one of each.")
        if isinstance(self.target, list):
            object.__setattr__(self, "target", as_target(self.target))
        if both := [name for name in self.targets if name in names]:
            raise ValueError(f'The target {both[0]!r} stands among the inputs too. Remove it from "columns".')
        if not self.columns:
            reasons = (
                "; ".join(f"{name}: {reason}" for name, reason in self.dropped.items()) or "the data have no columns"
            )
            raise ValueError(
                f"At least one input column must be left. Received: none ({reasons}). Add a column whose values "
                "differ, or ignore fewer; a column that is taken for the index of the rows needs another name."
            )

    @property
    def names(self) -> list:
        """Names of the raw columns."""
        return [column.name for column in self.columns]

    @property
    def targets(self) -> list:
        """Names of the target columns: none, one or several."""
        return names_of(self.target)

    @property
    def known_names(self) -> list:
        """Names of the raw columns, of the targets and of the columns that are no inputs."""
        return [*self.names, *self.targets, *self.dropped]

    def column(self, name) -> Column:
        """Returns one column.

        Args:
            name: Its name, as in the data.

        Raises:
            ValueError: if there is none; the message offers the nearest name.
        """
        if name not in self._by_name:
            raise ValueError(
                f"There is no column {name!r}.{suggest(name, map(str, self.names))} The schema has: {self.names}."
            )
        return self._by_name[name]

    @functools.cached_property
    def _by_name(self) -> dict[Any, Column]:
        return {column.name: column for column in self.columns}

    @property
    def served_names(self) -> dict:
        """Raw name of each column -> its name in the served signature."""
        return dict(self._served_names)

    @functools.cached_property
    def _served_names(self) -> dict:
        taken: set[str] = set()
        numbers: dict[str, int] = {}  # the next suffix to try, by name that clashed
        served = {}
        for column in self.columns:
            wanted = column.served or served_name(column.name)
            unique = wanted
            while unique.lower() in taken:
                number = numbers.get(wanted.lower(), 2)
                unique, numbers[wanted.lower()] = f"{wanted}_{number}", number + 1
            taken.add(unique.lower())
            served[column.name] = unique
        return served

    def renamed_for_tensorflow(self) -> Schema:
        """Returns the schema without the served names of older artifacts that begin with `_`."""
        if not any(column.served for column in self.columns):
            return self
        return dataclasses.replace(self, columns=tuple(dataclasses.replace(c, served="") for c in self.columns))

    def with_task(self, task: str, y) -> Schema:
        """Returns the schema for a task, with what the task knows of the target, such as the classes.

        Args:
            task: One of `zoo.registry.TASKS`.
            y: The target `(rows,)`, or several `(rows, targets)`; of several without names, the schema numbers them.

        Raises:
            ValueError: if `y` has missing values, or cannot be answered.
        """
        return load_task(task).described(self, y)

    def without_target(self) -> Schema:
        """Returns the schema of the inputs alone, for what learns without targets."""
        return Schema(self.columns, dropped={**self.dropped, **dict.fromkeys(self.targets, "the target")})

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values, as the JSON file holds them."""
        from zoo.data.schema_file import name_in_json, target_in_json

        columns, served = [], self.served_names
        for column in self.columns:
            plain = {
                "name": name_in_json(column.name),
                "served": served[column.name],
                "kind": column.kind,
                "dtype": column.dtype,
            }
            if column.categories:
                plain["categories"] = list(column.categories)
            if column.shape is not None:
                plain["shape"] = list(column.shape)
            if column.values:
                plain["values"] = list(column.values)
            for field in dataclasses.fields(Column):
                if field.name in READING and (value := getattr(column, field.name)) != field.default:
                    plain[field.name] = list(value) if isinstance(value, tuple) else value
            columns.append(plain)
        return {
            "version": VERSION,
            "columns": columns,
            "target": target_in_json(self.target),
            "task": self.task,
            "classes": None if self.classes is None else list(self.classes),
            "class_dtype": self.class_dtype,
            "dropped": [{"name": name_in_json(name), "reason": reason} for name, reason in self.dropped.items()],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Schema:
        """Returns the schema of `to_dict`, edited or not.

        Args:
            plain: What `to_dict` returned, or what its JSON holds.

        Raises:
            ValueError: if it is malformed or of a newer version; the message names the column.
        """
        from zoo.data.schema_file import schema_of

        return schema_of(plain)

    def save(self, path) -> None:
        """Writes the schema as JSON."""
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False)
        Path(path).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path) -> Schema:
        """Reads a schema from JSON.

        Args:
            path: The file.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is no schema.
        """
        try:
            return cls.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ValueError(
                f"{str(path)!r} must be JSON. Received: {error}. Write one with `zoo schema SOURCE -o FILE`."
            ) from error

    def __repr__(self) -> str:
        summary = self.summary()
        return f"Schema({'; '.join([summary.pop('columns'), *(f'{name}: {text}' for name, text in summary.items())])})"

    def _repr_html_(self) -> str:
        return display.card("Schema", display.facts(self.summary()), self.columns_table())

    def summary(self) -> dict[str, str]:
        """Returns the columns counted by kind, the target, and the columns that are no inputs, in a few words each."""
        kinds = display.counted(column.kind for column in self.columns)
        facts = {"columns": f"{display.count(len(self.columns), 'column')} ({kinds})"}
        target = [display.listed(self.targets)] if self.targets else []
        if self.task is not None:
            target.append(self.task)
        if self.classes is not None:
            target.append(f"{len(self.classes):,} classes: {display.listed(self.classes)}")
        if target:
            facts["target"] = ", ".join(target)
        if self.dropped:
            facts["no input"] = display.listed([f"{name} ({reason})" for name, reason in self.dropped.items()])
        return facts

    def columns_table(self) -> display.Markup:
        """Returns a table of the first columns, as HTML."""
        served = self.served_names

        def levels(column):
            if column.categories:
                return f"{len(column.categories):,}: {display.listed(column.categories, 4)}"
            shape = " x ".join("any" if size is None else str(size) for size in column.shape or ())
            return f"{shape}, of {display.listed(column.values)}" if column.values else shape

        columns = self.columns
        rows = ((display.cut(c.name, 60), c.kind, c.dtype, levels(c), display.cut(served[c.name], 60)) for c in columns)
        header = ("column", "kind", "dtype", "levels", "served as")
        return display.table(header, rows, total=len(self.columns))

    def __str__(self) -> str:
        rows, served = [("column", "kind", "dtype", "served as", "levels")], self.served_names
        for column in self.columns:
            shape = "x".join("*" if size is None else str(size) for size in column.shape or ())
            levels = str(len(column.categories)) if column.categories else shape
            rows.append((str(column.name), column.kind, column.dtype, served[column.name], levels))
        widths = [max(len(row[i]) for row in rows) for i in range(5)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        if self.target is not None:
            what = self.task or ("the task of the model" if len(self.targets) > 1 else "no task")
            if self.classes is not None:
                shown = ", ".join(map(str, self.classes[:8])) + (", ..." if len(self.classes) > 8 else "")
                what += f", {len(self.classes)} classes: {shown}"
                what += targets.conversion(self.class_dtype, self.classes)
            names = ", ".join(map(str, self.targets[:20])) + (", ..." if len(self.targets) > 20 else "")
            called = f"{len(self.targets)} targets" if len(self.targets) > 20 else "targets"
            lines.append(f"{called if len(self.targets) > 1 else 'target'}: {names} ({what})")
        lines += [f"{column.name}: {note}" for column in self.columns for note in column.notes]
        lines += [f"no input: {name} ({reason})" for name, reason in self.dropped.items()]
        return "\n".join(lines)


def check_kind(name, kind: str) -> None:
    """Raises ValueError if a column's kind is unknown."""
    if kind not in KINDS and isinstance(kind, str) and "/" in kind:
        load_plugins()
    if kind not in KINDS:
        package = kind.partition("/")[0] if isinstance(kind, str) and "/" in kind else ""
        outside = f" Install the package that registers it, {package}." if package else ""
        hint = suggest(kind, KINDS) if isinstance(kind, str) else ""
        raise ValueError(
            f"A column's kind must be one of {', '.join(KINDS)}. Received: {name!r}: {kind!r}.{hint}{outside}"
        )
