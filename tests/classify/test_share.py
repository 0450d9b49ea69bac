"""What one class may take away: in its recipe, exact, the same from file, link, command line and Python."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from niwt_core import Classifier, NiwtError, Recipe, build_class
from niwt_core.classify.recipe import parse_recipe
from niwt_core.cli.main import main
from niwt_core.evaluation.stolen_share import fraction_taken
from niwt_core.study.calibration import with_share
from pages.components.build.link import from_text, to_text
from tests.support.small_study import small_study as prepared

RED = {"crown color": "red"}


def small_study():
    """The one whose folds chose shares, not gamma."""
    return prepared(layer="second.1")


def test_a_share_is_that_of_the_study_prepared_with_it():
    study = small_study()
    for percent in (0.5, 3.0, 20.0):
        built = build_class(study, Recipe("A", RED, share=percent))
        assert built.bias == build_class(with_share(study, percent / 100), Recipe("A", RED)).bias
        assert torch.equal(built.weights, build_class(study, Recipe("A", RED)).weights)
    usual = build_class(study, Recipe("A", RED))
    assert build_class(study, Recipe("A", RED, share=100 * study.stolen_share.share)).bias == pytest.approx(
        usual.bias, abs=1e-6
    )


def test_the_more_it_may_take_the_more_it_takes():
    """Counted on the pictures that shares are counted on."""
    study = small_study()
    train = study.calibration_pictures
    features = study.features[torch.from_numpy(train)].float()
    taken = []
    for percent in (0.5, 2.0, 10.0, 40.0):
        built = build_class(study, Recipe("A", RED, share=percent))
        margins = (features - study.head.mean) @ built.weights - study.stolen_share.best_seen
        taken.append(float(fraction_taken(margins.double().numpy()[:, None], np.array([built.bias]))[0]))
    assert taken == sorted(taken)
    assert taken[-1] > taken[0]


@pytest.mark.parametrize("line", ["share: 0.5", "share: .5e0", "share: '0.5'"])
def test_in_a_file(line):
    text = f"name: A\nattributes: {{crown color: red}}\n{line}\n"
    if line == "share: 0.5":
        read = parse_recipe(text)
        assert read.share == 0.5
        assert parse_recipe(read.to_yaml()) == read
        assert from_text(to_text(read)) == read
    else:
        with pytest.raises(NiwtError, match="a share of"):
            parse_recipe(text)


@pytest.mark.parametrize("share", [0, -1, 100, float("nan"), float("inf"), "0.5", True, [1]])
def test_what_is_no_share(share):
    with pytest.raises(NiwtError, match="a share of"):
        Recipe("A", RED, share=share)
    values = {"name": "A", "attributes": RED, "share": share}
    with pytest.raises(NiwtError, match="a share of"):
        Recipe.from_dict(json.loads(json.dumps(values)))


def test_by_python_and_by_command(tmp_path, capsys):
    study = small_study()
    wanted = build_class(study, Recipe("A", RED, share=2.0))
    assert Classifier(study).add("A", RED, share=2.0).bias == wanted.bias
    (tmp_path / "a.yaml").write_text(Recipe("A", RED, share=7.0).to_yaml())
    command = ["build", str(study.folder), str(tmp_path / "a.yaml"), "--out", str(tmp_path / "a.safetensors"), "--json"]
    for options, share in (([], 7.0), (["--share", "2"], 2.0)):
        with pytest.raises(SystemExit) as ended:
            main([*command, *options])
        assert not ended.value.code
        assert json.loads(capsys.readouterr().out)["share"] == share
    offset = wanted.bias - float(wanted.weights.double() @ study.head.mean.double())
    assert load_file(tmp_path / "a.safetensors")["bias"].item() == pytest.approx(offset, abs=1e-6)


def test_a_study_that_keeps_no_pictures_says_so():
    study = small_study()
    bare = replace(study, stolen_share=replace(study.stolen_share, best_seen=study.stolen_share.best_seen[:0]))
    with pytest.raises(NiwtError, match="keeps no pictures to count a share on"):
        build_class(bare, Recipe("A", RED, share=1.0))


def test_a_study_that_gamma_balances_refuses_shares():
    study = prepared()
    assert study.calibration == "gamma"
    with pytest.raises(NiwtError, match="by gamma, not by a share each"):
        build_class(study, Recipe("A", RED, share=1.0))
