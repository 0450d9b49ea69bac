"""Draws one picture of a bird and says everything that is true of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from niwt_core.data.aviary.attributes import BODY, PARTS, choose_attributes, nearest
from niwt_core.data.aviary.backdrop import GRAIN, HABITATS, paint_backdrop
from niwt_core.data.aviary.bird import Bird, make_bird
from niwt_core.data.aviary.caption import caption
from niwt_core.data.aviary.curves import Piece, turn
from niwt_core.data.aviary.painter import number, paint
from niwt_core.data.aviary.skeleton import POSES
from niwt_core.data.aviary.skia_import import skia
from niwt_core.data.aviary.stage import Stage, make_stage
from niwt_core.errors import NiwtError

FACINGS: tuple[str, ...] = ("left", "right")
_COVER = len(PARTS) + 1


@dataclass(frozen=True)
class Picture:
    """A drawing and its truth.

    `masks` maps each of PARTS, and "body", to a (size, size) bool array of the pixels that show it (None unless asked
    for). `visibility` maps the same names to the share of the part's own outline that is in view: 0 where it is hidden.
    """

    image: Image.Image
    attributes: Mapping[str, str]
    visibility: Mapping[str, float]
    masks: Mapping[str, np.ndarray] | None
    pose: str
    habitat: str
    facing: str
    seed: int
    caption: str


@dataclass(frozen=True)
class _Layout:
    """Maps body units to shares of the picture: mirrored if facing left, scaled, moved."""

    scale: float
    offset: complex
    mirror: float

    def place(self, point: complex) -> complex:
        return self.offset + complex(self.mirror * point.real, point.imag) * self.scale

    def matrix(self) -> skia.Matrix:
        return skia.Matrix.MakeAll(
            self.mirror * self.scale, 0, self.offset.real, 0, self.scale, self.offset.imag, 0, 0, 1
        )


def draw(
    attributes: Mapping[str, object],
    *,
    seed: int,
    size: int = 128,
    masks: bool = False,
    pose: str | None = None,
    habitat: str | None = None,
    facing: str | None = None,
    nuisance: float = 1.0,
) -> Picture:
    """Draw a bird of these attributes; the same arguments give the same pixels.

    Args:
        attributes: see `choose_attributes`; groups that are left out are drawn by chance.
        seed: 0 or more. With one seed, changing one attribute changes that alone: scene and joints stay.
        size: side of the square picture in pixels, 32 to 2048.
        masks: also return the masks of all parts.
        pose, habitat, facing: of POSES, HABITATS, FACINGS; by chance if None.
        nuisance: 0 for a textbook plate (centred, no noise, nothing in front) up to 1 for life in the field.

    Raises:
        NiwtError: for an unknown name, a seed below 0, a size or nuisance out of range.
    """
    _check(seed=seed, size=size, nuisance=nuisance, pose=pose, habitat=habitat, facing=facing)
    chosen = choose_attributes(attributes, seed=seed)
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence((seed, 2)).spawn(6)]
    scene, joints, place, back, props, camera = streams
    any_pose, any_habitat, any_facing = scene.random(3)
    pose = pose or POSES[int(any_pose * len(POSES))]
    habitat = habitat or HABITATS[int(any_habitat * len(HABITATS))]
    facing = facing or FACINGS[int(any_facing * 2)]
    light = turn(90 + 50 * nuisance * scene.uniform(-1, 1) + 20)
    mirror = -1.0 if facing == "left" else 1.0
    bird = make_bird(chosen, pose, light=complex(mirror * light.real, light.imag), rng=joints, nuisance=nuisance)
    layout = _lay_out(bird, mirror, place, nuisance)
    feet = tuple(layout.place(foot) for foot in bird.stance.feet)
    stage = make_stage(habitat, pose, feet, scale=layout.scale, leg=bird.bones.leg, cover=nuisance, rng=props)
    horizon = 0.62 + 0.14 * nuisance * back.uniform(-1, 1)
    backdrop = paint_backdrop(habitat, rng=back, horizon=horizon, blur=0.012 + 0.022 * nuisance * back.random())
    image = _expose(_colors(bird, stage, layout, backdrop, size), camera, habitat, nuisance)
    shown = _numbers(bird.pieces, stage.front, layout, size)
    visibility = _visibility(shown, *(_numbers(layer, (), layout, size) for layer in _layers(bird)))
    return Picture(
        image=image,
        attributes=chosen,
        visibility=visibility,
        masks=_masks(shown) if masks else None,
        pose=pose,
        habitat=habitat,
        facing=facing,
        seed=seed,
        caption=caption(chosen, seed=seed, pose=pose, habitat=habitat, visibility=visibility),
    )


def _lay_out(bird: Bird, mirror: float, rng: np.random.Generator, nuisance: float) -> _Layout:
    bounds = skia.Rect.MakeEmpty()
    for piece in bird.pieces:
        if piece.part and not piece.clips:
            bounds.join(piece.path.computeTightBounds())
    fill, x, y = 0.5 + 0.5 * nuisance * rng.uniform(-1, 1, 3)
    scale = min((0.68 + 0.20 * fill) / bounds.width(), (0.72 + 0.18 * fill) / bounds.height())
    free_x, free_y = 0.96 - scale * bounds.width(), 0.95 - scale * bounds.height()
    left = 0.02 + free_x * x
    top = 0.02 + free_y * (0.25 + 0.5 * y)
    edge = bounds.left() if mirror > 0 else -bounds.right()
    return _Layout(scale=scale, offset=complex(left - scale * edge, top - scale * bounds.top()), mirror=mirror)


def _colors(bird: Bird, stage: Stage, layout: _Layout, backdrop: skia.Image, size: int) -> Image.Image:
    surface = skia.Surface(size, size)  # Skia's own edges equal twofold supersampling at half the time
    canvas = surface.getCanvas()
    canvas.scale(size, size)
    canvas.drawImageRect(
        backdrop, skia.Rect(GRAIN, GRAIN), skia.Rect(1, 1), skia.SamplingOptions(skia.FilterMode.kLinear)
    )
    paint(canvas, stage.behind)
    if stage.waterline is not None:
        canvas.saveLayerAlpha(skia.Rect(0, stage.waterline, 1, 1), 150)
        canvas.translate(0, 2 * stage.waterline)
        canvas.scale(1, -1)
        canvas.concat(layout.matrix())
        paint(canvas, bird.pieces)
        canvas.restore()
    canvas.save()
    canvas.concat(layout.matrix())
    paint(canvas, bird.pieces)
    canvas.restore()
    paint(canvas, stage.front)
    pixels = surface.toarray(colorType=skia.kRGBA_8888_ColorType)
    return Image.fromarray(np.ascontiguousarray(pixels[..., :3]))


def _expose(image: Image.Image, rng: np.random.Generator, habitat: str, nuisance: float) -> Image.Image:
    """What a camera adds: warmth, exposure, vignette, a touch of blur, sensor noise."""
    size = image.width
    warmth, exposure, focus, grain = rng.uniform(-1, 1, 4) * nuisance
    soft = max(0.0, float(focus) - 0.4) * size / 128
    if soft > 0:
        image = image.filter(ImageFilter.GaussianBlur(soft))
    warm = 0.04 * warmth + (0.05 if habitat == "dusk" else -0.015 if habitat == "snow" else 0.0)
    gain = (1 + 0.08 * exposure) * np.array([1 + warm, 1.0, 1 - warm], dtype=np.float32)
    across = np.linspace(-1, 1, size, dtype=np.float32) ** 2
    vignette = 1 - 0.07 * (across[:, None] + across[None, :])
    pixels = np.asarray(image, dtype=np.float32) * gain * vignette[..., None]
    if nuisance > 0:
        pixels += rng.standard_normal(pixels.shape, dtype=np.float32) * np.float32(nuisance * (2.5 + 2.0 * grain))
    return Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8))


def _numbers(pieces: Sequence[Piece], front: Sequence[Piece], layout: _Layout, size: int) -> np.ndarray:
    """(size, size) uint8: which part each pixel shows, 0 for none, _COVER for what stands in front."""
    surface = skia.Surface(size, size)
    canvas = surface.getCanvas()
    canvas.clear(skia.ColorBLACK)
    canvas.scale(size, size)
    canvas.save()
    canvas.concat(layout.matrix())
    number(canvas, pieces, {part: i + 1 for i, part in enumerate(PARTS)})
    canvas.restore()
    number(canvas, front, {"cover": _COVER})
    return surface.toarray(colorType=skia.kRGBA_8888_ColorType)[..., 0]


def _layers(bird: Bird) -> tuple[list[Piece], list[Piece]]:
    """The wings, and all else: what either would show without the other."""
    return [p for p in bird.pieces if p.part == "wing"], [p for p in bird.pieces if p.part != "wing"]


def _visibility(shown: np.ndarray, *layers: np.ndarray) -> dict[str, float]:
    seen = np.bincount(shown.ravel(), minlength=_COVER + 1)
    there = np.sum([np.bincount(layer.ravel(), minlength=_COVER + 1) for layer in layers], axis=0)
    fractions = {part: float(seen[i + 1] / there[i + 1]) if there[i + 1] else 0.0 for i, part in enumerate(PARTS)}
    body = [PARTS.index(part) + 1 for part in BODY]
    fractions["body"] = float(seen[body].sum() / max(1, there[body].sum()))
    return fractions


def _masks(numbers: np.ndarray) -> dict[str, np.ndarray]:
    masks = {part: numbers == i + 1 for i, part in enumerate(PARTS)}
    masks["body"] = np.logical_or.reduce([masks[part] for part in BODY])
    return masks


def _check(*, seed: int, size: int, nuisance: float, pose: str | None, habitat: str | None, facing: str | None) -> None:
    for what, name, names in (("pose", pose, POSES), ("habitat", habitat, HABITATS), ("facing", facing, FACINGS)):
        if name is not None and name not in names:
            fix = f"did you mean {nearest(name, names)!r}? It can be {', '.join(names)}"
            raise NiwtError(f"no {what} is called {name!r}", where="drawing a bird", fix=fix)
    if seed < 0:
        raise NiwtError(f"the seed {seed} is below 0", where="drawing a bird", fix="give 0 or more")
    if not 32 <= size <= 2048:
        raise NiwtError(f"the size {size} is out of range", where="drawing a bird", fix="give 32 to 2048 pixels")
    if not 0 <= nuisance <= 1:
        raise NiwtError(f"the nuisance {nuisance} is out of range", where="drawing a bird", fix="give 0 to 1")
