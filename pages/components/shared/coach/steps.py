"""What each of the five steps asks for, whether it is done, and what came of it, in words with this study's own figures."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from niwt_core import NiwtError, Recipe, Study
from niwt_core.classify.answer import Ranked
from niwt_core.classify.helpful_word import helpful_word
from niwt_core.knowledge.class_names import class_key, display_name
from niwt_core.report.numbers import percent
from pages.components.shared import glossary, names, style, user_names
from pages.components.shared.coach import measured
from pages.components.shared.coach.progress import Progress
from pages.components.shared.coach.state import noticed, sample_of
from pages.components.shared.language import N_, tr, trn


@dataclass(frozen=True)
class Outcome:
    """Markup of one sentence or two; ``done``: it tells what came of the step, otherwise what to do; ``neuron``: the one to open, or -1."""

    markup: str
    done: bool = False
    neuron: int = -1


@dataclass(frozen=True)
class Step:
    """A step: its title, the page that it is taken on (the name of its file), and what to say of it."""

    title: str
    page: str
    say: Callable[[Study, Progress], Outcome]


def true_class(study: Study, progress: Progress) -> str:
    """The class that the photograph shows, where that is known: that of a sample."""
    item = sample_of(study, progress.picture)
    return study.classes[study.labels[study.gallery.pictures[item]]] if item >= 0 else ""


def _says(study: Study, progress: Progress) -> Outcome:
    name = true_class(study, progress)
    before = measured.before(study, progress) if progress.picture else None
    if before is None:
        return Outcome(
            sentence(
                tr("Press a picture with a ◆: the network was never trained on such things. What will it say?"),
                "described class",
            )
        )
    if name in study.seen_classes:
        words = tr("The network was trained on pictures of {name}. Press one with a ◆, which it has never been shown.")
        return Outcome(sentence(words, name=style.chip("seen", display_name(name))))
    if name and measured.taught_class(Progress(name=name)) is not None:
        words = tr("You have taught it {name} already. Press another picture with a ◆.")
        return Outcome(sentence(words, name=style.chip("built", display_name(name))))
    words = tr(
        "It says {best}, then {second}: the nearest of the {count} classes that it was trained on. "
        "For this lesson no described class helps it out."
    )
    return Outcome(
        sentence(words, "described class", best=_ranked(before.best), second=_ranked(before.second), count=_count(len(study.seen_classes))),
        done=True,
    )  # fmt: skip


def _neurons(study: Study, progress: Progress) -> Outcome:
    before = measured.before(study, progress)
    if before is None:
        return Outcome(sentence(tr("The picture is gone: go back, and press one again.")))
    best = style.chip(before.best.kind, before.best.display)
    if progress.neuron < 0:
        words = tr(
            "Its answer is a sum over {count} neurons. Open one that speaks loudest for {best}: what else is it for?"
        )
        return Outcome(sentence(words, "neuron", count=_count(len(study.neurons)), best=best), neuron=before.to_open)
    neuron, adds = user_names.shown(study, progress.neuron), float(before.contributions[progress.neuron])
    called = (
        tr("Neuron {index} is called “{name}” ({trust}).")
        if neuron.is_named
        else tr("Neuron {index} has no name that passed the test.")
    )
    does = (
        tr("In your picture it adds {adds} to the score of {best}: place {place} of {count}.")
        if adds > 0
        else tr("In your picture it does not speak for {best}: it adds {adds}.")
    )
    parts = {
        "index": str(progress.neuron),
        "name": style.text(neuron.label),
        "trust": style.text(style.trust_name(neuron.trust)),
        "adds": f"{adds:+.2f}",
        "best": best,
        "place": str(before.place(progress.neuron)),
        "count": _count(len(study.neurons)),
    }
    return Outcome(sentence(f"{called} {does}", "neuron", **parts), done=True)


def _word(study: Study, progress: Progress) -> Outcome:
    key = class_key(progress.name)
    if not key:
        words = tr("What is in the picture? Type its name into the field below, and press Enter.")
        return Outcome(sentence(words))
    count = _count(len(study.seen_classes))
    if any(class_key(one) == key for one in study.seen_classes):
        words = tr("{name} is one of the {count} classes that it was trained on. Type a word that it lacks.")
        return Outcome(sentence(words, name=style.chip("seen", progress.name), count=count))
    words = tr(
        "None of its {count} trained classes is called {name}: it has no weights for that word, and can never say it, "
        "however clear the picture."
    )
    return Outcome(sentence(words, "transfer", name=style.chip("built", progress.name), count=count), done=True)


def _teach(study: Study, progress: Progress) -> Outcome:
    taught = measured.taught_class(progress)
    if taught is not None:
        words = tr(
            "{name} has {number} weights of its own now, from {count} and not one picture. "
            "They use the neurons that your words ask for to a cosine of {cosine}."
        )
        count = trn("{count} attribute", "{count} attributes", _attributes(taught.recipe))
        return Outcome(
            sentence(words, "transfer", name=style.chip("built", taught.name), number=_count(len(taught.weights)), count=style.text(count),
                     cosine=f"{taught.cosine:.2f}"),
            done=True,
        )  # fmt: skip
    if not progress.name:
        return _word(study, progress)
    if not noticed().described:
        words = tr(
            "Tell it what one sees: open “Describe it in words”, or move the sliders. Its neurons follow at once."
        )
        return Outcome(sentence(words, "neuron"))
    words = tr(
        "Your words choose its neurons. Press “Transfer weights” below: the neurons give it its weights, without training."
    )
    return Outcome(sentence(words, "neuron"))


def _look(study: Study, progress: Progress) -> Outcome:
    if measured.taught_class(progress) is None:
        return Outcome(sentence(tr("Build the class first: go one step back.")))
    after = measured.after(study, progress) if progress.looked else None
    if after is None:
        return Outcome(sentence(tr("Now show it the same picture again. Has it learned the word?")))
    before = measured.before(study, progress)
    parts = {
        "taught": _ranked(after.taught),
        "best": _ranked(after.best),
        "before": _ranked(before.best) if before is not None else "",
        "place": str(after.place),
        "more": _mind(after, study, progress),
    }
    words = (
        tr("It says {taught}! Before it said {before}. {more}")
        if after.recognised
        else tr("Not yet: {taught} is in place {place}, it says {best}. {more}")
    )
    return Outcome(sentence(words, **parts), done=True)


def _mind(after: measured.After, study: Study, progress: Progress) -> str:
    """Markup: what would turn the answer, or what would help a class that is not recognised."""
    if after.recognised:
        changes, versus = after.contrast.counterfactual, style.chip(after.second.kind, after.second.display)
        if not changes:
            return ""
        changed = "; ".join(names.of_attribute(study, one.attribute, one.label) for one in changes[:2])
        changed += "; …" if len(changes) > 2 else ""
        if after.contrast.is_level:
            words = tr("With “{changed}” changed to what {versus} has, the two would be level.")
        elif after.contrast.flips:
            words = tr("With “{changed}” changed to what {versus} has, it would say {versus}.")
        else:
            words = tr("Not even other words would make it say {versus}.")
        return sentence(words, changed=style.text(changed), versus=versus)
    taught = measured.taught_class(progress)
    try:
        helps = helpful_word(study, taught.recipe.attributes, most=2) if taught is not None else ()
    except NiwtError:
        helps = ()
    if not helps:
        return sentence(tr("Go back, and say more of what one sees."))
    called = names.of(study)
    groups = ", ".join(f"<b>{style.text(called.group(one.label) if called else one.label)}</b>" for one in helps)
    return sentence(tr("Go back, and say more; this would help most: {groups}."), groups=groups)


def _attributes(recipe: Recipe) -> int:
    """How many attributes a recipe gives a value."""
    return sum(len(value) if isinstance(value, dict | list | tuple) else 1 for value in recipe.attributes.values())


STEPS = (
    Step(N_("What the network says"), "classify", _says),
    Step(N_("Which neurons spoke"), "dictionary", _neurons),
    Step(N_("The word it lacks"), "build", _word),
    Step(N_("Teach it"), "build", _teach),
    Step(N_("Look again"), "classify", _look),
)


def sentence(words: str, /, *terms: str, **parts: str) -> str:
    """Markup of plain words: ``terms`` of the glossary are explained, each {part} gives way to its markup."""
    markup = glossary.explained(words, *terms)
    return re.sub(r"\{(\w+)\}", lambda place: parts.get(place[1], place[0]), markup)


def _count(number: int) -> str:
    return tr("{number:,}", number=number)


def _ranked(item: Ranked) -> str:
    return f"{style.chip(item.kind, item.display)} <b>{percent(item.probability)}</b>"
