"""Images of every kind that the zoo reads, encoded, by name: for the tests of both readings."""

import io
import struct
import zlib

import numpy as np

HEIGHT, WIDTH = 13, 18


def _smooth(channels, seed=0):
    """Returns pixels like a photograph's: neighbours are alike. JPEG makes noise of noise."""
    steps = np.random.default_rng(seed).integers(-9, 10, (2, HEIGHT, WIDTH, channels))
    return np.clip(steps[0].cumsum(axis=0) + steps[1].cumsum(axis=1) + 100, 0, 255).astype("uint8")


def _encoded(image, format, **options):
    content = io.BytesIO()
    image.save(content, format, **options)
    return content.getvalue()


def png16(values, color_type):
    """Returns a PNG of 16 bits a channel, which Pillow writes of grey (color type 0) alone: 2 RGB, 4 LA, 6 RGBA."""
    height, width = values.shape[:2]

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def turned(orientation, order="<", entries=()):
    """Returns a JPEG whose EXIF data tell an orientation, written in one byte order behind other entries."""
    from PIL import Image

    return _encoded(Image.fromarray(_smooth(3)), "JPEG", exif=exif(orientation, order, entries))


def exif(orientation, order="<", entries=(), kind=3):
    """Returns EXIF data: TIFF of one directory, an entry (tag, type, count, value) after the other."""
    entries = [*entries, struct.pack(f"{order}HHI", 0x0112, kind, 1) + struct.pack(f"{order}HH", orientation, 0)]
    start = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HI", 42, 8)
    return b"Exif\0\0" + start + struct.pack(f"{order}H", len(entries)) + b"".join(entries) + b"\0" * 4


def images():
    """Returns `{name: bytes}` of images of one size."""
    from PIL import Image

    values = np.random.default_rng(1).integers(0, 65536, (HEIGHT, WIDTH, 4)).astype("uint16")
    rgb, grey, rgba = (Image.fromarray(np.squeeze(_smooth(n)), mode) for n, mode in ((3, "RGB"), (1, "L"), (4, "RGBA")))
    palette, few = rgb.quantize(17), rgb.quantize(4)
    cmyk = _encoded(rgb.convert("CMYK"), "JPEG")
    adobe = cmyk.index(b"\xff\xee")
    return {
        "PNG, colour": _encoded(rgb, "PNG"),
        "PNG, grey": _encoded(grey, "PNG"),
        "PNG, alpha": _encoded(rgba, "PNG"),
        "PNG, grey with alpha": _encoded(Image.merge("LA", (grey, grey.rotate(180))), "PNG"),
        "PNG, 1 bit": _encoded(grey.convert("1"), "PNG"),
        "PNG, palette": _encoded(palette, "PNG"),
        "PNG, palette of 2 bits": _encoded(few, "PNG", bits=2),
        "PNG, palette with one transparent": _encoded(palette, "PNG", transparency=3),
        "PNG, palette with alpha": _encoded(palette, "PNG", transparency=bytes(range(0, 170, 10))),
        "PNG, grey with one transparent": _encoded(grey, "PNG", transparency=int(np.asarray(grey)[0, 0])),
        "PNG, 16 bits of grey": png16(values[..., :1], 0),
        "PNG, 16 bits of colour": png16(values[..., :3], 2),
        "PNG, 16 bits of grey with alpha": png16(values[..., :2], 4),
        "PNG, 16 bits with alpha": png16(values, 6),
        "JPEG, colour": _encoded(rgb, "JPEG"),
        "JPEG, grey": _encoded(grey, "JPEG"),
        "JPEG, colour of full size": _encoded(rgb, "JPEG", subsampling=0, quality=95),
        "JPEG, progressive": _encoded(rgb, "JPEG", progressive=True),
        "JPEG, CMYK": cmyk,
        "JPEG, CMYK without Adobe's mark": cmyk[:adobe]
        + cmyk[adobe + 2 + int.from_bytes(cmyk[adobe + 2 : adobe + 4]) :],
        "GIF": _encoded(palette, "GIF"),
        "GIF, grey": _encoded(grey, "GIF"),
        "GIF, with a comment": _encoded(palette, "GIF", comment=b"what is seen " * 99),
        "GIF, transparent": _encoded(palette, "GIF", transparency=3),
        "GIF, animated": _encoded(palette, "GIF", save_all=True, append_images=[rgb.rotate(90)]),
        "BMP, 24 bits": _encoded(rgb, "BMP"),
        "BMP, 8 bits of grey": _encoded(grey, "BMP"),
        "BMP, 32 bits": _encoded(rgba, "BMP"),
        "WebP": _encoded(rgb, "WEBP"),
        "WebP, exact": _encoded(rgb, "WEBP", lossless=True),
        "WebP, alpha": _encoded(rgba, "WEBP", lossless=True, exact=True),
    }


def refused():
    """Returns `{name: (bytes, what the error says)}` of images that TensorFlow does not read, or not as they are."""
    from PIL import Image

    rgb = Image.fromarray(_smooth(3))
    palette, bmp = rgb.quantize(200), bytearray(_encoded(rgb, "BMP"))
    bmp[30] = 1  # compression
    smaller, outside = bytearray(_encoded(palette, "GIF")), bytearray(_encoded(palette, "GIF"))
    smaller[6] += 1  # the width of the screen
    frame = outside.index(b",", 13 + 3 * 256)
    outside[frame + 1] += 1  # the left side of the first frame
    animated = _encoded(rgb, "WEBP", save_all=True, append_images=[rgb.rotate(90)])
    return {
        "BMP, palette": (_encoded(palette, "BMP"), "BMP"),
        "BMP, 1 bit": (_encoded(rgb.convert("1"), "BMP"), "BMP"),
        "BMP, compressed": (bytes(bmp), "BMP"),
        "BMP, longer than its pixels": (_encoded(rgb, "BMP") + b"\0", "BMP"),
        "GIF, on a larger screen": (bytes(smaller), "GIF"),
        "GIF, outside of its screen": (bytes(outside), "GIF"),
        "WebP, animated": (animated, "animation"),
        "TIFF": (_encoded(rgb, "TIFF"), "PNG, JPEG, GIF, BMP or WebP"),
        "text": (b"no image", "PNG, JPEG, GIF, BMP or WebP"),
        "bytes that are no text": (b"\xa0\xff\xfe\x80", "PNG, JPEG, GIF, BMP or WebP"),
        "nothing": (b"", "PNG, JPEG, GIF, BMP or WebP"),
        "RIFF": (b"RIFF\0\0\0\0WAVE" + b"\0" * 40, "PNG, JPEG, GIF, BMP or WebP"),
    }
