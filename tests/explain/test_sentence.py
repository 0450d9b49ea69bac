"""Attributes as words and explanations as sentences."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from niwt_core.data.aviary.attributes import ATTRIBUTE_GROUPS
from niwt_core.explain.detector import Sighting
from niwt_core.explain.parts import AttributeScore, Contrast, NeuronPart, Observation
from niwt_core.explain.sentence import UNFAMILIAR, contrasts, sentence_of
from niwt_core.explain.statements import differences, statements_for
from niwt_core.knowledge.noun_phrases import entry, join, mention, mentions, phrase
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
        ("shape: cylindrical", "a cylindrical shape", "no cylindrical shape"),
        ("shape: bowl", "a bowl-like shape", "no bowl-like shape"),
        ("setting: kitchen", "kitchen surroundings", "no kitchen surroundings"),
        ("use: eating", "something for eating", "nothing for eating"),
        ("context: on a table", "that it is on a table", "not on a table"),
        ("context: people nearby", "people nearby", "not people nearby"),
        ("kind: food", "food", "no food"),
        ("shape: perching-like", "a perching-like shape", "no perching-like shape"),
        ("furry", "“furry”", "not “furry”"),
    ],
)
def test_an_attribute_is_said_as_people_would(label, present, absent):
    assert mention(label) == present
    assert mention(label, present=False) == absent


def test_in_a_list_words_stand_by_themselves():
    assert [entry(label) for label in ("context: on a table", "use: eating", "crest: none")] == [
        "on a table",
        "for eating",
        "no crest",
    ]
    assert entry("use: eating", present=False) == "nothing for eating"


def test_colours_of_the_whole_are_said_together():
    assert mentions(["color: white", "kind: food", "color: brown"]) == ["white and brown colouring", "food"]
    assert mentions(["color: white", "crest: none"]) == ["white colouring", "no crest"]


def test_every_attribute_of_the_aviary_is_a_phrase_of_its_own():
    phrases = [phrase(f"{group}: {value}") for group, values in ATTRIBUTE_GROUPS.items() for value in values]
    assert len(set(phrases)) == len(phrases)
    assert not any(":" in text or "color" in text or "  " in text for text in phrases)


def test_join():
    assert [join([]), join(["a"]), join(["a", "b"]), join(["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def sentence_for(display: str, kind: str, **known: Any) -> str:
    return sentence_of(statements_for(display, kind, **known))


def contrasts_of(words: list[AttributeScore]) -> list[str]:
    return contrasts(differences(words))


def word(label: str, score: float = 1.0, present: bool = True) -> AttributeScore:
    return AttributeScore(label, label, score, present)


def test_a_contrast_says_what_is_lacking_as_lacking():
    assert contrasts_of([word("breast pattern: spotted", present=False)]) == ["no spotted breast"]
    assert contrasts_of([word("crest: none", present=False)]) == ["a crest"]


def test_two_words_of_one_group_become_one_phrase():
    words = [word("tail color: red", present=False), word("tail color: black"), word("crest: fan")]
    assert contrasts_of(words) == ["a black tail rather than a red one", "a fan crest"]
    assert contrasts_of([word("leg color: red"), word("leg color: blue", present=False)]) == [
        "red legs rather than blue"
    ]
    assert contrasts_of([word("crest: fan"), word("crest: none", present=False)]) == ["a fan crest"]


def neuron(index: int, label: str, status: str) -> Neuron:
    return Neuron(index, label, label, status, 0.8, 0.01, 0.02, 1.0)


def contrast(margin: float, *words: AttributeScore) -> Contrast:
    return Contrast("Robin", "Wren", margin, words, (), (), False)


def confirmed(margin: float, *words: AttributeScore) -> Contrast:
    return replace(contrast(margin), confirmed=words)


def observation(label: str, sighting: Sighting = Sighting.SEEN, promised: float = 1.0) -> Observation:
    return Observation(label, label, sighting, 0.5, promised, 0.5)


def test_the_whole_sentence():
    supporting = [
        NeuronPart(neuron(7, "crown color: red", "verified"), 0.5, 1.0),
        NeuronPart(neuron(9, "crown color: red", "verified"), 0.4, 1.0),
        NeuronPart(neuron(3, "leg color: blue", "verified"), 0.3, -1.0),
        NeuronPart(neuron(4, "tail color: red", "weak"), 0.3, 1.0),
    ]
    sentence = sentence_for(
        "Robin",
        "unseen",
        seen=[observation("crown color: red"), observation("crest: none")],
        missing=[observation("breast color: red", Sighting.NOT_SEEN)],
        instead=[observation("breast color: blue", promised=0.0)],
        supporting=supporting,
        contrast=confirmed(1.0, word("tail shape: fan", present=False)),
    )
    assert sentence == (
        "The network says Robin, a class it has never seen. It sees a red crown and no crest. "
        "Against its description, it finds no red breast but a blue breast. "
        "It rests on neurons 7 and 9 (red crown), and on the silence of neuron 3 (blue legs). "
        "Wren comes next, but the network sees no fan tail."
    )


def test_sees_is_said_of_nothing_but_what_is_seen():
    sentence = sentence_for(
        "Robin", "seen", stands_for=[word("crest: fan")], contrast=contrast(1.0, word("tail shape: fan"))
    )
    assert sentence == (
        "The network says Robin. Robin stands for a fan crest, of which the network is sure of nothing here. Wren comes next."
    )
    assert "sees" not in sentence
    assert sentence_for("Robin", "seen", stands_for=[word("crest: fan")], looked=False) == (
        "The network says Robin. Robin stands for a fan crest."
    )


def test_what_is_missing_is_counted():
    missing = [observation(f"{part} color: red", Sighting.NOT_SEEN) for part in ("crown", "nape", "back", "tail")]
    assert sentence_for("Robin", "seen", missing=missing[:1]).endswith("it finds no red crown.")
    assert "no red crown and no red nape (2 more of its words are missing too)" in sentence_for(
        "Robin", "seen", missing=missing
    )
    assert "(1 more of its words is missing too)" in sentence_for("Robin", "seen", missing=missing[:3])


def test_a_network_that_is_not_sure_says_so():
    assert sentence_for("Robin", "seen", sure=False) == "The network leans towards Robin, but is not sure."
    assert sentence_for("Robin", "seen", sure=False, contrast=contrast(-1.0)).startswith("The network weighs Robin.")


def test_an_unfamiliar_picture_is_said_to_be_so_first():
    seen, lost = [observation("crest: fan")], [observation("leg color: blue", Sighting.NOT_SEEN)]
    sentence = sentence_for(
        "Robin", "seen", familiar=False, seen=seen, missing=lost, contrast=confirmed(1.0, word("crest: fan"))
    )
    assert sentence == f"{UNFAMILIAR} Of these Robin comes nearest."
    behind = sentence_for("Robin", "seen", familiar=False, contrast=contrast(-1.0))
    assert behind == f"{UNFAMILIAR} The network weighs Robin."


def test_a_neuron_name_is_said_only_where_it_is_verified_and_not_denied():
    weak = [NeuronPart(neuron(3, "leg color: blue", "weak"), 0.3, 1.0)]
    assert sentence_for("Robin", "seen", supporting=weak).endswith("It rests on neuron 3, whose name is not certain.")
    loud, quiet = (NeuronPart(neuron(5, "crown color: red", "verified"), 0.3, excess) for excess in (1.0, -1.0))
    red, lost = observation("crown color: red"), observation("crown color: red", Sighting.NOT_SEEN)
    assert "5 (red crown)" in sentence_for("Robin", "seen", supporting=[loud], seen=[red])
    assert "(red crown)" not in sentence_for("Robin", "seen", supporting=[loud], missing=[lost])
    assert "(red crown)" not in sentence_for("Robin", "seen", supporting=[quiet], seen=[red])
    assert "the silence of neuron 5 (red crown)" in sentence_for("Robin", "seen", supporting=[quiet], missing=[lost])


def test_sentences_without_names_words_or_runner_up():
    unnamed = [NeuronPart(SimpleNamespace(index=i, status="unnamed", label="", attribute=""), 0.5) for i in (4, 6)]  # type: ignore[arg-type]
    assert (
        sentence_for("Robin", "seen", supporting=unnamed)
        == "The network says Robin. It rests on neurons 4 and 6, whose names are not certain."
    )
    assert sentence_for("Robin", "built") == "The network says Robin, a class built from a description."
    behind = sentence_for(
        "Robin", "seen", seen=[observation("crest: fan")], contrast=confirmed(-1.0, word("crest: fan"))
    )
    assert (
        behind
        == "The network weighs Robin. It sees a fan crest. Wren scores higher, although the network sees a fan crest."
    )
