"""Does a neuron look at the part that its name speaks of?

A name that holds over classes may still be an accident of them: black birds have black legs, and a neuron of black legs may look at the back. Where
the places of parts are known (CUB's fifteen points, the Aviary's masks), the peak of a neuron's activation on the held-out pictures that excite it
most is held against the part of its name, and against a place at random. Source: the pointing game of Zhang et al., IJCV 2018.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import adaptive_max_pool2d

from niwt_core.audit.ground_truth import redrawn
from niwt_core.data.aviary import PART_OF_GROUP
from niwt_core.data.dataset import Dataset
from niwt_core.errors import NiwtError
from niwt_core.study.study import Study

NEAR = 0.15  # of the picture's side: a peak so close to a part's point is at the part; a cell of a 7 x 7 map is 0.14
MOST_DRAWN = 300  # gallery pictures of the Aviary that are drawn again, of up to a thousand
_WINGS, _EYES, _LEGS = (("left wing", "right wing"), ("left eye", "right eye"), ("left leg", "right leg"))
CUB_PARTS: Mapping[str, tuple[str, ...]] = {
    "wing": _WINGS, "upperparts": ("back", *_WINGS), "underparts": ("belly", "breast"), "back": ("back",), "tail": ("tail",),
    "upper tail": ("tail",), "under tail": ("tail",), "breast": ("breast",), "throat": ("throat",), "forehead": ("forehead",),
    "nape": ("nape",), "belly": ("belly",), "leg": _LEGS, "bill": ("beak",), "crown": ("crown",), "eye": _EYES,
    "head": ("crown", "forehead", *_EYES),
}  # fmt: skip

Grids = Mapping[str, np.ndarray]  # attribute group -> (h,w) bool, the cells where its part is


@dataclass(frozen=True)
class PartAudit:
    """neurons: verified ones whose name speaks of a part; peaks: of them, on pictures that show the part. Percent of the peaks that lie at the part
    (hits), that a place at random would (anywhere), and that the same neurons would on each other's pictures' parts (other_names)."""

    neurons: int
    peaks: int
    hits: float
    anywhere: float
    other_names: float

    @property
    def times(self) -> float:
        """How many times as often as a place at random."""
        return self.hits / self.anywhere if self.anywhere else float("nan")


def peaks_at_parts(study: Study, grids: Sequence[Grids], *, seed: int = 0) -> PartAudit:
    """Verified names against ``grids``, one for each picture of the study's gallery."""
    gallery, random = study.gallery, np.random.default_rng(seed)
    groups = sorted({group for grid in grids for group in grid})
    neurons = [n for n in study.neurons if n.status == "verified" and n.attribute.partition("::")[0] in groups]
    hits, anywhere, others = [], [], []
    for neuron in neurons:
        group = neuron.attribute.partition("::")[0]
        for place, item in enumerate(gallery.top[neuron.index].tolist()):
            at_part = grids[item].get(group)
            if at_part is None or not at_part.any() or not gallery.maps[neuron.index, place].any():
                continue
            peak = np.unravel_index(int(gallery.maps[neuron.index, place].argmax()), at_part.shape)
            hits.append(bool(at_part[peak]))
            anywhere.append(float(at_part.mean()))
            other = grids[item].get(neurons[int(random.integers(len(neurons)))].attribute.partition("::")[0])
            if other is not None and other.any():
                others.append(bool(other[peak]))
    return PartAudit(len(neurons), len(hits), _percent(hits), _percent(anywhere), _percent(others))


def cub_grids(study: Study, dataset: Dataset) -> tuple[Grids, ...]:
    """The cells near each visible part, of every gallery picture; ``dataset`` is CUB as it was read for the study.

    Raises NiwtError where the set has no part locations, or lacks a picture.
    """
    if dataset.parts is None:
        fix = "take parts/ from the CUB-200-2011 archive"
        raise NiwtError("no part locations", where=str(dataset.root), fix=fix)
    index = {path: i for i, path in enumerate(dataset.paths)}
    shape = study.gallery.maps.shape[2:]
    groups = {name.partition("::")[0] for name in study.knowledge.names}
    parts = {group: CUB_PARTS.get(_noun(group), ()) for group in groups}
    grids = []
    for picture in study.gallery.pictures:
        path = study.paths[int(picture)]
        if path not in index:
            raise NiwtError(
                f"no picture {path}", where=str(dataset.root), fix="give the set that the study was made of"
            )
        points = _fractions(dataset, index[path])
        grids.append({group: _near(points, names, shape) for group, names in parts.items() if names})
    return tuple(grids)


def aviary_grids(study: Study, *, most: int = MOST_DRAWN, seed: int = 0) -> tuple[Grids, ...]:
    """The cells that each part covers, of ``most`` gallery pictures by chance, drawn again; empty for the others. Raises NiwtError as `redrawn`."""
    shape = study.gallery.maps.shape[2:]
    chosen = np.sort(np.random.default_rng([seed, 6]).permutation(len(study.gallery))[:most])
    grids: list[Grids] = [{}] * len(study.gallery)
    for item, drawn in zip(chosen.tolist(), redrawn(study, study.gallery.pictures[chosen]), strict=True):
        assert drawn.masks is not None
        cells = {
            part: adaptive_max_pool2d(torch.from_numpy(np.asarray(mask, np.float32))[None], shape)[0].numpy() > 0
            for part, mask in drawn.masks.items()
        }
        grids[item] = {group: cells[part] for group, part in PART_OF_GROUP.items() if part in cells}
    return tuple(grids)


def _noun(group: str) -> str:
    """ "has_upper_tail_color" -> "upper tail"."""
    words = group.removeprefix("has_").replace("_", " ")
    for ending in (" color", " pattern", " shape", " length"):
        words = words.removesuffix(ending)
    return words


def _fractions(dataset: Dataset, picture: int) -> Mapping[str, tuple[float, float]]:
    """Part -> (x, y) as fractions of what the network was shown, visible parts only."""
    assert dataset.parts is not None
    if dataset.crop and dataset.boxes is not None:
        left, top, width, height = (float(value) for value in dataset.boxes[picture])
    else:
        with Image.open(dataset.root / dataset.paths[picture]) as image:
            left, top, width, height = 0.0, 0.0, float(image.width), float(image.height)
    located = zip(dataset.parts.names, dataset.parts.locations[picture], strict=True)
    return {name: ((x - left) / width, (y - top) / height) for name, (x, y, visible) in located if visible}


def _near(points: Mapping[str, tuple[float, float]], names: Sequence[str], shape: tuple[int, ...]) -> np.ndarray:
    """(h,w) bool: the cell's middle is NEAR one of the parts; nowhere where none is visible."""
    height, width = shape
    y, x = ((np.arange(count) + 0.5) / count for count in (height, width))
    near = np.zeros((height, width), bool)
    for name in names:
        if name in points:
            near |= np.hypot(y[:, None] - points[name][1], x[None] - points[name][0]) <= NEAR
    return near


def _percent(values: Sequence[float]) -> float:
    return 100 * float(np.mean(values)) if len(values) else float("nan")
