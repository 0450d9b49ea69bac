"""What every reader returns: roles, hash, subsets, cropping, the check of pictures."""

from dataclasses import replace

import numpy as np
import pytest

from niwt_core.data import Dataset, Parts, check_pictures
from niwt_core.errors import NiwtError
from niwt_core.knowledge.attributes import Knowledge
from tests.support.drawn_sets import draw


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    labels = np.repeat([0, 1, 2], 4)
    paths = tuple(f"{'abc'[label]}/{i}.jpg" for i, label in enumerate(labels))
    for path in paths:
        draw(tmp_path / path)
    return Dataset(
        name="small",
        root=tmp_path,
        classes=("a", "b", "c"),
        seen=np.array([True, True, False]),
        paths=paths,
        labels=labels,
        train=np.array([1, 1, 1, 0] * 2 + [0] * 4, dtype=bool),
        knowledge=Knowledge("attributes", ("a", "b", "c"), ("k",), np.zeros((3, 1))),
        boxes=np.array([[i % 3, 2, 5, 4] for i in range(12)], dtype=np.float32),
        parts=Parts(("eye",), np.arange(36, dtype=np.float32).reshape(12, 1, 3)),
        picture_attributes=np.arange(12)[:, None],
    )


def test_roles(dataset):
    assert list(dataset.split[:4]) == ["train"] * 3 + ["test_seen"]
    assert set(dataset.split[8:]) == {"test_unseen"}
    assert (dataset.seen_classes, dataset.unseen_classes) == (("a", "b"), ("c",))


def test_hash_is_of_the_split_not_of_its_order(dataset):
    order = np.random.default_rng(0).permutation(12)
    seen_from_runner_up = replace(
        dataset,
        paths=tuple(dataset.paths[i] for i in order),
        labels=dataset.labels[order],
        train=dataset.train[order],
        name="other",
    )
    assert seen_from_runner_up.split_hash == dataset.split_hash
    assert len(dataset.split_hash) == 16
    train = dataset.train.copy()
    train[3] = True
    assert replace(dataset, train=train).split_hash != dataset.split_hash
    assert replace(dataset, paths=("a/x.jpg", *dataset.paths[1:])).split_hash != dataset.split_hash


def test_keep_takes_everything_along(dataset):
    mask = np.arange(12) % 4 != 2
    kept = dataset.keep(mask)
    index = np.flatnonzero(mask)
    assert kept.paths == tuple(dataset.paths[i] for i in index)
    for name in ("labels", "train", "boxes", "picture_attributes"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(dataset, name)[index])
    np.testing.assert_array_equal(kept.parts.locations, dataset.parts.locations[index])


def test_unreadable_pictures_are_named_and_left_out(dataset):
    (dataset.root / dataset.paths[0]).write_bytes(b"")
    (dataset.root / dataset.paths[5]).write_text("words")
    (dataset.root / dataset.paths[11]).unlink()
    seen = []
    checked = check_pictures(dataset, progress=lambda done, total: seen.append((done, total)))
    assert [skipped.path for skipped in checked.skipped] == ["a/0.jpg", "b/5.jpg", "c/11.jpg"]
    assert ["empty" in checked.skipped[0].reason, "not an image" in checked.skipped[1].reason] == [True, True]
    assert len(checked) == 9
    assert seen[-1] == (12, 12)
    assert check_pictures(checked) is checked


def test_too_few_readable_training_pictures_are_refused(dataset):
    for path in dataset.paths[:2]:
        (dataset.root / path).write_bytes(b"")
    with pytest.raises(NiwtError, match="class a has 1 training pictures"):
        check_pictures(dataset)


def test_crop(dataset):
    assert dataset.picture(0).size == (12, 10)
    cropped = replace(dataset, crop=True)
    assert cropped.picture(1).size == (5, 4)
    boxes = dataset.boxes.copy()
    boxes[0] = (10, 8, 50, 50)  # runs over the edge
    boxes[1] = (30, 0, 5, 5)
    cropped = replace(cropped, boxes=boxes)
    assert cropped.picture(0).size == (2, 2)
    with pytest.raises(NiwtError, match="box 30 0 5 5 lies outside"):
        cropped.picture(1)


@pytest.mark.parametrize(
    ("seen", "message"),
    [([True] * 3, "class c has 0 training pictures"), ([True, False, False], "1 seen classes are too few.*at least 4")],
)
def test_a_set_that_cannot_work_is_refused(dataset, seen, message):
    with pytest.raises(NiwtError, match=message):
        replace(dataset, seen=np.array(seen), train=dataset.train & np.array(seen)[dataset.labels])


def test_lengths_must_agree(dataset):
    with pytest.raises(ValueError, match="for 12 pictures"):
        replace(dataset, boxes=dataset.boxes[:3])
    with pytest.raises(ValueError, match="seen classes"):
        replace(dataset, train=np.ones(12, dtype=bool))
    with pytest.raises(ValueError, match="in their order"):
        replace(dataset, classes=("b", "a", "c"))
