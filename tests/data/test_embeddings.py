"""Class vectors from files."""

import numpy as np
import pytest

from niwt_core.data.embeddings import order_notice, read_embeddings
from niwt_core.errors import NiwtError


def test_mat_is_matched_by_name(shared_data):
    path = shared_data / "cub-subset/xlsa17/sent_splits.mat"
    knowledge = read_embeddings(path, ("003.Sooty_Albatross", "001.Black_footed_Albatross"))
    vectors = read_embeddings(path, ("001.Black_footed_Albatross", "002.Laysan_Albatross", "003.Sooty_Albatross"))
    assert knowledge.kind == "embedding"
    np.testing.assert_array_equal(knowledge.values, vectors.values[[2, 0]])
    assert knowledge.names[0] == "sent_splits_0"
    with pytest.raises(NiwtError, match="class Dodo not found"):
        read_embeddings(path, ("Dodo",))


def test_csv_is_matched_by_name(tmp_path):
    (tmp_path / "e.csv").write_text("class,x,y\nRed Fish,1,2\nother,5,6\nblue_fish,3,-4\n")
    knowledge = read_embeddings(tmp_path / "e.csv", ("blue_fish", "red_fish"))
    np.testing.assert_array_equal(knowledge.values, [[3, -4], [1, 2]])
    with pytest.raises(NiwtError, match="class green_fish has no row"):
        read_embeddings(tmp_path / "e.csv", ("green_fish",))


def test_npy_is_in_order(tmp_path):
    np.save(tmp_path / "e.npy", np.arange(6).reshape(2, 3))
    np.testing.assert_array_equal(read_embeddings(tmp_path / "e.npy", ("a", "b")).values, [[0, 1, 2], [3, 4, 5]])
    with pytest.raises(NiwtError, match="2 rows for 3 classes"):
        read_embeddings(tmp_path / "e.npy", ("a", "b", "c"))


@pytest.mark.parametrize(
    "array", [np.ones(3), np.array(["a", "b"]), np.array([{"a": 1}, None]), np.full((2, 2), np.nan)]
)
def test_npy_that_is_no_table(tmp_path, array):
    np.save(tmp_path / "e.npy", array, allow_pickle=True)
    with pytest.raises(NiwtError, match=r"not a (table of )?number"):
        read_embeddings(tmp_path / "e.npy", ("a", "b"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("e.npy", "no such file"),
        ("e.mat", "no such file"),
        ("e.csv", "no such file"),
        ("e.pkl", "unknown kind of file '.pkl'"),
    ],
)
def test_files_that_are_none(tmp_path, name, message):
    with pytest.raises(NiwtError, match=message):
        read_embeddings(tmp_path / name, ("a",))


def test_words_as_npy(tmp_path):
    (tmp_path / "e.npy").write_text("words")
    with pytest.raises(NiwtError, match="not a table of numbers"):
        read_embeddings(tmp_path / "e.npy", ("a",))


def test_rows_without_names(tmp_path):
    """An array says nothing of its order: what was assumed is said, and a list of names beside it settles it."""
    path = tmp_path / "vectors.npy"
    np.save(path, np.arange(6.0).reshape(3, 2))
    assert "taken in the order of the classes, from a to c" in order_notice(path, ("a", "b", "c"))[0]
    (tmp_path / "vectors.txt").write_text("C\na\nb\n")
    assert order_notice(path, ("a", "b", "c")) == ()
    np.testing.assert_array_equal(read_embeddings(path, ("a", "b", "c")).values, [[2, 3], [4, 5], [0, 1]])
    (tmp_path / "vectors.txt").write_text("c\na\n")
    with pytest.raises(NiwtError, match="3 rows for 2 classes"):
        read_embeddings(path, ("a", "b", "c"))


def test_values_beyond_single_precision(tmp_path):
    path = tmp_path / "vectors.npy"
    np.save(path, np.array([[1.0, 1e200], [2, 3]]))
    with pytest.raises(NiwtError, match=r"1e\+200 is beyond single precision"):
        read_embeddings(path, ("a", "b"))
