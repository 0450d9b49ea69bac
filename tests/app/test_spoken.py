"""Explanations in other languages claim what the English ones claim, and nothing else."""

import re
from html import unescape

import pytest

from niwt_core.explain.detector import Sighting
from niwt_core.explain.parts import AttributeScore, Contrast, NeuronPart, Observation
from niwt_core.explain.sentence import sentence_of
from niwt_core.explain.statements import statements_for
from niwt_core.neurons.neuron import Neuron
from niwt_core.report import report_html
from niwt_core.study.translated_names import TranslatedNames
from pages.components.classify import spoken
from pages.components.shared import language, names
from tests.support.small_study import small_study


def observation(label, sighting=Sighting.SEEN, promised=1.0):
    return Observation(label, label, sighting, 0.5, promised, 0.5)


def part(index, label, excess=1.0, status="verified"):
    return NeuronPart(Neuron(index, label, label, status, 0.8, 0.01, 0.02, 1.0), 0.3, excess)


def contrast(margin, *confirmed):
    return Contrast("Robin", "Wren", margin, (), (), (), False, confirmed)


def word(label, present=True):
    return AttributeScore(label, label, 1.0, present)


MISSING = [observation(f"g{i}: lacking", Sighting.NOT_SEEN) for i in range(4)]
CASES = {
    "seen": {"seen": [observation("g1: a"), observation("g2: b")]},
    "lacking": {"missing": MISSING[:1], "instead": [observation("g0: there", promised=0.0)]},
    "one more": {"missing": MISSING[:3]},
    "more": {"missing": MISSING},
    "stands for": {"stands_for": [word("g1: a"), word("g2: b")]},
    "nobody looked": {"stands_for": [word("g1: a")], "looked": False},
    "active": {"supporting": [part(7, "g1: a"), part(9, "g1: a"), part(4, "g2: b")]},
    "quiet": {"supporting": [part(7, "g1: a", -1.0)]},
    "both": {"supporting": [part(7, "g1: a"), part(3, "g2: b", -1.0)]},
    "uncertain name": {"supporting": [part(7, "g1: a", status="weak")]},
    "uncertain names": {"supporting": [part(7, "g1: a", status="weak"), part(8, "g1: a", status="weak")]},
    "runner-up": {"contrast": contrast(1.0)},
    "differences": {"contrast": contrast(1.0, word("g1: a"), word("g1: c", False), word("g2: d", False))},
    "behind": {"contrast": contrast(-1.0)},
    "behind, with differences": {"contrast": contrast(-1.0, word("g1: a"))},
    "not sure": {"sure": False},
    "unfamiliar": {"familiar": False, "seen": [observation("g1: a")], "contrast": contrast(1.0)},
}


@pytest.fixture(params=[code for code in language.LANGUAGES if code != language.ENGLISH])
def translated(request, monkeypatch):
    """A wording that calls an attribute what its label is, in another language."""
    monkeypatch.setattr(language, "current", lambda: request.param)
    return spoken.Translated(small_study())


@pytest.mark.parametrize("kind", ["seen", "unseen", "built"])
@pytest.mark.parametrize("case", CASES)
def test_the_same_things_are_claimed_in_every_language(translated, case, kind):
    stated = statements_for("Robin", kind, **CASES[case])
    sentence = spoken.sentence_of(stated, translated)
    claimed = {
        label
        for group in (
            stated.seen, stated.stands_for, [item.label for item in stated.lacking], [item.instead for item in stated.lacking],
            [item.has for item in stated.differences], [item.lacks for item in stated.differences],
            [part.neuron.label for part in (*stated.active, *stated.quiet)],
        )
        for label in group
        if label
    }  # fmt: skip
    assert set(re.findall(r"g\d: \w+", sentence)) == claimed
    english = sentence_of(stated)
    numbers = [re.findall(r"(?<![\w])\d+", re.sub(r"g\d", "", text)) for text in (sentence, english)]
    assert sorted(numbers[0]) == sorted(numbers[1])
    assert sentence.count("Wren") == english.count("Wren")
    assert "{" not in sentence
    assert sentence != english
    assert sentence.endswith(".")


def test_nothing_is_said_to_be_seen_of_an_unfamiliar_picture(translated):
    sentence = spoken.sentence_of(statements_for("Robin", "seen", **CASES["unfamiliar"]), translated)
    assert "g1" not in sentence


def test_attributes_have_the_studys_names_of_the_language(monkeypatch):
    study = small_study()
    column = study.knowledge.names[0]
    monkeypatch.setattr(language, "current", lambda: "de")
    monkeypatch.setattr(names, "of", lambda _: TranslatedNames({column.split("::")[-1].casefold(): "Übersetzt"}))
    wording, label = spoken.wording(study), study.knowledge.labels[0]
    assert "Übersetzt" in wording.phrase(label)
    assert wording.listed([label]) == f"„{wording.phrase(label)}“"
    assert wording.entry(label, present=False) == f"nicht {wording.phrase(label)}"
    assert wording.change(word(label)) == f"{wording.phrase(label)} wegnehmen"
    assert wording.change(word(label, present=False)) == f"{wording.phrase(label)} hinzufügen"
    assert wording.phrase("a person's own name") == "a person's own name"


def test_english_is_the_engines_own(monkeypatch):
    monkeypatch.setattr(language, "current", lambda: language.ENGLISH)
    assert spoken.wording(small_study()).entry("crown color: red") == "a red crown"


def test_the_report_speaks_the_language_too(translated):
    study = small_study()
    answer = study.classifier().classify(study.gallery.jpeg(3))
    explanation = answer.explain()
    page = report_html(answer, explanation, picture_name="bird.jpg", wording=translated)
    english = report_html(answer, explanation, picture_name="bird.jpg")
    assert f'<html lang="{translated.language}">' in page
    assert translated.sentence(explanation.statements) in unescape(page)

    def texts(markup: str) -> set[str]:
        headings = re.findall(r"<(?:h1|h2|h3|dt|p class=\"about\"|p class=\"kicker\")>([^<]+)", markup)
        return {text.strip() for text in headings}

    names = {answer.ranking[0].display, "Study", "Split"}
    assert texts(page) & texts(english) <= names
