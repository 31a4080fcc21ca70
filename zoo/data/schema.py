"""The schema: what the raw columns are. Inferred, printed, written as JSON, edited, accepted back.

    number    any numeric column, also numbers stored as text        category   strings that repeat
    boolean   bool, or nothing but 0 and 1                           text       strings that hardly repeat
    date      datetime64, or ISO 8601 strings                        array, image   one tensor, not columns

Statistics are not in it: they are the preprocessor's, from training rows alone.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import keyword
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zoo import display
from zoo.data import targets
from zoo.registry import SUPERVISED, suggest

KINDS = ("number", "category", "boolean", "date", "text", "array", "image")
BLANKS = " \t\n\v\f\r"  # what tf.strings.strip strips, which is less than Python's
MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "<NA>")
VERSION = 1
MAX_INT_CLASSES = 100
ISO_DATE = re.compile(r"\s*\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?\s*")
MAY_BE_NUMBER = re.compile(r"\d|inf|nan", re.IGNORECASE)


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
        served: Its name in the served signature, if an older artifact has another name than the current rule gives.
    """

    name: Any
    kind: str
    dtype: str = ""
    categories: tuple[str, ...] = ()
    shape: tuple[int | None, ...] | None = None
    values: tuple[float, ...] = ()
    served: str = dataclasses.field(default="", repr=False, compare=False)


