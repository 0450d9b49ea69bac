"""Finds neurons by what people type: words in any form, everyday words for the study's own, names of classes, typing errors, numbers.

Words are compared as stems ("wings" is the wing of "wing color"). One that a study has not may be another word for one that it has ("beak" for
"bill"), or one that is spelled much like it ("grean"); how a word was read is said, so that nothing is found by surprise.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from niwt_core.knowledge.class_names import class_key, display_name
from niwt_core.knowledge.from_text.thesaurus import MEANINGS, PARTS
from niwt_core.knowledge.from_text.words import stem, words_of
from niwt_core.neurons.neuron import Neuron

SIMILAR = 0.74  # of difflib's ratio: one wrong letter in four
OF_A_CLASS = 24  # neurons that matter most to a class that was asked for
SHORTEST_PREFIX = 2  # letters of a word that is still being typed


@dataclass(frozen=True)
class SearchResult:
    """``neurons`` in the order in which they were given, or by their importance for ``class_name`` or for ``attributes`` (labels) together;
    ``read_as``: (typed, meant) of every word that was read as another."""

    neurons: tuple[int, ...]
    read_as: tuple[tuple[str, str], ...] = ()
    class_name: str = ""
    attributes: tuple[str, ...] = ()


def search_neurons(
    asked: str,
    neurons: Sequence[Neuron],
    *,
    synonyms: Mapping[str, Sequence[str]],
    classes: Sequence[str],
    importance: Callable[[str], np.ndarray],
    attributes: Mapping[str, Sequence[str]] | None = None,
    attribute_importance: Callable[[str], np.ndarray] | None = None,
) -> SearchResult:
    """The neurons that ``asked`` means: those whose number it is, whose name holds all of its words, or that matter most to an attribute that no
    neuron is named after, or to a class of that name.

    Args:
        neurons: those to choose from, in the order in which they shall come.
        synonyms: attribute name -> other words for it.
        classes: names as the study or the person writes them.
        importance: class -> (N,) importance of every neuron of the dictionary for it.
        attributes: label of each of the study's attributes -> other words for it.
        attribute_importance: label -> (N,) how much the attribute moves the importance of every neuron.
    """
    words = words_of(asked.replace("№", " ").replace("#", " "))
    if not words:
        return SearchResult(tuple(neuron.index for neuron in neurons))
    exact = next((name for name in classes if class_key(display_name(name)) == class_key(asked)), "")
    terms = {neuron.index: _terms(neuron, synonyms) for neuron in neurons}
    vocabulary = sorted({word for known in terms.values() for word in known})
    read_as: list[tuple[str, str]] = []
    left = list(neurons)
    for word in words:
        choices, meant = _choices(word, vocabulary)
        if meant:
            read_as.append((word, meant))
        left = [
            neuron
            for neuron in left
            if str(neuron.index) == word or any(choice <= terms[neuron.index] for choice in choices)
        ]
    meant_attributes = () if exact or (left and not read_as) else _attributes_of(words, attributes or {})
    if meant_attributes and attribute_importance is not None:  # that needs no guess at what was meant
        rows = np.stack([attribute_importance(label) for label in meant_attributes])
        rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return SearchResult(_most(neurons, rows.sum(0)), attributes=meant_attributes)
    if left:
        return SearchResult(tuple(neuron.index for neuron in left), tuple(read_as))
    name = exact or _class_of(words, classes)
    if not name:
        return SearchResult((), tuple(read_as))
    meant_class = () if _all_in(words, name) else ((" ".join(words), display_name(name)),)
    return SearchResult(_most(neurons, importance(name)), meant_class, name)


def _most(neurons: Sequence[Neuron], values: np.ndarray) -> tuple[int, ...]:
    """The neurons with the largest positive values (N,)."""
    among = [neuron.index for neuron in neurons if values[neuron.index] > 0]
    return tuple(sorted(among, key=lambda n: -values[n])[:OF_A_CLASS])


def _attributes_of(words: Sequence[str], attributes: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The attribute that words name together ("pointed ears"), or those that they name one by one ("green wings"); () where one names none."""
    whole = _attribute_of(words, attributes)
    each = (whole,) if whole else tuple(dict.fromkeys(_attribute_of([word], attributes) for word in words))
    return each if all(each) else ()


