"""Tables in files: CSV, Parquet and TFRecord, one or many, near or at any fsspec address; whole, or block by block.

Whole files are read with types found in all rows. A stream knows only its first block, so it reads numbers as floats,
and everything else as strings: the values are the same.
"""

from __future__ import annotations

import csv
import io
import os
import re
import zlib
from collections.abc import Iterator

import fsspec
import numpy as np
import pandas as pd

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".tfrecord": "tfrecord",
    ".tfrecords": "tfrecord",
}
NULLS = ["", "?", "NA", "N/A", "NaN", "nan", "<NA>", "#N/A"]
COMPRESSED = (".gz", ".bz2", ".xz", ".zip", ".zst")
STREAM_BYTES = 2**30


def expand(source: str) -> list[str]:
    """Returns the files that a path, glob or folder means, sorted.

    Raises:
        FileNotFoundError: if there are none.
        PermissionError: if they may not be read.
    """
    filesystem, path = fsspec.core.url_to_fs(source)
    if any(mark in path for mark in "*?["):
        found = sorted(filesystem.glob(path))
    elif filesystem.isdir(path):
        found = [file for file in sorted(filesystem.ls(path, detail=False)) if format_of(file, None)]
    elif filesystem.exists(path):
        found = [path]
    else:
        found = []
    if not found:
        raise FileNotFoundError(
            f"There is no file, folder or glob {source!r} with tables. Files end in {', '.join(FORMATS)}, also compressed; "
            "`format=` names the type of others."
        )
    protocol = filesystem.protocol if isinstance(filesystem.protocol, str) else filesystem.protocol[0]
    local = protocol in ("file", "local")
    if local:
        for file in found:
            if not os.access(file, os.R_OK):
                raise PermissionError(f"{file!r} must be readable. Received: no permission. Change it with chmod.")
    return [file if local or "://" in file else filesystem.unstrip_protocol(file) for file in found]


def format_of(path: str, format: str | None) -> str | None:
    """Returns the type of a file by `format`, or by its suffix before any of compression; None if neither says."""
    if format is not None:
        return format
    name = str(path).split("?")[0]
    for suffix in COMPRESSED:
        name = name.removesuffix(suffix)
    return FORMATS.get(os.path.splitext(name)[1].lower())


def size(files: list[str]) -> int:
    """Returns the bytes of all files, compressed ones counted fourfold; 0 where it is not known."""
    total = 0
    for file in files:
        filesystem, path = fsspec.core.url_to_fs(file)
        total += (filesystem.size(path) or 0) * (4 if path.endswith(COMPRESSED) else 1)
    return total


def read(files: list[str], format: str, schema=None) -> pd.DataFrame:
    """Reads whole files as one table.

    Args:
        files: Paths or addresses.
        format: `"csv"`, `"parquet"` or `"tfrecord"`.
        schema: Where it says category, text or date, values are read as strings.

    Raises:
        ValueError: if a file cannot be read, is cut off or ragged, or holds no rows; or files differ in columns.
    """
    readers = {"csv": _read_csv, "parquet": _read_parquet, "tfrecord": _read_records}
    frames = [readers[format](file, _string_columns(schema)) for file in files]
    for file, frame in zip(files, frames):
        if list(frame.columns) != list(frames[0].columns):
            raise ValueError(
                f"All files must have the same columns. {files[0]!r} has {list(frames[0].columns)}. Received: {file!r} with "
                f"{list(frame.columns)}."
            )
    frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    if len(frame) == 0:
        raise ValueError(f"{files[0]!r} must hold rows. Received: none, only the columns {list(frame.columns)}.")
    return frame


def blocks(files: list[str], format: str, rows: int, schema=None) -> Iterator[pd.DataFrame]:
    """Yields tables of at most `rows` rows, in order; memory holds few of them. Arguments and errors as for `read`."""
    readers = {"csv": _csv_blocks, "parquet": _parquet_blocks, "tfrecord": _record_blocks}
    pending: list[pd.DataFrame] = []
    held = 0
    for file in files:
        for frame in readers[format](file, rows, _string_columns(schema)):
            while len(frame):
                part = frame.iloc[: rows - held]
                frame = frame.iloc[len(part) :]
                pending.append(part)
                held += len(part)
                if held == rows:
                    yield pd.concat(pending, ignore_index=True)
                    pending, held = [], 0
    if held:
        yield pd.concat(pending, ignore_index=True)