@dataclasses.dataclass(frozen=True)
class Schema:
    """The contract of raw data.

    Args:
        columns: The inputs.
        target: The target's column, or None.
        task: `"classification"`, `"regression"`, `"dynamics"` (the target is a tensor) or None.
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
            if column.kind not in KINDS:
                raise ValueError(
                    f"A column's kind must be one of {', '.join(KINDS)}. Received: {column.name!r}: {column.kind!r}"
                )
        if twice := sorted(str(name) for name, count in Counter(names).items() if count > 1):
            raise ValueError(f"Column names must differ. Received twice: {', '.join(twice)}. Rename one of each.")
        if self.target in names and self.target is not None:
            raise ValueError(f"The target {self.target!r} stands among the inputs too. Remove it from `columns`.")
        if not self.columns:
            reasons = (
                "; ".join(f"{name}: {reason}" for name, reason in self.dropped.items()) or "the data have no columns"
            )
            raise ValueError(f"At least one input column must be left. Received: none ({reasons}).")

    @property
    def names(self) -> list:
        """Names of the raw columns."""
        return [column.name for column in self.columns]

    @property
    def known_names(self) -> list:
        """Names of the raw columns, of the target and of the columns that are no inputs."""
        return [*self.names, *([] if self.target is None else [self.target]), *self.dropped]

    def column(self, name) -> Column:
        """Returns the column of that name."""
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
        """Returns the schema for an entry's task, its classes taken from `y`.

        Raises:
            ValueError: if `y` has missing values or a single class, or does not suit the task.
        """
        if task not in SUPERVISED:
            return dataclasses.replace(self, task=task, classes=None, class_dtype=None)
        values = (
            y
            if isinstance(y, pd.Series)
            else pd.Series(np.asarray(y).reshape(len(y), -1)[:, 0] if np.ndim(y) > 1 else y)
        )
        name = f"target {self.target!r}" if self.target is not None else "target"
        own, values = values, targets.with_plain_values(values, name)
        missing = is_missing(values)
        if missing.any():
            first = values.index[np.flatnonzero(missing)[0]]
            raise ValueError(
                f"The {name} must have no missing values. Received: {int(missing.sum())} missing, the first at row "
                f"{first}. "
                "Drop these rows, or fill them in."
            )
        numbers = as_numbers(values)
        if task == "regression":
            if numbers is None:
                shown = ", ".join(map(repr, pd.unique(values)[:3]))
                raise ValueError(
                    f"The {name} of a regression must be numbers. Received: {shown}... {targets.number_repair(own)}"
                )
            if not np.all(np.isfinite(numbers)):
                raise ValueError(f"The {name} must be finite. Received: infinite values. Drop these rows.")
            return dataclasses.replace(self, task=task, classes=None, class_dtype=None)
        if pd.api.types.is_float_dtype(values.dtype) and np.any(numbers != np.round(numbers)):
            raise ValueError(
                f"The {name} of a classifier must be classes. Received: numbers with fractions such as "
                f"{numbers[numbers != np.round(numbers)][0]:g}, which are continuous. Take a regressor such as "
                "'mlp_regressor', or make bins of them."
            )
        classes = targets.sorted_classes(own, values)
        targets.check_classes_differ(classes, name)
        numeric, timed = pd.api.types.is_numeric_dtype(values.dtype), own.dtype.kind in "mM"
        if (numeric or timed) and len(classes) > max(MAX_INT_CLASSES, len(values) // 20):
            what = "times" if timed else "numbers"
            raise ValueError(
                f"The {name} of a classifier must be classes. Received: {len(classes)} different {what} in "
                f"{len(values)} "
                "rows, which are continuous. Take a regressor such as 'mlp_regressor', or make bins of them."
            )
        if len(classes) < 2:
            raise ValueError(f"The {name} must have at least two classes. Received: only {classes[0]!r}.")
        return dataclasses.replace(self, task=task, classes=tuple(classes), class_dtype=str(own.dtype))

    def without_target(self) -> Schema:
        """Returns the schema of the inputs alone, for what learns without targets."""
        dropped = self.dropped if self.target is None else {**self.dropped, self.target: "the target"}
        return Schema(self.columns, dropped=dropped)

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values, as the JSON file holds them."""
        columns, served = [], self.served_names
        for column in self.columns:
            plain = {
                "name": column.name,
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
            columns.append(plain)
        return {
            "version": VERSION,
            "columns": columns,
            "target": self.target,
            "task": self.task,
            "classes": None if self.classes is None else list(self.classes),
            "class_dtype": self.class_dtype,
            "dropped": [{"name": name, "reason": reason} for name, reason in self.dropped.items()],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Schema:
        """Returns the schema of `to_dict`, edited or not.

        Raises:
            ValueError: if it is malformed or of a newer version.
        """
        if not isinstance(plain, Mapping) or "columns" not in plain:
            raise ValueError(
                "A schema must be a JSON object with `columns`. Write one with `zoo schema SOURCE -o schema.json`."
            )
        if plain.get("version", VERSION) > VERSION:
            raise ValueError(
                f"This keras-zoo reads schemas up to version {VERSION}. Received: version {plain['version']}. Upgrade "
                "keras-zoo."
            )
        columns = []
        for column in plain["columns"]:
            if not isinstance(column, Mapping) or "name" not in column or "kind" not in column:
                raise ValueError(f"A column must have `name` and `kind`. Received: {column!r}")
            shape = column.get("shape")
            columns.append(
                Column(
                    column["name"],
                    column["kind"],
                    column.get("dtype", ""),
                    tuple(column.get("categories", ())),
                    None if shape is None else tuple(shape),
                    tuple(column.get("values", ())),
                    _served_before(column["name"], column.get("served")),
                )
            )
        classes = plain.get("classes")
        return cls(
            tuple(columns),
            plain.get("target"),
            plain.get("task"),
            None if classes is None else tuple(classes),
            plain.get("class_dtype"),
            {item["name"]: item["reason"] for item in plain.get("dropped", ())},
        )

    def save(self, path) -> None:
        """Writes the schema as JSON."""
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False)
        Path(path).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path) -> Schema:
        """Reads a schema from JSON.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is no schema.
        """
        try:
            return cls.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
        except json.JSONDecodeError as error:
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
        target = [] if self.target is None else [display.cut(self.target, 40)]
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
            what = self.task or "no task"
            if self.classes is not None:
                shown = ", ".join(map(str, self.classes[:8])) + (", ..." if len(self.classes) > 8 else "")
                what += f", {len(self.classes)} classes: {shown}"
                what += targets.conversion(self.class_dtype, self.classes)
            lines.append(f"target: {self.target} ({what})")
        lines += [f"no input: {name} ({reason})" for name, reason in self.dropped.items()]
        return "\n".join(lines)


def served_name(name) -> str:
    """Returns the name of a column in served graphs, unless another column has it: one that TensorFlow keeps."""
    clean = _identifier(name)
    forbidden = keyword.iskeyword(clean) or clean == "self"
    return f"c_{clean}" if forbidden or not re.match("[A-Za-z]", clean) else clean


def _identifier(name) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", str(name))


