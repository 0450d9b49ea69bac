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

try:
    import pillow_heif
except ImportError:  # no wheel for this machine: HEIC is then named and left out
    pillow_heif = None  # type: ignore[assignment]

Source = str | Path | bytes | BinaryIO | Image.Image
MAX_PIXELS = 100_000_000
MAX_MEMORY = 512_000_000  # bytes that decoding and converting one picture may take
LARGE = 16_000_000  # pixels: what is used at a smaller size is averaged down while it is converted
STRIP = 2_000_000  # pixels converted at once
# Not all that Pillow knows: EPS starts another program, TGA has no signature and takes any text for a picture.
COMMON_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "PPM")  # the others cost 0.06 s to load
MORE_FORMATS = ("WEBP", "TIFF", "JPEG2000", "AVIF", "ICO", "HEIF")
_FIX = "give a JPEG, PNG, WebP, HEIC, TIFF, BMP or GIF file"
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
_STORED = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}  # bytes a pixel; others take 4
_DECODED_TWICE = ("WEBP", "AVIF", "JPEG2000", "TIFF", "HEIF")  # their libraries hold a whole picture of their own
_TRANSPARENT = ("RGBA", "LA", "PA", "La", "RGBa")
_WARNING_FILTERS = threading.Lock()  # warnings.catch_warnings is not safe in threads by itself


def reads_heic() -> bool:
    """Pictures of telephones can be read: pillow-heif is installed."""
    return pillow_heif is not None


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
            network: 0.05 s for 0.12 s, and 0.4 of 255 mean difference after the resize). Pictures of other kinds above
            16 megapixels are averaged down to no less, in strips, so that no picture takes more than `MAX_MEMORY`.

    Raises:
        NiwtError: if it is missing, empty, too large, damaged or no picture, or would take more than `MAX_MEMORY`.
    """
    if isinstance(source, Image.Image):
        with _damage_as_error(where=_name(source)):
            _check_size(source.size, _name(source), max_pixels)
            return _to_rgb(source)
    with _opened(source, max_pixels) as image:
        shorter, pixels = min(image.size), image.width * image.height
        if at_least is not None and shorter > 2 * at_least:
            goal = (image.width * 2 * at_least // shorter, image.height * 2 * at_least // shorter)
            image.draft(image.mode, goal)  # does nothing unless it is a JPEG
        factor = 1
        if at_least is not None and image.width * image.height > LARGE:
            factor = max(1, min(image.size) // (2 * at_least))
        _check_memory(image, pixels, factor, _name(source))
        return _to_rgb(image, factor)


def check_image(source: str | Path, *, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """The (width, height) in stored pixels, from the header alone. Raises NiwtError as `open_image` does."""
    with _opened(source, max_pixels) as image:
        if image.format != "JPEG":  # a JPEG is decoded at a fraction
            _check_memory(
                image, image.width * image.height, 2 if image.width * image.height > LARGE else 1, _name(source)
            )
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
            if pillow_heif is not None and "HEIF" not in Image.OPEN:
                pillow_heif.register_heif_opener(thumbnails=False)  # what telephones take
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


def _check_memory(image: Image.Image, pixels: int, factor: int, where: str) -> None:
    """Raises NiwtError if decoding (``pixels`` in the file, ``image.size`` of them decoded) and converting would take more than `MAX_MEMORY`."""
    stored = _STORED.get(image.mode, 4)  # bytes a pixel
    size = stored * (2 if image.format in _DECODED_TWICE else 1)
    if factor == 1:  # the same again as RGB, and what lies between
        size += 4 + (9 if _is_transparent(image) else 1) + (4 if _orientation(image) in _TURNS else 0)
    needed = image.width * image.height * size + (6 * pixels if image.info.get("progressive") else 0)
    if needed > MAX_MEMORY:
        what = f"cannot read the picture: {pixels / 1e6:.0f} megapixels of {image.format} ({image.mode}) is too large"
        raise NiwtError(what, where=where, fix="make it smaller first")


def _is_transparent(image: Image.Image) -> bool:
    return image.mode in _TRANSPARENT or "transparency" in image.info


def _is_deep(image: Image.Image) -> bool:
    return image.mode == "F" or image.mode.startswith("I")


def _to_rgb(image: Image.Image, factor: int = 1) -> Image.Image:
    """A decoded copy as RGB, upright, each side divided by ``factor``."""
    image.load()
    turn = _TURNS.get(_orientation(image))
    span = _span(image) if _is_deep(image) else (0.0, 0.0)
    if factor == 1:
        rgb = _flat(image, span)
    else:
        rgb = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
        for strip, top in _strips(image, factor):
            rgb.paste(_flat(strip, span).reduce(factor), (0, top // factor))
    return rgb.transpose(turn) if turn is not None else rgb


def _strips(image: Image.Image, factor: int = 1) -> Iterator[tuple[Image.Image, int]]:
    """(strip of whole rows, its first row): about 2 megapixels each, their rows a multiple of ``factor``."""
    rows = factor * max(1, STRIP // (image.width * factor))
    for top in range(0, image.height, rows):
        yield image.crop((0, top, image.width, min(top + rows, image.height))), top


def _flat(image: Image.Image, span: tuple[float, float]) -> Image.Image:
    """RGB of the same size."""
    if _is_deep(image):
        return _scaled(np.asarray(image), *span).convert("RGB")
    if not _is_transparent(image):
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    rgb = Image.new("RGB", rgba.size, "white")
    rgb.paste(rgba, mask=rgba.getchannel("A"))
    return rgb


def _span(image: Image.Image) -> tuple[float, float]:
    """(darkest, brightest) of a deep picture: the smallest usual range that holds it.

    Ranges: 0-1 (floats only), 8, 10, 12, 14 and 16 bits. Values that are negative or fit none are stretched between
    their own minimum and maximum.
    """
    low, high, integral = np.inf, -np.inf, True
    for strip, _ in _strips(image):
        values = np.asarray(strip)
        integral = np.issubdtype(values.dtype, np.integer)
        if not integral:
            values = np.nan_to_num(values, posinf=0.0, neginf=0.0)
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    tops = [top for top in ([] if integral else [1]) + [255, 1023, 4095, 16383, 65535] if high <= top]
    if low < 0 or not tops:
        return low, high if high > low else low + 1.0
    return 0.0, float(tops[0])


def _scaled(values: np.ndarray, low: float, high: float) -> Image.Image:
    """A grey picture from (H, W) integers or floats."""
    wide = np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)  # (H, W)
    return Image.fromarray(np.round((wide - low) * (255.0 / (high - low))).astype(np.uint8))
