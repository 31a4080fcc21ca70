"""Images: MNIST's idx files, and folders of PNG or JPEG files by class."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

SUFFIXES = (".png", ".jpg", ".jpeg")
_IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path) -> np.ndarray:
    """Reads one idx file: two zero bytes, a type, the number of dimensions, their sizes (big-endian), the values.

    Raises:
        ValueError: if it is no idx file, or cut off.
    """
    path = Path(path)
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (EOFError, gzip.BadGzipFile) as error:
        raise ValueError(f"{str(path)!r} must be whole. Received: a truncated file ({error}). Fetch it again.") from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _IDX_TYPES:
        raise ValueError(f"{str(path)!r} must be an idx file. Received: other bytes.")
    dtype, dimensions = np.dtype(_IDX_TYPES[content[2]]), content[3]
    shape = np.frombuffer(content, ">i4", dimensions, 4)
    values = np.frombuffer(content, dtype, offset=4 + 4 * dimensions)
    if values.size != np.prod(shape, dtype="int64"):
        raise ValueError(
            f"{str(path)!r} must hold {np.prod(shape, dtype='int64')} values. Received: {values.size}: it is truncated. Fetch it "
            "again."
        )
    return values.reshape(shape)


def idx_folder(folder) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Reads `train-images-idx3-ubyte` and its like: images, labels, and the rows of train and test.

    Raises:
        FileNotFoundError: if there are no such files.
        ValueError: if images and labels differ in number.
    """
    parts, splits, start = [], {}, 0
    for split, prefix in (("train", "train"), ("test", "t10k")):
        images = sorted(Path(folder).glob(f"{prefix}-images*"))
        labels = sorted(Path(folder).glob(f"{prefix}-labels*"))
        if not images or not labels:
            continue
        x, y = read_idx(images[0]), read_idx(labels[0])
        if len(x) != len(y):
            raise ValueError(f"There must be one label an image. Received: {len(x)} images and {len(y)} labels in {str(folder)!r}.")
        parts.append((x, y))
        splits[split] = np.arange(start, start + len(x))
        start += len(x)
    if not parts:
        raise FileNotFoundError(
            f"{str(folder)!r} must hold idx files: train-images-idx3-ubyte and train-labels-idx1-ubyte, with .gz or without."
        )
    x, y = (np.concatenate(part) for part in zip(*parts))
    return x, y.astype("int64"), splits


def is_class_folder(folder) -> bool:
    """Returns whether a folder has subfolders with images."""
    return any(path.suffix.lower() in SUFFIXES for path in Path(folder).glob("*/*"))


def class_folder(folder) -> tuple[np.ndarray, np.ndarray]:
    """Reads a folder of images by class: `<folder>/<class>/<image>`.

    Returns:
        Images `(rows, height, width, channels)` uint8 (one channel where all are grey), and classes `(rows,)`.

    Raises:
        ImportError: if Pillow is not installed.
        ValueError: if there are no images, one cannot be read, or they differ in size.
    """
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise ImportError("Reading PNG and JPEG files needs Pillow: pip install 'keras-zoo[images]'.") from error
    files = sorted(path for path in Path(folder).glob("*/*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise ValueError(f"{str(folder)!r} must hold a subfolder of PNG or JPEG files for each class. Received: none.")
    pictures, sizes = [], {}
    for file in files:
        try:
            with Image.open(file) as image:
                plain = image.convert("L" if image.mode in ("1", "L", "I;16") else "RGB")
                pictures.append(np.asarray(plain))
                sizes.setdefault(image.size, file)
        except (UnidentifiedImageError, OSError) as error:
            raise ValueError(f"{str(file)!r} must be a PNG or JPEG image. Received: {error}. Remove or replace it.") from error
    if len(sizes) > 1:
        (first, one), (second, other) = list(sizes.items())[:2]
        raise ValueError(
            f"All images must have the same size. Received: {one.name} with {first[0]} x {first[1]} and {other.name} with "
            f"{second[0]} x {second[1]} pixels. Resize them to one."
        )
    colour = any(picture.ndim == 3 for picture in pictures)
    stacked = [np.repeat(p[..., None], 3, axis=-1) if colour and p.ndim == 2 else p for p in pictures]
    x = np.stack(stacked)
    return x if colour else x[..., None], np.array([file.parent.name for file in files], dtype=object)
