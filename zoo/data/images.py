"""Arrays of images: MNIST's idx files and .npz files. (`zoo.data.image_files` reads PNG, JPEG and their like.)"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np

from zoo.data import addresses

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
            "without. Received: none. Correct the path, or fetch them."
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