def _attribute_of(words: Sequence[str], attributes: Mapping[str, Sequence[str]]) -> str:
    """The attribute in whose label all words stand, or that they are another word for; the shortest such label."""
    stems = [stem(word) for word in words]
    within = [
        label
        for label, others in attributes.items()
        if {*stems} <= {stem(word) for word in words_of(label)}
        or any(stems == [stem(word) for word in words_of(other)] for other in others)
    ]
    return min(within, key=lambda label: (len(label), label), default="")


def other_words(label: str, synonyms: Iterable[str] = ()) -> tuple[str, ...]:
    """Words that people may type for an attribute's label beside its own, sorted: "bill shape: needle" answers to "beak" and "thin"."""
    stems = {stem(word) for word in words_of(label)}
    found_by = {word for phrase in synonyms for word in words_of(phrase)}
    found_by |= {typed for typed, meanings in _everyday_words() if any(meaning <= stems for meaning in meanings)}
    return tuple(sorted(word for word in found_by if stem(word) not in stems))


@cache
def _everyday_words() -> tuple[tuple[str, tuple[frozenset[str], ...]], ...]:
    """(word that people type, the stems of each of its meanings)."""
    return tuple(
        (typed, tuple(frozenset(stem(word) for word in words_of(meaning)) for meaning in meanings))
        for table in (MEANINGS, PARTS)
        for typed, meanings in table.items()
    )


def _terms(neuron: Neuron, synonyms: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Stems of all words that a neuron is called by."""
    texts = [neuron.label, neuron.better_label, *synonyms.get(neuron.attribute, ()), *synonyms.get(neuron.better, ())]
    return frozenset(stem(word) for text in texts for word in words_of(text))


def _choices(word: str, vocabulary: Sequence[str]) -> tuple[list[frozenset[str]], str]:
    """Sets of stems, one of which a neuron must have, and how the word was read if not as itself."""
    root = stem(word)
    if root in vocabulary:
        return [frozenset({root})], ""
    begun = [known for known in vocabulary if len(word) >= SHORTEST_PREFIX and known.startswith(root)]
    if begun:
        return [frozenset({known}) for known in begun], ""
    other = _meaning(word, vocabulary)
    if other:
        return [frozenset(stem(part) for part in words_of(other))], other
    known_words = [*vocabulary, *MEANINGS, *PARTS]
    for near in difflib.get_close_matches(word, known_words, n=4, cutoff=SIMILAR):
        if stem(near) in vocabulary:
            return [frozenset({stem(near)})], near
        other = _meaning(near, vocabulary)
        if other:
            return [frozenset(stem(part) for part in words_of(other))], other
    return [], ""


def _meaning(word: str, vocabulary: Sequence[str]) -> str:
    """Another word for this one that the vocabulary has; "" if there is none."""
    for table in (MEANINGS, PARTS):
        for key in (word, stem(word)):
            for meaning in table.get(key, ()):
                if all(stem(part) in vocabulary for part in words_of(meaning)):
                    return meaning
    return ""


def _class_of(words: Sequence[str], classes: Sequence[str]) -> str:
    """The class that words name: the shortest name with all of them, else one that is spelled much like them."""
    within = [name for name in classes if _all_in(words, name)]
    if within:
        return min(within, key=lambda name: (len(display_name(name)), name))
    spelled = {display_name(name).casefold(): name for name in classes}
    near = difflib.get_close_matches(" ".join(words), spelled, n=1, cutoff=SIMILAR)
    return spelled[near[0]] if near else ""


def _all_in(words: Sequence[str], name: str) -> bool:
    """Every word begins a word of the name."""
    parts = words_of(display_name(name))
    return all(any(stem(part).startswith(stem(word)) for part in parts) for word in words)
