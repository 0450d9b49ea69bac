"""The published .mat files, and files that only look like them."""

import random

import numpy as np
import pytest
from scipy.io import savemat

from niwt_core.data.matlab import read_class_vectors, read_in_child, read_picture_list, read_proposed_split
from niwt_core.errors import NiwtError
from tests.support.drawn_sets import cells


def test_real_files_by_name(shared_data):
    vectors = read_class_vectors(shared_data / "cub-subset/xlsa17/sent_splits.mat")
    assert vectors.unit.shape == (200, 1024)
    assert vectors.raw is None
    np.testing.assert_array_equal(vectors.rows(["003.Sooty_Albatross", "001.Black_footed_Albatross"]), [2, 0])
    raw = read_class_vectors(shared_data / "awa2-tables/xlsa17/att_splits.mat").raw
    table = np.loadtxt(shared_data / "awa2-tables/Animals_with_Attributes2/predicate-matrix-continuous.txt")
    np.testing.assert_allclose(raw, table, atol=1e-5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"att": np.ones((3, 2))}, "no allclasses_names"),
        ({"allclasses_names": cells(["a", "b"])}, "no att"),
        ({"att": np.ones((2, 3)), "allclasses_names": cells(["a", "b"])}, "shape .2, 3. for 2 classes"),
        ({"att": np.full((3, 2), np.nan), "allclasses_names": cells(["a", "b"])}, "not numbers"),
        ({"att": np.ones((3, 2)), "allclasses_names": cells(["a", "a"])}, "a appears more than once"),
        ({"att": np.ones((3, 2)), "allclasses_names": cells(["a", 7.0])}, "not a string"),
        ({"att": np.ones((3, 2)), "allclasses_names": cells(["a", {"b": "c"}])}, "not a string"),
        ({"att": cells(["a", "b"]), "allclasses_names": cells(["a", "b"])}, "att of shape"),
    ],
)
def test_wrong_vectors(tmp_path, content, message):
    savemat(tmp_path / "x.mat", content)
    with pytest.raises(NiwtError, match=message):
        read_class_vectors(tmp_path / "x.mat")


@pytest.mark.parametrize(
    ("unseen", "message"),
    [
        ([4], "does not name every picture once"),
        ([2, 3], "does not name every picture once"),
        ([0, 3], "not counted from 1"),
        (cells(["x"]), "not counted from 1"),
    ],
)
def test_wrong_rows(tmp_path, unseen, message):
    savemat(tmp_path / "x.mat", {"trainval_loc": [1], "test_seen_loc": [2], "test_unseen_loc": unseen})
    with pytest.raises(NiwtError, match=message):
        read_proposed_split(tmp_path / "x.mat")


def test_rows_count_from_one(tmp_path):
    savemat(tmp_path / "x.mat", {"trainval_loc": [4, 1], "test_seen_loc": [2], "test_unseen_loc": [3]})
    split = read_proposed_split(tmp_path / "x.mat")
    assert (split.trainval.tolist(), split.test_unseen.tolist(), split.validation.tolist()) == ([3, 0], [2], [])


def test_files_that_are_none(tmp_path):
    with pytest.raises(NiwtError, match="no such file"):
        read_class_vectors(tmp_path / "x.mat")
    for data in (
        b"",
        b"words",
        b"\x89HDF\r\n\x1a\n" + bytes(600),
        b"MATLAB 7.3 MAT-file" + b" " * 105 + b"\x00\x02IM" + bytes(600),
    ):
        (tmp_path / "x.mat").write_bytes(data)
        with pytest.raises(NiwtError, match=r"x\.mat"):
            read_class_vectors(tmp_path / "x.mat")


def test_picture_list(tmp_path):
    savemat(tmp_path / "res101.mat", {"image_files": cells(["/a/b//JPEGImages/ox/ox_1.jpg", "C:\\x\\bat\\bat_2.jpg"])})
    assert read_picture_list(tmp_path / "res101.mat") == ("ox/ox_1.jpg", "bat/bat_2.jpg")


def test_flipped_bytes_end_no_process_but_the_readers_own(tmp_path):
    """SciPy's reader ends its whole process on some of these: here it is another one."""
    path = tmp_path / "x.mat"
    savemat(
        path,
        {"att": np.arange(6.0).reshape(3, 2), "allclasses_names": cells(["a", "b"]), "original_att": np.eye(3)[:, :2]},
    )
    data, draw = path.read_bytes(), random.Random(0)
    read = refused = 0
    for _ in range(400):
        damaged = bytearray(data)
        for _ in range(draw.randint(1, 3)):
            damaged[draw.randrange(128, len(damaged))] = draw.choice([0, 1, 255, 254, 14, 127, draw.randrange(256)])
        path.write_bytes(damaged)
        try:
            vectors = read_class_vectors(path)
        except NiwtError:
            refused += 1
        else:
            read += 1
            assert np.isfinite(vectors.unit).all()
    assert read
    assert refused


def test_a_reader_that_was_ended_is_started_again(tmp_path):
    path = tmp_path / "x.mat"
    savemat(path, {"att": np.ones((3, 2)), "allclasses_names": cells(["a", "b"])})
    read_class_vectors(path)
    assert read_in_child.process is not None
    read_in_child.process.kill()
    read_in_child.process.wait()
    assert read_class_vectors(path).classes == ("a", "b")


def test_values_beyond_single_precision(tmp_path):
    savemat(tmp_path / "x.mat", {"att": np.full((3, 2), 1e300), "allclasses_names": cells(["a", "b"])})
    with pytest.raises(NiwtError, match="beyond single precision"):
        read_class_vectors(tmp_path / "x.mat")
