"""The pixels of encoded images in a graph of TensorFlow: those that `zoo.data.image_pixels` reads in Python.

    bytes -> format, by the first of them -> size, before anything is unpacked -> decode -> turn -> channels -> resize

Decoders are those of TensorFlow alone, so that the graph needs nothing else where it is served. A TensorFlow that is
too old for WebP says so, in words of its own, when it meets such an image.
"""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from zoo.data import exif
from zoo.data.image_pixels import BMP, BMP_MASKS, FORMATS, GIF, GREY, LONGEST_SIDE, NAMES
from zoo.data.resizing import BLOCK

MOST_BLOCKS = 4096  # before the first frame of a GIF: of 255 bytes each


def pixels(content, shape: Sequence[int | None], *, resized: bool, most_pixels: int):
    """Returns the image uint8 of a shape `(height, width, channels)` that a scalar string holds.

    Args:
        content: The bytes of a PNG, JPEG, GIF, BMP or WebP image.
        shape: What is wanted, with 1, 3 or 4 channels.
        resized: Whether images of other sizes are resized; else they are an error.
        most_pixels: The most pixels of an image that is resized.
    """
    height, width, channels = shape
    kinds = [_starts(content, magic) for magic in FORMATS.values()]
    kinds[-1] &= tf.equal(tf.strings.substr(content, 0, 12), tf.strings.substr(content, 0, 8) + b"WEBP")
    said = f"An image must be {NAMES}. Received bytes that begin with:"  # as numbers: errors are text in UTF-8
    known = tf.debugging.Assert(tf.reduce_any(kinds), [said, _bytes(content, 0, 8)], summarize=8)

    def checked(found):
        """Returns the operation that refuses a size `(height, width)` before its image is unpacked."""
        area = tf.reduce_prod(tf.cast(found, tf.int64))
        if resized:
            said = f"An image must have at most {most_pixels} pixels, {LONGEST_SIDE} along a side. Received:"
            allowed = (area <= most_pixels) & tf.reduce_all(found <= LONGEST_SIDE)
            return tf.debugging.Assert(allowed, [said, found])
        return tf.debugging.Assert(tf.equal(area, height * width), [_size_error(height, width), found])

    def decoded(size, decode):
        def branch():
            with tf.control_dependencies([checked(size(content))]):
                return decode(tf.identity(content), 4 if channels == 4 else 3)

        return branch

    with tf.control_dependencies([known]):
        index = tf.argmax(tf.cast(tf.stack(kinds), tf.int32))
    branches = [decoded(*FUNCTIONS[format]) for format in FORMATS]
    image = tf.switch_case(tf.cast(index, tf.int32), branches)
    image = tf.ensure_shape(image, (None, None, 4 if channels == 4 else 3))
    if channels == 1:
        grey = tf.reduce_sum(tf.cast(image, tf.int32) * tf.constant(GREY), axis=-1, keepdims=True)
        image = tf.cast((grey + 2**15) // 2**16, tf.uint8)
    if resized:
        return tf.ensure_shape(_resized(image, height, width), shape)
    found = tf.shape(image)[:2]
    exact = tf.debugging.Assert(tf.reduce_all(found == [height, width]), [_size_error(height, width), found])
    with tf.control_dependencies([exact]):
        return tf.ensure_shape(tf.identity(image), shape)


def _size_error(height: int, width: int) -> str:
    return f"An image must have {height} x {width} pixels (height x width): the model does not resize. Received:"


def _starts(content, magic: bytes):
    return tf.equal(tf.strings.substr(content, 0, len(magic)), magic)


def _bytes(content, start, count: int):
    """Returns bytes of a string as int64 `(count,)`, 0 beyond its end."""
    start = tf.minimum(tf.cast(start, tf.int64), tf.cast(tf.strings.length(content), tf.int64))
    part = tf.strings.substr(content, start, tf.constant(count, tf.int64))
    return tf.cast(tf.io.decode_raw(part, tf.uint8, fixed_length=count), tf.int64)


def _number(values, big_endian=False):
    """Returns the whole number that bytes `(..., count)` are."""
    count = values.shape[-1]
    little = tf.constant([256**i for i in range(count)], tf.int64)
    return tf.reduce_sum(values * (little[::-1] if big_endian else little), axis=-1)


# Height and width as the headers tell them.


def _png_size(content):
    place = _bytes(content, 16, 8)
    return tf.stack([_number(place[4:], big_endian=True), _number(place[:4], big_endian=True)])


def _jpeg_size(content):
    return tf.cast(tf.image.extract_jpeg_shape(content)[:2], tf.int64)


def _gif_size(content):
    place = _bytes(content, 6, 4)
    return tf.stack([_number(place[2:]), _number(place[:2])])


def _bmp_size(content):
    place = _bytes(content, 18, 8)
    height = _number(place[4:])
    return tf.stack([tf.where(height < 2**31, height, 2**32 - height), _number(place[:4])])  # below 0: top down


def _webp_size(content):
    head = _bytes(content, 12, 18)  # "VP8 ", "VP8L" or "VP8X", the chunk's size, its content
    lossy = tf.stack([_number(head[16:18]), _number(head[14:16])]) % 2**14
    bits = _number(head[9:13])
    lossless = tf.stack([bits // 2**14, bits]) % 2**14 + 1
    extended = tf.stack([_number(head[15:18]), _number(head[12:15])]) + 1
    return tf.where(head[3] == ord(" "), lossy, tf.where(head[3] == ord("L"), lossless, extended))


# Decoded to as many channels as are wanted, 3 or 4.


def _png(content, channels):
    if channels == 3:
        return tf.io.decode_png(content, channels=3)
    image = tf.io.decode_png(content, channels=0)  # with 4, the alpha of images of less than 8 bits is undefined
    have = tf.shape(image)[-1]
    grey, alpha = have < 3, tf.equal(have % 2, 0)
    colours = tf.cond(grey, lambda: tf.repeat(image[..., :1], 3, axis=-1), lambda: image[..., :3])
    return tf.concat([colours, tf.cond(alpha, lambda: image[..., -1:], lambda: _full(image))], axis=-1)


def _jpeg(content, channels):
    # With this method a JPEG has the very pixels that Pillow gives; by default it has not.
    image = tf.io.decode_jpeg(content, channels=3, dct_method="INTEGER_ACCURATE")
    return _opaque(_turned(image, _orientation(content)), channels)


def _gif(content, channels):
    # TensorFlow takes the largest frame for the screen, and leaves out what lies outside of it.
    screen, frame = _gif_size(content), _bytes(content, _first_frame(content), 9)
    left, top, size = frame[1:3], frame[3:5], tf.stack([_number(frame[7:9]), _number(frame[5:7])])
    fills = tf.equal(frame[0], 0x2C) & tf.equal(_number(left) + _number(top), 0) & tf.reduce_all(size == screen)
    with tf.control_dependencies([tf.debugging.Assert(fills, [f"A GIF must be {GIF}. Save the image as PNG."])]):
        image = tf.io.decode_image(tf.identity(content), channels=3, expand_animations=False)
    same = tf.reduce_all(tf.shape(image, tf.int64)[:2] == screen)
    with tf.control_dependencies([tf.debugging.Assert(same, [f"A GIF must be {GIF}. Save the image as PNG."])]):
        return _opaque(tf.identity(image), channels)


def _first_frame(content):
    """Returns where the first frame of a GIF begins: behind the colours and the extensions, blocks of blocks."""
    flags = _bytes(content, 10, 1)[0]
    colours = tf.where(flags >= 128, 3 * tf.bitwise.left_shift(tf.constant(2, tf.int64), flags % 8), 0)

    def searching(count, place, inside):
        return (count < MOST_BLOCKS) & (inside | tf.equal(_bytes(content, place, 1)[0], 0x21))

    def step(count, place, inside):
        value = _bytes(content, place, 1)[0]
        return count + 1, place + tf.where(inside, value + 1, 2), ~inside | (value > 0)

    return tf.while_loop(searching, step, (tf.constant(0), 13 + colours, tf.constant(False)))[1]


def _bmp(content, channels):
    head = _bytes(content, 0, 66)
    header, bits, compression = _number(head[14:18]), _number(head[28:30]), _number(head[30:34])
    masks = tf.reduce_all(head[54:66] == tf.constant(list(BMP_MASKS), tf.int64))
    plain = (compression == 0) | ((compression == 3) & (bits == 32) & masks)
    colours = _number(head[46:50])
    palette = tf.reshape(_bytes(content, 14 + header, 1024), (256, 4))[:, :3]
    grey = tf.reduce_all(palette == tf.range(256, dtype=tf.int64)[:, None]) & ((colours == 0) | (colours == 256))
    deep = (bits == 24) | (bits == 32) | ((bits == 8) & grey)
    height, width = tf.unstack(_bmp_size(content))
    length = _number(head[10:14]) + (bits // 8 * width + 3) // 4 * 4 * height
    whole = tf.equal(length, tf.cast(tf.strings.length(content), tf.int64))
    said = f"A BMP must be {BMP}. Save the image as PNG."
    known = tf.debugging.Assert((header >= 40) & (header <= 124) & plain & deep & whole, [said])
    with tf.control_dependencies([known]):
        image = tf.io.decode_image(tf.identity(content), channels=0, expand_animations=False)
    colours = tf.cond(tf.shape(image)[-1] == 1, lambda: tf.repeat(image, 3, axis=-1), lambda: image[..., :3])
    return _opaque(tf.ensure_shape(colours, (None, None, 3)), channels)


def _webp(content, channels):
    extended, flags = _starts(tf.strings.substr(content, 12, 4), b"VP8X"), _bytes(content, 20, 1)[0]
    animated = extended & tf.equal(flags // 2 % 2, 1)
    # TensorFlow 2.21 writes beyond the frame where it is to give the first frame of an animation alone.
    still = tf.debugging.Assert(~animated, ["A WebP must not be an animation. Save its first image alone."])
    with tf.control_dependencies([still]):
        image = tf.io.decode_image(tf.identity(content), channels=0, expand_animations=False)  # 3 or 4
    if channels == 3:
        return image[..., :3]
    return tf.cond(tf.shape(image)[-1] == 4, lambda: image, lambda: _opaque(image, 4))


def _opaque(image, channels):
    if channels == 3:
        return image
    return tf.concat([image, _full(image)], axis=-1)


def _full(image):
    """Returns the alpha of an image without any."""
    return tf.fill(tf.concat([tf.shape(image)[:2], [1]], 0), tf.constant(255, tf.uint8))


FUNCTIONS = {
    "PNG": (_png_size, _png),
    "JPEG": (_jpeg_size, _jpeg),
    "GIF": (_gif_size, _gif),
    "BMP": (_bmp_size, _bmp),
    "WEBP": (_webp_size, _webp),
}


def _orientation(content):
    """Returns the orientation in the EXIF data of a JPEG, as `zoo.data.exif.orientation` does."""
    length = tf.cast(tf.strings.length(content), tf.int64)

    def searching(count, start, tiff):
        return (count < exif.SEGMENTS) & (tiff < 0) & (start + 4 <= length)

    def step(count, start, tiff):
        segment = _bytes(content, start, 10)
        size = _number(segment[2:4], big_endian=True)
        known = (segment[0] == 0xFF) & (segment[1] != 0xD9) & (segment[1] != 0xDA)
        named = tf.reduce_all(segment[4:] == tf.constant(list(b"Exif\0\0"), tf.int64))
        tiff = tf.where(known & (segment[1] == 0xE1) & named, start + 10, tiff)
        return count + 1, tf.where(known & (size >= 2), start + 2 + size, length), tiff

    first = (tf.constant(0), tf.constant(2, tf.int64), tf.constant(-1, tf.int64))
    tiff = tf.while_loop(searching, step, first)[2]
    return tf.cond(tiff < 0, lambda: tf.constant(1, tf.int64), lambda: _in_directory(content, tiff))


def _in_directory(content, tiff):
    head = _bytes(content, tiff, 8)
    little = (head[0] == ord("I")) & (head[1] == ord("I"))
    big = (head[0] == ord("M")) & (head[1] == ord("M"))

    def number(values):
        return tf.where(big, _number(values, big_endian=True), _number(values))

    place = tiff + number(head[4:])
    count = number(_bytes(content, place, 2))
    entries = tf.reshape(_bytes(content, place + 2, 12 * exif.ENTRIES), (exif.ENTRIES, 12))
    wanted = (number(entries[:, :2]) == exif.ORIENTATION) & (number(entries[:, 2:4]) == exif.SHORT)
    wanted &= tf.range(exif.ENTRIES, dtype=tf.int64) < count
    value = number(tf.gather(entries, tf.argmax(tf.cast(wanted, tf.int32)))[8:10])
    known = (little | big) & tf.reduce_any(wanted) & (value >= 1) & (value <= 8)
    return tf.where(known, value, 1)


def _turned(image, orientation):
    def among(orientations):
        return tf.reduce_any(orientation == tf.constant(orientations, tf.int64))

    image = tf.cond(among(exif.SWAPPED), lambda: tf.transpose(image, (1, 0, 2)), lambda: image)
    turned = tf.cond(among(exif.LEFT_RIGHT), lambda: tf.reverse(image, [1]), lambda: image)
    return tf.cond(among(exif.TOP_BOTTOM), lambda: tf.reverse(turned, [0]), lambda: turned)


def _resized(image, height: int, width: int):
    """Returns an image in another size, as `zoo.data.resizing.resized` does: the sums are exact."""
    size, channels = tf.shape(image), image.shape[-1]
    down, across = _weights(size[0], height), _weights(size[1], width)
    total = tf.size(image, tf.int64)
    rows = tf.clip_by_value(BLOCK * height // total, 1, height)
    reach, length = 2 * tf.maximum(tf.cast(size[0], tf.int64), height) + height, tf.cast(size[0], tf.int64)

    def add(index, start, found):
        end = tf.minimum(start + rows, height)
        first = tf.maximum(((2 * start + 1) * length - reach) // (2 * height), 0)
        last = tf.minimum(((2 * end - 1) * length + reach) // (2 * height) + 1, length)
        block = tf.cast(tf.reshape(image[first:last], (-1, size[1] * channels)), tf.float64)
        filter = down[start:end]
        return index + 1, end, found.write(index, _rounded(tf.matmul(filter[:, first:last], block), filter))

    shape = tf.TensorShape((None, None))
    found = tf.TensorArray(tf.float64, 0, dynamic_size=True, infer_shape=False, element_shape=shape)
    begin = (tf.constant(0), tf.constant(0, tf.int64), found)
    found = tf.while_loop(lambda index, start, found: start < height, add, begin)[2]
    lines = tf.reshape(found.concat(), (height, size[1], channels))
    lines = tf.reshape(tf.transpose(lines, (1, 0, 2)), (size[1], height * channels))
    columns = tf.reshape(_rounded(tf.matmul(across, lines), across), (width, height, channels))
    return tf.cast(tf.transpose(columns, (1, 0, 2)), tf.uint8)


def _weights(length, wanted: int):
    length = tf.cast(length, tf.int64)
    inputs, outputs = tf.range(length), tf.range(wanted, dtype=tf.int64)[:, None]
    centres = (2 * inputs + 1) * wanted - (2 * outputs + 1) * length
    return tf.cast(tf.maximum(2 * tf.maximum(length, wanted) - tf.abs(centres), 0), tf.float64)


def _rounded(sums, filter):
    total = tf.reduce_sum(filter, axis=1, keepdims=True)
    return tf.floor((2.0 * sums + total) / (2.0 * total))