def _served_before(name, served) -> str:
    """Returns the served name in an older artifact if the current rule gives another one, else `""`.

    Older artifacts have served names that begin with `_`. ONNX and Python keep them; TensorFlow drops the underscores.
    """
    clean = _identifier(name)
    kept = isinstance(served, str) and clean.startswith("_") and re.fullmatch(rf"{clean}(_\d+)?", served)
    return served if kept else ""


def plain_values(values: Iterable) -> list:
    """Returns values as Python's own: ints, floats, bools, strings."""
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def is_missing(values: pd.Series) -> np.ndarray:
    """Returns where values are missing: NaN, NA, None, and in strings blanks, `?`, `NA`, `N/A`."""
    missing = values.isna().to_numpy()
    if is_stringlike(values.dtype):
        missing = missing | values.isin([*MISSING, " "]).to_numpy()
    return missing


def is_stringlike(dtype) -> bool:
    """Returns whether a column of this dtype may hold strings."""
    return (
        pd.api.types.is_object_dtype(dtype)
        or pd.api.types.is_string_dtype(dtype)
        or isinstance(dtype, pd.CategoricalDtype)
    )


def as_numbers(values: pd.Series) -> np.ndarray | None:
    """Returns the column as float64 with NaN where it is missing, or None if it holds anything but numbers."""
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_numeric_dtype(values.dtype):
        if pd.api.types.is_complex_dtype(values.dtype):
            return None
        return values.to_numpy(dtype="float64", na_value=np.nan)
    if not is_stringlike(values.dtype):
        return None
    codes, uniques = pd.factorize(values)
    values = np.asarray(uniques, dtype=object).tolist()
    missing = np.array([value in MISSING or (isinstance(value, str) and not value.strip()) for value in values], bool)
    words = (value for value, gone in zip(values, missing) if isinstance(value, str) and not gone)
    if not all(map(MAY_BE_NUMBER.search, words)):  # checked here since pandas takes a millisecond a column
        return None
    uniques = pd.Series(values, dtype=object)
    if any(isinstance(value, (bytes, pd.Timestamp)) for value in uniques):
        return None
    numbers = pd.to_numeric(uniques.where(~missing), errors="coerce").to_numpy("float64", na_value=np.nan)
    if np.any(np.isnan(numbers) & ~missing) or missing.all():
        return None
    return np.append(numbers, np.nan)[codes]


def infer(data, target=None, *, task: str | None = None, ignore: Iterable = (), keep_constants: bool = False) -> Schema:
    """Infers the schema of a table.

    Args:
        data: A DataFrame, or a `Sample` of one.
        target: The target's column, or None.
        task: `"classification"` or `"regression"` instead of what the target looks like.
        ignore: Columns that are no inputs.
        keep_constants: Whether columns of one value are inputs, as for networks whose columns are units.

    Raises:
        ValueError: if the target or an ignored column is absent, or no input is left.
    """
    frame = data if isinstance(data, pd.DataFrame) else data.frame
    known = list(frame.columns)
    if target is not None and target not in known:
        raise ValueError(
            f"There is no target column {target!r}.{suggest(target, map(str, known))} The data have: {known}."
        )
    ignored = dict.fromkeys(ignore)
    if absent := [name for name in ignored if name not in frame.columns]:
        hint = suggest(absent[0], map(str, known))
        raise ValueError(f"There is no column {absent[0]!r} to ignore.{hint} The data have: {known}.")
    columns, dropped = [], {}
    for name in known:
        if name == target and target is not None:
            continue
        if name in ignored:
            dropped[name] = "ignored"
            continue
        column, reason = _infer_column(name, frame[name])
        if column is None or reason and not keep_constants:
            dropped[name] = reason
        else:
            columns.append(column)
    schema = Schema(tuple(columns), target, None, None, None, dropped)
    if target is None:
        return schema
    values = frame[target]
    if is_missing(values).any() and task is None:
        values = values[~is_missing(values)]
    task = task or _infer_task(values)
    return schema if task is None else schema.with_task(task, values)


