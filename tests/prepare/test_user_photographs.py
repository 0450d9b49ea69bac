"""A folder of one's own photographs: encoded once by content, resumed, and the strongest of each neuron, against plain sorting of all of them."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from niwt_core import NiwtError, Study
from niwt_core.classify.classifier import Classifier
from niwt_core.explain.detector import Detectors
from niwt_core.explain.strongest import strongest_of_attribute, strongest_of_neuron, taken_for
from niwt_core.neurons.photograph_store import PhotographStore
from niwt_core.neurons.user_photographs import UserPhotographs, shown_photographs
from niwt_core.prepare import user_photographs as reading
from niwt_core.prepare.user_photographs import read_user_photographs
from tests.support.small_study import small_dataset, small_study

COUNT = 23


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Drawn birds of one's own, in folders, with one file that is no picture."""
    dataset, root = small_dataset(), tmp_path / "mine"
    (root / "deep" / "er").mkdir(parents=True)
    for i in range(COUNT):
        dataset.picture(i).save(root / ("deep/er" if i % 3 else "") / f"bird-{i}.png")
    (root / "broken.jpg").write_bytes(b"no picture")
    return root


@pytest.fixture
def store(tmp_path: Path) -> PhotographStore:
    return PhotographStore(tmp_path / "cache")


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BATCH", 3)
    monkeypatch.setattr(reading, "TOGETHER", 6)


def read(folder: Path, store: PhotographStore, **more: object) -> UserPhotographs:
    study = small_study()
    return read_user_photographs(study.network, study.preprocess, folder, store=store, **more)


