"""Which feature stands where: the encoded tensors of fitted columns, their widths, and the source of each feature."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Sequence
from typing import Any

from zoo.data import columns
from zoo.data.columns.encodings import SECTIONS, Encodings, Feature
from zoo.data.columns.kind import Group
from zoo.data.schema import Column, Schema

OF_TABLES = ("inputs", "numeric", "quantile", "categorical")  # encoded tensors of several columns


@dataclasses.dataclass(frozen=True)
class Layout:
    """The encoded tensors of fitted columns.

    Args:
        schema: The raw columns.
        groups: The columns that are encoded together, fitted.
        encodings: How columns are encoded.
        max_bins: The most bins that each rank may be expanded to; None for no limit.
    """

    schema: Schema
    groups: Sequence[Group]
    encodings: Encodings
    max_bins: int | None

    @functools.cached_property
    def has_offsets(self) -> bool:
        """Whether reading subtracts the middle of some numbers."""
        return any(
            any(group.kind.offsets(column, state))
            for group in self.groups
            for column, state in zip(group.columns, group.states, strict=True)
        )

    @property
    def sizes(self) -> dict[str, Any]:
        """Widths of the encoded tensors, as arguments of `zoo.registry.Spec`."""
        tensors = self.own_tensors
        widths: dict[str, Any] = {"inputs": 0, "numeric": 0, "linear": 0, "quantile": 0, "categorical": 0}
        for feature in self.features:
            widths[feature["tensor"]] = widths.get(feature["tensor"], 0) + 1
        sizes: dict[str, Any] = {"linear": True} if self.encodings.linear else {}
        for name, column in tensors.items():
            if name == "image":
                sizes["image_shape"] = tuple(column.shape)
            elif name == "inputs":
                sizes |= {"num_inputs": column.shape[-1], "sequences": True}
            else:
                kind = columns.kind_of(column)
                sizes.setdefault("tensors", {})[name] = (tuple(column.shape), kind.block_dtype)
        for tensor, width in widths.items():
            if width and tensor != "categorical" and tensor not in tensors:
                sizes[f"num_{tensor}"] = width
        if self.encodings.raw and self.has_offsets:
            sizes["input_offsets"] = tuple(self.input_offsets)
        if self.max_bins is not None and widths["quantile"]:
            sizes["max_bins"] = self.max_bins
        if widths["categorical"]:
            sizes["categorical_sizes"] = tuple(len(levels) + 1 for levels in self.levels)
        return sizes

    @property
    def input_offsets(self) -> list[float]:
        """What reading subtracted from each feature of the raw tensor `inputs`, in float64: 0 for most columns."""
        offsets: dict[tuple, float] = {}
        for group in self.groups:
            for column, state in zip(group.columns, group.states, strict=True):
                names = group.kind.number_names(column, state)
                offsets |= {("value", name): offset for name, offset in zip(names, group.kind.offsets(column, state))}
        inputs = [feature for feature in self.features if feature["tensor"] == "inputs"]
        return [offsets.get((feature["what"], feature["column"]), 0.0) for feature in inputs]

    @property
    def own_tensors(self) -> dict[str, Column]:
        """The columns that are encoded tensors of their own, by the name of the tensor.

        The only one of a kind has the kind's `array_name`, `"image"` or `"inputs"`; others have their served names,
        with an ending where a tensor of the other columns is called so.
        """
        own = [column for column in self.schema.columns if columns.kind_of(column).is_tensor(column)]
        counts = Counter(columns.kind_of(column).array_name for column in own)
        served = self.schema.served_names
        tensors = {}
        for column in own:
            name = columns.kind_of(column).array_name
            of_others = self.encodings.raw and name == "inputs" and len(own) < len(self.schema.columns)
            if not name or counts[name] > 1 or of_others:
                name = served[column.name]
                is_taken = name in OF_TABLES or (name == "linear" and self.encodings.linear)
                name = f"{name}_tensor" if is_taken else name
            tensors[name] = column
        return tensors

    @property
    def levels(self) -> list[list[str]]:
        """The levels of each column of the tensor `categorical`."""
        levels = [group.kind.levels(c, s) for group in self.groups for c, s in zip(group.columns, group.states)]
        return [one for one in levels if one is not None]

    @property
    def features(self) -> list[dict[str, Any]]:
        """What each encoded column is: tensor, index, raw column, what of it, centre, scale, levels."""
        features: list[dict[str, Any]] = []
        counts: Counter = Counter()

        def add(tensor, column, what="value", center=0.0, scale=1.0, levels=None):
            index, counts[tensor] = counts[tensor], counts[tensor] + 1
            keys = ("tensor", "index", "column", "what", "center", "scale", "levels")
            features.append(dict(zip(keys, (tensor, index, column, what, center, scale, levels))))

        own = {column.name: name for name, column in self.own_tensors.items()}
        raw, line = self.encodings.raw, []  # the numbers of the tensor `linear`
        main = "inputs" if raw else "numeric"
        sections: dict[str, list] = {section: [] for section in SECTIONS}
        ranks = []
        for group in self.groups:
            for column, state in zip(group.columns, group.states, strict=True):
                names = group.kind.number_names(column, state)
                if column.name in own:
                    for name in names:
                        add(own[column.name], name)
                    continue
                for i, name in enumerate(names):
                    scaled = {key: values[i] for key, values in state["scaled"].items()}
                    offset = group.kind.offsets(column, state)[i]
                    place = {} if raw else {"center": scaled["center"] + offset, "scale": scaled["scale"]}
                    sections["value"].append((name, Feature(**place)))
                    if self.encodings.linear:
                        line.append((name, Feature(center=scaled["mean"] + offset, scale=scaled["deviation"])))
                    if scaled["missing"] and not raw:
                        sections["missing"].append((name, Feature("missing")))
                    if self.encodings.ranks and not raw and len(scaled["knots"]) > 2:
                        ranks.append(name)
            for column, state in zip(group.columns, group.states, strict=True):
                for feature in group.kind.features(column, state, self.encodings):
                    sections[feature.section].append((column.name, feature))
        for section in SECTIONS:
            for name, feature in sections[section]:
                add(main, name, feature.what, feature.center, feature.scale)
        if raw:
            return features
        if self.encodings.linear:
            rest = [*sections["value"][len(line) :], *sections["missing"], *sections["part"]]
            for name, feature in (*line, *rest):
                add("linear", name, feature.what, feature.center, feature.scale)
        for name in ranks:
            add("quantile", name, "rank")
        for group in self.groups:
            for column, state in zip(group.columns, group.states, strict=True):
                if (levels := group.kind.levels(column, state)) is not None:
                    add("categorical", column.name, levels=["(unseen)", *levels])
        return features
