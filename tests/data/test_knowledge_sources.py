"""Which knowledge is asked for, attributes with texts beside them, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from niwt_core import NiwtError, Recipe, Study, build_class, load_study
from niwt_core.data.knowledge_sources import with_knowledge
from niwt_core.evaluation.text_weight import WEIGHTS
from niwt_core.explain.contrast import contrast_classes
from niwt_core.knowledge.encoding import encode
from niwt_core.knowledge.kernel import Kernel
from niwt_core.knowledge.texts import Texts
from niwt_core.prepare.prepare import Settings, prepare
from tests.knowledge.test_captions import captions
from tests.support.quick import QUICK
from tests.support.small_study import small_dataset, tiny_network


@pytest.fixture
def described(tmp_path) -> Path:
    path = tmp_path / "descriptions.json"
    path.write_text(json.dumps(captions()))
    return path


def quickly(folder: Path, knowledge: str, encoder: str | None) -> Study:
    dataset, memory = with_knowledge(replace(small_dataset(), captions=captions()), knowledge, encoder)
    network, preprocess = tiny_network()
    return prepare(dataset, network, preprocess, folder, settings=Settings(probe_count=12), provenance=memory)


@pytest.fixture(scope="module", params=["captions", "embedding"])
def study(request, tmp_path_factory) -> Study:
    """Attributes, and word counts or ready-made vectors beside them."""
    folder = tmp_path_factory.mktemp("both")
    vectors = np.random.default_rng(0).normal(size=(len(small_dataset().classes), 9))
    np.save(folder / "vectors.npy", vectors)
    source = "captions" if request.param == "captions" else str(folder / "vectors.npy")
    with pytest.MonkeyPatch.context() as quick:
        quick.setattr("niwt_core.prepare.settings.REPEATS", 1)
        quick.setattr("niwt_core.prepare.settings.GRID", QUICK)
        return quickly(folder / "study", f"attributes+{source}", "tfidf")


def test_both_blocks_in_one_vector(study):
    assert study.knowledge.kind == "attributes"
    assert study.texts.weight in WEIGHTS
    values = study.texts.knowledge.values
    kind = study.texts.knowledge.kind
    block = Kernel.fit(values[study.seen])(values) if kind == "captions" else encode(values, "unit")
    wanted = np.hstack([encode(study.knowledge.values, "hellinger"), study.texts.weight * block])
    np.testing.assert_allclose(study.encoded_knowledge, wanted, atol=1e-6)
    assert study.mapping.weight.shape[0] == wanted.shape[1]


def test_it_is_the_same_when_it_is_opened_again(study):
    again = load_study(study.folder)
    np.testing.assert_array_equal(again.encoded_knowledge, study.encoded_knowledge)
    c = int(np.flatnonzero(~study.seen)[0])
    assert torch.equal(again.transferred_row(c), study.transferred_row(c))


def test_a_class_gives_attributes_or_a_caption_or_both(study):
    name = study.unseen_classes[0]
    c, K = study.classes.index(name), len(study.knowledge.names)
    values = dict(zip(study.knowledge.names, study.knowledge.of(name).tolist(), strict=True))
    text = "\n".join(captions()[name])
    only = build_class(study, Recipe(name, values))
    np.testing.assert_allclose(only.k[:K], study.encoded_knowledge[c, :K], atol=1e-6)
    np.testing.assert_allclose(only.k[K:], study.encoded_knowledge[study.seen, K:].mean(0), atol=1e-6)
    like = build_class(study, Recipe("Twin", like=name))
    np.testing.assert_allclose(like.k, study.encoded_knowledge[c], atol=1e-6)
    if study.encoder.texts_of_captions is None:
        return
    both = build_class(study, Recipe(name, values, caption=text))
    np.testing.assert_allclose(both.k, study.encoded_knowledge[c], atol=1e-6)
    built = build_class(study, Recipe(name, caption=text))
    np.testing.assert_allclose(built.k[K:], study.encoded_knowledge[c, K:], atol=1e-6)
    mean = study.knowledge.values[study.seen].mean(0)
    np.testing.assert_allclose(built.k[:K], encode(mean, "hellinger"), atol=1e-6)


def test_over_attributes_alone_the_weights_are_the_same(study):
    """The form that editors and explanations follow, against the whole one."""
    K = len(study.knowledge.names)
    for c in range(len(study.classes)):
        k = study.encoded_knowledge[c]
        form, weight, offset = study.over_knowledge(k[K:])
        torch.testing.assert_close(form.solve(k[:K]), study.transferred_row(c), rtol=1e-4, atol=1e-5)
        short = torch.from_numpy(k[:K]).float() @ weight + offset
        torch.testing.assert_close(short, study.mapping(torch.from_numpy(k).float()), rtol=1e-4, atol=1e-5)


def test_its_answers_are_explained_in_attributes(study):
    picture = Path(small_dataset().root) / study.paths[0]
    answer = study.classifier().classify(picture)
    unseen = next(item for item in answer.classifier.candidates if item.kind == "unseen")
    contrast = contrast_classes(answer, unseen, answer.classifier.candidates[0])
    assert contrast.words
    assert {word.attribute for word in (*contrast.words, *contrast.counterfactual)} <= set(study.knowledge.names)


def test_the_weight_is_of_the_block_alone(study):
    doubled = replace(study.texts, weight=2 * study.texts.weight)
    np.testing.assert_allclose(doubled.encoded, 2 * study.texts.encoded)
    assert Texts.of(study.texts.knowledge, study.seen).weight == 1


def test_sources_of_knowledge(described, tmp_path):
    dataset = small_dataset()
    table, memory = with_knowledge(dataset, str(described), "tfidf")
    assert table.knowledge.kind == "captions"
    assert memory["captions"]["encoder"] == "tfidf"
    beside, _ = with_knowledge(dataset, f"attributes+{described}", "tfidf")
    assert beside.knowledge is dataset.knowledge
    np.testing.assert_array_equal(beside.texts.values, table.knowledge.values)
    for name, c in zip(dataset.classes, range(len(dataset.classes)), strict=True):
        place = tmp_path / "text" / name
        place.mkdir(parents=True)
        for i in np.flatnonzero(dataset.labels == c):
            (place / f"{Path(dataset.paths[i]).stem}.txt").write_text("\n".join(captions()[name]))
    pictures, _ = with_knowledge(dataset, str(tmp_path / "text"), "tfidf")
    assert pictures.knowledge.kind == "captions"
    assert set(pictures.captions[dataset.classes[0]]) == set(captions()[dataset.classes[0]])


def test_what_is_refused(described, tmp_path):
    dataset = small_dataset()
    few = {name: text for name, text in captions().items() if name != dataset.classes[0]}
    (tmp_path / "few.json").write_text(json.dumps(few))
    (tmp_path / "mute.json").write_text(json.dumps(captions() | {dataset.classes[1]: ["..."]}))
    np.save(tmp_path / "short.npy", np.ones((3, 4)))
    zeros = np.ones((len(dataset.classes), 4))
    zeros[2] = 0
    np.save(tmp_path / "zeros.npy", zeros)
    bad = {
        "nowhere.json": "no knowledge",
        "attributes+": "no knowledge ''",
        "attributes+nowhere": "no knowledge 'nowhere'",
        str(tmp_path / "few.json"): f"class {dataset.classes[0]} not found",
        str(tmp_path / "mute.json"): f"class {dataset.classes[1]} has no caption",
        str(tmp_path / "short.npy"): f"3 rows for {len(dataset.classes)} classes",
        f"attributes+{tmp_path / 'zeros.npy'}": f"class {dataset.classes[2]} has a row of zeros",
        "captions": "the set has no captions",
        "attributes+captions": "the set has no captions",
    }
    for knowledge, what in bad.items():
        with pytest.raises(NiwtError, match=what):
            with_knowledge(dataset, knowledge, "tfidf")
    with pytest.raises(NiwtError, match="text encoder cannot be loaded"):
        with_knowledge(dataset, str(described), "/nowhere/model")
    bare, _ = with_knowledge(dataset, str(described), "tfidf")
    with pytest.raises(NiwtError, match="the set has no attributes"):
        with_knowledge(bare, "attributes+captions", "tfidf")


def test_a_study_of_embeddings_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr("niwt_core.prepare.settings.REPEATS", 1)
    monkeypatch.setattr("niwt_core.prepare.settings.GRID", QUICK)
    np.save(tmp_path / "vectors.npy", np.random.default_rng(1).normal(size=(len(small_dataset().classes), 9)))
    study = quickly(tmp_path / "study", str(tmp_path / "vectors.npy"), None)
    assert study.encoding == "unit"
    with pytest.raises(NiwtError, match="by embedding, not by captions"):
        build_class(study, Recipe("A", caption="a red bird"))