def _infer_task(values: pd.Series) -> str | None:
    if values.dtype.kind in "mM" and values.nunique() > max(MAX_INT_CLASSES, len(values) // 20):
        return None  # times that hardly repeat are no classes, and no numbers yet
    values = targets.with_plain_values(values, "target")
    if pd.api.types.is_bool_dtype(values.dtype) or len(values) == 0:
        return "classification" if len(values) and values.nunique() > 1 else None
    if values.nunique() < 2:
        return None
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return "classification" if as_numbers(values) is None or values.nunique() <= 20 else "regression"
    numbers = values.to_numpy("float64", na_value=np.nan)
    whole = np.all(numbers == np.round(numbers))
    return "classification" if whole and values.nunique() <= min(20, max(2, len(values) // 5)) else "regression"


def _infer_column(name, values: pd.Series) -> tuple[Column | None, str]:
    """Returns the column and the reason why it is no input, or `""`; None for a column that cannot be one."""
    dtype = str(values.dtype)
    if isinstance(values, pd.DataFrame):
        raise ValueError(f"Column names must differ. Received twice: {name}. Rename one of each.")
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return _unless_constant(Column(name, "date", dtype), values.dropna().nunique(), values.isna().any())
    if pd.api.types.is_bool_dtype(values.dtype):
        return _unless_constant(Column(name, "boolean", dtype), values.dropna().nunique(), values.isna().any())
    if pd.api.types.is_numeric_dtype(values.dtype):
        if pd.api.types.is_complex_dtype(values.dtype):
            raise ValueError(f"The column {name!r} holds complex numbers. Split it into real and imaginary parts.")
        return _infer_numbers(name, dtype, values.to_numpy("float64", na_value=np.nan))
    if not is_stringlike(values.dtype):
        raise ValueError(
            f"The column {name!r} must hold numbers, strings, booleans or dates. Received: {dtype}. Ignore it."
        )
    codes, uniques = pd.factorize(values)
    uniques = list(uniques)
    strange = next(
        (v for v in uniques if not isinstance(v, (str, bytes, int, float, bool, np.generic, pd.Timestamp))), None
    )
    if strange is not None:
        raise ValueError(
            f"The column {name!r} must hold numbers, strings, booleans or dates. Received: {type(strange).__name__}. "
            "Ignore it."
        )
    if uniques and all(isinstance(value, (bool, np.bool_)) for value in uniques):
        return _unless_constant(Column(name, "boolean", dtype), len(uniques), bool((codes < 0).any()))
    numbers = as_numbers(values)
    if numbers is not None and not any(re.fullmatch(r"0\d+", str(value)) for value in uniques):
        if not isinstance(values.dtype, pd.CategoricalDtype):
            return _infer_numbers(name, dtype, numbers)
    counts = np.bincount(codes[codes >= 0], minlength=len(uniques))
    filled_by = [(level, count) for level, count in zip(map(level_name, uniques), counts) if level not in MISSING]
    levels, filled = [level for level, _ in filled_by], int(sum(count for _, count in filled_by))
    missing = filled < len(values)
    if filled == 0:
        return None, "all missing"
    if all(map(ISO_DATE.fullmatch, levels)):
        return _unless_constant(Column(name, "date", dtype), len(levels), missing)
    if len(levels) > 20 and len(levels) > 0.5 * filled and not isinstance(values.dtype, pd.CategoricalDtype):
        return Column(name, "text", dtype), ""
    column = Column(name, "category", dtype, tuple(sorted(set(levels))))
    return _unless_constant(column, len(levels), missing)


def _infer_numbers(name, dtype, numbers):
    finite = numbers[np.isfinite(numbers)]
    if len(finite) == 0:
        return None, "all missing"
    different = np.unique(finite[:1000])
    if len(different) <= 2:
        different = np.unique(finite)
    kind = "boolean" if len(different) <= 2 and set(different) <= {0.0, 1.0} else "number"
    return _unless_constant(Column(name, kind, dtype), len(different), len(finite) < len(numbers))


def _unless_constant(column: Column, different: int, missing: bool | np.bool) -> tuple[Column | None, str]:
    """Returns a column, with the reason why it says nothing if it does: one value, none missing."""
    if different == 0:
        return None, "all missing"
    return column, "constant" if different == 1 and not missing else ""


def text_of(value) -> str:
    """Returns the string of a value in a column of texts."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def level_name(value) -> str:
    """Returns the string that a category is served as: whole floats lose their `.0`, booleans are `true`, `false`."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return str(value).strip(BLANKS)
