"""The preprocessing of a transformers model, as its own image processor resolves it; what cannot be honoured is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from niwt_core.backbones.preprocess import InputOptions, Preprocess
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.errors import NiwtError

ensure_torchvision()

from transformers import AutoImageProcessor  # noqa: E402 - it imports torchvision
from transformers.utils import cached_file, logging  # noqa: E402

_FILE = "preprocessor_config.json"
_FILTERS = {1: "lanczos", 2: "bilinear", 3: "bicubic"}  # PIL's numbers
_WARPED = 384  # pixels; from here on ConvNeXT's processor squeezes the whole picture
_HONOURED = {"do_resize", "do_center_crop", "do_rescale", "do_normalize", "do_convert_rgb"}
_SWITCHES = ("rescale_offset", "include_top")  # EfficientNet's own arithmetic


def read_preprocess(source: str, inputs: InputOptions, side: int | None) -> Preprocess:
    """What a model of the hub or of a folder expects of its input, with `inputs` in its place; side: the network's own, pixels.

    Raises NiwtError where there is no preprocessor file and `inputs` does not say what it would, or it asks for what is not done here.
    """
    if not _file(source):
        size = inputs.size or side
        if size is None or inputs.mean is None or inputs.std is None:
            options = "--mean and --std" if side else "--size, --mean and --std"
            what = f"no {_FILE}: what the network expects of its input is not known"
            raise NiwtError(what, where=source, fix=f"put the file there, or give {options}")
        return inputs.over(Preprocess(size=size, interpolation="bicubic", two_steps=True))
    return inputs.over(_resolved(_processor(source), source))


def _file(source: str) -> str | None:
    try:
        path: str | None = cached_file(source, _FILE, _raise_exceptions_for_missing_entries=False)
    except (OSError, ValueError) as error:
        raise _unreadable(source, error) from error
    return path


def _processor(source: str) -> Mapping[str, Any]:
    """The settings, with those that the file leaves to the library."""
    level = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        config: Mapping[str, Any] = AutoImageProcessor.from_pretrained(source).to_dict()
    except Exception as error:  # not JSON, no such processor, values of other types: each has errors of its own
        raise _unreadable(source, error) from error
    finally:
        logging.set_verbosity(level)
    return config


def _unreadable(source: str, error: Exception) -> NiwtError:
    reason = str(error).strip().partition("\n")[0][:200]
    return NiwtError(f"cannot read {_FILE}: {reason}", where=source, fix="repair or remove the file")


def _resolved(config: Mapping[str, Any], source: str) -> Preprocess:
    odd = [key for key, value in config.items() if key.startswith("do_") and value is True and key not in _HONOURED]
    odd += [key for key in _SWITCHES if config.get(key)] + (
        [] if config.get("do_resize", True) else ["do_resize: false"]
    )
    if odd:
        raise _refused(source, odd[0])
    if config.get("resample") not in _FILTERS:
        raise _refused(source, f"resample {config.get('resample')}")
    side, resize, squeezed = _sides(config, source)
    factor = float(config.get("rescale_factor", 1 / 255)) if config.get("do_rescale", True) else 1.0
    mean, std = (0.0,) * 3, (1.0,) * 3
    if config.get("do_normalize", True):
        mean, std = _channels(config, "image_mean", source), _channels(config, "image_std", source)
    unit = 255 * factor  # what a full pixel becomes: 1 unless the file says otherwise
    if not unit > 0:
        raise _refused(source, f"rescale_factor {factor:g}")
    return Preprocess(
        size=side,
        mean=tuple(value / unit for value in mean),  # type: ignore[arg-type]
        std=tuple(value / unit for value in std),  # type: ignore[arg-type]
        interpolation=_FILTERS[config["resample"]],
        resize=resize,
        two_steps=True,
        whole=squeezed,
        floor=True,
    )


def _sides(config: Mapping[str, Any], source: str) -> tuple[int, int, bool]:
    """(side of the input, what is resized to, whether the whole picture is)."""
    size = {key: value for key, value in dict(config["size"]).items() if value is not None}
    crop = {key: value for key, value in dict(config.get("crop_size") or {}).items() if value is not None}
    cropped = bool(config.get("do_center_crop"))
    if set(size) == {"height", "width"}:
        if size["height"] != size["width"]:
            raise _refused(source, f"a size of {size['height']} x {size['width']}")
        resize, squeezed = int(size["height"]), True
    elif set(size) == {"shortest_edge"}:
        resize, squeezed = int(size["shortest_edge"]), False
    else:
        raise _refused(source, f"a size by {', '.join(sorted(size))}")
    if "crop_pct" in config and not squeezed:  # ConvNeXT's processor
        if resize >= _WARPED:
            return resize, resize, True
        return resize, int(resize / float(config["crop_pct"])), False
    if not cropped:
        if not squeezed:
            raise _refused(source, "the shorter side resized without a crop")
        return resize, resize, True
    if set(crop) != {"height", "width"} or crop["height"] != crop["width"]:
        raise _refused(source, f"a crop of {crop}")
    if crop["height"] > resize:
        raise _refused(source, f"a crop of {crop['height']} from {resize} pixels")
    return int(crop["height"]), resize, squeezed


def _channels(config: Mapping[str, Any], key: str, source: str) -> tuple[float, float, float]:
    value = config.get(key)
    numbers = (value,) * 3 if isinstance(value, int | float) else tuple(value or ())
    if len(numbers) != 3:
        raise _refused(source, f"{key} of {len(numbers)} numbers")
    return float(numbers[0]), float(numbers[1]), float(numbers[2])


def _refused(source: str, what: str) -> NiwtError:
    fix = f"prepare pictures another way and change {Path(_FILE).name}, or choose another model"
    return NiwtError(f"its preprocessing asks for {what}, which is not done here", where=source, fix=fix)
