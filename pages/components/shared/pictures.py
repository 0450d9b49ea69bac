"""Pictures as they go into markup: JPEG data addresses, and activations as masks that keep colour where a neuron is active.

A gallery picture is a few kilobytes, so an address in the markup is quicker than a request of its own.
"""

from __future__ import annotations

import io
from base64 import b64encode

import numpy as np
from PIL import Image

from niwt_core import Study
from niwt_core.backbones import Preprocess
from niwt_core.explain.overlay import seen_part
from niwt_core.knowledge.class_names import display_name
from niwt_core.neurons.exemplars import jpeg_bytes
from pages.components.shared.language import tr
from pages.components.shared.style import text

MASK_SIDE = 40  # pixels of a map; the browser enlarges it smoothly
PLACEHOLDER = '<div class="cyn-crop cyn-none" role="img" aria-label="{}"></div>'


def address(data: bytes, kind: str = "jpeg") -> str:
    return f"data:image/{kind};base64,{b64encode(data).decode()}"


def picture_address(image: Image.Image, *, side: int = 320) -> str:
    """A picture of any size as a data address."""
    return address(jpeg_bytes(image.convert("RGB"), side=side))


def mask(values: np.ndarray) -> str:
    """An activation map (h,w), not negative, as a mask: opaque where the neuron is active."""
    score = np.asarray(values, np.float32).clip(0)
    image = Image.fromarray(score / max(float(score.max()), 1e-12)).resize(
        (MASK_SIDE, MASK_SIDE), Image.Resampling.BICUBIC
    )
    alpha = (255 * ((np.sqrt(np.asarray(image).clip(0, 1)) - 0.25) / 0.55).clip(0, 1)).round().astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(np.dstack([np.zeros_like(alpha), alpha]), "LA").save(buffer, "PNG", optimize=True)
    return address(buffer.getvalue(), "png")


def network_view(jpeg: bytes, preprocess: Preprocess) -> bytes:
    """A JPEG whose centred square is what the network saw: itself, unless the network squeezes pictures or cuts their borders off."""
    if not preprocess.whole and preprocess.resize in (None, preprocess.size):
        return jpeg
    with Image.open(io.BytesIO(jpeg)) as image:
        seen = seen_part(image, preprocess.seen_box(*image.size))
    side = max(seen.size)
    return jpeg_bytes(seen.resize((side, side), Image.Resampling.BICUBIC), side=side)


def crop(source: str, *, alt: str) -> str:
    """Markup of a square picture."""
    return f'<div class="cyn-crop"><img src="{source}" alt="{text(alt)}" loading="lazy"></div>'


def lens(jpeg: bytes, activation: np.ndarray, preprocess: Preprocess, *, alt: str) -> str:
    """Markup of what the network saw of a picture, faded but for the places where its activation map (h,w) is high."""
    layers = f"--picture:url({address(network_view(jpeg, preprocess))});--mask:url({mask(activation)})"
    return f'<div class="cyn-crop cyn-lens" role="img" aria-label="{text(alt)}" style="{layers}"></div>'


def class_items(study: Study, class_index: int) -> list[int]:
    """Gallery pictures of a class."""
    return [int(item) for item in study.gallery.of_class(study.labels, class_index)]


def class_crop(study: Study, class_index: int, *, place: int = 0) -> str:
    """Markup of a class's picture number ``place``, or of its absence."""
    items = class_items(study, class_index)
    if not items:
        return PLACEHOLDER.format(text(tr("no picture")))
    name = display_name(study.classes[class_index])
    return crop(address(study.gallery.jpeg(items[place % len(items)])), alt=name)
