"""Pictures as they go into markup: JPEG data addresses, and activations as small transparent PNGs that CSS lays over them.

A gallery picture is a few kilobytes, so an address in the markup is quicker than a request of its own.
"""

from __future__ import annotations

import io
from base64 import b64encode

import numpy as np
from PIL import Image

from niwt_core import Study
from niwt_core.class_names import display_name
from niwt_core.gallery import jpeg_bytes
from niwt_core.overlay import heat_colours
from pages.components.style import text

HEAT_SIDE = 40  # pixels of a map; the browser enlarges it smoothly
PLACEHOLDER = '<div class="cyn-crop cyn-none" role="img" aria-label="no picture"></div>'


def address(data: bytes, kind: str = "jpeg") -> str:
    return f"data:image/{kind};base64,{b64encode(data).decode()}"


def picture_address(image: Image.Image, *, side: int = 320) -> str:
    """A picture of any size as a data address."""
    return address(jpeg_bytes(image.convert("RGB"), side=side))


def heat_address(values: np.ndarray) -> str:
    """An activation map (h,w), not negative, as a heat scale that is clear where nothing is; the strongest place is 1."""
    strength = np.asarray(values, np.float32).clip(0)
    image = Image.fromarray(strength / max(float(strength.max()), 1e-12)).resize((HEAT_SIDE, HEAT_SIDE), Image.Resampling.BICUBIC)
    smooth = np.asarray(image).clip(0, 1)
    alpha = (255 * 0.78 * smooth**0.8).round().astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(np.dstack([heat_colours(smooth), alpha])).quantize(64).save(buffer, "PNG", optimize=True)
    return address(buffer.getvalue(), "png")


def crop(source: str, *, alt: str, heat: str = "") -> str:
    """Markup of a square picture with an optional map over it."""
    over = f'<img class="cyn-heat" src="{heat}" alt="">' if heat else ""
    return f'<div class="cyn-crop"><img src="{source}" alt="{text(alt)}" loading="lazy">{over}</div>'


def neuron_crop(study: Study, neuron: int, place: int, *, heat: bool = True) -> str:
    """Markup of a neuron's favourite number ``place`` with its activation over it."""
    item = int(study.gallery.top[neuron, place])
    name = display_name(study.classes[study.labels[study.gallery.pictures[item]]])
    over = heat_address(study.gallery.map(neuron, place)) if heat else ""
    return crop(address(study.gallery.jpeg(item)), alt=f"{name}, favourite {place + 1} of neuron {neuron}", heat=over)


def class_items(study: Study, class_index: int) -> list[int]:
    """Gallery pictures of a class."""
    return [int(item) for item in study.gallery.of_class(study.labels, class_index)]


def class_crop(study: Study, class_index: int, *, place: int = 0) -> str:
    """Markup of a class's picture number ``place``, or of its absence."""
    items = class_items(study, class_index)
    if not items:
        return PLACEHOLDER
    name = display_name(study.classes[class_index])
    return crop(address(study.gallery.jpeg(items[place % len(items)])), alt=name)
