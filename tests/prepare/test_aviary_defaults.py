"""How the shipped study is made: its settings fit together, and its pictures are drawn beside it and go again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from niwt_core.backbones import load_backbone
from niwt_core.errors import NiwtError
from niwt_core.prepare.aviary.defaults import (
    AviaryDefaults,
    aviary_defaults,
    draw_pictures,
    pictures_folder,
    random_birds_folder,
    remove_pictures,
)
from niwt_core.prepare.aviary.random_birds import draw_random_birds
from niwt_core.prepare.aviary.wrong_words import with_wrong_words
from niwt_core.prepare.defaults import SetOptions, read_inputs
from niwt_core.prepare.prepare import make_accelerator
from tests.support.small_study import small_study


def test_the_defaults_name_a_backbone_and_layer_that_exist():
    defaults = aviary_defaults(seed=3)
    network, preprocess = load_backbone(defaults.backbone, layer=defaults.layer)
    assert preprocess.size == defaults.size == defaults.drawing["size"]
    assert not network.identity_tail
    assert defaults.drawing["seed"] == 3


def test_pictures_are_drawn_beside_the_study_and_removed(tmp_path, monkeypatch):
    asked = {}
    monkeypatch.setattr(
        "niwt_core.prepare.aviary.defaults.write_aviary", lambda root, **given: asked.update(root=root, **given)
    )
    monkeypatch.setattr("niwt_core.prepare.aviary.defaults.drawn_with", lambda root: {"seed": 5})
    out = tmp_path / "study"
    root, memory = draw_pictures(out, seed=5)
    assert root == pictures_folder(out) == tmp_path / ".study.pictures"
    assert (asked["root"], asked["seed"], memory) == (root, 5, {"seed": 5})
    root.mkdir()
    remove_pictures(out)
    assert not root.exists()
    remove_pictures(out)  # twice does no harm


def test_the_hard_setting_has_few_pictures_and_descriptions_that_err():
    usual, hard = aviary_defaults(seed=1), aviary_defaults(seed=1, hard=True)
    assert (hard.backbone, hard.layer, hard.random_birds) == (usual.backbone, usual.layer, usual.random_birds)
    assert hard.drawing == {**usual.drawing, "per_seen": 8}
    assert (usual.wrong_groups, hard.wrong_groups) == (0, 4)
    with pytest.raises(NiwtError, match="--hard is for the Aviary alone"):
        SetOptions("cub", Path("study"), root=Path("cub"), hard=True)


def test_descriptions_err_in_so_many_groups_of_each_species():
    true = small_study().knowledge
    wrong = with_wrong_words(true, groups=4, seed=0)
    for was, has in zip(true.values, wrong.values, strict=True):
        differ = [group for group, at in true.groups.items() if (was[at] != has[at]).any()]
        assert len(differ) == 4
        assert all(has[at].sum() == true.scale for at in true.groups.values())
    assert len({tuple(row) for row in wrong.values != true.values}) > 1  # not the same groups for all
    np.testing.assert_array_equal(wrong.values, with_wrong_words(true, groups=4, seed=0).values)
    assert not np.array_equal(wrong.values, with_wrong_words(true, groups=4, seed=1).values)


@pytest.mark.parametrize("seed", [0, 1])
def test_every_class_has_enough_held_out_pictures_to_test_names(seed):
    drawing = aviary_defaults(seed=seed).drawing
    assert min(drawing["per_seen_test"], drawing["per_unseen_test"]) >= 10


def test_pictures_of_another_seed_are_drawn_anew(tmp_path, monkeypatch):
    small = {"per_seen": 1, "per_seen_test": 1, "per_unseen_test": 1, "size": 32}
    monkeypatch.setattr(
        "niwt_core.prepare.aviary.defaults.aviary_defaults", lambda seed, hard: Defaults({**small, "seed": seed})
    )
    out = tmp_path / "study"
    for seed in (1, 2):
        _, memory = draw_pictures(out, seed=seed, workers=1)
        assert memory["seed"] == seed


class Defaults:
    """A quick way to draw: the arguments alone."""

    def __init__(self, drawing: dict[str, int]) -> None:
        self.drawing = drawing


def test_random_birds_go_on_where_they_stopped_and_begin_anew_with_another_seed(tmp_path, monkeypatch):
    monkeypatch.setattr("niwt_core.prepare.aviary.random_birds.SHARD", 2)

    def drawn(seed: int) -> tuple[torch.Tensor, torch.Tensor, list[int]]:
        steps: list[int] = []
        pictures, words = draw_random_birds(
            tmp_path / "birds", count=4, size=32, seed=seed, workers=1, progress=lambda done, _: steps.append(done)
        )
        return pictures, words, steps

    first, words, steps = drawn(0)
    assert (first.shape, words.shape[0], steps) == ((4, 3, 32, 32), 4, [2, 4])
    (tmp_path / "birds" / "random-birds-001.safetensors").unlink()  # as an interruption leaves it
    again, _, steps = drawn(0)
    assert torch.equal(first, again)
    assert steps == [4]
    other, _, steps = drawn(1)
    assert not torch.equal(first, other)
    assert steps == [2, 4]


def test_a_network_from_elsewhere_gets_random_birds_for_its_detectors(tmp_path, monkeypatch):
    """Their words are independent; those of a few species, described with mistakes, can tell nothing apart."""
    small = AviaryDefaults(
        "small_resnet", "stages.2", 32, 9000, 8, {"per_seen": 2, "per_seen_test": 1, "per_unseen_test": 1, "size": 32, "seed": 0}, 4, 6
    )  # fmt: skip
    for module in ("niwt_core.prepare.defaults", "niwt_core.prepare.aviary.defaults"):
        monkeypatch.setattr(f"{module}.aviary_defaults", lambda seed, hard: small)
    monkeypatch.setattr("niwt_core.prepare.aviary.random_birds.SHARD", 3)
    options = SetOptions("aviary", tmp_path / "study", backbone="small_resnet", weights="none", layer="stages.2")
    inputs = read_inputs(options, accelerator=make_accelerator("cpu"), progress=lambda stage, done, total: None)
    assert inputs.examples is not None
    pictures, truth = draw_random_birds(random_birds_folder(options.out), count=6, size=32, seed=0)
    np.testing.assert_array_equal(inputs.examples.truth, truth.numpy() > 0)
    first = (pictures[:1] / 255 - torch.tensor(inputs.preprocess.mean).view(3, 1, 1)) / torch.tensor(
        inputs.preprocess.std
    ).view(3, 1, 1)
    expected = inputs.network.stem(first).mean((2, 3))[0]
    torch.testing.assert_close(inputs.examples.pooled[0].float(), expected, atol=2e-3, rtol=2e-3)
    assert "random_birds" not in inputs.provenance["aviary"]  # it was not pre-trained on them
    tuned = replace(options, out=tmp_path / "tuned", epochs=1)
    assert read_inputs(tuned, accelerator=make_accelerator("cpu"), progress=lambda *_: None).examples is None