def plainly(study: Study, folder: Path, paths: tuple[str, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """(features (n,D), maps (n,N,h,w)) of files, one after the other."""
    features, maps = [], []
    for path in paths:
        picture = Classifier(study).encode(folder / path)
        features.append(picture.features)
        maps.append(study.network.spatial(picture.activations)[0])
    return torch.stack(features), torch.stack(maps)


def agrees(photographs: UserPhotographs, folder: Path) -> None:
    """Features, strongest photographs and maps are those of the files."""
    study = small_study()
    features, maps = plainly(study, folder, photographs.paths)
    assert torch.allclose(photographs.features.float(), features, atol=2e-3)
    means = maps.flatten(2).mean(2)  # (n, N)
    for neuron in range(means.shape[1]):
        top = photographs.top[neuron]
        assert len(set(top.tolist())) == len(top) == min(6, len(photographs))
        values = means[torch.from_numpy(top), neuron]
        assert torch.allclose(values, means[:, neuron].sort(descending=True).values[: len(top)], atol=1e-4)
        for place, item in enumerate(top):
            peak = float(photographs.peaks[neuron])
            np.testing.assert_allclose(photographs.map(neuron, place), maps[item, neuron], atol=peak / 120 + 1e-6)


def test_the_strongest_of_each_neuron_and_their_maps(folder: Path, store: PhotographStore) -> None:
    photographs = read(folder, store)
    assert sorted(photographs.paths) == sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("bird-*.png")
    )
    assert photographs.unreadable == (("broken.jpg", "cannot read the picture: not an image"),)
    agrees(photographs, folder)
    with Image.open(folder / photographs.paths[0]) as first, Image.open(io.BytesIO(photographs.jpeg(0))) as small:
        assert small.size == first.size


def test_nothing_is_encoded_twice(folder: Path, store: PhotographStore, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read(folder, store)
    (folder / "deep" / "er" / "bird-1.png").rename(folder / "moved.png")
    (folder / "again.png").write_bytes((folder / "moved.png").read_bytes())
    monkeypatch.setattr(reading, "_run", lambda *_: pytest.fail("encoded again"))
    after = read(folder, store)
    assert len(after) == len(before)
    assert "again.png" in after.paths


def test_an_unchanged_file_is_not_even_read(
    folder: Path, store: PhotographStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(folder, store)
    (folder / "broken.jpg").unlink()
    monkeypatch.setattr(reading, "read_bytes", lambda *_: pytest.fail("read again"))
    assert len(read(folder, store)) == COUNT


@pytest.mark.parametrize("stop_at", [1, 8, 15])
def test_it_goes_on_where_it_was_stopped(
    folder: Path, store: PhotographStore, monkeypatch: pytest.MonkeyPatch, stop_at: int
) -> None:
    class Killed(BaseException):
        pass

    def kill(stage: str, done: int, total: int) -> None:
        if done == stop_at:
            raise Killed

    with pytest.raises(Killed):
        read(folder, store, progress=kill)
    kept = sum(len(shard.keys) for shard in store.shards())
    assert kept == max(0, stop_at - 1) // 6 * 6 or kept == stop_at // 6 * 6
    assert shown_photographs(store) is None  # nothing half-done is shown
    runs: list[int] = []
    run = reading._run
    monkeypatch.setattr(
        reading, "_run", lambda network, batch, maker: (runs.append(len(batch)), run(network, batch, maker))
    )
    photographs = read(folder, store)
    assert sum(runs) == COUNT - kept
    agrees(photographs, folder)


def test_what_was_taken_out_of_the_folder_is_not_shown(folder: Path, store: PhotographStore) -> None:
    read(folder, store)
    for name in ("bird-0.png", "deep/er/bird-7.png"):
        (folder / name).unlink()
    photographs = read(folder, store)
    assert len(photographs) == COUNT - 2
    agrees(photographs, folder)


def test_another_folder_takes_its_place(folder: Path, store: PhotographStore) -> None:
    read(folder, store)
    other = folder.parent / "other"
    other.mkdir()
    Image.new("RGB", (80, 60), "red").save(other / "red.png")
    photographs = read(other, store)
    assert photographs.paths == ("red.png",)
    assert photographs.top.shape[1] == 1
    assert len(read(folder, store)) == COUNT


def test_a_damaged_cache_costs_time_only(folder: Path, store: PhotographStore) -> None:
    read(folder, store)
    shards = sorted(store.folder.glob("*.safetensors"))
    shards[0].write_bytes(b"damaged")
    shards[1].write_bytes(shards[1].read_bytes()[:-9])
    assert shown_photographs(store) is None
    agrees(read(folder, store), folder)
    (store.folder / "set.json").write_text('{"folder": 3}')
    assert shown_photographs(store) is None


def test_forgetting(folder: Path, store: PhotographStore) -> None:
    read(folder, store)
    store.forget()
    assert shown_photographs(store) is None
    assert not store.folder.exists()


def test_mistakes_are_said(folder: Path, store: PhotographStore, tmp_path: Path) -> None:
    with pytest.raises(NiwtError, match="no such folder"):
        read(tmp_path / "nowhere", store)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NiwtError, match="no pictures"):
        read(tmp_path / "empty", store)
    (tmp_path / "empty" / "x.png").write_bytes(b"x")
    with pytest.raises(NiwtError, match="none of 1 pictures can be read"):
        read(tmp_path / "empty", store)


def test_another_network_has_another_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    one, other = small_study(), small_study(layer="second.1")
    folders = {PhotographStore.of(study.network, study.preprocess).folder for study in (one, other)}
    assert len(folders) == 2
    assert all(folder.is_relative_to(tmp_path) for folder in folders)


def test_words_and_classes(folder: Path, store: PhotographStore) -> None:
    study, photographs = small_study(), read(folder, store)
    assert [one.item for one in strongest_of_neuron(photographs, 3, 4)] == photographs.top[3][:4].tolist()
    with pytest.raises(NiwtError, match="no neuron 99"):
        strongest_of_neuron(photographs, 99, 1)
    classifier = Classifier(study)
    answers = [classifier.classify(folder / path) for path in photographs.paths]
    for name in study.classes:
        right = {i: answer.best.probability for i, answer in enumerate(answers) if answer.best.name == name}
        chosen = taken_for(classifier, photographs, name)
        assert {one.item for one in chosen} == set(right)
        assert [one.value for one in chosen] == pytest.approx(sorted(right.values(), reverse=True), abs=1e-2)
    detectors = Detectors.of(study)
    assert detectors is not None
    attribute = study.knowledge.names[2]
    scores = detectors.score(photographs.pooled)[:, 2]
    ranked = strongest_of_attribute(study, photographs, attribute, COUNT, seen_only=False)
    assert [one.value for one in ranked] == scores.sort(descending=True).values.tolist()
    seen = strongest_of_attribute(study, photographs, attribute, COUNT)
    assert len(seen) == int((scores >= detectors.seen_above).sum())
