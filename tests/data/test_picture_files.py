import pytest

from niwt_core.data.picture_files import picture_files
from niwt_core.errors import NiwtError
from tests.support.drawn_sets import draw


@pytest.fixture
def folder(tmp_path):
    for name in ("b.png", "a.JPG", "deep/er/c.webp", ".hidden/d.png", ".e.png"):
        draw(tmp_path / name)
    (tmp_path / "notes.txt").write_text("words")
    return tmp_path


def names(folder, actual):
    return [path.relative_to(folder).as_posix() for path in actual]


def test_a_folder_is_all_pictures_below_it(folder):
    actual, singly = picture_files([folder])
    assert names(folder, actual) == ["a.JPG", "b.png", "deep/er/c.webp"]
    assert singly == set()


@pytest.mark.parametrize(
    ("pattern", "wanted"), [("*.png", ["b.png"]), ("**/*.webp", ["deep/er/c.webp"]), ("d*", ["deep/er/c.webp"])]
)
def test_patterns(folder, pattern, wanted):
    assert names(folder, picture_files([folder / pattern])[0]) == wanted


def test_each_file_once_in_the_order_it_was_named(folder):
    actual, singly = picture_files([folder / "deep/er/c.webp", folder, folder / "none.png"])
    assert names(folder, actual) == ["deep/er/c.webp", "a.JPG", "b.png", "none.png"]
    assert singly == {folder / "deep/er/c.webp", folder / "none.png"}
    twice = [folder / "b.png"] * 2
    assert picture_files(twice)[0] == twice  # whoever names it twice is answered twice


def test_a_file_whose_name_looks_like_a_pattern(folder):
    draw(folder / "[x].png")
    assert names(folder, picture_files([folder / "[x].png"])[0]) == ["[x].png"]


def test_nothing_there_is_said(folder):
    (folder / "empty").mkdir()
    with pytest.raises(NiwtError, match="no pictures in that folder"):
        picture_files([folder / "empty"])
    with pytest.raises(NiwtError, match="no file matches"):
        picture_files([folder / "*.gif"])
