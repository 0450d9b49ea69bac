"""Captions of single pictures: whose are used, and whose never are."""

from pathlib import Path

import numpy as np
import pytest

from niwt_core import NiwtError
from niwt_core.data.dataset import Dataset
from niwt_core.data.reed import is_caption_folder, read_picture_captions
from tests.support.small_study import small_dataset


def write(root: Path, dataset: Dataset) -> Path:
    """Two sentences a picture that name it and its role; folders spelled as CUB would."""
    for i, path in enumerate(dataset.paths):
        name = dataset.classes[dataset.labels[i]]
        folder = root / f"{dataset.labels[i] + 1:03d}.{name.replace(' ', '_')}"
        folder.mkdir(exist_ok=True, parents=True)
        (folder / f"{Path(path).stem}.txt").write_text(f"picture {i} to {dataset.split[i]}\nsecond of {i}\n\n")
    return root


@pytest.fixture
def folder(tmp_path) -> Path:
    return write(tmp_path / "text", small_dataset())


def test_test_pictures_of_seen_classes_are_never_read(folder):
    dataset = small_dataset()
    assert is_caption_folder(folder)
    captions = read_picture_captions(folder, dataset)
    assert tuple(captions) == dataset.classes
    for c, name in enumerate(dataset.classes):
        pictures = np.flatnonzero(dataset.labels == c)
        used = [i for i in pictures if dataset.train[i] or not dataset.seen[c]]
        wanted = {caption for i in used for caption in (f"picture {i} to {dataset.split[i]}", f"second of {i}")}
        assert set(captions[name]) == wanted
        assert len(captions[name]) == len(wanted)
    assert not any("test_seen" in caption for sentences in captions.values() for caption in sentences)


def test_files_of_no_picture_are_passed_over_where_the_class_is_seen(folder):
    dataset = small_dataset()
    before = read_picture_captions(folder, dataset)
    for place in folder.iterdir():
        (place / "stranger.txt").write_text("of no picture\n")
    after = read_picture_captions(folder, dataset)
    assert all(after[name] == before[name] for name in dataset.seen_classes)
    assert all("of no picture" in after[name] for name in dataset.unseen_classes)


def test_what_cannot_work(folder, tmp_path):
    dataset = small_dataset()
    seen = folder / f"001.{dataset.classes[0].replace(' ', '_')}"
    for i, file in enumerate(sorted(seen.iterdir())):
        file.rename(seen / f"other-{i}.txt")
    with pytest.raises(NiwtError, match=f"class {dataset.classes[0]} has no caption of a training picture"):
        read_picture_captions(folder, dataset)
    for file in seen.iterdir():
        file.unlink()
    with pytest.raises(NiwtError, match=f"class {dataset.classes[0]} not found"):
        read_picture_captions(folder, dataset)
    assert not is_caption_folder(tmp_path / "nothing")
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "a.txt").write_text("a phrase list, not captions of pictures")
    assert not is_caption_folder(tmp_path / "plain")
