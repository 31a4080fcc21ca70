"""What a caller of `zoo.data.load` says beside the source: target, schema, and how files and images are read."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Hashable, Mapping
from typing import Any

from zoo.data.columns import kind_of, pictures
from zoo.data.columns.values import Hints
from zoo.data.names import as_target, names_of, resolved
from zoo.data.schema import Column, Schema
from zoo.registry import suggest


@dataclasses.dataclass(frozen=True)
class LoadOptions:
    """The checked options of one load.

    Args:
        target: A column's name, a list of several, or None.
        schema: The schema instead of the inferred one, or None.
        ignore: Columns that are no inputs.
        stream: Whether to read block by block; None where the size of the files decides.
        target_optional: Whether targets may be absent, as those of a schema are in rows to predict.
        image_size: The `(height, width)` that all images are resized to, or None.
        hints: How values are written.
    """

    target: Any
    schema: Schema | None
    ignore: tuple
    stream: bool | None
    target_optional: bool
    image_size: tuple[int, int] | None = None
    hints: Hints = Hints()

    @property
    def targets(self) -> list:
        """Names of the target columns."""
        return names_of(self.target)

    @property
    def texts(self) -> tuple | None:
        """Columns whose values a file's reader must leave as text, as in training; None for all."""
        if self.schema is None:
            return None if (self.hints.decimal, self.hints.thousands) != (None, None) else ()
        names = tuple(column.name for column in self.schema.columns if kind_of(column).keeps_text(column))
        classes = self.schema.classes
        of_texts = classes is not None and all(isinstance(value, str) for value in classes)
        return (*names, *self.schema.targets) if of_texts else names

    @property
    def image_column(self) -> Column | None:
        """The column of images that the schema has, or None."""
        return None if self.schema is None else next(iter(pictures(self.schema.columns)), None)

    @property
    def image(self) -> dict[str, Any]:
        """How images are read: `channels` and `size`, each None where the images decide."""
        column, size, channels = self.image_column, self.image_size, None
        if column is not None and column.shape is not None:
            channels = column.shape[-1]
            size = tuple(column.shape[:2]) if size is None and column.resized else size
        return {"channels": channels, "size": size}

    def named_as(self, columns) -> LoadOptions:
        """Returns the options with the names that the columns of a source have: in a CSV, 3 is "3"."""
        ignore = tuple(resolved(name, columns) for name in self.ignore)
        target = resolved(self.target, columns)
        if isinstance(target, list):
            target = as_target(resolved(name, columns) for name in target)
        return dataclasses.replace(self, target=target, ignore=ignore)

    def present_target(self, columns: list):
        """Returns the target or the list of several; None where one is absent and may be.

        Raises:
            ValueError: if a target or an ignored column is not among the columns.
        """
        listed = ", ".join(map(str, columns))
        for name in self.ignore:
            if name in self.targets:
                raise ValueError(
                    f"The target {name!r} must not be ignored. Leave it out of `ignore`, or name another target."
                )
            if name not in columns and not self.target_optional:
                raise ValueError(
                    f"There is no column {name!r} to ignore.{suggest(name, map(str, columns))} The data have: {listed}."
                )
        absent = [name for name in self.targets if name not in columns]
        if not absent:
            return self.target
        if self.target_optional:
            return None
        is_tuple = isinstance(self.target, tuple)
        repair = f" For several targets, pass a list: `target={list(self.target)!r}`." if is_tuple else ""
        raise ValueError(
            f"There is no target column {absent[0]!r}.{suggest(absent[0], map(str, columns))} The data have: {listed}."
            f"{repair}"
        )

    def refuse_stream(self, source: str) -> None:
        """Raises ValueError for `stream=True` with a source that does not stream, which is named in words."""
        if self.stream:
            raise ValueError(
                f"Only tables in files and tf.data.Datasets stream. Received: {source}. Leave `stream` out."
            )

    def refuse_image_size(self, are_images: bool) -> None:
        """Raises ValueError for an `image_size` with rows that are no images."""
        if self.image_size is not None and not are_images:
            raise ValueError(
                f"`image_size` is for images. Received: image_size={self.image_size} with other data. Leave it out."
            )


def checked_hints(na_values, decimal, thousands, date_format) -> Hints:
    """Returns how values are written, as the caller says it, after a check of each part."""
    na_values = (na_values,) if isinstance(na_values, (str, int, float)) else tuple(na_values)
    if decimal is not None and decimal not in (".", ","):
        raise ValueError(f"`decimal` must be '.' or ','. Received: decimal={decimal!r}")
    if thousands is not None and (thousands == decimal or thousands not in ("", ".", ",", " ", "'")):
        raise ValueError(
            "`thousands` must be '.', ',', ' ', \"'\" or '' for none, and another mark than `decimal`. Received: "
            f"thousands={thousands!r}, decimal={decimal!r}"
        )
    if date_format is not None and "%" not in date_format:
        raise ValueError(f"`date_format` must be like '%d/%m/%Y'. Received: date_format={date_format!r}")
    return Hints(na_values, decimal, thousands, date_format)


def as_schema(schema) -> Schema | None:
    """Returns the schema of a caller, who may give its dict or the path of its JSON."""
    if schema is None or isinstance(schema, Schema):
        return schema
    if isinstance(schema, Mapping):
        return Schema.from_dict(schema)
    if isinstance(schema, (str, os.PathLike)):
        if not os.path.isfile(schema):
            raise FileNotFoundError(
                f"There is no schema at {os.fspath(schema)!r}. Write one with `zoo schema SOURCE -o FILE`."
            )
        return Schema.load(schema)
    raise TypeError(f"`schema` must be a Schema, its dict or the path of its JSON. Received: {type(schema).__name__}.")


def names_targets_of(target, schema: Schema) -> bool:
    """Returns whether a list holds the targets of a schema, in any order: the schema's own order stands."""
    if not isinstance(target, list) or len(target) != len(schema.targets):
        return False
    return all(isinstance(name, Hashable) and name in schema.targets for name in target)
