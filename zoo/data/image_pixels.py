"""One image, from a file or Pillow, as pixels: the very pixels that the served graph makes of the same bytes.

    decode      PNG, JPEG, GIF (the first frame), BMP and WebP, told by their first bytes; of 16 bits the upper 8 count
    turn        a JPEG, as its EXIF data say (`zoo.data.exif`)
    channels    1: grey, (19595 R + 38470 G + 7471 B) / 65536, as Pillow rounds it; 3: colours without alpha; 4: with it
    resize      where a size is wanted (`zoo.data.resizing`)

`zoo.data.image_graph` does the same in TensorFlow. What the two would read differently is refused by both.
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
import sys
import warnings

import numpy as np

from zoo.data import exif
from zoo.data.resizing import resized

FORMATS = {"PNG": b"\x89PNG\r\n\x1a\n", "JPEG": b"\xff\xd8\xff", "GIF": b"GIF8", "BMP": b"BM", "WEBP": b"RIFF"}
NAMES = "PNG, JPEG, GIF, BMP or WebP"
SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".webp")
MOST_PIXELS = 2**26
LONGEST_SIDE = 2**16 - 1  # which is JPEG's and GIF's; sums of longer sides might not be exact when they are resized
VARIABLE = "ZOO_MAX_PIXELS"
HEAD = 14 + 124 + 4 * 256  # bytes: the longest header of a BMP and its palette
BMP = "uncompressed, with 24 or 32 bits a pixel or 8 bits of grey"
GIF = "one whose first frame fills it"
GREY = (19595, 38470, 7471)  # ITU-R 601-2, in units of 1/65536
DAMAGED = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, struct.error)


def most_pixels() -> int:
    """Returns how many pixels an image may have; the environment variable ZOO_MAX_PIXELS changes it.

    Raises:
        ValueError: if the variable is no whole number above 0.
    """
    text = os.environ.get(VARIABLE, "").strip() or str(MOST_PIXELS)
    if not text.isdecimal() or int(text) == 0:
        raise ValueError(f"{VARIABLE} must be a number of pixels. Received: {text!r}. Unset it for {MOST_PIXELS}.")
    return int(text)


def read(file, name: str, *, channels: int | None = None, size: tuple[int, int] | None = None) -> np.ndarray:
    """Reads an image. Pillow may warn of it: see `without_warnings`.

    Args:
        file: A binary file that can be read from its beginning again.
        name: What errors call it.
        channels: 1, 3 or 4; None for 1 of a grey image and 3 of others.
        size: `(height, width)` to resize it to, or None.

    Returns:
        uint8 `(height, width, channels)`.

    Raises:
        ImportError: if Pillow is not installed.
        ValueError: if it is no such image, is damaged, has too many pixels, or is one that TensorFlow reads wrongly.
    """
    image_module = pillow()
    head = file.read(HEAD)
    file.seek(0)
    format = format_of(head)
    if format is None:
        raise ValueError(
            f"{name!r} must be a {NAMES} image. Received: bytes that begin with {head[:8]!r}. Convert or remove it."
        )
    try:
        with image_module.open(file, formats=[format]) as image:
            _check_size(image.size, name)
            if format == "BMP":
                _check_bmp(head, file, name)
            elif format == "WEBP" and head[12:16] == b"VP8X" and head[20] & 2:
                raise _Refused(f"{name!r} must not be an animation, as a WebP. Save its first image alone.")
            elif format == "GIF" and tuple(image.tile[0][1]) != (0, 0, *struct.unpack("<HH", head[6:10])):
                raise _Refused(f"{name!r} must be {GIF}, as a GIF. Save it as PNG.")
            pixels = _first_frame(image) if format == "GIF" else _pixels(image, alpha=channels == 4)
    except image_module.DecompressionBombError as error:
        raise ValueError(_too_large(name, str(error), more=" and PIL.Image.MAX_IMAGE_PIXELS")) from error
    except (MemoryError, _Refused):
        raise
    except DAMAGED as error:
        what = "a damaged header" if isinstance(error, image_module.UnidentifiedImageError) else str(error)
        raise ValueError(f"{name!r} must be a {NAMES} image. Received: {what}. Remove or replace it.") from error
    if format == "JPEG":
        file.seek(0)
        pixels = exif.turned(pixels, exif.orientation(file.read(exif.SEGMENTS * 65_537)))
    return _finished(pixels, channels, size)


def format_of(head: bytes) -> str | None:
    """Returns the format that the first bytes of a file tell: a key of FORMATS, or None."""
    format = next((name for name, magic in FORMATS.items() if head.startswith(magic)), None)
    return None if format == "WEBP" and head[8:12] != b"WEBP" else format


def is_pillow(value) -> bool:
    """Returns whether a value is an image of Pillow, without importing it."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(value, module.Image)


def of_pillow(image, *, channels: int | None = None, size: tuple[int, int] | None = None) -> np.ndarray:
    """Returns the pixels of an image of Pillow, as `read` of the file that it was opened from.

    Raises:
        ValueError: if its numbers are not those of pixels from 0 to 255, or it has too many of them.
    """
    name = getattr(image, "filename", "") or f"an image of Pillow, mode {image.mode}"
    _check_size(image.size, str(name))
    with without_warnings():
        try:
            first = image.format == "GIF" and getattr(image, "tell", int)() == 0
            pixels = _first_frame(image) if first else _pixels(image, alpha=channels == 4)
            turn = image.getexif().get(exif.ORIENTATION, 1) if image.format in (None, "JPEG", "MPO") else 1
        except _Refused:
            raise
        except DAMAGED as error:
            raise ValueError(f"{str(name)!r} must be a whole image. Received: {error}. Replace it.") from error
    return _finished(exif.turned(pixels, turn if turn in range(1, 9) else 1), channels, size)


