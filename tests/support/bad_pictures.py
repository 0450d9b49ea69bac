"""Pictures that cannot be read, and unusual ones that can."""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

BAD = {
    "missing.jpg": "no such file",
    "text.jpg": "not an image",
    "empty.jpg": "empty",
    "truncated.jpg": "damaged",
    "truncated.png": "damaged",
    "huge.png": "too large",
    "folder.jpg": "folder",
    "study.safetensors": "not an image",
    "header.gif": "cannot read the picture",
}
GOOD = (
    "cmyk.jpg",
    "deep.png",
    "deep.tif",
    "moving.gif",
    "grey.png",
    "alpha.png",
    "palette.png",
    "one.webp",
    "tiny.bmp",
    "UPPER.JPG",
    "space and ü.jpg",
)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_bad(folder: Path) -> Path:
    """Writes every file of `BAD` but the missing one."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (80, 90, 3), dtype=np.uint8))
    (folder / "text.jpg").write_text("this is no picture\n" * 50)
    (folder / "empty.jpg").write_bytes(b"")
    for suffix in ("jpg", "png"):
        path = folder / f"truncated.{suffix}"
        noise.save(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + _chunk(b"IEND", b"")
    )
    (folder / "huge.png").write_bytes(data)
    (folder / "folder.jpg").mkdir()
    (folder / "study.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    (folder / "header.gif").write_bytes(b"GIF89a")
    return folder


def write_good(folder: Path) -> Path:
    """Writes every file of `GOOD`."""
    values = np.random.default_rng(0).integers(0, 255, (80, 90, 3), dtype=np.uint8)
    image = Image.fromarray(values)
    image.convert("CMYK").save(folder / "cmyk.jpg")
    deep = Image.fromarray(values[..., 0].astype(np.uint16) * 256)
    deep.save(folder / "deep.png")
    deep.save(folder / "deep.tif")
    image.save(folder / "moving.gif", save_all=True, append_images=[image.rotate(90), image.rotate(180)])
    image.convert("L").save(folder / "grey.png")
    image.convert("RGBA").save(folder / "alpha.png")
    image.convert("P").save(folder / "palette.png")
    image.save(folder / "one.webp")
    image.resize((1, 1)).save(folder / "tiny.bmp")
    image.save(folder / "UPPER.JPG")
    image.save(folder / "space and ü.jpg")
    return folder
