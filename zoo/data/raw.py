"""`Data`: raw rows, in memory or as a stream, with what is known of them."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from zoo import display
from zoo.data import doubts, image_tables, row_numbers
from zoo.data.columns.values import NO_HINTS, Hints, has_arrays
from zoo.data.infer import infer, schema_of_array, written
from zoo.data.names import names_of
from zoo.data.schema import Column, Schema
from zoo.registry import suggest


class Data:
    """Raw rows: `x` (a DataFrame or an array), `y` (or None), their schema and splits. From `load`.

    Args:
        x: A DataFrame without the target, or an array; None for a stream.
        y: The target, or None: a Series or an array `(rows,)`, of several a DataFrame or an array `(rows, targets)`.
        target: The target's name, a list of the names of several, or None.
        source: Where the rows came from, in words.
        schema: A schema instead of the inferred one.
        splits: Row numbers by name.
        ignore: Columns that are no inputs.
        stream: What gives the rows block by block, with `.columns`, `.rows`, `.sha256` and `.blocks(rows)`.
        sha256: A function that returns the hash of the raw data; None for that of the rows.
        task_hint: The task that the set is known for, or None.
        order: The columns with the target as the source has them.
        left_out: Columns to ignore that were not even read, as they cannot be.
        hints: What the caller says of how values are written.
        known: Columns that are written in marks of their own, as `zoo.data.infer.written` finds them in all rows; None
            where nobody looked.
        files: Of images from files, their names, under the caller's index; else None.
        table: The table that named the images, or that stands beside an array, or None.
        resized: Whether the images were resized to a size that the caller gave.
    """

    def __init__(
        self,
        x,
        y=None,
        *,
        target=None,
        source: str = "data",
        schema: Schema | None = None,
        splits: Mapping[str, np.ndarray] | None = None,
        ignore: Iterable = (),
        stream=None,
        sha256: Callable[[], str | None] | None = None,
        task_hint: str | None = None,
        order: Iterable | None = None,
        left_out: Iterable = (),
        hints: Hints = NO_HINTS,
        known: Mapping[Any, Column] | None = None,
        files: pd.Series | None = None,
        table: pd.DataFrame | None = None,
        resized: bool = False,
    ):
        self.x, self.y, self.target, self.source, self.task_hint = x, y, target, source, task_hint
        self.splits: dict[str, np.ndarray] = dict(splits or {})
        self._given, self._ignore, self._order, self.left_out = schema, tuple(ignore), order, tuple(left_out)
        self.hints, self._known = hints, known
        self._inferred: Schema | None = None
        self._stream = stream
        self.files, self.table, self._resized = files, table, resized
        self._hash = sha256 or _Hashed(x, y)
        self._sample: Any = None
        self._counting: row_numbers.Counting | None = None

    def _like(self, x, y, **changes) -> Data:
        """Returns other rows with what is known of these."""
        known = {
            "target": self.target,
            "source": self.source,
            "schema": self._given,
            "ignore": self._ignore,
            "stream": self._stream,
            "sha256": self._hash,
            "task_hint": self.task_hint,
            "order": self._order,
            "left_out": self.left_out,
            "hints": self.hints,
            "known": self._known,
            "files": self.files,
            "table": self.table,
            "resized": self._resized,
        }
        return Data(x, y, **{**known, **changes})

    @property
    def streaming(self) -> bool:
        """Whether the rows come block by block."""
        return self._stream is not None

    @property
    def schema(self) -> Schema:
        """The schema given, or the inferred one."""
        if self._given is not None:
            return self._given
        if self._inferred is None:
            self._inferred = self._infer()
        return self._inferred

    @property
    def schema_given(self) -> bool:
        """Whether the schema was given, not inferred."""
        return self._given is not None

    @property
    def targets(self) -> list:
        """Names of the target columns: none, one or several."""
        return names_of(self.target)

    @property
    def ignore(self) -> tuple:
        """Columns that are no inputs."""
        return self._ignore

    @property
    def column_names(self) -> list:
        """Names of the columns, of a stream with the target; of arrays none."""
        return list(self._stream.columns if self.streaming else getattr(self.x, "columns", ()))

    @property
    def roles(self) -> pd.DataFrame:
        """The columns that may tell a row's group, time or weight: of arrays, those of the table beside them."""
        if isinstance(self.x, pd.DataFrame):
            return self.x
        return pd.DataFrame(index=range(len(self.x))) if self.table is None else self.table

    def check_ignored(self, names: Iterable) -> None:
        """Checks the names of columns to ignore: `load` does not check those that a schema drops.

        Args:
            names: The columns that `load` was asked to ignore.

        Raises:
            ValueError: if one is not a column.
        """
        columns = self.column_names if self.table is None else list(self.table.columns)
        for name in names:
            if name in self._ignore and name not in columns:
                known = [str(column) for column in columns]
                raise ValueError(
                    f"There is no column {name!r} to ignore.{suggest(name, known)} The data have: {', '.join(known)}."
                )

    def _infer(self) -> Schema:
        if self.streaming:
            frame = self.sample().frame
            return infer(frame, self.target, ignore=self._ignore, known=self.known(), hints=self.hints)
        if isinstance(self.x, pd.DataFrame):
            return infer(self.frame(), self.target, ignore=self._ignore, known=self.known(), hints=self.hints)
        schema = dataclasses.replace(schema_of_array(self.x, self.y), target=self.target)
        columns = tuple(dataclasses.replace(column, resized=self._resized) for column in schema.columns)
        return dataclasses.replace(schema, columns=columns)

    def known(self) -> Mapping[Any, Column]:
        """Returns the columns that are written in marks of their own, found in all rows, or a stream's sample.

        Raises:
            ValueError: if a column of a stream names images, which only a table in memory reads.
        """
        if self._known is None:
            roles = (*self.targets, *self._ignore)
            with doubts.collected():
                frame = self.sample().frame if self.streaming else self.x
                if self._counting is not None:
                    self._counting.note()
                    image_tables.refuse_in_stream(frame, getattr(self._stream, "folder", None), roles)
                self._known = written(frame, roles, self.hints)
        return self._known

    def sample(self):
        """Returns the `Sample` that statistics are taken from, of a stream from one pass over it."""
        if self._sample is None:
            from zoo.data.sampling import sample

            self._counting = row_numbers.Counting((*self.targets, *self._ignore))
            self._sample = sample(self._counting.watched(frame for _, frame in self.blocks()))
        return self._sample

    @property
    def sha256(self) -> str | None:
        """Hash of the raw files, or of the rows where there are none; None for a stream from elsewhere."""
        return self._hash()

    def __len__(self) -> int:
        return self._stream.rows if self.streaming else len(self.x)

    def __repr__(self) -> str:
        return f"Data({', '.join(f'{name}: {text}' for name, text in self._summary().items())})"

    def _repr_html_(self) -> str:
        facts = self._summary()
        if self.streaming and self._sample is None and self._given is None:
            return display.card("Data", display.facts(facts))  # the kinds of columns would take a pass over the stream
        try:
            schema = self.schema
        except (ValueError, TypeError) as error:
            return display.card("Data", display.facts({**facts, "schema": str(error)}))
        summary = schema.summary()
        if not isinstance(self.x, pd.DataFrame) and not self.streaming:  # one tensor has no table of columns
            summary.pop("columns")
            return display.card("Data", display.facts({**facts, **summary}))
        return display.card("Data", display.facts({**facts, **summary}), schema.columns_table())

    def _summary(self) -> dict[str, str]:
        """Returns source, rows, columns, target and splits in a few words each, without reading the values."""
        facts = {"source": display.cut(self.source, 80)}
        if self.streaming:
            facts["rows"] = "a stream" if self._sample is None else f"a stream of {self._sample.rows:,}"
        else:
            facts["rows"] = f"{len(self):,}"
            if not isinstance(self.x, pd.DataFrame):
                facts["shape of a row"] = " x ".join(map(str, self.x.shape[1:]))
            else:
                ignored = sum(name in self.x.columns for name in self._ignore)
                facts["columns"] = f"{self.x.shape[1] - ignored:,}"
        if self.target is not None or self.y is not None:
            facts["target"] = display.listed(self.targets) if self.targets else "y"
        if self.splits:
            facts["splits"] = ", ".join(f"{name} {len(rows):,}" for name, rows in self.splits.items())
        return facts

    def frame(self) -> pd.DataFrame:
        """Returns the rows as a DataFrame, with the target.

        Raises:
            ValueError: if they are a stream or no table.
        """
        if self.streaming:
            raise ValueError("A stream is no DataFrame. Iterate over `.blocks()`, or load with `stream=False`.")
        if not isinstance(self.x, pd.DataFrame):
            raise ValueError("An array is no DataFrame. Take `.arrays()`.")
        if self.y is None:
            return self.x
        y = self.y if isinstance(self.y, pd.DataFrame) else self.y.rename(self.target)
        frame = pd.concat([self.x, y], axis=1)
        return frame if self._order is None else frame[list(self._order)]

    def arrays(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns `x` and `y` as numpy arrays.

        Raises:
            ValueError: if the rows are a stream.
        """
        if self.streaming:
            raise ValueError("A stream is no array. Iterate over `.blocks()`, or load with `stream=False`.")
        return np.asarray(self.x), None if self.y is None else np.asarray(self.y)

    def take(self, rows) -> Data:
        """Returns some of the rows. Their schema is that given, or inferred from them alone.

        Args:
            rows: Numbers of rows from 0, `(rows,)`, in the order wanted.

        Raises:
            ValueError: if the rows are a stream.
        """
        if self.streaming:
            raise ValueError("A stream has no row numbers to take. Load with `stream=False`.")
        rows = np.asarray(rows)
        x = self.x.iloc[rows] if isinstance(self.x, pd.DataFrame) else self.x[rows]
        of_pandas = isinstance(self.y, (pd.Series, pd.DataFrame))
        y = self.y.iloc[rows] if of_pandas else None if self.y is None else self.y[rows]
        parts = {name: getattr(self, name) for name in ("files", "table")}
        return self._like(x, y, **{name: None if part is None else part.iloc[rows] for name, part in parts.items()})

    def ignoring(self, names: Iterable) -> Data:
        """Returns the same rows with further columns that are no inputs; an array has none beside its own.

        Args:
            names: Names of columns.
        """
        if not self.streaming and not isinstance(self.x, pd.DataFrame):
            return self
        ignore = (*self._ignore, *(name for name in names if name not in self._ignore))
        return self._like(self.x, self.y, schema=without(self._given, ignore), splits=self.splits, ignore=ignore)

    def beside(self, table: pd.DataFrame) -> Data:
        """Returns the same rows of an array with a table beside them, whose columns may tell group, time and weight.

        Args:
            table: As many rows. No column of it is an input.
        """
        return self._like(self.x, self.y, splits=self.splits, table=table)

    def blocks(self, rows: int = 65_536) -> Iterator[tuple[int, pd.DataFrame]]:
        """Yields `(number of the first row, DataFrame with the target)`, in bounded memory for a stream.

        Args:
            rows: The most rows of a block.

        Raises:
            ValueError: if `rows` is below 1, or the rows are no table.
        """
        if rows < 1:
            raise ValueError(f"`rows` must be at least 1. Received: rows={rows}")
        if not self.streaming:
            frame = self.frame()
            for start in range(0, len(frame), rows):
                yield start, frame.iloc[start : start + rows]
            return
        start = 0
        for block in self._stream.blocks(rows):
            yield start, block.set_axis(pd.RangeIndex(start, start + len(block)))
            start += len(block)


class _Hashed:
    """Hash of rows in memory, computed when first asked for."""

    def __init__(self, x, y):
        self._parts, self._found = (x, y), None

    def __call__(self) -> str | None:
        if self._found is None and self._parts[0] is not None:
            digest = hashlib.sha256()
            for part in self._parts:
                if isinstance(part, (pd.DataFrame, pd.Series)):
                    digest.update(repr(list(getattr(part, "columns", ()))).encode())
                    part = _without_arrays(part, digest)
                    digest.update(pd.util.hash_pandas_object(part, index=False).to_numpy().tobytes())
                elif part is not None:
                    array = np.ascontiguousarray(part)
                    digest.update(repr((array.shape, array.dtype.str)).encode())
                    digest.update(repr(array.tolist()).encode() if array.dtype == object else _bytes(array))
            self._found, self._parts = digest.hexdigest(), (None, None)
        return self._found


def _without_arrays(part, digest):
    """Returns a table without its columns of arrays, whose values it adds to the digest: pandas hashes no arrays."""
    if not isinstance(part, pd.DataFrame):
        return part
    objects = (i for i, dtype in enumerate(part.dtypes) if pd.api.types.is_object_dtype(dtype))
    arrays = [i for i in objects if has_arrays(part.iloc[:, i])]
    for cell in (cell for i in arrays for cell in part.iloc[:, i]):
        digest.update(repr((np.shape(cell), str(getattr(cell, "dtype", type(cell).__name__)))).encode())
        digest.update(_bytes(np.ascontiguousarray(cell)) if isinstance(cell, np.ndarray) else repr(cell).encode())
    return part.drop(columns=part.columns[arrays])


def _bytes(array: np.ndarray):
    """Returns the bytes of a contiguous array, without a copy unless it is empty."""
    return array.reshape(-1).view("uint8") if array.size else b""


def without(schema: Schema | None, ignore) -> Schema | None:
    """Returns a schema whose inputs are without some columns."""
    if schema is None or not ignore:
        return schema
    columns = tuple(column for column in schema.columns if column.name not in ignore)
    return dataclasses.replace(schema, columns=columns, dropped={**schema.dropped, **dict.fromkeys(ignore, "ignored")})
