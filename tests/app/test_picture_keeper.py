"""What a browser kept of a person's pictures is checked like a stranger's file, and comes back to the last bit."""

import base64
import io

import pytest
import torch
from PIL import Image

from niwt_core import Classifier
from pages.components.shared.picture_keeper import LARGEST, picture_from
from pages.components.shared.uploads import Uploads
from tests.support.small_study import SIZE, small_dataset, small_study


def webp(size: int = SIZE, kind: str = "WEBP") -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), "teal").save(buffer, kind, lossless=True)
    return base64.b64encode(buffer.getvalue()).decode()


def test_a_kept_picture_has_the_same_features_to_the_last_bit() -> None:
    study = small_study()
    classifier = Classifier(study)
    original = classifier.encode(small_dataset().picture(4))
    upload = Uploads(study.id).hold("0" * 16, "mine.jpg", original, study.preprocess)
    data = base64.b64encode(upload.light().packed).decode()
    back = picture_from({"key": "0" * 16, "name": "mine.jpg", "data": data}, classifier)
    assert back is not None
    assert back[:2] == ("0" * 16, "mine.jpg")
    assert torch.equal(back[2].features, original.features)


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {},
        {"key": "../../etc", "name": "x", "data": webp()},
        {"key": "0" * 16, "name": "x" * 1000, "data": webp()},
        {"key": "0" * 16, "name": 3, "data": webp()},
        {"key": "0" * 16, "name": "x", "data": "not base64!"},
        {"key": "0" * 16, "name": "x", "data": base64.b64encode(b"no picture").decode()},
        {"key": "0" * 16, "name": "x", "data": webp(SIZE + 1)},
        {"key": "0" * 16, "name": "x", "data": webp(kind="PNG")},
        {"key": "0" * 16, "name": "x", "data": "A" * (LARGEST + 4)},
    ],
)
def test_anything_else_is_dropped(record: object) -> None:
    assert picture_from(record, Classifier(small_study())) is None
