"""Excel workbooks, which pandas and openpyxl read. The header is the first row; sheets of one header are one table."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pandas as pd
import pyarrow as pa

from zoo.data import addresses, csv_headers
from zoo.data.tables import Found, find, from_values, merge, plain, stored


def _sheets(path: str) -> dict[str, pd.DataFrame]:
    try:
        import openpyxl  # noqa: F401
    except ImportError as error:
        raise ImportError("Reading Excel files needs openpyxl: pip install 'keras-zoo[excel]'") from error
    with addresses.explained(path, "an Excel workbook (.xlsx)"), addresses.opened(path) as file:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # openpyxl tells of drop-down lists and styles
            sheets = pd.read_excel(file, sheet_name=None, header=None, dtype=object, engine="openpyxl")
    return {name: sheet for name, sheet in sheets.items() if sheet.notna().any(axis=None)}


def _parts(path: str) -> Iterator[tuple[str, dict[str, list]]]:
    """Yields the name of each sheet that holds something, and its columns."""
    sheets = _sheets(path)
    if not sheets:
        raise ValueError(f"{path!r} must have a header and rows. Received: an empty workbook.")
    for sheet, cells in sheets.items():
        cells = cells.dropna(how="all").dropna(how="all", axis=1)
        place = f"the sheet {sheet!r} of {path!r}"
        header, body = cells.iloc[0], cells.iloc[1:]
        names = ["" if pd.isna(name) else str(name) for name in header]
        csv_headers.check(names, body.head(50).astype(object).where(body.head(50).notna(), "").values.tolist(), place)
        names = csv_headers.named(names, place)
        values = body.astype(object).where(body.notna(), None)
        yield place, {name: values.iloc[:, i].tolist() for i, name in enumerate(names)}


def scan(paths: list[str]) -> tuple[dict[str, Found], int]:
    """Returns what the columns of all sheets need, and the number of rows."""
    found: dict[str, Found] = {}
    rows, first = 0, ""
    for path in paths:
        for place, part in _parts(path):
            if found and set(found) != set(part):
                raise ValueError(addresses.differing(first, place, found, part))
            table = plain(from_values(part, place), place)
            found = merge(found, {name: find(table.column(name)) for name in found or table.column_names})
            first, rows = first or place, rows + table.num_rows
    return found, rows


def tables(paths: list[str], found: dict[str, Found]) -> Iterator[pa.Table]:
    """Yields the rows of all sheets, in the types of `scan`."""
    for path in paths:
        for place, part in _parts(path):
            yield stored(plain(from_values(part, place), place), found)
