"""CUB in miniature, and the real subset."""

import numpy as np
import pytest
from scipy.io import savemat

from niwt_core.data import check_pictures
from niwt_core.data.cub import read_cub
from niwt_core.errors import NiwtError
from tests.support.drawn_sets import (
    CUB_ATTRIBUTES,
    CUB_CLASSES,
    CUB_UNSEEN,
    CUB_USED,
    cells,
    cub_percentages,
    cub_split,
    save_splits,
)

NUMBERS = np.repeat(CUB_USED, 5)  # official class number of each picture


def test_pictures_and_classes(cub):
    dataset = read_cub(cub)
    assert dataset.classes == tuple(CUB_CLASSES[number - 1] for number in CUB_USED)
    assert len(dataset) == 20
    assert [dataset.classes[label] for label in dataset.labels] == [path.split("/")[0] for path in dataset.paths]
    assert not check_pictures(dataset).skipped
    assert dataset.picture(6).getpixel((0, 0))[0] == pytest.approx(80, abs=4)


def test_proposed_split(cub):
    dataset = read_cub(cub)
    assert dataset.unseen_classes == ("004.Groove_billed_Ani",)
    np.testing.assert_array_equal(dataset.train, (NUMBERS != 4) & (np.arange(20) % 5 < 4))
    assert dataset.validation_classes == ("002.Laysan_Albatross",)
    assert "att_splits.mat" in dataset.split_source


def test_attributes_follow_the_names_in_the_mat(cub):
    dataset = read_cub(cub)
    assert dataset.knowledge.names == CUB_ATTRIBUTES
    assert dataset.knowledge.scale == 100
    np.testing.assert_allclose(dataset.knowledge.values, cub_percentages()[np.array(CUB_USED) - 1])


def test_boxes_and_parts_follow_the_ids(cub):
    dataset = read_cub(cub, crop_boxes=True)
    np.testing.assert_array_equal(dataset.boxes[:, 0], np.arange(20) % 3)
    assert dataset.picture(0).size == (4, 5)
    assert dataset.parts.names == ("back", "left eye")
    ids = NUMBERS * 10 + np.arange(20) % 5
    np.testing.assert_array_equal(dataset.parts.locations[:, 1], np.stack([ids % 7 + 0.5, [2] * 20, [1] * 20], axis=1))


def test_the_folder_itself_and_a_folder_for_the_split(cub, tmp_path):
    expected = read_cub(cub).split_hash
    assert read_cub(cub / "CUB_200_2011").split_hash == expected
    (tmp_path / "elsewhere" / "data").mkdir(parents=True)
    (cub / "xlsa17").rename(tmp_path / "elsewhere" / "data" / "CUB")
    assert read_cub(cub, split_dir=tmp_path / "elsewhere").split_hash == expected
    with pytest.raises(NiwtError, match="no split"):
        read_cub(cub)


@pytest.mark.parametrize("listed", ["testclasses.txt", "trainvalclasses.txt"])
def test_class_lists(cub, listed):
    for other in {"att_splits.mat", "testclasses.txt", "trainvalclasses.txt"} - {listed}:
        (cub / "xlsa17" / other).unlink()
    dataset = read_cub(cub)
    assert dataset.unseen_classes == tuple(CUB_CLASSES[number - 1] for number in CUB_UNSEEN)
    np.testing.assert_array_equal(dataset.train, (NUMBERS != 4) & (np.arange(20) % 5 < 3))
    np.testing.assert_allclose(dataset.knowledge.values, cub_percentages()[np.array(CUB_USED) - 1])
    assert listed in dataset.split_source


def test_rows_are_those_of_the_feature_file_where_it_is(cub):
    """In the xlsa17 archive the pictures of res101.mat need not be in the order of images.txt."""
    before = read_cub(cub)
    lines = (cub / "CUB_200_2011/images.txt").read_text().splitlines()
    order = np.random.default_rng(1).permutation(20)
    pictures = [(int(line.split()[0]), int(line.split()[0]) // 10, line.split()[1]) for line in lines]
    pictures = [pictures[i] for i in order]
    save_splits(cub / "xlsa17/att_splits.mat", cub_split(pictures), CUB_CLASSES, cub_percentages())
    with pytest.raises(NiwtError, match="both seen and unseen"):
        read_cub(cub)
    savemat(cub / "xlsa17/res101.mat", {"image_files": cells([f"/data/CUB//images/{path}" for _, _, path in pictures])})
    assert read_cub(cub).split_hash == before.split_hash


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("images.txt", "10 001", "ten 001", "images.txt line 1"),
        ("images.txt", "11 001", "10 001", "images.txt line 2"),
        ("image_class_labels.txt", "10 1\n", "", "picture 10 of images.txt has no line"),
        ("image_class_labels.txt", "10 1\n", "10 9\n", "class number 9 is not in classes.txt"),
        ("image_class_labels.txt", "10 1\n", "10 x\n", "not a table of numbers"),
        ("image_class_labels.txt", "10 1\n", "10 1 1\n", "not a table of numbers"),
        ("parts/part_locs.txt", "10 1 ", "10 7 ", "part number 7 is not in parts.txt"),
        ("../attributes.txt", "3 has_size::small\n", "", "2 attribute names for 3 columns"),
        ("classes.txt", "1 001.Black_footed_Albatross", "1 001.White_Albatross", "class 001.White_Albatross not found"),
    ],
)
def test_files_that_do_not_fit(cub, change, file, old, new, message):
    change(cub / "CUB_200_2011" / file, old, new)
    with pytest.raises(NiwtError, match=message) as caught:
        read_cub(cub)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "file", ["images.txt", "classes.txt", "image_class_labels.txt", "bounding_boxes.txt", "../attributes.txt"]
)
def test_missing_files(cub, file):
    (cub / "CUB_200_2011" / file).unlink()
    with pytest.raises(NiwtError) as caught:
        read_cub(cub, crop_boxes=True)
    assert file.removeprefix("../") in str(caught.value)


