"""Excel workbooks, which pandas and openpyxl read. The header is the first row; sheets of one header are one table."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pandas as pd
import pyarrow as pa

from zoo.data import addresses, csv_headers
from zoo.data.tables import from_values, plain

WHAT = "an Excel workbook (.xlsx)"


def _sheets(path: str) -> dict[str, pd.DataFrame]:
    try:
        import openpyxl  # noqa: F401 (to know that it is there)
    except ImportError as error:
        raise ImportError("Reading Excel files needs openpyxl: pip install 'keras-zoo[excel]'") from error
    with addresses.explained(path, WHAT), addresses.opened(path) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # openpyxl tells of drop-down lists and styles
        try:
            sheets = pd.read_excel(file, sheet_name=None, header=None, dtype=object, engine="openpyxl")
        except OSError:
            raise
        except Exception as error:  # openpyxl raises what it stumbles over: a missing part, a tag, a number
            raise ValueError(
                f"{path!r} must be {WHAT}. Received: {type(error).__name__}: {error}. Save it anew as .xlsx, or as CSV."
            ) from error
    return {str(name): sheet for name, sheet in sheets.items() if sheet.notna().any(axis=None)}


def parts(paths: list[str]) -> Iterator[pa.Table]:
    """Yields the rows of each sheet that holds something.

    Raises:
        ValueError: if a file is no workbook, a sheet has no header, or sheets differ in columns.
    """
    first = ""
    columns: list[str] = []
    for path in paths:
        sheets = _sheets(path)
        if not sheets:
            raise ValueError(f"{path!r} must have a header and rows. Received: an empty workbook. Save it again.")
        for sheet, cells in sheets.items():
            place = f"the sheet {sheet!r} of {path!r}"
            table = plain(from_values(_columns(cells, place), place), place)
            if columns and set(columns) != set(table.column_names):
                message = addresses.differing(first, place, columns, table.column_names)
                raise ValueError(f"{message} To take one sheet alone, pass pandas.read_excel(path, sheet_name=...).")
            first, columns = first or place, columns or table.column_names
            yield table


def _columns(cells: pd.DataFrame, place: str) -> dict[str, list]:
    cells = cells.dropna(how="all").dropna(how="all", axis=1)
    values = cells.astype(object).where(cells.notna(), None)
    header, *rows = values.values.tolist()
    names = ["" if name is None else str(name) for name in header]
    csv_headers.check(names, [["" if cell is None else cell for cell in row] for row in rows[:50]], place)
    return {name: [row[i] for row in rows] for i, name in enumerate(csv_headers.named(names, place))}
