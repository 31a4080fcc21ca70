"""Data: sources, schema, preprocessing, pipelines.

load(source)               anything that holds rows -> Data: .x .y .schema .splits
pipeline(data, model)      one pass of encoded batches, as a tf.data.Dataset
Schema                     what the raw columns are
describe(source)           missing values, distinct values, an example and doubts beside each column
register_column(name, where)    a kind of column of another package
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo import notices

_HOMES = {
    "Data": "zoo.data.raw",
    "load": "zoo.data.sources",
    "pipeline": "zoo.data.pipelines",
    "Schema": "zoo.data.schema",
    "describe": "zoo.data.description",
    "register_column": "zoo.data.columns",
}
__all__ = ["Data", "Schema", "describe", "load", "pipeline", "register_column"]

if TYPE_CHECKING:
    from zoo.data.columns import register_column as register_column
    from zoo.data.description import describe as describe
    from zoo.data.pipelines import pipeline as pipeline
    from zoo.data.raw import Data as Data
    from zoo.data.schema import Schema as Schema
    from zoo.data.sources import load as load
else:  # hidden from type checkers, which would otherwise accept any name

    def __getattr__(name: str):
        if name not in _HOMES:
            raise AttributeError(f"module 'zoo.data' has no attribute {name!r}. It has: {', '.join(__all__)}.")
        value = globals()[name] = getattr(notices.import_module(_HOMES[name]), name)
        return value