def test_splits_that_do_not_fit(cub):
    lines = (cub / "CUB_200_2011/images.txt").read_text().splitlines(keepends=True)
    (cub / "CUB_200_2011/images.txt").write_text("".join(lines[:-1]))
    with pytest.raises(NiwtError, match="a split of 20 pictures for a list of 19"):
        read_cub(cub)
    (cub / "xlsa17/att_splits.mat").write_bytes(b"nothing")
    with pytest.raises(NiwtError, match="not a MATLAB file"):
        read_cub(cub)
    (cub / "xlsa17/att_splits.mat").unlink()
    (cub / "xlsa17/testclasses.txt").write_text("004.Groove_billed_Any\n")
    with pytest.raises(NiwtError, match=r"unknown class '004.Groove_billed_Any'.*did you mean 004.Groove_billed_Ani"):
        read_cub(cub)
    (cub / "xlsa17/testclasses.txt").write_text("\n")
    with pytest.raises(NiwtError, match="no class is unseen"):
        read_cub(cub)


def test_the_real_subset(shared_data):
    dataset = read_cub(shared_data / "cub-subset")
    assert (len(dataset), len(dataset.classes), int(dataset.seen.sum())) == (5129, 87, 73)
    assert {part: int((dataset.split == part).sum()) for part in ("train", "test_seen", "test_unseen")} == {
        "train": 3441,
        "test_seen": 851,
        "test_unseen": 837,
    }
    lists = (shared_data / "cub-subset/xlsa17/testclasses.txt").read_text().split()
    assert set(dataset.unseen_classes) == set(lists)
    assert all(
        path.split("/")[0] == dataset.classes[label] for path, label in zip(dataset.paths, dataset.labels, strict=True)
    )
    assert dataset.knowledge.values.shape == (87, 312)
    assert len(dataset.knowledge.groups) == 28
    table = np.loadtxt(dataset.root.parent / "attributes/class_attribute_labels_continuous.txt")
    numbers = [int(class_[:3]) - 1 for class_ in dataset.classes]
    np.testing.assert_allclose(dataset.knowledge.values, table[numbers], atol=1e-4)  # two files, one truth
    assert dataset.parts.locations.shape == (5129, 15, 3)
    assert dataset.split_hash == "edac322643fd905a"
    assert not check_pictures(dataset).skipped
    presence = dataset.knowledge.presence()
    assert 0.05 < presence.mean() < 0.2
    red = dataset.knowledge.column("crown color: red")
    assert dataset.knowledge.describe({"crown color": "red"})[red] == 100


@pytest.mark.parametrize("name", ["images.txt", "classes.txt", "image_class_labels.txt"])
@pytest.mark.parametrize("with_features", [True, False])
def test_the_order_of_lines_does_not_matter(cub, name, with_features):
    if not with_features:
        (cub / "xlsa17/res101.mat").unlink(missing_ok=True)
    before = read_cub(cub)
    file = cub / "CUB_200_2011" / name
    file.write_text("\n".join(sorted(file.read_text().splitlines(), key=lambda line: line[::-1])) + "\n")
    after = read_cub(cub)
    assert (after.split_hash, after.paths, after.classes) == (before.split_hash, before.paths, before.classes)
    np.testing.assert_array_equal(after.knowledge.values, before.knowledge.values)


def test_a_picture_that_is_listed_twice(cub):
    file = cub / "CUB_200_2011/images.txt"
    first = file.read_text().splitlines()[0].split()[1]
    file.write_text(file.read_text() + f"99999 {first}\n")
    with pytest.raises(NiwtError, match="is listed twice"):
        read_cub(cub)
