"""Attributes as words and explanations as sentences."""

from types import SimpleNamespace

import pytest

from niwt_core.data.aviary.attributes import ATTRIBUTE_GROUPS
from niwt_core.explain.parts import AttributeScore, Contrast, NeuronPart
from niwt_core.explain.sentence import contrasts, sentence_for
from niwt_core.knowledge.noun_phrases import join, mention, phrase
from niwt_core.neurons.neuron import Neuron


@pytest.mark.parametrize(
    ("label", "present", "absent"),
    [
        ("crown color: red", "a red crown", "no red crown"),
        ("nape color: orange", "an orange nape", "no orange nape"),
        ("wing color: brown", "brown wings", "no brown wings"),
        ("leg length: long", "long legs", "no long legs"),
        ("eye color: red", "red eyes", "no red eyes"),
        ("crest: none", "no crest", "a crest"),
        ("crest: fan", "a fan crest", "no fan crest"),
        ("eye ring: none", "no eye ring", "an eye ring"),
        ("eye ring: white", "a white eye ring", "no white eye ring"),
        ("body shape: long-necked", "a long-necked body", "no long-necked body"),
        ("belly pattern: spotted", "a spotted belly", "no spotted belly"),
        ("bill shape: hooked seabird", "a hooked seabird bill", "no hooked seabird bill"),
        ("bill shape: curved (up or down)", "a curved bill", "no curved bill"),
        ("bill shape: all-purpose", "an all-purpose bill", "no all-purpose bill"),
        ("bill length: shorter than head", "a bill shorter than its head", "no bill shorter than its head"),
        (
            "bill length: about the same as head",
            "a bill about as long as its head",
            "no bill about as long as its head",
        ),
        ("tail shape: forked tail", "a forked tail", "no forked tail"),
        ("wing shape: rounded-wings", "rounded wings", "no rounded wings"),
        ("primary color: blue", "blue plumage", "no blue plumage"),
        ("underparts color: white", "white underparts", "no white underparts"),
        ("upper tail color: grey", "a grey upper tail", "no grey upper tail"),
        ("head pattern: malar", "a malar stripe", "no malar stripe"),
        ("head pattern: eyering", "an eye ring", "no eye ring"),
        ("head pattern: unique pattern", "a uniquely patterned head", "no uniquely patterned head"),
        ("size: small (5 - 9 in)", "a small size", "no small size"),
        ("shape: perching-like", "a perching-like shape", "no perching-like shape"),
        ("furry", "“furry”", "not “furry”"),
    ],
)
def test_an_attribute_is_said_as_people_would(label, present, absent):
    assert mention(label) == present
    assert mention(label, present=False) == absent


def test_every_attribute_of_the_aviary_is_a_phrase_of_its_own():
    phrases = [phrase(f"{group}: {value}") for group, values in ATTRIBUTE_GROUPS.items() for value in values]
    assert len(set(phrases)) == len(phrases)
    assert not any(":" in text or "color" in text or "  " in text for text in phrases)


def test_join():
    assert [join([]), join(["a"]), join(["a", "b"]), join(["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def word(label: str, score: float = 1.0, present: bool = True) -> AttributeScore:
    return AttributeScore(label, label, score, present)


def test_a_contrast_says_what_is_lacking_as_lacking():
    assert contrasts([word("breast pattern: spotted", present=False)]) == ["no spotted breast"]
    assert contrasts([word("crest: none", present=False)]) == ["a crest"]


def test_two_words_of_one_group_become_one_phrase():
    words = [word("tail color: red", present=False), word("tail color: black"), word("crest: fan")]
    assert contrasts(words) == ["a black tail rather than a red one", "a fan crest"]
    assert contrasts([word("leg color: red"), word("leg color: blue", present=False)]) == ["red legs rather than blue"]
    assert contrasts([word("crest: fan"), word("crest: none", present=False)]) == ["a fan crest"]


def neuron(index: int, label: str, status: str) -> Neuron:
    return Neuron(index, label, label, status, 0.8, 0.01, 0.02, 1.0)


def contrast(margin: float, *words: AttributeScore) -> Contrast:
    return Contrast("Robin", "Wren", margin, words, (), (), False)


def test_the_whole_sentence():
    supporting = [
        NeuronPart(neuron(7, "crown color: red", "verified"), 0.5, 1.0),
        NeuronPart(neuron(9, "crown color: red", "verified"), 0.4, 1.0),
        NeuronPart(neuron(3, "leg color: blue", "weak"), 0.3, -1.0),
    ]
    said = sentence_for(
        "Robin",
        "unseen",
        [word("crown color: red"), word("crest: none")],
        supporting,
        contrast(1.0, word("tail shape: fan", present=False)),
    )
    assert said == (
        "The network says Robin, a class it has never seen, going by a red crown and no crest. "
        "It rests on neurons 7 and 9 (red crown), and on the silence of neuron 3 (perhaps blue legs). "
        "Wren comes next, but the network sees no fan tail."
    )


def test_sentences_without_names_words_or_rival():
    unnamed = [NeuronPart(SimpleNamespace(index=4, status="unnamed", label=""), 0.5)]  # type: ignore[arg-type]
    assert (
        sentence_for("Robin", "seen", [], unnamed, None)
        == "The network says Robin. It rests on neuron 4, which has no name."
    )
    assert sentence_for("Robin", "built", [], [], None) == "The network says Robin, a class built from a description."
    behind = sentence_for("Robin", "seen", [word("crest: fan")], [], contrast(-1.0, word("crest: fan")))
    assert (
        behind
        == "The network weighs Robin, going by a fan crest. Wren scores higher, although the network sees a fan crest."
    )
