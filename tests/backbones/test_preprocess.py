import json

import numpy as np
import pytest
import torch
from PIL import Image

from niwt_core.backbones.preprocess import InputOptions, Preprocess
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.errors import NiwtError


def noise(width: int, height: int) -> Image.Image:
    """A smooth random picture: real ones have no detail at the scale of one pixel."""
    coarse = np.random.default_rng(width * height).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("width", "height"), [(227, 227), (500, 333), (333, 500), (64, 64), (97, 401)])
@pytest.mark.parametrize("resize", [None, 112])
def test_agrees_with_torchvision(width, height, interpolation, resize):
    ensure_torchvision()
    from torchvision import transforms

    mode = transforms.InterpolationMode(interpolation)
    preprocess = Preprocess(size=96, interpolation=interpolation, resize=resize)
    theirs = transforms.Compose(
        [
            transforms.Resize(resize or 96, interpolation=mode),
            transforms.CenterCrop(96),
            transforms.ToTensor(),
            transforms.Normalize(preprocess.mean, preprocess.std),
        ]
    )
    ours, expected = preprocess(noise(width, height)), theirs(noise(width, height))
    assert ours.shape == expected.shape == (3, 96, 96)
    assert ours.dtype == torch.float32
    assert ours.is_contiguous()
    assert (ours - expected).abs().mean() < 0.02  # they round the resized picture to whole pixels before cropping


def test_a_picture_of_the_right_size_only_is_normalised():
    picture = noise(64, 64)
    preprocess = Preprocess(size=64, mean=(0.5, 0.25, 0.0), std=(0.5, 1.0, 2.0))
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1) / 255
    expected = (pixels - torch.tensor(preprocess.mean).view(3, 1, 1)) / torch.tensor(preprocess.std).view(3, 1, 1)
    torch.testing.assert_close(preprocess(picture), expected)


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (3, 2)])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P"])
def test_any_size_and_mode(size, mode):
    assert Preprocess(size=32)(Image.new(mode, size)).shape == (3, 32, 32)


def test_round_trip_through_json():
    preprocess = Preprocess(size=288, interpolation="bicubic", resize=320, mean=(0.1, 0.2, 0.3))
    assert Preprocess.from_dict(json.loads(json.dumps(preprocess.to_dict()))) == preprocess


@pytest.mark.parametrize(
    "change",
    [
        {"size": 0},
        {"size": 1e9},
        {"size": "big"},
        {"std": [0, 1, 1]},
        {"mean": [float("nan"), 0, 0]},
        {"mean": [1, 2]},
        {"mean": None},
        {"mean": "abc"},
        {"interpolation": "nearest"},
        {"interpolation": []},
        {"resize": 3},
        {"unknown": 1},
    ],
)
def test_impossible_values_are_refused(change):
    with pytest.raises(NiwtError, match="preprocess"):
        Preprocess.from_dict({**Preprocess().to_dict(), **change})


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (InputOptions(), (96, 112, (0.485, 0.456, 0.406))),
        (InputOptions(size=48), (48, 56, (0.485, 0.456, 0.406))),  # the part that is kept stays
        (InputOptions(crop=0.5), (96, 192, (0.485, 0.456, 0.406))),
        (InputOptions(size=48, crop=1.0, mean=(0.1, 0.2, 0.3)), (48, None, (0.1, 0.2, 0.3))),
    ],
)
def test_options_take_the_place_of_the_configuration(options, wanted):
    made = options.over(Preprocess(size=96, resize=112))
    assert (made.size, made.resize, made.mean) == wanted


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"crop": 0.0}, "--crop"),
        ({"crop": 1.5}, "--crop"),
        ({"mean": (0.5, 0.5)}, "--mean"),
        ({"std": (0.5, 0.5, 0.0)}, "--std"),
        ({"size": 0}, "--size"),
    ],
)
def test_impossible_options_are_refused(options, words):
    with pytest.raises(NiwtError, match=words):
        InputOptions(**options)


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize("floor", [False, True])
def test_the_words_do_what_the_preprocessing_does(complete, floor):
    preprocess = Preprocess(size=32, resize=41, two_steps=True, whole=complete, floor=floor)
    words, picture = preprocess.in_words(), noise(90, 61)
    side = (41, 41) if "whole picture to 41 x 41" in words else (int(41 * 90 / 61), 41)
    resized = picture.resize(side, Image.Resampling.BILINEAR)
    half = [(length - 32) / 2 for length in side]
    left, top = (int(x) if "rounded down" in words.rpartition(";")[2] else round(x) for x in half)
    expected = np.asarray(resized.crop((left, top, left + 32, top + 32)))
    pixels = preprocess(picture).numpy().transpose(1, 2, 0) * np.float32(preprocess.std) + np.float32(preprocess.mean)
    assert np.array_equal((pixels * 255).round(), expected)
