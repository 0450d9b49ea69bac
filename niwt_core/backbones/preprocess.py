"""Picture to network input: resize, centre crop, normalise."""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from PIL import Image

from niwt_core.errors import NiwtError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
_FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
_LARGEST = 4096  # pixels; a larger `size` in a file is a mistake, not a wish


@dataclass(frozen=True)
class Preprocess:
    """What a backbone expects of its input.

    size: side of the square input, pixels. mean, std: per RGB channel, of values in 0..1. interpolation: "bilinear",
    "bicubic" or "lanczos", all antialiased. resize: length that the shorter side is brought to before the centre crop, pixels; None
    means `size`, so that nothing of the shorter side is lost. two_steps: the whole picture is resized first, to whole pixels, and cropped
    then, as the libraries do it: the very same pixels as theirs, where one resampling of the part that is kept differs by rounding.
    whole: the whole picture is squeezed into a square of `resize`, whatever its proportions, and cropped then. floor: an odd border is halved
    downwards, as transformers does, not to the even number, as torchvision and timm do.
    """

    size: int = 224
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    interpolation: str = "bilinear"
    resize: int | None = None
    two_steps: bool = False
    whole: bool = False
    floor: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", tuple(float(value) for value in self.mean))
        object.__setattr__(self, "std", tuple(float(value) for value in self.std))
        numbers = (*self.mean, *self.std)
        if not (isinstance(self.size, int) and 1 <= self.size <= _LARGEST):
            raise NiwtError(
                f"input size {self.size!r} is not a number of pixels from 1 to {_LARGEST}", where="preprocess"
            )
        if self.resize is not None and not (isinstance(self.resize, int) and self.size <= self.resize <= _LARGEST):
            raise NiwtError(f"resize {self.resize!r} is not from {self.size} to {_LARGEST} pixels", where="preprocess")
        if len(numbers) != 6 or not all(map(math.isfinite, numbers)) or min(self.std) <= 0:
            raise NiwtError("mean and std must be 3 finite numbers each, std positive", where="preprocess")
        if self.interpolation not in _FILTERS:
            raise NiwtError(
                f"unknown interpolation '{self.interpolation}'", where="preprocess", fix=f"use {', '.join(_FILTERS)}"
            )
        if not all(isinstance(flag, bool) for flag in (self.two_steps, self.whole, self.floor)):
            raise NiwtError("two_steps, whole and floor must be true or false", where="preprocess")

    def __call__(self, image: Image.Image) -> torch.Tensor:
        """Network input (3, size, size) float32 of an RGB picture of any size."""
        rgb = image if image.mode == "RGB" else image.convert("RGB")
        pixels = np.asarray(self._square(rgb)).transpose(2, 0, 1)  # (3, size, size) uint8
        std = np.asarray(self.std, np.float32).reshape(3, 1, 1)
        mean = np.asarray(self.mean, np.float32).reshape(3, 1, 1)
        values = np.multiply(
            pixels, 1 / (255 * std), dtype=np.float32, order="C"
        )  # NumPy: no thread pool to wake for 0.2 ms of work
        values -= mean / std
        return torch.from_numpy(values)

    def _square(self, image: Image.Image) -> Image.Image:
        """Resize and centre crop in one resampling of the part that is kept."""
        if self.two_steps or self.whole:
            return self._cropped(image)
        kept = min(image.size) * self.size / (self.resize or self.size)  # side of the kept square, source pixels
        left, top = (image.width - kept) / 2, (image.height - kept) / 2
        if kept == self.size and left == int(left) and top == int(top):
            return image.crop((int(left), int(top), int(left) + self.size, int(top) + self.size))
        box = (left, top, min(left + kept, image.width), min(top + kept, image.height))
        return image.resize((self.size, self.size), _FILTERS[self.interpolation], box=box)

    def _cropped(self, image: Image.Image) -> Image.Image:
        """Resize the shorter side, or the whole picture, to `resize`, then cut the centre out, rounded as the library rounds."""
        shorter = self.resize or self.size
        width, height = image.size
        if self.whole:
            wanted = (shorter, shorter)
        elif width <= height:
            wanted = (shorter, int(shorter * height / width))
        else:
            wanted = (int(shorter * width / height), shorter)
        if wanted != image.size:
            image = image.resize(wanted, _FILTERS[self.interpolation])
        halved = math.floor if self.floor else round
        left, top = halved((image.width - self.size) / 2.0), halved((image.height - self.size) / 2.0)
        return image.crop((left, top, left + self.size, top + self.size))

    def seen_box(self, width: int, height: int) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of the part of a picture that the network sees, in fractions of its width and height.

        Where the library rounds to whole pixels of the resized picture, the box is off by less than one of them.
        """
        lost = 1 - self.size / (self.resize or self.size)  # of the resized side
        if self.whole:
            return lost / 2, lost / 2, 1 - lost / 2, 1 - lost / 2
        side = min(width, height) * (1 - lost)
        left, top = (1 - side / width) / 2, (1 - side / height) / 2
        return left, top, 1 - left, 1 - top

    def in_words(self) -> str:
        """What to do with a picture before it is normalised, for people who do it elsewhere."""
        how = f"antialiased, Pillow's {self.interpolation}"
        if not (self.two_steps or self.whole):
            return (
                "Open as RGB, upright. side = min(width, height) * size / (resize or size); cut the centred box of that side and "
                f"resample it to size x size in one step ({how}: image.resize((size, size), interpolation, box=box))."
            )
        side = self.resize or self.size
        first = (
            f"the whole picture to {side} x {side}"
            if self.whole
            else f"the shorter side to {side}, the other in proportion, rounded down"
        )
        half = "rounded down" if self.floor else "rounded to even"
        return f"Open as RGB, upright. Resize {first} ({how}); then cut out the centre, size x size, half of an odd border {half}."

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {**asdict(self), "mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Preprocess":
        """Inverse of `to_dict`; raises NiwtError on unknown keys or impossible values."""
        if not isinstance(values, dict) or set(values) - set(cls.__dataclass_fields__):
            raise NiwtError("unreadable preprocessing", where="preprocess", fix="prepare the study again")
        try:
            return cls(**values)
        except (TypeError, ValueError) as error:
            raise NiwtError(
                f"unreadable preprocessing: {error}", where="preprocess", fix="prepare the study again"
            ) from error


@dataclass(frozen=True)
class InputOptions:
    """What a user says of the network's input in place of the model's own configuration; None where the configuration stands.

    size: pixels. crop: part of the shorter side that is kept, above 0 and at most 1. mean, std: per channel, of values in 0..1.
    """

    size: int | None = None
    crop: float | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.crop is not None and not 0 < self.crop <= 1:
            what = f"a crop of {self.crop:g}"
            raise NiwtError(what, where="--crop", fix="give the part that is kept, above 0 and at most 1")
        for option, value in (("--mean", self.mean), ("--std", self.std)):
            if value is not None and (len(value) != 3 or not all(map(math.isfinite, value))):
                raise NiwtError(
                    f"{len(value)} numbers", where=option, fix="give three, one a channel, such as 0.5,0.5,0.5"
                )
        if self.std is not None and min(self.std) <= 0:
            raise NiwtError(f"a deviation of {min(self.std):g}", where="--std", fix="give numbers above 0")
        if self.size is not None and not 1 <= self.size <= _LARGEST:
            raise NiwtError(
                f"a size of {self.size}", where="--size", fix=f"give a number of pixels from 1 to {_LARGEST}"
            )

    def over(self, preprocess: Preprocess) -> Preprocess:
        """`preprocess` with what was said here in its place; without `crop`, the part that is kept stays."""
        size = self.size or preprocess.size
        resize = preprocess.resize
        if self.crop is not None:
            resize = int(size / self.crop) if int(size / self.crop) != size else None
        elif self.size is not None and resize is not None:
            resize = int(size * resize / preprocess.size)
        mean, std = self.mean or preprocess.mean, self.std or preprocess.std
        return replace(preprocess, size=size, resize=resize, mean=mean, std=std)  # type: ignore[arg-type]
