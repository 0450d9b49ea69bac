"""The classifier: one encoding, many questions; seen, unseen and built classes in one ranking."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from niwt_core import Classifier, NiwtError
from niwt_core.classify.classifier import KEPT_SIDE
from niwt_core.study.evaluate import evaluate
from niwt_core.study.temperature import temperature_of
from tests.support.small_study import small_dataset, small_study


@pytest.fixture
def study():
    return small_study(layer="second.1")


@pytest.fixture
def classifier(study) -> Classifier:
    return study.classifier()


def picture(number: int = 0) -> Path:
    dataset = small_dataset()
    return dataset.root / dataset.paths[number]


def described(study, name: str) -> dict:
    """The attributes that a class of the study has."""
    row = study.knowledge.of(name)
    return {study.knowledge.names[k]: bool(row[k]) for k in range(len(row))}


def test_scores_against_a_plain_loop(study, classifier):
    answer = classifier.classify(picture(5))
    x = study.preprocess(Image.open(picture(5)).convert("RGB")).unsqueeze(0)
    with torch.no_grad():
        features = study.network.tail(study.network.stem(x))[0]
    scores = {}
    for c, name in enumerate(study.classes):
        row, bias = study.full_head.rows[c], study.full_head.biases[c]
        scores[name] = float(row @ (features - study.head.mean) + bias) - study.gamma * bool(study.seen[c])
    temperature = temperature_of(study)
    total = sum(np.exp(score / temperature) for score in scores.values())
    assert [item.name for item in answer.ranking] == sorted(scores, key=scores.get, reverse=True)
    for item in answer.ranking:
        assert item.score == pytest.approx(scores[item.name], rel=1e-4, abs=1e-4)
        assert item.probability == pytest.approx(np.exp(scores[item.name] / temperature) / total, rel=5e-3, abs=1e-7)
        assert item.kind == ("seen" if item.name in study.seen_classes else "unseen")
    assert answer.best is answer.ranking[0]


def test_the_network_alone_classifies_the_seen_classes(study):
    x = study.preprocess(Image.open(picture(5)).convert("RGB")).unsqueeze(0)
    with torch.no_grad():
        logits, features = study.network(x)[0], study.network.tail(study.network.stem(x))
    torch.testing.assert_close(logits, study.head.logits(features)[0], rtol=1e-4, atol=1e-4)


def test_study_features_are_what_the_classifier_sees(study, classifier):
    encoded = classifier.encode(picture(7))
    torch.testing.assert_close(encoded.features, study.features[7].float(), rtol=2e-3, atol=2e-3)
    torch.testing.assert_close(encoded.pooled, study.pooled[7].float(), rtol=2e-3, atol=2e-3)


def test_one_picture_and_many_agree(classifier):
    paths = [picture(i) for i in range(21)]  # more than a batch
    many = list(classifier.classify_many(paths))
    assert len(many) == 21
    for path, answer in zip(paths, many, strict=True):
        alone = classifier.classify(path)
        assert [item.name for item in alone.ranking] == [item.name for item in answer.ranking]
        torch.testing.assert_close(alone.picture.features, answer.picture.features, rtol=1e-4, atol=1e-5)
    assert list(classifier.encode_many([])) == []


def test_a_picture_is_encoded_once(classifier, monkeypatch):
    encoded = classifier.encode(picture())
    monkeypatch.setattr(type(classifier.network), "stem", lambda *_: pytest.fail("encoded again"))
    first = classifier.classify(encoded)
    classifier.add("Other", like=classifier.study.seen_classes[0])
    again = classifier.classify(encoded)
    assert len(again.ranking) == len(first.ranking) + 1


@pytest.mark.parametrize("kind", ["path", "text", "bytes", "file", "image", "grey"])
def test_sources(classifier, kind):
    path = picture(3)
    image = Image.open(path).convert("L" if kind == "grey" else "RGB")
    data = path.read_bytes()
    source = {"path": path, "text": str(path), "bytes": data, "file": io.BytesIO(data)}.get(kind, image)
    answer = classifier.classify(source)
    if kind != "grey":
        assert answer.ranking == classifier.classify(path).ranking


def test_pictures_for_showing_are_small(classifier):
    encoded = classifier.encode(Image.new("RGB", (3000, 200), (200, 30, 40)))
    assert max(encoded.image.size) == KEPT_SIDE


def test_built_classes_join_and_leave(study, classifier):
    count = len(classifier.candidates)
    built = classifier.add("Twin", described(study, study.unseen_classes[0]))
    assert classifier.built == {"Twin": built}
    assert len(classifier.candidates) == count + 1
    twin, original = classifier.candidate("Twin"), classifier.candidate(study.unseen_classes[0])
    torch.testing.assert_close(twin.row, original.row, rtol=1e-3, atol=1e-4)
    ranking = classifier.classify(picture()).ranking
    places = [next(i for i, item in enumerate(ranking) if item.name == name) for name in ("Twin", original.name)]
    assert abs(places[0] - places[1]) == 1
    assert classifier.remove("Twin") is built
    assert len(classifier.candidates) == count
    with pytest.raises(NiwtError, match="no built class 'Twin'"):
        classifier.remove("Twin")


def test_the_same_name_again_replaces(study, classifier):
    classifier.add("A", like=study.seen_classes[0])
    second = classifier.add("A", like=study.seen_classes[1])
    assert classifier.built == {"A": second}
    assert classifier.candidate("A").row is second.weights


def test_a_built_class_takes_the_place_of_the_unseen_one_of_its_name(study, classifier):
    name = study.unseen_classes[0]
    count = len(classifier.candidates)
    classifier.add(name, like=study.seen_classes[0])
    assert len(classifier.candidates) == count
    assert classifier.candidate(name).kind == "built"


def test_a_seen_class_cannot_be_built_again(study, classifier):
    for name in (study.seen_classes[0], study.seen_classes[0].upper()):
        with pytest.raises(NiwtError, match="is a seen class"):
            classifier.add(name, like=study.seen_classes[1])
    assert not classifier.built


def test_a_failed_build_changes_nothing(classifier):
    before = classifier.candidates
    with pytest.raises(NiwtError, match="no attribute"):
        classifier.add("Wrong", {"number of heads": 2})
    assert classifier.candidates == before


def test_gamma_is_taken_from_seen_classes_only(study, classifier):
    encoded = classifier.encode(picture())
    before = {item.name: item.score for item in classifier.classify(encoded).ranking}
    classifier.gamma += 2
    for item in classifier.classify(encoded).ranking:
        assert item.score == pytest.approx(before[item.name] - 2 * (item.kind == "seen"), abs=1e-4)
    classifier.gamma = 1e6
    assert classifier.classify(encoded).best.kind == "unseen"


def test_without_unseen_classes(study):
    only = study.classifier(unseen=False)
    assert [item.name for item in only.candidates] == list(study.seen_classes)


def test_names_are_found_as_people_write_them(study, classifier):
    name = study.seen_classes[0]
    assert classifier.candidate(name.lower()).name == name
    with pytest.raises(NiwtError, match="did you mean"):
        classifier.candidate(name + "x")
    with pytest.raises(NiwtError, match="no class"):
        classifier.classify(picture()).explain("Unicorn")


def test_a_bad_picture_among_good_ones(classifier, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_text("no picture")
    answers = classifier.classify_many([picture(), bad])
    with pytest.raises(NiwtError, match="not an image"):
        list(answers)


def test_what_a_notebook_prints_of_a_result_is_one_line():
    study = small_study()
    classifier = study.classifier()
    built = classifier.add("Ruby Finch", {"crown color": "red"})
    answer = classifier.classify(study.gallery.jpeg(0))
    for result in (
        study,
        study.knowledge,
        evaluate(study),
        classifier,
        built,
        answer,
        answer.picture,
        answer.explain(),
    ):
        text = repr(result)
        assert type(result).__name__ in text
        assert "\n" not in text
        assert len(text) < 600
    assert "Ruby Finch" in repr(classifier)
    assert answer.best.display in repr(answer)


def test_described_classes_are_switched_off_singly_and_together(study) -> None:
    classifier = study.classifier()
    every = study.unseen_classes
    before = classifier.classify(picture(5))
    classifier.switch_off([every[0]])
    assert classifier.offered == every[1:]
    assert classifier.switched_off == every[:1]
    kept = [item.name for item in before.ranking if item.name != every[0]]
    assert [item.name for item in classifier.classify(picture(5)).ranking] == kept
    classifier.switch_off(classifier.offered)
    assert classifier.offered == ()
    assert {item.kind for item in classifier.classify(picture(5)).ranking} == {"seen"}
    classifier.offer()
    assert [item.score for item in classifier.classify(picture(5)).ranking] == [item.score for item in before.ranking]


def test_a_class_of_ones_own_takes_part_though_its_namesake_is_switched_off(study) -> None:
    classifier = study.classifier()
    name = study.unseen_classes[0]
    classifier.switch_off([name])
    classifier.add(name, {"crown color": "red"})
    assert [item.kind for item in classifier.classify(picture(5)).ranking if item.name == name] == ["built"]
    classifier.remove(name)
    assert name not in [item.name for item in classifier.candidates]


def test_only_described_classes_are_switched_off(study) -> None:
    classifier = study.classifier()
    with pytest.raises(NiwtError, match="no described class"):
        classifier.switch_off([study.seen_classes[0]])
    with pytest.raises(NiwtError, match="no class"):
        classifier.switch_off(["Dodo of nowhere"])
    assert classifier.offered == study.unseen_classes