def of_bytes(content: bytes, name: str, **wanted) -> np.ndarray:
    """Reads an image from its bytes; further arguments as for `read`."""
    with without_warnings():
        return read(io.BytesIO(content), name, **wanted)


@contextlib.contextmanager
def without_warnings():
    """Hides Pillow's warnings, of transparency, EXIF data and many pixels. Not for one of several threads alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def pillow():
    """Returns the module PIL.Image.

    Raises:
        ImportError: if Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(f"Reading {NAMES} files needs Pillow: pip install 'keras-zoo[images]'") from error
    return Image


class _Refused(ValueError):
    """An error whose text is whole."""


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > most_pixels() or max(width, height) > LONGEST_SIDE:
        raise _Refused(_too_large(name, f"{width} x {height}, of which the header tells"))


def _too_large(name: str, received: str, more: str = "") -> str:
    return (
        f"{name!r} must have at most {most_pixels()} pixels, {LONGEST_SIDE} along a side. Received: {received}. Make "
        f"it smaller, or raise the environment variable {VARIABLE}{more}."
    )


def _check_bmp(head: bytes, file, name: str) -> None:
    """Raises ValueError for what TensorFlow takes for other pixels than they are, or does not decode."""
    if len(head) >= 54:
        offset, header, width, height = struct.unpack("<IIii", head[10:26])
        bits, compression, _, _, _, colours = struct.unpack("<HIIiiI", head[28:50])
        plain = compression == 0 or compression == 3 and bits == 32 and head[54:66] == BMP_MASKS
        palette = np.frombuffer(head[14 + header : 14 + header + 1024].ljust(1024, b"\0"), "uint8").reshape(256, 4)
        grey = colours in (0, 256) and bool((palette[:, :3] == np.arange(256)[:, None]).all())
        length = file.seek(0, io.SEEK_END)
        file.seek(0)
        whole = length == offset + (bits // 8 * width + 3) // 4 * 4 * abs(height)
        if 40 <= header <= 124 and plain and whole and (bits in (24, 32) or bits == 8 and grey):
            return
    raise _Refused(f"{name!r} must be {BMP}, as a BMP. Received: another kind of BMP. Save it as PNG.")


BMP_MASKS = struct.pack("<III", 0xFF0000, 0xFF00, 0xFF)  # blue, green, red, as uncompressed pixels have them


def _pixels(image, alpha: bool) -> np.ndarray:
    """Returns `(height, width, 1)` of a grey image, else 3 channels, or 4 with alpha if that is wanted."""
    mode, of_png = image.mode, image.format == "PNG"
    if mode.startswith("I;16") or mode == "I" and of_png:  # which older versions of Pillow make of 16 bits
        return (np.asarray(image) >> 8).astype("uint8")[..., None]
    if mode in ("I", "F"):
        raise _Refused(
            f"Images must have 8 bits a channel, or 16 bits of grey. Received: an image of Pillow with mode {mode!r}, "
            "whose range is not known. Scale it to 0 to 255 and convert it: image.convert('L')."
        )
    if mode == "CMYK":
        return _from_cmyk(image)
    of_palette = mode == "P" and "transparency" in image.info
    if alpha and image.format != "BMP" and (of_palette or mode in ("LA", "La", "PA", "RGBA", "RGBa")):
        return np.asarray(image.convert("RGBA"))  # one transparent colour of an image without a palette is not alpha
    wanted = "L" if mode in ("1", "L", "LA", "La") else "RGB"
    pixels = np.asarray(image if mode == wanted else image.convert(wanted))
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _from_cmyk(image) -> np.ndarray:
    """Returns the colours of a CMYK image as TensorFlow computes them from a JPEG: (255 - ink)(255 - black) / 255."""
    inks = np.asarray(image).astype("int32")
    if image.format in ("JPEG", "MPO") and "adobe" not in image.info:
        inks = 255 - inks  # Pillow takes all for inverted, as Adobe's are
    return ((255 - inks[..., :3]) * (255 - inks[..., 3:]) // 255).astype("uint8")


def _first_frame(image) -> np.ndarray:
    """Returns the first frame of a GIF; what is transparent is black, as TensorFlow has it."""
    pixels = np.array(image.convert("L" if image.mode == "L" else "RGB"))
    transparent = image.info.get("transparency")
    if isinstance(transparent, int) and image.mode in ("L", "P"):
        pixels[np.asarray(image) == transparent] = 0
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _finished(pixels: np.ndarray, channels: int | None, size) -> np.ndarray:
    pixels = with_channels(pixels, channels)
    return np.ascontiguousarray(pixels) if size is None else resized(pixels, size)


def with_channels(pixels: np.ndarray, channels: int | None) -> np.ndarray:
    """Returns pixels `(height, width, 1, 3 or 4)` with another number of channels; None leaves them as they are."""
    have = pixels.shape[-1]
    if channels in (None, have):
        return pixels
    if channels == 1:
        return ((pixels[..., :3] @ np.array(GREY, "int32") + 2**15) >> 16).astype("uint8")[..., None]
    colours = np.repeat(pixels, 3, axis=-1) if have == 1 else pixels[..., :3]
    if channels == 3:
        return colours
    return np.concatenate([colours, np.full((*pixels.shape[:2], 1), 255, "uint8")], axis=-1)
