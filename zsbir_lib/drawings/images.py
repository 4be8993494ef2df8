"""The one place where images are opened; whatever they are, what comes out is upright RGB.

Data sets and drawings read alike: 16 bits a channel are scaled and not cut off, a camera's EXIF
orientation is obeyed, palettes and CMYK are converted, what is transparent gets a paper to lie on,
and of an animation the first frame is taken. An image that would cost more memory than a picture
may is refused by what its header says, before it is decoded.
"""

from __future__ import annotations

import ctypes
import io
import os
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, UnidentifiedImageError

from zsbir_lib.errors import ZsbirError
from zsbir_lib.reading import check_file

MAX_PIXELS = 64_000_000
"""Pixels of the largest image that is opened, 8,000 x 8,000."""

MAX_RATIO = 1000
"""The longest an image may be, in units of its shorter side."""

VERSION = 2
"""Rises whenever an image is read as other pixels than before; data sets' fingerprints hold it."""

# AVIF and HEIF where this Pillow, or a plugin, reads them. Not those that start another program
# (PostScript) or that any bytes may pass for (TGA).
_FORMATS = ("AVIF", "BMP", "DIB", "GIF", "HEIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TIFF",
            "WEBP")  # fmt: skip
_ORIENTATION = 0x0112  # the EXIF tag
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


# What Pillow's readers warn of (metadata that is cut off, a tag that is too long) names no file,
# and either changes no pixel or is followed by an error. The filter is set once, as a block that
# sets filters and puts them back is not safe among threads.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.\w+Plugin$")


@cache
def _formats() -> tuple[str, ...]:
    Image.init()
    _silence_libtiff()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _silence_libtiff() -> None:
    """Let libtiff write nothing to standard error: what it finds, Pillow raises.

    Pillow has no option for it; libtiff has, for the copy of it that Pillow was linked with. Where
    that cannot be reached (Windows; a Pillow that has no libtiff), it goes on writing.
    """
    with suppress(OSError, AttributeError):
        linked = ctypes.CDLL(Image.core.__file__)
        for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
            set_handler = getattr(linked, name)
            set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
            set_handler(None)


@cache
def readable_suffixes() -> frozenset[str]:
    """Return the endings of the image files that can be read here, in lower case, with the dot."""
    formats = _formats()
    known = Image.registered_extensions().items()
    return frozenset(suffix for suffix, name in known if name in formats)


def read_image(
    source: str | os.PathLike | bytes | Image.Image,
    *,
    what: str = "the image",
    paper: Literal["white", "contrast"] = "white",
    longest: int | None = None,
    shorter: int | None = None,
) -> Image.Image:
    """Read an image of any kind as RGB, upright and without transparency.

    Parameters
    ----------
    source
        An image file of any format that Pillow reads, or its bytes; or an image, which is left as
        it is.
    what
        What an error message calls it; the path is added.
    paper
        What is seen through transparent places: white, or what the strokes of a drawing stand out
        from, which is black if nearly all of them are light.
    longest
        Reduce it to this number of pixels on its longer side. A hairline keeps its darkness.
    shorter
        Let a JPEG be decoded at a half, a quarter or an eighth of its size, which is several times
        faster, as long as its shorter side keeps this number of pixels.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, without metadata.

    Raises
    ------
    ZsbirError
        If there is no such file, or it is no regular file, empty, damaged or no image, has more
        than ``MAX_PIXELS``, or is more than ``MAX_RATIO`` times as long as wide.
    """
    if not isinstance(source, (bytes, Image.Image)):
        what = f"{what} {Path(source)}"
        check_file(source, what)
    try:
        if isinstance(source, Image.Image):
            return _upright_rgb(source, what, paper, longest)
        opened = io.BytesIO(source) if isinstance(source, bytes) else source
        with Image.open(opened, formats=_formats()) as image:
            _check_shape(image, what)
            if longest is not None:
                # A JPEG decoder can halve while it decodes, which is the cheapest way to reduce.
                image.draft("RGB", (longest, longest))
            elif shorter is not None:
                image.draft("RGB", (shorter, shorter))
            return _upright_rgb(image, what, paper, longest)
    except (ZsbirError, MemoryError):
        raise
    except UnidentifiedImageError:
        raise ZsbirError(f"cannot read {what}: it is no image; use a PNG or JPEG file") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ZsbirError(_too_large(what, "its number of pixels is")) from None
    except Exception as error:  # Pillow's readers raise nearly anything on damaged files
        reason = getattr(error, "strerror", None) or str(error).split("\n")[0] or "it is damaged"
        raise ZsbirError(f"cannot read {what}: {reason}") from None


