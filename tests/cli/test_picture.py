"""niwt picture-neurons: one file beside the study, which still opens."""

import shutil

from niwt_core import load_study
from niwt_core.neurons.pictures import read_pictures


def test_pictures_of_a_studys_neurons(niwt, study, tmp_path):
    copy = tmp_path / "study"
    shutil.copytree(study, copy)
    actual = niwt("picture-neurons", copy, "--steps", "1", "--json").json
    opened = load_study(copy)
    assert (actual["made"], actual["neurons"], actual["study_id"]) == (16, 16, opened.id)
    pictures = read_pictures(copy, 16)
    assert pictures is not None
    assert pictures.webp(15)[:4] == b"RIFF"
    assert not (copy / "neuron-pictures").exists()


def test_picture_mistakes(refused, tmp_path):
    refused("picture-neurons", tmp_path, words=("no study",))
