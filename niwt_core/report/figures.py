"""The pictures of an explanation: what was shown, where the evidence lies, and what each neuron sees."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image
from torch.nn import functional as F

from niwt_core.classify.answer import Answer
from niwt_core.explain.attribution import ImportanceMap, Method, class_map, neuron_map
from niwt_core.explain.explanation import Explanation
from niwt_core.explain.overlay import AGAINST, FOR, WHOLE, Box, dimmed, heat_colours, overlay, pixels_of, seen_part

SMALLEST, LARGEST = (
    448,
    768,
)  # pixels of a figure's side: a 64-pixel picture still gives a smooth map, a photograph a small file
OPACITY = 0.75
METHOD_NAMES = {"grad-cam": "Grad-CAM", "integrated-gradients": "Integrated gradients", "occlusion": "Occlusion"}
METHOD_MEANING = {
    "grad-cam": "where the neurons that this class uses are active",
    "integrated-gradients": "pixels that raise (orange) or lower (blue) the score",
    "occlusion": "places whose hiding lowers (orange) or raises (blue) the score",
}


@dataclass(frozen=True, eq=False)
class Figures:
    """``picture`` (RGB): the picture, pale where the network did not look; ``maps``: the class's importance maps over it, by method; ``neurons``:
    each shown neuron's own map drawn over the part that the network saw, by index."""

    picture: Image.Image
    maps: dict[Method, Image.Image]
    neurons: dict[int, Image.Image]

    @cached_property
    def thumbnails(self) -> dict[int, str]:
        """The neurons' maps as small data URIs."""
        return {index: jpeg_uri(image, side=128) for index, image in self.neurons.items()}


def make_figures(answer: Answer, explanation: Explanation, *, methods: Sequence[Method] = ("grad-cam",)) -> Figures:
    """Draws all figures of an explanation. Raises NiwtError on an unknown method."""
    row = answer.classifier.candidate(explanation.name).row
    network, picture = answer.classifier.study.network, answer.picture
    image, seen = sized(picture.image), sized(seen_part(picture.image, picture.box))
    maps: dict[Method, Image.Image] = {
        method: draw_map(image, class_map(network, picture, row, method=method), box=picture.box) for method in methods
    }
    neurons = {n: draw_neuron(answer, seen, n) for n in shown_neurons(explanation)}
    return Figures(dimmed(image, picture.box), maps, neurons)


def shown_neurons(explanation: Explanation) -> tuple[int, ...]:
    """Indices of the neurons that an explanation names, each once: for, against, and those that tell the runner-up apart."""
    parts = [*explanation.supporting, *explanation.opposing]
    parts += explanation.contrast.neurons if explanation.contrast else ()
    return tuple(dict.fromkeys(part.index for part in parts))


def draw_map(image: Image.Image, map_: ImportanceMap, *, box: Box = WHOLE, opacity: float = OPACITY) -> Image.Image:
    """A class's importance map over the part (``box``) of a picture that the network saw; methods whose values have a sign show both."""
    return overlay(image, shown_values(map_), box=box, opacity=opacity, signed=map_.method != "grad-cam")


def shown_values(map_: ImportanceMap) -> np.ndarray:
    """(s,s) as people can see it: single pixels of integrated gradients are averaged over a 16th of the side, and the strongest ones capped."""
    if map_.method != "integrated-gradients":
        return map_.values.numpy()
    size = max(1, map_.values.shape[0] // 16) | 1
    smooth = F.avg_pool2d(map_.values[None, None], size, 1, size // 2, count_include_pad=False)[0, 0]
    top = float(smooth.abs().quantile(0.995))
    return smooth.clamp(-top, top).numpy()


def map_layer(map_: ImportanceMap, *, size: tuple[int, int], box: Box = WHOLE) -> Image.Image:
    """The map alone as an RGBA picture of ``size`` pixels, clear where nothing speaks, to be laid over a picture seen in its ``box``."""
    values = shown_values(map_)  # (s, s)
    scaled = values / max(float(np.abs(values).max()), 1e-12)
    signed = map_.method != "grad-cam"
    score = np.abs(scaled) if signed else scaled.clip(0, 1)
    colours = np.where(scaled[..., None] >= 0, FOR, AGAINST) if signed else heat_colours(score)
    layer = Image.fromarray(np.dstack([colours.astype(np.uint8), (255 * np.sqrt(score)).round().astype(np.uint8)]))
    left, top, right, bottom = pixels_of(box, size)
    shown = Image.new("RGBA", size)
    shown.paste(layer.resize((right - left, bottom - top), Image.Resampling.BICUBIC), (left, top))
    return shown


def draw_neuron(answer: Answer, seen: Image.Image, neuron: int) -> Image.Image:
    """A neuron's own map over what the network saw; faint where it is faint beside its exemplars, so that a silent neuron looks silent."""
    study = answer.classifier.study
    map_ = neuron_map(study.network, answer.picture, neuron)
    peak = float(study.gallery.peaks[neuron]) if len(study.gallery.peaks) > neuron else 0.0
    loudness = min(1.0, float(map_.values.max()) / max(peak, 1e-12)) if peak else 1.0
    return overlay(seen, map_.values.clamp_min(0), opacity=0.85 * max(loudness, 0.0) ** 0.5)


def sized(image: Image.Image) -> Image.Image:
    """A picture at a size for looking at, in its own proportions."""
    longer = max(image.size)
    scale = min(max(longer, SMALLEST), LARGEST) / longer
    wanted = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image if scale == 1 else image.resize(wanted, Image.Resampling.LANCZOS)


def png_bytes(image: Image.Image) -> bytes:
    """The picture as a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=False, compress_level=6)
    return buffer.getvalue()


def jpeg_uri(image: Image.Image, *, side: int, quality: int = 84) -> str:
    """The picture as a data URI, JPEG, with a longer side of at most ``side`` pixels."""
    small = image.convert("RGB")
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=quality)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
