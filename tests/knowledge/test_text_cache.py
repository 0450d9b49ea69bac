"""The cache of text vectors: what it saves, and that it can never do harm."""

import shutil

import numpy as np
import pytest

from niwt_core.files import CACHE, cache_folder
from niwt_core.knowledge.captions.cache import TextCache
from niwt_core.knowledge.captions.encoders.sentence import identity_of

WIDTH = 5


class Counting:
    """Vectors that follow from the text, and a list of what was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, texts):
        self.asked += texts
        return np.array([[len(text), *map(ord, text[:4].ljust(4))] for text in texts], np.float32)


@pytest.fixture
def texts():
    return [f"text {i}" for i in range(30)]


def test_each_text_is_computed_once(tmp_path, texts):
    compute = Counting()
    first = TextCache("encoder", tmp_path).encode([*texts, texts[3]], WIDTH, compute)
    assert compute.asked == texts  # a repeated one once
    again = TextCache("encoder", tmp_path).encode(["new", *reversed(texts)], WIDTH, compute)
    assert compute.asked == [*texts, "new"]
    np.testing.assert_array_equal(again[1:], first[29::-1])
    np.testing.assert_array_equal(first[30], first[3])


def test_another_encoder_has_vectors_of_its_own(tmp_path, texts):
    compute = Counting()
    for identity in ("one", "two"):
        TextCache(identity, tmp_path).encode(texts, WIDTH, compute)
    assert compute.asked == texts * 2


@pytest.mark.parametrize("damage", [b"", b"\xff" * 100, b"\x08\0\0\0\0\0\0\0{not js}"])
def test_damaged_files_are_written_again(tmp_path, texts, damage):
    compute = Counting()
    wanted = TextCache("encoder", tmp_path).encode(texts, WIDTH, compute)
    files = sorted(tmp_path.rglob("*.safetensors"))
    assert len(files) > 5
    for file in files:
        file.write_bytes(damage)
    np.testing.assert_array_equal(TextCache("encoder", tmp_path).encode(texts, WIDTH, compute), wanted)
    assert compute.asked == texts * 2
    TextCache("encoder", tmp_path).encode(texts, WIDTH, compute)
    assert compute.asked == texts * 2  # whole again


def test_rows_of_another_width_or_not_finite_are_not_used(tmp_path):
    compute = Counting()
    wrong = lambda texts: np.full((len(texts), WIDTH), np.nan, np.float32)  # noqa: E731
    TextCache("encoder", tmp_path).encode(["a"], WIDTH, wrong)
    assert np.isfinite(TextCache("encoder", tmp_path).encode(["a"], WIDTH, compute)).all()
    other = TextCache("encoder", tmp_path).encode(["a"], 3, lambda texts: np.ones((len(texts), 3)))
    assert other.shape == (1, 3)


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path, texts):
    (tmp_path / "file").write_text("in the way")
    compute = Counting()
    assert TextCache("encoder", tmp_path / "file").encode(texts, WIDTH, compute).shape == (30, WIDTH)


def test_where_it_lies(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / CACHE
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / CACHE


def test_an_encoder_is_its_files_not_its_place(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (one / name).write_text(name)
    shutil.copytree(one, two)
    assert identity_of(one) == identity_of(two)
    (two / "model.safetensors").write_text("other weights")
    assert identity_of(one) != identity_of(two)
