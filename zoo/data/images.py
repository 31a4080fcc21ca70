"""Images: MNIST's idx files, .npz files of arrays, and folders of PNG or JPEG files by class."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np

from zoo.data import addresses

SUFFIXES = (".png", ".jpg", ".jpeg")
SPLITS = {"train": "train", "val": "val", "validation": "val", "valid": "val", "test": "test"}
_IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path) -> np.ndarray:
    """Reads one idx file: two zero bytes, a type, the number of dimensions, their sizes (big-endian), the values.

    Raises:
        ValueError: if it is no idx file, or cut off.
    """
    path = Path(path)
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(
            f"{str(path)!r} must be whole. Received: a truncated file ({error}). Fetch it again."
        ) from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _IDX_TYPES or len(content) < 4 + 4 * content[3]:
        raise ValueError(f"{str(path)!r} must be an idx file. Received: other bytes. Fetch it again.")
    dtype, dimensions = np.dtype(_IDX_TYPES[content[2]]), content[3]
    shape = np.frombuffer(content, ">i4", dimensions, 4)
    expected = 4 + 4 * dimensions + int(np.prod(shape, dtype="int64")) * dtype.itemsize
    if len(content) != expected:
        raise ValueError(
            f"{str(path)!r} must hold {expected} bytes. Received: {len(content)}: it is truncated. Fetch it again."
        )
    return np.frombuffer(content, dtype, offset=4 + 4 * dimensions).reshape(shape)


def is_idx_folder(folder: Path) -> bool:
    """Returns whether a folder holds idx files of images."""
    return any(folder.glob("*-images*idx3*"))


def idx_folder(folder: Path) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Reads images, labels and the rows of train and test from `train-images-idx3-ubyte` and its like.

    Raises:
        FileNotFoundError: if there are no such files.
        ValueError: if images and labels differ in number.
    """
    parts = {}
    for split, prefix in (("train", "train"), ("test", "t10k")):
        images, labels = (sorted(folder.glob(f"{prefix}-{what}*")) for what in ("images", "labels"))
        if not images or not labels:
            continue
        x, y = read_idx(images[0]), read_idx(labels[0])
        if len(x) != len(y):
            raise ValueError(
                f"There must be one label an image. Received: {len(x)} images and {len(y)} labels in {str(folder)!r}. "
                "Fetch both files again."
            )
        parts[split] = (x, y.astype("int64"))
    if not parts:
        raise FileNotFoundError(
            f"{str(folder)!r} must hold idx files: train-images-idx3-ubyte and train-labels-idx1-ubyte, with .gz or "
            "without. Received: none."
        )
    return _joined(parts)


def _joined(parts):
    """Returns the rows of all splits, one after the other, and their numbers."""
    splits, start = {}, 0
    for split, (x, _) in parts.items():
        splits[split] = np.arange(start, start + len(x))
        start += len(x)
    x, y = (np.concatenate(arrays) for arrays in zip(*parts.values()))
    return x, y, splits


def read_npz(path: str) -> tuple[np.ndarray, np.ndarray | None, dict[str, np.ndarray]]:
    """Reads the arrays `x` and `y`, or `x_train`, `y_train`, `x_test`, `y_test`, of an .npz file.

    Raises:
        ValueError: if it is none, is cut off, or holds other arrays.
    """
    with addresses.explained(path, "an .npz file"), addresses.opened(path) as file:
        try:
            with np.load(file, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files} if hasattr(stored, "files") else {}
        except (ValueError, AttributeError, TypeError) as error:  # pickled objects, or no .npz at all
            raise ValueError(
                f"{path!r} must be an .npz file of plain arrays. Received: {error}. Write it with numpy.savez."
            ) from error
    parts = {
        split: (arrays[f"x_{split}"], arrays[f"y_{split}"])
        for split in ("train", "val", "test")
        if f"x_{split}" in arrays and f"y_{split}" in arrays
    }
    if "x" not in arrays and not parts:
        raise ValueError(
            f"{path!r} must hold the arrays `x` and `y`. Received: {', '.join(arrays) or 'none'}. Write it with "
            "numpy.savez(path, x=..., y=...)."
        )
    if "x" not in arrays:
        return _joined(parts)
    y = arrays.get("y")
    return arrays["x"], y.astype("int64") if y is not None and y.dtype.kind in "iu" else y, {}


def is_image_folder(folder: Path) -> bool:
    """Returns whether a folder, or a subfolder of it, holds images."""
    return next(_image_files(folder), None) is not None


def _image_files(folder: Path):
    return (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and not path.name.startswith("."))


def image_folder(folder: Path) -> tuple[np.ndarray, np.ndarray | None, dict[str, np.ndarray]]:
    """Reads a folder of images: `<folder>/<class>/<image>`, `<folder>/<split>/<class>/<image>`, or without classes.

    Returns:
        Images `(rows, height, width, channels)` uint8 (one channel where all are grey), classes `(rows,)` (None where
        the images stand in the folder itself), and the rows of each split.

    Raises:
        ImportError: if Pillow is not installed.
        FileNotFoundError: if there are no images.
        ValueError: if one cannot be read, or they differ in size.
    """
    files = sorted(_image_files(folder))
    if not files:
        raise FileNotFoundError(
            f"{str(folder)!r} must hold PNG or JPEG files in a subfolder for each class. Received: none. Correct the "
            "path."
        )
    places = [file.relative_to(folder).parts[:-1] for file in files]
    depths = sorted({len(place) for place in places})
    split = depths == [2] and all(place[0] in SPLITS for place in places)
    if depths not in ([0], [1]) and not split:
        raise ValueError(
            f"{str(folder)!r} must hold images as <class>/<image> or <split>/<class>/<image>, with split train, val or "
            f"test. Received: {files[0].relative_to(folder)} beside {files[-1].relative_to(folder)}. Move them."
        )
    x = _pictures(files)
    classes = None if depths == [0] else np.array([place[-1] for place in places], dtype=object)
    parts = np.array([SPLITS[place[0]] for place in places]) if split else np.array([])
    return x, classes, {part: np.flatnonzero(parts == part) for part in ("train", "val", "test") if part in parts}


def _pictures(files: list[Path]) -> np.ndarray:
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise ImportError("Reading PNG and JPEG files needs Pillow: pip install 'keras-zoo[images]'") from error
    pictures: list[np.ndarray] = []
    sizes: dict = {}
    for file in files:
        try:
            with Image.open(file) as image:
                pictures.append(np.asarray(image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")))
                sizes.setdefault(image.size, file)
        except (UnidentifiedImageError, OSError, SyntaxError) as error:
            raise ValueError(
                f"{str(file)!r} must be a PNG or JPEG image. Received: {error}. Remove or replace it."
            ) from error
    if len(sizes) > 1:
        (first, one), (second, other) = list(sizes.items())[:2]
        raise ValueError(
            f"All images must have the same size. Received: {one.name} with {first[0]} x {first[1]} and {other.name} "
            f"with {second[0]} x {second[1]} pixels. Resize them to one."
        )
    colour = any(picture.ndim == 3 for picture in pictures)
    stacked = [np.repeat(p[..., None], 3, axis=-1) if colour and p.ndim == 2 else p for p in pictures]
    x = np.stack(stacked)
    return x if colour else x[..., None]
