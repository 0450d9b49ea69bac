"""Files that are whole or absent, and nothing written over what is no file."""

import os
from pathlib import Path

import pytest

from niwt_core.errors import NiwtError
from niwt_core.files import read_bytes, write_all, write_atomically


def test_all_or_nothing(tmp_path, monkeypatch):
    write_all(tmp_path, {"a": b"old", "b": b"old"})
    real = Path.write_bytes

    def full(path, data):
        if data == b"third":
            real(path, b"th")
            raise OSError(28, "No space left on device")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(NiwtError, match="No space left"):
        write_all(tmp_path, {"a": b"first", "b": b"second", "c": b"third"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old", "b": b"old"}


def test_links_are_followed_and_devices_left_alone(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    os.mkfifo(tmp_path / "pipe")
    for name in (tmp_path / "pipe", tmp_path, Path(os.devnull)):
        with pytest.raises(NiwtError, match="what is there is no file"):
            write_atomically(name, b"x")
    assert not Path(os.devnull).is_file()
    assert sorted(os.listdir(tmp_path)) == ["link", "pipe", "real"]


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "\ud800"])
def test_names_that_no_file_has(tmp_path, name):
    if name != "\ud800":  # half a character is a byte of a name elsewhere
        with pytest.raises(NiwtError):
            write_atomically(tmp_path / name, b"x")
    with pytest.raises(NiwtError):
        read_bytes(tmp_path / name, 10)
    assert os.listdir(tmp_path) == []


def test_a_name_as_long_as_names_may_be(tmp_path):
    write_atomically(tmp_path / ("x" * 255), b"x")
    assert os.listdir(tmp_path) == ["x" * 255]


def test_what_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(bytes(2000))
    for name, content in (
        ("pipe", "no regular file"),
        ("large", "2 kB is too large"),
        ("missing", "no such file"),
        (".", "a folder"),
    ):
        with pytest.raises(NiwtError, match=content):
            read_bytes(tmp_path / name, 1000)
