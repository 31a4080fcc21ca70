"""Images in files: a folder with a subfolder for each class, a list or glob of files, a table's column of their paths.

pets/cat/1.jpg, pets/dog/2.png               classes by folder, with train, val and test above them where there are
photo.jpg, "photos/*.jpg", [path, path]      rows without classes
labels.csv: path,label                       paths relative to the table's folder, which they may not leave
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from zoo.data import addresses, doubts, image_pixels
from zoo.data.image_pixels import NAMES, SUFFIXES
from zoo.data.threads import one_thread

SPLITS = {"train": "train", "val": "val", "validation": "val", "valid": "val", "test": "test"}
SYSTEM_FOLDERS = ("__MACOSX", "__pycache__", "@eaDir", "$RECYCLE.BIN", "System Volume Information")
MOST_THREADS = 8  # that read files at once
OTHER_FORMATS = tuple(".tif .tiff .heic .heif .avif .jxl .jp2 .j2k .ppm .pgm .pbm .svg .psd .ico .tga .dng".split())


@dataclasses.dataclass(frozen=True)
class Images:
    """Images that were read.

    Args:
        x: uint8 `(rows, height, width, channels)`.
        y: Their classes `(rows,)`, or None.
        files: Names of their files, as the caller knows them.
        splits: Rows by split.
    """

    x: np.ndarray
    y: np.ndarray | None
    files: pd.Series
    splits: dict[str, np.ndarray]


def is_image(path) -> bool:
    """Returns whether a file's suffix is that of an image."""
    return os.path.splitext(os.fspath(path).split("?")[0] if "://" in str(path) else path)[1].lower() in SUFFIXES


def is_image_folder(folder: Path) -> bool:
    """Returns whether a folder, or a subfolder that is not hidden, holds images."""
    return any(is_image(name) for _, names in _walk(folder) for name in names)


def _walk(folder: Path, hidden: dict | None = None):
    """Yields `(folder, names of files)` in order, links followed once; adds left out folders to `hidden`."""
    seen = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        out = [name for name in folders if name.startswith(".") or name in SYSTEM_FOLDERS]
        if hidden is not None:
            for name in out:
                files = [file for _, _, inside in os.walk(Path(place, name)) for file in inside]
                hidden[os.path.relpath(Path(place, name), folder)] = len(files)
        folders[:] = sorted(set(folders) - set(out))
        if (real := os.path.realpath(place)) in seen:
            folders.clear()
            continue
        seen.add(real)
        yield Path(place), sorted(name for name in names if not name.startswith("."))


def image_folder(folder: Path, *, labelled: bool = True, **wanted) -> Images:
    """Reads a folder: `<folder>/<class>/<image>`, `<folder>/<split>/<class>/<image>`, or without classes.

    Args:
        folder: The folder.
        labelled: Whether its subfolders must be classes; rows to predict may stand at any depth.
        **wanted: `channels` and `size`, as for `read_files`.

    Raises:
        ImportError: if Pillow is not installed.
        FileNotFoundError: if there are no images.
        ValueError: if one cannot be read, a class has none that can, or they differ in size.
    """
    hidden: dict[str, int] = {}
    others: list[Path] = []
    empty: list[str] = []
    files: list[Path] = []
    for place, names in _walk(folder, hidden):
        images = [place / name for name in names if is_image(name)]
        unread = [place / name for name in names if Path(name).suffix.lower() in OTHER_FORMATS]
        if unread and not images and labelled and place != folder:
            raise ValueError(
                f"The class {place.name!r} of {str(folder)!r} must have images that can be read: {NAMES}. Received: "
                f"{_counted(unread)}. Convert them, or move the folder."
            )
        if not images and not unread and not any(path.is_dir() for path in place.iterdir()):
            empty.append(str(place.relative_to(folder)))
        files += images
        others += unread
    if not files:
        raise FileNotFoundError(
            f"{str(folder)!r} must hold {NAMES} files in a subfolder for each class. Received: none"
            f"{f', but {_counted(others)}' if others else ''}. Correct the path."
        )
    files.sort()
    _say_what_is_left_out(folder, hidden, others, empty)
    places = [file.relative_to(folder).parts[:-1] for file in files]
    depths = sorted({len(place) for place in places})
    split = depths == [2] and all(place[0] in SPLITS for place in places)
    known = depths in ([0], [1]) or split
    if not known and labelled:
        shallow, deep = min(files, key=_depth), max(files, key=_depth)
        if len(depths) == 1:  # the names of the folders are what differs
            shallow = next((f for f, place in zip(files, places) if place[0] in SPLITS), shallow)
            deep = next((f for f, place in zip(files, places) if place[0] not in SPLITS), deep)
        raise ValueError(
            f"{str(folder)!r} must hold images as <class>/<image> or <split>/<class>/<image>, with split train, val or "
            f"test. Received: {shallow.relative_to(folder)} beside {deep.relative_to(folder)}. Move them."
        )
    names = pd.Series([file.relative_to(folder).as_posix() for file in files], dtype=object)
    classes = np.array([place[-1] for place in places], dtype=object) if known and depths != [0] else None
    parts = np.array([SPLITS[place[0]] for place in places]) if split else np.array([])
    splits = {part: np.flatnonzero(parts == part) for part in ("train", "val", "test") if part in parts}
    return Images(read_files(files, names, **wanted), classes, names, splits)


