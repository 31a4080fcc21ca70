"""Images that a table names: a column of paths, relative to the folder of the table, which they may not leave.

path,label              all values end as image files do, and at least one is there: they are read as images
cats/1.jpg,cat          the table of a model of images may have further columns; to train, they must be ignored
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import pandas as pd

from zoo.data import doubts, image_files
from zoo.data.image_pixels import NAMES
from zoo.data.schema import Column

MOST = 0.9  # of the values of a column must end as image files do, for others among them to be doubtful
SOME = 1e-9  # of the values, so that one is enough
LOOKED_AT = 3  # values that tell nearly all columns of other things


def path_column(frame: pd.DataFrame, names: list, folder: Path, declared: Column | None):
    """Returns the column of a table that names its images, or None.

    Args:
        frame: The table.
        names: Its columns without the target and what is ignored.
        folder: What paths are relative to.
        declared: The column of images of a schema, or None. It is one of paths if it has no shape or the data have
            paths under its name; else the only column whose values all end as image files do is taken.

    Raises:
        ValueError: if there are several, or other inputs beside it, or the data lack what is declared.
    """
    if declared is not None:
        if declared.name in names and (declared.shape is None or _of_images(frame, [declared.name], share=1.0)):
            return declared.name
        if declared.shape is None:
            raise ValueError(
                f"The data must have the column of images that the schema names, {declared.name!r}. Received: "
                f"{', '.join(map(str, names))}. Add it, or rename the one that holds the paths."
            )
    found = path_columns(frame, folder, names) if declared is None else _of_images(frame, names, share=1.0)
    if declared is not None and not found and (some := _of_images(frame, names, share=SOME)):
        values = frame[some[0]].dropna()
        row, value = next((row, value) for row, value in values.items() if not _ends_as_image(value))
        raise ValueError(
            f"Every row must name a {NAMES} file. Received: {value!r} in row {row} of the column {some[0]!r}. Convert "
            "it, or leave the row out."
        )
    if len(found) > 1 or found and len(names) > 1 and declared is None:
        beside = ", ".join(str(name) for name in names if name != found[0])
        raise ValueError(
            f"A table of images must have one column of their paths, beside the target. Received: {found[0]} and "
            f"{beside}. Leave the others out by `ignore`, or ignore {found[0]} to take the table without its images."
        )
    return found[0] if found else None


def path_columns(frame: pd.DataFrame, folder: Path, names: Iterable) -> list:
    """Returns the columns among `names` whose values all end as image files do, and of which one at least is there.

    A column of such names without one file stays what it was, which is said.
    """
    found = []
    for name in _of_images(frame, names):
        values = frame[name].dropna()
        others = values[[not _ends_as_image(value) for value in values]]
        if len(others) and any(_is_file(folder, value) for value in values.drop(others.index)):
            doubts.note(
                f"Of {len(values)} values, {len(others)} are no names of {NAMES} files, and the others "
                "are: they are all taken as text.",
                column=name,
                value=others.iloc[0],
                row=others.index[0],
                repair="Convert or leave out these images, or ignore the column.",
            )
        elif len(others):
            continue
        elif any(_is_file(folder, value) for value in values):
            found.append(name)
        else:
            doubts.note(
                f"The values are names of image files, none of which is in {str(folder)!r}: they are taken as text.",
                column=name,
                value=values.iloc[0],
                row=values.index[0],
                repair="Put the table beside the images, or ignore the column.",
            )
    return found


def refuse_in_stream(frame: pd.DataFrame, folder: Path | None, known: Iterable) -> None:
    """Raises ValueError if a column of a stream names images of its folder: they are read into memory together.

    Args:
        frame: Rows of the stream.
        folder: What paths are relative to; None for rows that are in no file.
        known: Columns of which the caller has said what they are.
    """
    names = [name for name in frame.columns if name not in known]
    if folder is not None and len(frame) and (found := path_columns(frame, folder, names)):
        raise ValueError(
            f"Images cannot be read block by block. Received: a stream whose column {found[0]!r} names images. Load "
            f"with `stream=False`, or ignore {found[0]}."
        )


def _of_images(frame: pd.DataFrame, names: Iterable, *, share: float = MOST) -> list:
    """Returns the columns among `names` of which at least this share of values ends as image files do."""
    wanted = set(names)
    strings = [name for name, dtype in frame.dtypes.items() if name in wanted and dtype.kind == "O"]
    return [name for name in strings if _ends_as_images(frame[name], share)]


def _ends_as_images(values: pd.Series, share: float) -> bool:
    if not any(map(_ends_as_image, values.iloc[:LOOKED_AT])) and not values.iloc[:LOOKED_AT].isna().all():
        return False  # as of nearly all columns
    values = values.dropna()
    return len(values) > 0 and sum(map(_ends_as_image, values)) >= share * len(values)


def _ends_as_image(value) -> bool:
    return isinstance(value, str) and image_files.is_image(value.strip())


def _is_file(folder: Path, value: str) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return (folder / value.strip().replace("\\", "/")).is_file()
    return False


def read(paths: pd.Series, folder: Path, **wanted) -> np.ndarray:
    """Reads the images that a table's column names, relative to a folder.

    Args:
        paths: The column.
        folder: The folder of the table.
        **wanted: `channels` and `size`, as for `image_files.read_files`.

    Raises:
        FileNotFoundError: if there is no such file; the message names row and path.
        ValueError: if a path is missing or leaves the folder; further as for `image_files.read_files`.
    """
    root = folder.resolve()
    files = [_inside(root, path, paths.name, row) for row, path in paths.items()]
    return image_files.read_files(files, paths, **wanted)


def _inside(root: Path, path, column, row) -> Path:
    place = f"in row {row} of the column {column!r}"
    if not isinstance(path, str) or not path.strip():
        raise ValueError(f"Every row must name an image. Received: nothing {place}. Drop the row, or fill it in.")
    path = path.strip()
    relative = PurePosixPath(path.replace("\\", "/"))
    leaves = ValueError(
        f"Images must be files in the folder of their table. Received: {path!r} {place}, which leaves {str(root)!r}. "
        "Write paths relative to it, without links out of it, and copy the image there."
    )
    drive = PureWindowsPath(path).drive or "://" in path or path.startswith("~")
    if relative.is_absolute() or drive or ".." in relative.parts or "\0" in path:
        raise leaves
    with contextlib.suppress(OSError):  # a name too long for any file
        try:
            real = (root / relative).resolve()
        except RuntimeError as error:  # links in a circle
            raise leaves from error
        if not real.is_relative_to(root):
            raise leaves
        if real.is_file():
            return real
    raise FileNotFoundError(f"There is no image {path!r}, which stands {place}, in {str(root)!r}. Correct the path.")
