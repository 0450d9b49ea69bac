"""Building classes from descriptions, against a plain solution from the study's own tensors."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from safetensors import safe_open

from niwt_core import NiwtError, Recipe, build_class, inert_attributes
from niwt_core.classify.build import describe
from niwt_core.study.calibration import with_gamma
from niwt_core.study.study import Study
from tests.support.small_study import small_study

LAYERS = ("third.1", "second.1")


@pytest.fixture(params=LAYERS)
def study(request) -> Study:
    return small_study(layer=request.param)


def recipe(study: Study) -> Recipe:
    """A class that differs from the average in its first two groups."""
    groups = list(study.knowledge.groups)[:2]
    attributes = {study.knowledge.names[study.knowledge.groups[group][0]]: True for group in groups}
    return Recipe("Test Bird", attributes)


def test_weights_against_solving_from_the_studys_tensors(study):
    built = build_class(study, recipe(study))
    root = np.sqrt(built.values.astype(float))
    k = root / np.linalg.norm(root)
    mapping, rows = study.mapping, study.head.rows.double()
    importance = (torch.from_numpy(k) - mapping.x_mean.double()) @ mapping.weight.double() + mapping.y_mean.double()
    G = torch.eye(len(importance)).double() if study.operator is None else study.operator.double()
    gram, mean = G @ G.T, rows.mean(0)
    scale = (rows @ G.T).norm(dim=1).mean()
    ridge = (study.choices.mu * gram.diagonal().mean() + 1e-12) * torch.eye(len(gram))
    w = mean + G.T @ torch.linalg.solve(gram + ridge, scale * importance - G @ mean)
    norm = rows.norm(dim=1).mean() * (1.0 if study.stolen_share is None else study.stolen_share.norm)
    w = w / w.norm() * norm
    off = (built.weights.double() - w).norm() / w.norm()
    assert off < 1e-3  # the affine form is kept in float32; directions that no neuron hears are solved least exactly
    torch.testing.assert_close(built.importances.double(), importance, rtol=1e-4, atol=1e-5)
    assert built.cosine == pytest.approx(float(torch.cosine_similarity(G @ w, importance, dim=0)), abs=1e-4)
    assert built.norm == pytest.approx(float(norm), rel=1e-5)
    assert build_class(with_gamma(study), recipe(study)).bias == pytest.approx(float(study.head.biases.mean()))
    assert built.paper_loss == pytest.approx(1 - built.cosine + 0.005 * float((w - mean).square().sum()), rel=1e-3)


def test_an_unseen_class_built_from_its_own_description_is_that_class(study):
    name = study.unseen_classes[0]
    built = build_class(study, Recipe("Same", like=name))
    torch.testing.assert_close(built.weights, study.full_head.rows[study.classes.index(name)], rtol=0, atol=0)
    assert built.nearest[0][0] == name
    assert built.nearest[0][1] == pytest.approx(1, abs=1e-5)


def test_what_is_not_said_comes_from_the_base(study):
    knowledge = study.knowledge
    mean = knowledge.values[study.seen].mean(0)
    column = 3
    values = describe(study, Recipe("A", {knowledge.names[column]: 0.7}))
    assert values[column] == pytest.approx(0.7)
    np.testing.assert_allclose(np.delete(values, column), np.delete(mean, column))
    seen = study.seen_classes[1]
    values = describe(study, Recipe("A", {knowledge.names[column]: 0.7}, like=seen))
    np.testing.assert_allclose(np.delete(values, column), np.delete(knowledge.of(seen), column))


def test_nearest_are_sorted_and_support_is_a_cosine(study):
    built = build_class(study, recipe(study))
    cosines = [value for _, value in built.nearest]
    assert cosines == sorted(cosines, reverse=True)
    assert len(cosines) == 5
    low, high = float(study.mapping.predictability.min()), float(study.mapping.predictability.max())
    assert low <= built.expected_predictability <= high


def test_saved_weights_score_plain_features(study, tmp_path):
    built = build_class(study, recipe(study))
    built.save(tmp_path / "bird.safetensors", study)
    with safe_open(tmp_path / "bird.safetensors", framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        assert file.metadata()["study"] == study.id
        assert Recipe.from_dict(yaml.safe_load(file.metadata()["recipe"])) == built.recipe
    assert torch.equal(tensors["weights"], built.weights)
    features = study.features[:9].float()
    scores = features @ tensors["weights"] + tensors["bias"]
    torch.testing.assert_close(scores, (features - study.head.mean) @ built.weights + built.bias, rtol=1e-4, atol=1e-4)


BUILD = """
import sys, torch
torch.set_num_threads(2)
from niwt_core import build_class, load_study, read_recipe
print(build_class(load_study(sys.argv[1]), read_recipe(sys.argv[2])).weights.numpy().tobytes().hex())
"""


def test_a_recipe_gives_the_same_bits_in_another_process(tmp_path):
    study = small_study(layer="second.1")
    path = tmp_path / "bird.yaml"
    path.write_text(recipe(study).to_yaml())
    command = [sys.executable, "-c", BUILD, str(study.folder), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == build_class(study, recipe(study)).weights.numpy().tobytes().hex()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"attributes": {"crown colour of hats": "red"}}, "no attribute"),
        ({"attributes": {"crown color": "octarine"}}, "no value 'octarine'"),
        ({"attributes": {"crown color::red": float("nan")}}, "nan is not an amount"),
        ({"attributes": {"crown color::red": 7}}, "7 is not an amount"),
        ({"attributes": {"crown color": None}}, "None is no value"),
        ({"attributes": {3: 4}}, "no attribute '3'"),
        ({"attributes": {"crown color": "x" * 100_000}}, "no value"),
        ({"like": "Unicorn"}, "no class 'Unicorn'"),
        ({"caption": "a quarterly tax return"}, "no word that this study knows"),
        ({"like": "x", "study": "0000000000000000"}, "written for study 0000000000000000"),
    ],
)
def test_descriptions_that_the_study_does_not_know(wrong, message):
    with pytest.raises(NiwtError, match=message) as caught:
        build_class(small_study(), Recipe("A", **wrong))
    assert len(str(caught.value)) < 1600


def test_its_own_study_line_is_accepted(study):
    mine = build_class(study, replace(recipe(study), study=study.id))
    assert torch.equal(mine.weights, build_class(study, recipe(study)).weights)


def test_unheard_attributes_hardly_move_the_weights(study):
    inert = {study.knowledge.names.index(name) for name in inert_attributes(study)}
    constant = set(np.flatnonzero(study.knowledge.values[study.seen].std(0) < 1e-6).tolist())
    assert constant <= inert
    effect = study.affine.P.norm(dim=0)
    parsed = [k for k in range(len(study.knowledge.names)) if k not in inert]
    assert parsed
    assert min(float(effect[k]) for k in parsed) > 0
