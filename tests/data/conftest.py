"""The drawn sets as fixtures."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.drawn_sets import write_cub, write_folder


@pytest.fixture
def cub(tmp_path: Path) -> Path:
    """CUB in miniature."""
    write_cub(tmp_path)
    return tmp_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's own set."""
    write_folder(tmp_path / "own")
    return tmp_path / "own"


@pytest.fixture
def change() -> Callable[[Path, str, str], None]:
    """Replace text in a file that must hold it."""

    def replace(path: Path, old: str, new: str) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return replace