def is_image(path: str | os.PathLike) -> bool:
    """Tell whether a file is an image of a format that `read_image` reads, damaged or not."""
    try:
        with Image.open(path, formats=_formats()):
            return True
    except UnidentifiedImageError:
        return False
    except Exception:  # recognised, and something is wrong in it: for `read_image` to say
        return True


def _too_large(what: str, pixels: str) -> str:
    side = int(MAX_PIXELS**0.5)
    return f"cannot read {what}: {pixels} too large; reduce it to {side} x {side} or less"


def _check_shape(image: Image.Image, what: str) -> None:
    width, height = image.size
    if not width or not height:
        raise ZsbirError(f"cannot read {what}: it has no pixels")
    if max(image.size) > MAX_RATIO * min(image.size):
        raise ZsbirError(
            f"cannot read {what}: {width} x {height} pixels are a line, no picture; cut it to less "
            f"than {MAX_RATIO} times its shorter side"
        )
    if width * height > MAX_PIXELS:
        raise ZsbirError(_too_large(what, f"{width} x {height} pixels are"))


def _upright_rgb(image: Image.Image, what: str, paper: str, longest: int | None) -> Image.Image:
    _check_shape(image, what)
    image.load()  # which turns a TIFF by itself, and takes its tag away
    turn = _turn(image)
    if image.mode[0] in "IF":
        image = _eight_bits(image)
    rgb = _on_paper(image, paper) if image.has_transparency_data else image.convert("RGB")
    if longest is not None:
        rgb = _reduce(rgb, longest)
    if turn is not None:
        rgb = rgb.transpose(turn)
    # Read again, it must not be turned again.
    rgb.info = {}
    return rgb


def _turn(image: Image.Image) -> Image.Transpose | None:
    """Return what turns an image upright, as its EXIF tag says."""
    try:
        return _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a damaged tag says nothing about the pixels
        return None


def _on_paper(image: Image.Image, paper: str) -> Image.Image:
    image = image.convert("RGBA")
    colour = "white"
    if paper == "contrast":
        opaque = np.asarray(image.getchannel("A")) > 127
        if opaque.any() and not opaque.all():
            dark = np.asarray(image.convert("L"))[opaque] < 160
            colour = "black" if dark.mean() < 0.05 else "white"
    under = Image.new("RGBA", image.size, colour)
    return Image.alpha_composite(under, image).convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit, 32-bit and float images: Pillow itself would cut them off at 255."""
    values = np.asarray(image)
    if image.mode == "F":
        values = np.nan_to_num(values)
    low, high = float(values.min()), float(values.max())
    if image.mode.startswith("I;16") or (image.mode == "I" and low >= 0 and 255 < high <= 65535):
        steps = np.arange(65536, dtype=np.uint32)
        grey = Image.fromarray(((steps + 128) // 257).astype(np.uint8)[values])
        clear = image.info.get("transparency")
        if isinstance(clear, int):
            grey.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
        return grey
    if low >= 0 and high <= 1 and image.mode == "F":
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    scaled = (values.astype(np.float32) - low) * (255 / max(high - low, 1e-12))
    return Image.fromarray(np.uint8(np.clip(scaled + 0.5, 0, 255)))


def _reduce(image: Image.Image, longest: int) -> Image.Image:
    """Reduce a long image so that a hairline keeps its darkness."""
    factor = -(-max(image.size) // longest)
    if factor == 1:
        return image
    # A side that is shorter than the factor keeps a pixel for each it has.
    across, down = (min(factor, side) for side in image.size)
    # Where a block of pixels is not even, the one that differs most from the paper stands for it:
    # a thin stroke of any colour. Elsewhere the mean does, which keeps grain down.
    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    pixels = np.pad(pixels, [(0, -height % down), (0, -width % across), (0, 0)], "edge")
    low, high = pixels[::down, ::across].copy(), pixels[::down, ::across].copy()
    for y in range(down):
        for x in range(across):
            np.minimum(low, pixels[y::down, x::across], out=low)
            np.maximum(high, pixels[y::down, x::across], out=high)
    mean = np.asarray(image.reduce((across, down)))
    paper = np.median(mean[::4, ::4].reshape(-1, 3), axis=0).astype(np.uint8)
    # Of unsigned bytes, the larger less the smaller is the distance.
    from_low = np.maximum(low, paper) - np.minimum(low, paper)
    from_high = np.maximum(high, paper) - np.minimum(high, paper)
    uneven = (high - low).max(axis=2, keepdims=True) > 32
    return Image.fromarray(np.where(uneven, np.where(from_low > from_high, low, high), mean))
