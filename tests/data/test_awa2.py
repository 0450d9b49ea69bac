"""AwA2: the real tables, with drawn stand-ins for its pictures."""

import shutil

import numpy as np
import pytest

from niwt_core.data.awa2 import FOLDER, UNSEEN, read_awa2
from niwt_core.data.matlab import read_class_vectors, read_proposed_split
from niwt_core.errors import NiwtError
from tests.support.drawn_sets import draw, save_splits

CLASSES = ("antelope", "bat", "blue+whale", "ox")


@pytest.fixture
def awa2(tmp_path, shared_data):
    base = tmp_path / FOLDER
    shutil.copytree(shared_data / "awa2-tables" / FOLDER, base)
    for class_ in CLASSES:
        for i in range(1, 6):
            draw(base / "JPEGImages" / class_ / f"{class_}_{10000 + i}.jpg")
    return tmp_path


def test_stand_ins(awa2):
    dataset = read_awa2(awa2)
    assert set(dataset.classes) == set(CLASSES)
    assert set(dataset.unseen_classes) == {"bat", "blue+whale"} == set(UNSEEN) & set(CLASSES)
    assert (len(dataset), int(dataset.train.sum())) == (20, 8)
    assert dataset.split_hash == read_awa2(awa2 / FOLDER).split_hash
    assert "hash" in dataset.split_source


def test_table_is_matched_by_class_and_missing_is_zero(awa2):
    dataset = read_awa2(awa2)
    table = np.loadtxt(awa2 / FOLDER / "predicate-matrix-continuous.txt")
    assert table[0, 0] == -1  # antelope, black
    assert dataset.knowledge.of("antelope")[0] == 0
    np.testing.assert_allclose(dataset.knowledge.of("antelope"), np.maximum(table[0], 0), rtol=1e-6)
    assert dataset.knowledge.scale == 100
    assert len(dataset.knowledge.groups) == 85


def test_binary_table(awa2):
    knowledge = read_awa2(awa2, binary=True).knowledge
    assert knowledge.binary
    assert knowledge.scale == 1
    assert knowledge.presence()[knowledge.index("bat"), knowledge.column("flys")]
    assert not knowledge.presence()[knowledge.index("ox"), knowledge.column("flys")]


def test_published_unseen_classes_are_those_of_the_mat(shared_data):
    """Rows run over pictures sorted by class: after the 1,046 antelopes, bats are the first unseen ones."""
    mat = shared_data / "awa2-tables/xlsa17/att_splits.mat"
    split = read_proposed_split(mat)
    assert split.pictures == 37322
    assert split.test_unseen.min() == 1046
    assert len(split.test_unseen) == 7913
    assert set(UNSEEN) < set(read_class_vectors(mat).classes)


def test_proposed_split_needs_all_pictures(awa2):
    """20 drawn pictures, and a split of 20: the rows count them sorted by class."""
    (awa2 / "xlsa17").mkdir()
    split = {"trainval_loc": [1, 2, 3, 16, 17, 18], "test_seen_loc": [4, 5, 19, 20], "test_unseen_loc": range(6, 16)}
    save_splits(awa2 / "xlsa17/att_splits.mat", split, CLASSES, np.ones((4, 85)))
    dataset = read_awa2(awa2)
    assert set(dataset.unseen_classes) == {"bat", "blue+whale"}
    assert [dataset.paths[i] for i in np.flatnonzero(dataset.train)] == [
        f"{class_}/{class_}_1000{i}.jpg" for class_ in ("antelope", "ox") for i in (1, 2, 3)
    ]
    assert "att_splits.mat" in dataset.split_source
    draw(awa2 / FOLDER / "JPEGImages/ox/ox_10006.jpg")
    assert "hash" in read_awa2(awa2).split_source


def test_class_list(awa2):
    (awa2 / "xlsa17").mkdir()
    (awa2 / "xlsa17/testclasses.txt").write_text("ox\n")
    assert read_awa2(awa2).unseen_classes == ("ox",)


def test_a_split_that_lies_elsewhere(awa2, tmp_path):
    elsewhere = tmp_path / "downloads/xlsa17/data/AWA2"
    elsewhere.mkdir(parents=True)
    with pytest.raises(NiwtError, match=r"no att_splits.mat and no testclasses.txt there.*xlsa17"):
        read_awa2(awa2, split_dir=elsewhere)
    (elsewhere / "testclasses.txt").write_text("ox\n")
    for place in (elsewhere, elsewhere.parents[1]):
        assert read_awa2(awa2, split_dir=place).unseen_classes == ("ox",)


def test_missing_tables(awa2):
    (awa2 / FOLDER / "predicate-matrix-binary.txt").unlink()
    with pytest.raises(NiwtError, match=r"no predicate-matrix-binary.txt.*--knowledge attributes"):
        read_awa2(awa2, binary=True)
    (awa2 / FOLDER / "JPEGImages/bobcat").mkdir()
    with pytest.raises(NiwtError, match="class bobcat has no picture"):
        read_awa2(awa2)


def test_bad_sets(awa2, tmp_path, change):
    with pytest.raises(NiwtError, match="no Animals with Attributes 2 here"):
        read_awa2(tmp_path / "none")
    images = awa2 / FOLDER / "JPEGImages"
    draw(images / "unicorn/unicorn_10001.jpg")
    with pytest.raises(NiwtError, match="folder unicorn is no class"):
        read_awa2(awa2)
    shutil.rmtree(images / "unicorn")
    change(awa2 / FOLDER / "predicates.txt", "black", "blaque\n86\tblack")
    with pytest.raises(NiwtError, match=r"50 rows and 85 columns, not 50 and 86|is not a new number"):
        read_awa2(awa2)
    change(awa2 / FOLDER / "predicates.txt", "blaque\n86\tblack", "black")
    shutil.rmtree(images)
    with pytest.raises(NiwtError, match="no JPEGImages folder"):
        read_awa2(awa2)
    images.mkdir()
    with pytest.raises(NiwtError, match="no picture"):
        read_awa2(awa2)
