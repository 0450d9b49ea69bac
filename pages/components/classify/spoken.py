"""Explanations in the session's language: what is claimed is the engine's, in English its words too.

Attributes are quoted by their names ("Schnabelform: Nadel") in other languages, whose grammar the engine does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from niwt_core import Study
from niwt_core.explain.parts import AttributeScore, NeuronPart
from niwt_core.explain.sentence import UNFAMILIAR
from niwt_core.explain.statements import Difference, Lacking, Statements, Verdict
from niwt_core.report.wording import ENGLISH, Wording
from pages.components.shared import language, names


class Translated:
    """The wording of fragments in the session's language, with the study's names for attributes in it."""

    def __init__(self, study: Study) -> None:
        self.language = language.current()
        self._names = names.of(study)
        self._columns = dict(zip(study.knowledge.labels, study.knowledge.names, strict=True))

    def fixed(self, message: str, /, **values: object) -> str:
        return language.text(self.language, message, **values)

    def counted(self, one: str, many: str, count: int, /, **values: object) -> str:
        return language.counted(self.language, one, many, count, **values)

    def sentence(self, stated: Statements) -> str:
        return sentence_of(stated, self)

    def phrase(self, label: str) -> str:
        """A person's own name of a neuron is no attribute, and stays."""
        column = self._columns.get(label, "")
        return self._names.label(column) if column and self._names else label

    def entry(self, label: str, *, present: bool = True) -> str:
        return self.phrase(label) if present else self.fixed("not {word}", word=self.phrase(label))

    def listed(self, labels: Sequence[str]) -> str:
        return _joined([self.fixed("“{word}”", word=self.phrase(label)) for label in labels], self)

    def change(self, word: AttributeScore) -> str:
        phrase = self.phrase(word.label)
        return self.fixed("take away {word}", word=phrase) if word.present else self.fixed("add {word}", word=phrase)


def wording(study: Study) -> Wording:
    """That of the session's language."""
    return ENGLISH if language.current() == language.ENGLISH else Translated(study)


def sentence_of(stated: Statements, words: Wording) -> str:
    """What `niwt_core.explain.sentence` says in English."""
    return " ".join(
        [
            *([] if stated.familiar else [words.fixed(UNFAMILIAR)]),
            _verdict(stated, words),
            *_sights(stated, words),
            *_lacks(stated, words),
            *_neurons(stated, words),
            *_runner_up(stated, words),
        ]
    )


def _verdict(stated: Statements, words: Wording) -> str:
    name = stated.display
    if stated.kind == "unseen":
        name = words.fixed("{name}, a class it has never seen", name=name)
    elif stated.kind == "built":
        name = words.fixed("{name}, a class built from a description", name=name)
    match stated.verdict:
        case Verdict.SAYS:
            return words.fixed("The network says {name}.", name=name)
        case Verdict.LEANS:
            return words.fixed("The network leans towards {name}, but is not sure.", name=name)
        case Verdict.WEIGHS:
            return words.fixed("The network weighs {name}.", name=name)
        case Verdict.NEAREST:
            return words.fixed("Of these {name} comes nearest.", name=name)


def _sights(stated: Statements, words: Wording) -> list[str]:
    if stated.seen:
        return [words.fixed("It sees {words}.", words=words.listed(stated.seen))]
    if not stated.stands_for:
        return []
    listed = words.listed(stated.stands_for)
    if not stated.looked:
        return [words.fixed("{name} stands for {words}.", name=stated.display, words=listed)]
    return [
        words.fixed(
            "{name} stands for {words}, of which the network is sure of nothing here.",
            name=stated.display,
            words=listed,
        )
    ]


def _lacks(stated: Statements, words: Wording) -> list[str]:
    if not stated.lacking:
        return []
    lacking = words.fixed(
        "Against its description, the picture lacks {words}",
        words=_joined((_lack(item, words) for item in stated.lacking), words),
    )
    more = words.counted(
        "{count} more of its words is missing too", "{count} more of its words are missing too", stated.more
    )
    return [f"{lacking} ({more})." if stated.more else f"{lacking}."]


def _lack(item: Lacking, words: Wording) -> str:
    lacking = words.listed([item.label])
    return (
        words.fixed("{word} (there: {other})", word=lacking, other=words.listed([item.instead]))
        if item.instead
        else lacking
    )


def _neurons(stated: Statements, words: Wording) -> list[str]:
    if stated.unnamed:
        return [
            words.counted(
                "It rests on neuron {numbers}, whose name is not certain.",
                "It rests on neurons {numbers}, whose names are not certain.",
                len(stated.unnamed),
                numbers=_joined(map(str, stated.unnamed), words),
            )
        ]
    active, quiet = _named(stated.active, words), _named(stated.quiet, words)
    if active and quiet:
        return [words.fixed("It rests on {neurons}, and on the silence of {others}.", neurons=active, others=quiet)]
    if active:
        return [words.fixed("It rests on {neurons}.", neurons=active)]
    return [words.fixed("It rests on the silence of {neurons}.", neurons=quiet)] if quiet else []


def _named(parts: Sequence[NeuronPart], words: Wording) -> str:
    """ "neurons 4 and 7 (red crown) and 9 (black legs)": one name is said once."""
    by_name: dict[str, list[str]] = {}
    for part in parts:
        by_name.setdefault(words.phrase(part.neuron.label), []).append(str(part.index))
    numbers = _joined((f"{_joined(indices, words)} ({name})" for name, indices in by_name.items()), words)
    return words.counted("neuron {numbers}", "neurons {numbers}", len(parts), numbers=numbers) if parts else ""


def _runner_up(stated: Statements, words: Wording) -> list[str]:
    if not stated.versus:
        return []
    name, seen = stated.versus, _joined((_difference(item, words) for item in stated.differences), words)
    if stated.ahead:
        return [
            words.fixed("{name} scores higher, although the network sees {words}.", name=name, words=seen)
            if seen
            else words.fixed("{name} scores higher.", name=name)
        ]
    return [
        words.fixed("{name} comes next, but the network sees {words}.", name=name, words=seen)
        if seen
        else words.fixed("{name} comes next.", name=name)
    ]


def _difference(item: Difference, words: Wording) -> str:
    if not item.has:
        return words.fixed("no {word}", word=words.listed([item.lacks]))
    has = words.listed([item.has])
    return words.fixed("{word} rather than {other}", word=has, other=words.listed([item.lacks])) if item.lacks else has


def _joined(parts: Iterable[str], words: Wording) -> str:
    """ "a", "a and b", "a, b and c"."""
    listed = list(parts)
    if len(listed) < 2:
        return "".join(listed)
    return words.fixed("{words} and {last}", words=", ".join(listed[:-1]), last=listed[-1])