def _depth(file: Path) -> int:
    return len(file.parts)


def _counted(files: list[Path]) -> str:
    kinds = Counter(file.suffix.lower() for file in files)
    return ", ".join(f"{count} of {kind}" for kind, count in sorted(kinds.items()))


def _say_what_is_left_out(folder: Path, hidden: dict[str, int], others: list[Path], empty: list[str]) -> None:
    with doubts.collected():
        if held := {name: count for name, count in hidden.items() if count}:
            shown = ", ".join(f"{name} ({count} files)" for name, count in held.items())
            doubts.note(f"Hidden folders of {str(folder)!r} were left out: {shown}.")
        if others:
            doubts.note(
                f"Files of formats that are not read were left out of {str(folder)!r}: {_counted(others)}.",
                value=str(others[0].relative_to(folder)),
                repair=f"Convert them to {NAMES}.",
            )
        if empty:
            doubts.note(f"Folders of {str(folder)!r} without images are no classes: {', '.join(empty[:10])}.")


def image_files(source: str, *, all_are: bool = False) -> tuple[list[str], pd.Series] | None:
    """Returns the paths of a file or glob of images, and their names; None if it does not mean images.

    Args:
        source: A path, glob or address.
        all_are: Whether its files are images, whatever their suffix.

    Raises:
        FileNotFoundError: if a path or glob that ends as images do has no file.
    """
    if not all_are and not is_image(source) and ("*" not in source or "://" in source):
        return None
    paths = addresses.expand(source, lambda path: True)
    images = [path for path in paths if all_are or is_image(path)]
    if not images or not is_image(source) and len(images) < len(paths):
        return None  # what else a glob means is told where tables are read
    relative = "://" not in source and not os.path.isabs(os.path.expanduser(source))
    return images, pd.Series([os.path.relpath(path) if relative else path for path in images], dtype=object)


def image_list(values) -> list | None:
    """Returns the images of Pillow or paths of image files that a value is, or that a sequence holds; else None."""
    if image_pixels.is_pillow(values):
        return [values]
    if isinstance(values, np.ndarray) and (values.ndim != 1 or values.dtype.kind not in "OU"):
        return None
    if not isinstance(values, (list, tuple, np.ndarray, pd.Series)) or len(values) == 0:
        return None
    items = list(values)
    if all(map(image_pixels.is_pillow, items)):
        return items
    paths = all(isinstance(item, (str, os.PathLike)) and is_image(os.fspath(item)) for item in items)
    return [os.fspath(item) for item in items] if paths else None


def read_list(values: list, **wanted) -> tuple[np.ndarray, pd.Series | None]:
    """Returns the pixels of images of Pillow, without names, or of files, with their names."""
    if isinstance(values[0], str):
        names = pd.Series(values, dtype=object)
        return read_files(values, names, **wanted), names
    with one_thread():
        pixels = [image_pixels.of_pillow(image, **wanted) for image in values]
    return stacked(pixels, [f"image {row}" for row in range(len(pixels))]), None


def read_files(files: Iterable, names: pd.Series, *, channels: int | None = None, size=None) -> np.ndarray:
    """Reads images of one size, or to one size.

    Args:
        files: Paths or addresses.
        names: What errors call them.
        channels: 1, 3 or 4; None for 1 where all are grey, else 3.
        size: `(height, width)` to resize all to, or None.

    Returns:
        uint8 `(rows, height, width, channels)`.

    Raises:
        ImportError: if Pillow is not installed.
        FileNotFoundError: if there is no such file.
        ValueError: if one cannot be read, or they differ in size.
    """
    image_pixels.pillow()

    def read(path, name):
        with _opened(os.fspath(path)) as file:
            return image_pixels.read(file, str(name), channels=channels, size=size)

    threads = min(MOST_THREADS, os.cpu_count() or 1)
    with image_pixels.without_warnings(), one_thread(), ThreadPoolExecutor(threads) as pool:
        return stacked(list(pool.map(read, files, names)), list(names))


@contextlib.contextmanager
def _opened(path: str):
    if not addresses.is_local(path):
        with addresses.opened(path) as file:
            yield file
        return
    path = os.path.expanduser(path)
    if not os.path.isfile(path):  # a named pipe would never end
        raise FileNotFoundError(f"There is no image {path!r}. Correct the path.")
    with open(path, "rb") as file:
        yield file


def stacked(pixels: list[np.ndarray], names: list) -> np.ndarray:
    """Returns images `(height, width, channels)` as one array; grey ones beside others get three channels.

    Raises:
        ValueError: if they differ in size.
    """
    sizes: dict = {}
    for image, name in zip(pixels, names):
        sizes.setdefault(image.shape[:2], name)
    if len(sizes) > 1:
        (first, one), (second, other) = list(sizes.items())[:2]
        raise ValueError(
            f"All images must have the same size. Received: {one} with {first[1]} x {first[0]} and {other} with "
            f"{second[1]} x {second[0]} pixels. Resize them by `image_size`, which is (height, width)."
        )
    channels = max(image.shape[-1] for image in pixels)
    return np.stack([image_pixels.with_channels(image, channels) for image in pixels])
