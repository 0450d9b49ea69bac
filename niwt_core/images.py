"""Open a picture of any kind as RGB, safely: its size is known from the header before anything is decoded."""

from __future__ import annotations

import hashlib
import io
import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from niwt_core.errors import NiwtError

Source = str | Path | bytes | BinaryIO | Image.Image
MAX_PIXELS = 100_000_000
# Not all that Pillow knows: EPS starts another program, TGA has no signature and takes any text for a picture.
COMMON_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "PPM")  # the others cost 0.06 s to load
MORE_FORMATS = ("WEBP", "TIFF", "JPEG2000", "AVIF", "ICO")
_FIX = "give a JPEG, PNG, WebP, TIFF, BMP or GIF file"
_ORIENTATION = 0x0112  # EXIF tag
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TRANSPARENT = ("RGBA", "LA", "PA", "La", "RGBa")
_WARNING_FILTERS = threading.Lock()  # warnings.catch_warnings is not safe in threads by itself


def image_hash(data: bytes) -> str:
    """The first 16 hex digits of the SHA-256 of a file's bytes: the same file, the same encoding."""
    return hashlib.sha256(data).hexdigest()[:16]


def open_image(source: Source, *, max_pixels: int = MAX_PIXELS, at_least: int | None = None) -> Image.Image:
    """Open a picture as RGB, turned as its EXIF orientation says.

    Transparency is laid over white; an animation gives its first frame; 16-bit, 32-bit and float pictures are scaled
    by the smallest usual range that holds them (a plain conversion clips, which turns most 16-bit pictures white).

    Args:
        source: path, bytes, binary file (read whole, left open) or Pillow image (left unchanged).
        max_pixels: larger pictures are refused from their header. Pillow's own limit of 179 megapixels stays.
        at_least: the shorter side that will be used. A larger JPEG is then decoded at 1/2, 1/4 or 1/8 of its size,
            never below twice `at_least`, so that the resize which follows still averages (12 megapixels for a 224
            network: 0.05 s for 0.12 s, and 0.4 of 255 mean difference after the resize).

    Raises:
        NiwtError: if it is missing, empty, too large, damaged or no picture.
    """
    if isinstance(source, Image.Image):
        with _damage_as_error(where=_name(source)):
            _check_size(source.size, _name(source), max_pixels)
            return _to_rgb(source)
    with _opened(source, max_pixels) as image:
        shorter = min(image.size)
        if at_least is not None and shorter > 2 * at_least:
            goal = (image.width * 2 * at_least // shorter, image.height * 2 * at_least // shorter)
            image.draft(image.mode, goal)  # does nothing unless it is a JPEG
        return _to_rgb(image)


def check_image(source: str | Path, *, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """The (width, height) in stored pixels, from the header alone. Raises NiwtError as `open_image` does."""
    with _opened(source, max_pixels) as image:
        return image.size


def _name(source: object) -> str:
    """What to call the source in an error."""
    if isinstance(source, str | Path):
        return str(source)
    name = getattr(source, "name", None) or getattr(source, "filename", None)
    return name if isinstance(name, str) else ""


@contextmanager
def _opened(source: str | Path | bytes | BinaryIO, max_pixels: int) -> Iterator[Image.Image]:
    """The picture, not yet decoded; what was opened here is closed at the end."""
    where = _name(source)
    with _damage_as_error(where), _handle(source, where) as handle, _identified(handle) as image:
        _check_size(image.size, where, max_pixels)
        yield image


def _identified(handle: BinaryIO) -> Image.Image:
    with _WARNING_FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about large pictures (max_pixels decides) and formats that are not installed
        try:
            return Image.open(handle, formats=COMMON_FORMATS)
        except UnidentifiedImageError:
            Image.init()
            return Image.open(handle, formats=[name for name in MORE_FORMATS if name in Image.OPEN])


def _handle(source: str | Path | bytes | BinaryIO, where: str) -> BinaryIO:
    if isinstance(source, str | Path):
        path = Path(source)
        try:
            kind = path.stat().st_mode
        except (OSError, ValueError):
            kind = 0
        if kind and not stat.S_ISDIR(kind) and not stat.S_ISREG(kind):  # a pipe would be waited for
            raise NiwtError("cannot read the picture: no regular file", where=where, fix="name a picture file")
        if path.is_dir():
            raise NiwtError("cannot read the picture: it is a folder", where=where, fix="name a picture file")
        if not path.exists():
            raise NiwtError("cannot read the picture: no such file", where=where, fix="check the path")
        if not path.stat().st_size:
            raise NiwtError("cannot read the picture: the file is empty", where=where, fix=_FIX)
        return path.open("rb")
    if not isinstance(source, bytes | bytearray | memoryview):
        if source.seekable():
            source.seek(0)  # an uploaded file may have been read before
        source = source.read()
    if not source:
        raise NiwtError("cannot read the picture: the file is empty", where=where, fix=_FIX)
    return io.BytesIO(source)


@contextmanager
def _damage_as_error(where: str) -> Iterator[None]:
    try:
        yield
    except NiwtError:
        raise
    except Image.DecompressionBombError as error:
        raise NiwtError("cannot read the picture: it is too large", where=where, fix="make it smaller first") from error
    except UnidentifiedImageError as error:
        raise NiwtError("cannot read the picture: not an image", where=where, fix=_FIX) from error
    except PermissionError as error:
        raise NiwtError("cannot read the picture: no permission", where=where, fix="make the file readable") from error
    except Exception as error:  # Pillow's decoders raise almost anything on damaged bytes
        reason = str(error) or type(error).__name__
        raise NiwtError(f"cannot read the picture: damaged ({reason})", where=where, fix="replace the file") from error


def _check_size(size: tuple[int, int], where: str, max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise NiwtError(f"cannot read the picture: {width} x {height} pixels is too large", where=where,
                        fix=f"make it smaller than {max_pixels / 1e6:g} megapixels")  # fmt: skip
    if not width or not height:
        raise NiwtError(f"cannot read the picture: {width} x {height} pixels is empty", where=where, fix=_FIX)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a picture with damaged EXIF is still a picture
        return 1


def _to_rgb(image: Image.Image) -> Image.Image:
    """A decoded copy as RGB, upright."""
    image.load()
    turn = _TURNS.get(_orientation(image))
    if image.mode == "F" or image.mode.startswith("I"):
        rgb = _scaled(np.asarray(image)).convert("RGB")
    elif image.mode in _TRANSPARENT or "transparency" in image.info:
        rgba = image.convert("RGBA")
        rgb = Image.new("RGB", rgba.size, "white")
        rgb.paste(rgba, mask=rgba.getchannel("A"))
    else:
        rgb = image.convert("RGB")
    return rgb.transpose(turn) if turn is not None else rgb


def _scaled(values: np.ndarray) -> Image.Image:
    """A grey picture from (H, W) integers or floats, by the smallest range that holds them.

    Ranges: 0-1 (floats only), 8, 10, 12, 14 and 16 bits. Values that are negative or fit none are stretched between
    their own minimum and maximum.
    """
    whole = np.issubdtype(values.dtype, np.integer)
    wide = np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)  # (H, W)
    low, high = float(wide.min()), float(wide.max())
    tops = [top for top in ([] if whole else [1]) + [255, 1023, 4095, 16383, 65535] if high <= top]
    if low < 0 or not tops:
        wide, top = wide - low, (high - low) or 1.0
    else:
        top = tops[0]
    return Image.fromarray(np.round(wide * (255.0 / top)).astype(np.uint8))
