"""``niwt evaluate --clip``: CLIP in the table, and what is refused."""

import json

import pytest

from niwt_core.evaluation.baselines.clip import Clip
from niwt_core.study.clip import clip_zero_shot
from tests.support.small_study import small_dataset, small_study
from tests.support.tiny_clip import tiny_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return tiny_clip(tmp_path_factory.mktemp("clip"))


def test_clip_stands_in_the_table(niwt, study, clip):
    root = small_dataset().root
    actual = niwt("evaluate", study, "--clip", clip, "--root", root, "--json").json
    expected = clip_zero_shot(small_study(layer="second.1"), small_dataset(), Clip(str(clip)))
    assert set(actual["baselines"]) == {"NIWT (uncalibrated)", "CLIP"}
    for key in ("U", "S", "H", "zsl"):
        assert actual["baselines"]["CLIP"][key] == pytest.approx(getattr(expected.metrics, key), abs=1e-3)
    assert actual["baselines"]["CLIP"]["gamma"] == 0
    clip_figures = actual["clip"]
    assert (clip_figures["model"], clip_figures["pictures"]) == (str(clip), expected.pictures)
    assert "may have met the unseen classes" in clip_figures["note"]
    plain = niwt("evaluate", study, "--clip", clip, "--root", root)
    assert plain.code == 0
    assert any(line.startswith("CLIP  ") for line in plain.out.splitlines())
    assert "CLIP may have met the unseen classes" in plain.out
    assert "CLIP" not in niwt("evaluate", study).out


def test_clip_mistakes(refused, study, clip, tmp_path):
    refused("evaluate", study, "--clip", tmp_path / "none", "--json", words=("no such folder", "--clip"))
    refused("evaluate", study, "--clip", tmp_path, words=("CLIP cannot be loaded",))
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text(json.dumps({"model_type": "vit"}))
    refused("evaluate", study, "--clip", other, "--json", words=("is a vit, not CLIP",))
    refused("evaluate", study, "--clip", clip, "--json", words=("keeps no pictures", "--root"))
    refused("evaluate", study, "--clip", clip, "--root", tmp_path, words=("are not there", "--root"))
    refused("evaluate", study, "--root", tmp_path, words=("only CLIP looks at pictures", "--clip"))