def count(files: list[str], format: str) -> int:
    """Returns the number of rows of all files."""
    if format == "parquet":
        import pyarrow.parquet as parquet

        total = 0
        for file in files:
            with _open(file) as opened:
                total += parquet.ParquetFile(opened).metadata.num_rows
        return total
    if format == "csv":
        return sum(batch.num_rows for file in files for batch in _csv_batches(file, (), first_column_only=True))
    return sum(len(frame) for frame in blocks(files, format, 65_536))


def _string_columns(schema):
    if schema is None:
        return ()
    names = [column.name for column in schema.columns if column.kind in ("category", "text", "date")]
    return (*names, schema.target) if schema.classes and isinstance(schema.classes[0], str) else tuple(names)


def _open(file: str, compression: str | None = None):
    if "://" not in file and not compression:
        return open(file, "rb")
    return fsspec.open(file, "rb", compression=compression).open()


class _Unreadable:
    """Turns what readers raise into a ValueError that names the file and the repair."""

    def __init__(self, file, what):
        self.file, self.what = file, what

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        import pyarrow as pa

        if error is None or isinstance(error, (FileNotFoundError, PermissionError)):
            return False
        if isinstance(error, (EOFError, zlib.error)) or "truncated" in str(error).lower() or "end of" in str(error).lower():
            raise ValueError(f"{self.file!r} must be whole. Received: a truncated file ({error}). Fetch it again.") from error
        if isinstance(error, UnicodeDecodeError) or "UTF8" in str(error):
            raise ValueError(f"{self.file!r} must be UTF-8 text. Received: other bytes. Convert it, or pass format=.") from error
        if isinstance(error, (pa.ArrowInvalid, pa.ArrowException, OSError, csv.Error)):
            text = re.sub(r"\s+", " ", str(error))[:300]
            hint = ""
            if "Expected" in text and "columns" in text:
                hint = " A row has more or fewer fields than the header: repair the row, or quote fields that hold separators."
            elif "conversion error" in text:
                hint = " The first rows hold numbers: make the column a category in a schema, and pass schema=."
            raise ValueError(f"{self.file!r} must be {self.what}. Received: {text}.{hint}") from error
        return False


def _csv_opened(file):
    """Returns the opened file behind any compression, its header and its separator."""
    compression = "infer" if file.split("?")[0].endswith(COMPRESSED) else None
    with _open(file, compression) as opened:
        line = opened.readline().decode("utf-8-sig")
        while line and line.count('"') % 2:  # a quoted name with a line break
            more = opened.readline().decode("utf-8")
            if not more:
                break
            line += more
    if not line.strip():
        raise ValueError(f"{file!r} must be a CSV with a header. Received: an empty file.")
    if "\0" in line:
        raise ValueError(f"{file!r} must be CSV text. Received: binary content. `format=` names another type.")
    separator = max(",;\t|", key=line.count)
    names = next(csv.reader(io.StringIO(line), delimiter=separator))
    names = [name.strip() for name in names]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"Column names must differ. {file!r} has twice: {', '.join(map(repr, twice))}. Rename one of each.")
    return _open(file, compression), names, separator


def _csv_options(names, separator, types, include=()):
    from pyarrow import csv as arrow_csv

    return {
        "read_options": arrow_csv.ReadOptions(column_names=names, skip_rows=1, block_size=2**24),
        "parse_options": arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        "convert_options": arrow_csv.ConvertOptions(
            column_types=types, null_values=NULLS, strings_can_be_null=True, include_columns=list(include)
        ),
    }


def _read_csv(file, strings) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    with _Unreadable(file, "a CSV with a header"):
        opened, names, separator = _csv_opened(file)
        with opened:
            content = pa.BufferReader(opened.read())
        types = {name: pa.string() for name in names if name in strings}
        table = arrow_csv.read_csv(content, **_csv_options(names, separator, types))
        coded = [name for name in names if pa.types.is_integer(table.schema.field(name).type)]
        if coded:
            content.seek(0)
            texts = {name: pa.string() for name in coded}
            head = arrow_csv.open_csv(content, **_csv_options(names, separator, texts, coded)).read_next_batch()
            padded = [name for name in coded if _has_leading_zeros(head.column(name))]
            if padded:  # codes such as 007 are no numbers
                content.seek(0)
                types |= {name: pa.string() for name in padded}
                table = arrow_csv.read_csv(content, **_csv_options(names, separator, types))
    return _to_pandas(table)


