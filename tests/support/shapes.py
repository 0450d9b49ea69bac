"""Coloured shapes in five classes of twelve, as a person would drop them."""

import io
import random
from pathlib import Path

from PIL import Image, ImageDraw

SHAPES = {
    "blue circle": ("blue", "round"),
    "blue square": ("blue", "corners"),
    "green triangle": ("green", "corners"),
    "red circle": ("red", "round"),
    "red square": ("red", "corners"),
}
PICTURES = 12  # of a class


def shape(name: str, number: int) -> bytes:
    """A JPEG of one shape, somewhere on pale paper."""
    colour, chance = name.split()[0], random.Random(f"{name} {number}")
    image = Image.new("RGB", (96, 96), tuple(chance.randrange(190, 250) for _ in range(3)))
    x, y, side = chance.randrange(8, 30), chance.randrange(8, 30), chance.randrange(36, 56)
    draw = ImageDraw.Draw(image)
    if name.endswith("circle"):
        draw.ellipse((x, y, x + side, y + side), fill=colour)
    elif name.endswith("square"):
        draw.rectangle((x, y, x + side, y + side), fill=colour)
    else:
        draw.polygon([(x, y + side), (x + side, y + side), (x + side // 2, y)], fill=colour)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def shape_files(folder: Path) -> list[Path]:
    """Sixty files whose names say what they show: "red circle_07.jpg"."""
    files = [folder / f"{name}_{number:02}.jpg" for name in SHAPES for number in range(PICTURES)]
    for file in files:
        name, _, number = file.stem.rpartition("_")
        file.write_bytes(shape(name, int(number)))
    return files
