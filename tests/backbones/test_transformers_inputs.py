"""The preprocessing of transformers models, against their own image processors."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from niwt_core.backbones.preprocess import InputOptions
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.backbones.transformers_inputs import read_preprocess
from niwt_core.errors import NiwtError

SQUEEZED = {"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32}}
CROPPED = {
    "image_processor_type": "DeiTImageProcessor",
    "size": {"height": 41, "width": 41},
    "crop_size": {"height": 32, "width": 32},
}
SETTINGS = {
    "whole picture": SQUEEZED,
    "whole picture, then crop": CROPPED,
    "shorter side, then crop": CROPPED | {"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 41}},
    "crop share": {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 48}, "crop_pct": 0.9},
    "no crop at 384": {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 384}},
    "own mean": SQUEEZED | {"image_mean": [0.1, 0.2, 0.3], "image_std": [0.4, 0.5, 0.6]},
    "own filter": SQUEEZED | {"resample": 3},
    "own factor": SQUEEZED | {"rescale_factor": 1 / 127.5},
    "no factor": SQUEEZED | {"do_rescale": False},
    "no mean": SQUEEZED | {"do_normalize": False},
    "an old file": {"feature_extractor_type": "ViTFeatureExtractor", "size": 32},
}


def folder(tmp_path, settings):
    ensure_torchvision()
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit"}))
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(settings))
    return str(tmp_path)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS.keys())
@pytest.mark.parametrize("size", [(83, 60), (50, 91), (64, 64)])
def test_pixels_are_those_of_the_library(settings, size, tmp_path):
    source = folder(tmp_path, settings)
    from transformers import AutoImageProcessor

    coarse = np.random.default_rng(sum(size)).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    picture = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    theirs = AutoImageProcessor.from_pretrained(source, backend="pil")(picture, return_tensors="pt")["pixel_values"][0]
    ours = read_preprocess(source, InputOptions(), None)(picture)
    torch.testing.assert_close(ours, theirs.float(), rtol=1e-4, atol=1e-4)


def test_a_missing_file_is_said_and_may_be_replaced_by_options(tmp_path):
    ensure_torchvision()
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit"}))
    with pytest.raises(NiwtError, match=r"no preprocessor_config\.json.*give --mean and --std"):
        read_preprocess(str(tmp_path), InputOptions(), 64)
    with pytest.raises(NiwtError, match="give --size, --mean and --std"):
        read_preprocess(str(tmp_path), InputOptions(mean=(0.5,) * 3), None)
    made = read_preprocess(str(tmp_path), InputOptions(mean=(0.5,) * 3, std=(0.25,) * 3), 64)
    assert (made.size, made.mean, made.std) == (64, (0.5,) * 3, (0.25,) * 3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"do_resize": False}, "do_resize"),
        ({"do_pad": True}, "do_pad"),
        ({"resample": 0}, "resample 0"),
        ({"size": {"height": 32, "width": 48}}, "32 x 48"),
        ({"size": {"shortest_edge": 32}}, "without a crop"),
        ({"size": {"shortest_edge": 32, "longest_edge": 64}}, "longest_edge"),
        ({"do_center_crop": True, "crop_size": {"height": 64, "width": 64}}, "a crop of 64 from 32"),
        ({"image_processor_type": "EfficientNetImageProcessor", "rescale_offset": True}, "rescale_offset"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(change, words, tmp_path):
    with pytest.raises(NiwtError, match=f"asks for .*{words}"):
        read_preprocess(folder(tmp_path, SQUEEZED | change), InputOptions(), None)


@pytest.mark.parametrize("content", ["{", "[]", '{"image_processor_type": "NoSuchProcessor"}'])
def test_a_file_that_cannot_be_read(content, tmp_path):
    folder(tmp_path, {})
    (tmp_path / "preprocessor_config.json").write_text(content)
    if content.startswith('{"'):
        (tmp_path / "config.json").write_text("{}")
    with pytest.raises(NiwtError, match=r"preprocessor_config\.json"):
        read_preprocess(str(tmp_path), InputOptions(), None)