def _has_leading_zeros(column) -> bool:
    import pyarrow.compute as compute

    return bool(compute.any(compute.match_substring_regex(column, r"^\s*0\d+\s*$")).as_py())


def _to_pandas(table) -> pd.DataFrame:
    """Returns a pandas table; dates and times of day as pandas' own or as strings."""
    import pyarrow as pa

    for i, field in enumerate(table.schema):
        if pa.types.is_date(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(pa.timestamp("s")))
        elif pa.types.is_time(field.type) or pa.types.is_null(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(pa.string()))
    return table.to_pandas()


def _csv_batches(file, strings, *, first_column_only: bool = False):
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    with _Unreadable(file, "a CSV with a header"):
        opened, names, separator = _csv_opened(file)
        with opened:
            types = {name: pa.string() for name in names if name in strings or first_column_only}
            first = arrow_csv.open_csv(opened, **_csv_options(names, separator, types)).schema
        if first_column_only:
            types, include = {name: pa.string() for name in names}, names[:1]
        else:
            include = names
            for field in first:
                number = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
                types[field.name] = pa.float64() if number else pa.string()
        opened, names, separator = _csv_opened(file)
        with opened:
            yield from arrow_csv.open_csv(opened, **_csv_options(names, separator, types, include))


def _csv_blocks(file, rows, strings):
    for batch in _csv_batches(file, strings):
        yield batch.to_pandas()


def _read_parquet(file, strings) -> pd.DataFrame:
    import pyarrow.parquet as parquet

    with _Unreadable(file, "a Parquet file"), _open(file) as opened:
        return parquet.read_table(opened).to_pandas()


def _parquet_blocks(file, rows, strings):
    import pyarrow.parquet as parquet

    with _Unreadable(file, "a Parquet file"), _open(file) as opened:
        for batch in parquet.ParquetFile(opened).iter_batches(rows):
            yield batch.to_pandas()


def _read_records(file, strings) -> pd.DataFrame:
    frames = list(_record_blocks(file, 65_536, strings))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _record_blocks(file, rows, strings):
    """Yields tables of tf.train.Example records; features are those of the first 100 records."""
    import tensorflow as tf

    compression = "GZIP" if file.endswith(".gz") else ""
    dataset = tf.data.TFRecordDataset(file, compression_type=compression)
    features: dict = {}
    try:
        for record in dataset.take(100).as_numpy_iterator():
            for name, feature in tf.train.Example.FromString(record).features.feature.items():
                kind = feature.WhichOneof("kind")
                values = getattr(feature, kind).value if kind else ()
                if len(values) > 1:
                    raise ValueError(f"The feature {name!r} of {file!r} must have one value a row. Received: {len(values)}.")
                if kind:
                    features[name] = {"bytes_list": tf.string, "float_list": tf.float32, "int64_list": tf.int64}[kind]
        absent = {tf.string: "", tf.float32: np.nan, tf.int64: np.iinfo(np.int64).min}
        wanted = {name: tf.io.FixedLenFeature((), kind, absent[kind]) for name, kind in sorted(features.items())}
        parsed = dataset.batch(rows).map(lambda batch: tf.io.parse_example(batch, wanted), num_parallel_calls=2)
        for batch in parsed.prefetch(1).as_numpy_iterator():
            yield pd.DataFrame({name: _record_column(values) for name, values in batch.items()})
    except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as error:
        raise ValueError(f"{file!r} must hold whole tf.train.Example records. Received: {str(error)[:200]}") from error
    except Exception as error:
        if type(error).__name__ == "DecodeError":
            raise ValueError(f"{file!r} must hold tf.train.Example records. Received: other bytes.") from error
        raise


def _record_column(values):
    if values.dtype == object:
        return pd.Series([value.decode("utf-8") for value in values], dtype="str")
    if values.dtype == np.int64:
        absent = values == np.iinfo(np.int64).min
        return np.where(absent, np.nan, values) if absent.any() else values
    return values
