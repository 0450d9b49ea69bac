"""The same file at two places of a set."""

import shutil

import numpy as np

from niwt_core.data.duplicates import duplicates, with_duplicates_said
from niwt_core.data.folder import read_folder
from tests.support.drawn_sets import draw


def distinct(folder):
    """The folder's pictures, each of its own colour."""
    for c, class_ in enumerate(sorted((folder / "images").iterdir())):
        for i, file in enumerate(sorted(class_.iterdir())):
            draw(file, (40 * c + i, 100 - i, 30 * i))
    return read_folder(folder)


def test_a_set_without_duplicates(folder):
    dataset = distinct(folder)
    assert duplicates(dataset) == ()
    assert with_duplicates_said(dataset) is dataset


def test_the_same_picture_in_training_and_test(folder):
    dataset = distinct(folder)
    of_class = np.flatnonzero(dataset.labels == 0)
    train, test = (dataset.paths[of_class[dataset.train[of_class] == wanted][0]] for wanted in (True, False))
    shutil.copy(folder / "images" / train, folder / "images" / test)
    notices = with_duplicates_said(read_folder(folder)).notices
    assert len(notices) == 1
    assert "1 picture is both among training and test pictures" in notices[0]
    assert train in notices[0]
    assert test in notices[0]


def test_the_same_picture_in_a_seen_and_an_unseen_class(folder):
    distinct(folder)
    shutil.copy(folder / "images/red_fish/0.png", folder / "images/striped_fish/3.png")
    notices = with_duplicates_said(read_folder(folder)).notices
    assert any("in two classes (red_fish/0.png = striped_fish/3.png)" in notice for notice in notices)
