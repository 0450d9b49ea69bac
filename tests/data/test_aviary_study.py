"""How the shipped study is made: its settings fit together, and its pictures are drawn beside it and go again."""

import pytest

from niwt_core.backbones import load_backbone
from niwt_core.data.aviary.study import aviary_defaults, draw_pictures, pictures_folder, remove_pictures


def test_the_defaults_name_a_backbone_and_layer_that_exist():
    defaults = aviary_defaults(seed=3)
    network, preprocess = load_backbone(defaults.backbone, layer=defaults.layer)
    assert preprocess.size == defaults.size == defaults.drawing["size"]
    assert not network.identity_tail
    assert defaults.drawing["seed"] == 3


def test_pictures_are_drawn_beside_the_study_and_removed(tmp_path, monkeypatch):
    asked = {}
    monkeypatch.setattr(
        "niwt_core.data.aviary.study.write_aviary", lambda root, **given: asked.update(root=root, **given)
    )
    monkeypatch.setattr("niwt_core.data.aviary.study.drawn_with", lambda root: {"seed": 5})
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
