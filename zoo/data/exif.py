"""How a camera was held: the orientation in a JPEG's EXIF data, and the image turned by it.

A camera writes the rows of its sensor as they are, and a number that says how an image is to be turned:

    1  nothing            2  left-right            3  left-right and top-bottom            4  top-bottom
    5  transposed         6  and left-right        7  and left-right and top-bottom        8  and top-bottom

JPEG: segments FF, marker, length (2 bytes, big-endian), the one of marker E1 that begins with "Exif\\0\\0" holds TIFF:
byte order, the place of a directory, and in it entries of 12 bytes: tag, type, count, value.
EXIF 2.32, section 4.5; the served graph (`zoo.data.image_graph`) reads the same bytes in the same way.
"""

from __future__ import annotations

import struct

import numpy as np

SEGMENTS = 64  # how many of a JPEG's segments are looked at
ENTRIES = 64  # how many entries of the directory are looked at
ORIENTATION, SHORT = 0x0112, 3
SWAPPED = (5, 6, 7, 8)  # rows and columns
LEFT_RIGHT = (2, 3, 6, 7)
TOP_BOTTOM = (3, 4, 7, 8)


def orientation(content: bytes) -> int:
    """Returns the orientation that the bytes of a JPEG tell, 1 to 8; 1 where they tell none."""
    start = 2
    for _ in range(SEGMENTS):
        segment = content[start : start + 10]
        if start + 4 > len(content) or segment[0] != 0xFF or segment[1] in (0xD9, 0xDA):  # the end, or the pixels
            break
        if segment[1] == 0xE1 and segment[4:] == b"Exif\0\0":
            return _in_directory(content[start + 10 :])
        size = int.from_bytes(segment[2:4], "big")
        if size < 2:
            break
        start += 2 + size
    return 1


def _in_directory(tiff: bytes) -> int:
    if tiff[:2] not in (b"II", b"MM"):
        return 1

    def number(start, count):
        values = tiff[start : start + count].ljust(count, b"\0")
        return int.from_bytes(values, "little" if tiff[:2] == b"II" else "big")

    place = number(4, 4)
    for entry in range(place + 2, place + 2 + 12 * min(number(place, 2), ENTRIES), 12):
        if number(entry, 2) == ORIENTATION and number(entry + 2, 2) == SHORT:
            value = number(entry + 8, 2)
            return value if 1 <= value <= 8 else 1
    return 1


def segment(orientation: int) -> bytes:
    """Returns the bytes that tell an orientation, to be put behind the first two of a JPEG."""
    entry = struct.pack(">HHIHH", ORIENTATION, SHORT, 1, orientation, 0)
    tiff = b"MM" + struct.pack(">HIH", 42, 8, 1) + entry + bytes(4)
    return b"\xff\xe1" + struct.pack(">H", 2 + 6 + len(tiff)) + b"Exif\0\0" + tiff


def turned(image: np.ndarray, orientation: int) -> np.ndarray:
    """Returns an image `(height, width, channels)` as it was seen; its sides change places for 5 to 8."""
    image = image.transpose(1, 0, 2) if orientation in SWAPPED else image
    image = image[:, ::-1] if orientation in LEFT_RIGHT else image
    return image[::-1] if orientation in TOP_BOTTOM else image
