"""How the shipped study is made: its settings fit together, and its pictures are drawn beside it and go again."""

import pytest
import torch

from niwt_core.backbones import load_backbone
from niwt_core.prepare.aviary.defaults import aviary_defaults, draw_pictures, pictures_folder, remove_pictures
from niwt_core.prepare.aviary.random_birds import draw_random_birds


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


@pytest.mark.parametrize("seed", [0, 1])
def test_every_class_has_enough_held_out_pictures_to_test_names(seed):
    drawing = aviary_defaults(seed=seed).drawing
    assert min(drawing["per_seen_test"], drawing["per_unseen_test"]) >= 10


def test_pictures_of_another_seed_are_drawn_anew(tmp_path, monkeypatch):
    small = {"per_seen": 1, "per_seen_test": 1, "per_unseen_test": 1, "size": 32}
    monkeypatch.setattr(
        "niwt_core.prepare.aviary.defaults.aviary_defaults", lambda seed: Defaults({**small, "seed": seed})
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
