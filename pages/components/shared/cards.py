"""Cards: a neuron, a class, a door to another page, a figure with its name. Markup, with one real button over each card that opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from niwt_core import Study
from niwt_core.explain.ablation import Ablation
from niwt_core.knowledge.class_names import display_name
from niwt_core.neurons.neuron import Neuron, find_neurons
from niwt_core.neurons.search import SearchResult
from pages.components.shared import glossary, names, style, user_names
from pages.components.shared.figures import meter, stacked
from pages.components.shared.language import tr
from pages.components.shared.lookup import TRUST, trust_counts
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.pictures import class_crop
from pages.components.shared.session import per_study_and_language
from pages.components.shared.style import text
from pages.components.shared.tables import table
from pages.components.shared.user_photographs import exemplars, exemplars_id, neuron_crop


def name_of(neuron: Neuron) -> tuple[str, str]:
    """A neuron's name in two lines: the part above, the word below; an unnamed one says so."""
    if neuron.status == "yours":
        return tr("your own name"), neuron.label
    if neuron.status == "rejected":
        return tr("not {label}, you say", label=neuron.label), tr("Unnamed")
    if not neuron.is_named:
        return (
            (tr("no word passed"), tr("Unnamed")) if neuron.status == "unnamed" else (tr("never active"), tr("Silent"))
        )
    part, _, word = neuron.label.rpartition(": ")
    return part or tr("attribute"), word[:1].upper() + word[1:]


def rather(neuron: Neuron) -> str:
    """Markup of the word that fits a contested neuron better; nothing for others."""
    if not neuron.contested:
        return ""
    words = tr("or rather {label}", label=text(neuron.better_label))
    return f'<p class="cyn-rather">{words}</p>'


@per_study_and_language
def _exemplars(study: Study, index: int, crops: int, shown: str) -> str:
    count = min(crops, exemplars(study).top.shape[1])
    return "".join(neuron_crop(study, index, place) for place in range(count)) or _used_by(study, index)


def neuron_markup(study: Study, index: int, crops: int = 3) -> str:
    """A neuron's card: its exemplars with the activation over them, name, trust, AUROC."""
    return markup_with(study, index, _exemplars(study, index, crops, exemplars_id(study)))


def markup_with(study: Study, index: int, pictures: str) -> str:
    """A neuron's card with other pictures in it."""
    neuron = user_names.shown(study, index)
    part, word = name_of(neuron)
    auroc = "" if neuron.status == "dead" else f"<span>AUROC {neuron.auroc:.2f}</span>"
    return (
        f'<div class="cyn-crops">{pictures}</div><div class="cyn-card-text"><p class="cyn-eyebrow">{text(part)}</p>'
        f'<h3>{text(word)}</h3>{rather(neuron)}<p class="cyn-facts">{style.trust(neuron.trust)}<span>№ {index}</span>{auroc}</p></div>'
    )


def _used_by(study: Study, index: int, count: int = 4) -> str:
    """The classes that lean on a neuron most, in a study without pictures of what excites it."""
    strongest = study.targets[:, index].argsort(descending=True)[:count].tolist()
    names = ", ".join(display_name(study.seen_classes[c]) for c in strongest)
    words = tr("Used most by {names}", names=text(names))
    return f'<p class="cyn-used-by">{words}</p>'


def neuron_card(
    study: Study,
    index: int,
    *,
    scope: str,
    note: str = "",
    fraction: float | None = None,
    tone: str = "neuron",
    pictures: str = "",
) -> None:
    """A neuron's card that opens its page; ``scope`` keeps keys apart where a neuron shows twice; ``note`` and ``fraction`` add a measured line,
    ``pictures`` stand for its exemplars."""
    part, word = name_of(user_names.shown(study, index))
    extra = (
        f'<p class="cyn-extra"><span>{text(note)}</span>{meter(fraction, tone) if fraction is not None else ""}</p>'
        if note
        else ""
    )
    _card(
        f"neuron-{scope}-{index}",
        (markup_with(study, index, pictures) if pictures else neuron_markup(study, index)) + extra,
        tr("Open neuron {index}: {part}, {word}", index=index, part=part, word=word),
        open_neuron,
        index,
    )


def open_neuron(index: int | None) -> None:
    """Goes to a neuron's page by its address, or back to all of them."""
    if index is None:
        st.query_params.pop("neuron", None)
    else:
        st.query_params["neuron"] = str(index)


def open_class(study: Study, class_index: int) -> None:
    """Goes to the dictionary page with the neurons of a class; for the body of a page, not for callbacks."""
    st.session_state["of_class"] = study.classes[class_index]
    st.switch_page("pages/dictionary.py")


def open_class_button(name: str) -> None:
    """A button to the neurons of a class, built ones included; for the body of a page."""
    if st.button(
        escape_markdown(tr("Neurons of {name}", name=name)), key=f"neurons-of-{name}", icon=":material/dictionary:"
    ):
        st.session_state["of_class"] = name
        st.switch_page("pages/dictionary.py")


def door(key: str, *, number: str, title: str, words: str, picture: str, page: str) -> None:
    """A large card that leads to another page."""
    markup = (
        f'<div class="cyn-door-picture">{picture}</div><div class="cyn-card-text"><p class="cyn-eyebrow">{text(number)}</p>'
        f"<h3>{text(title)}</h3><p>{text(words)}</p></div>"
    )
    if _card(f"door-{key}", markup, f"{title}: {words}"):
        st.switch_page(page)


def _card(key: str, markup: str, label: str, on_click: Callable[..., None] | None = None, *args: Any) -> bool:
    """A card that is one large button: the markup shows, the button over it takes clicks, focus and the name for screen readers."""
    with st.container(key=f"card-{key}", gap=None):
        st.html(f'<div class="cyn-card" aria-hidden="true">{markup}</div>')
        return st.button(escape_markdown(label), key=f"open-{key}", on_click=on_click, args=args)


def species_strip(study: Study, classes: list[int]) -> None:
    """A row of species that scrolls sideways: picture, name, and the sign of what it is."""
    items = "".join(
        f"<li>{class_crop(study, c)}<span>{style.chip('seen' if study.seen[c] else 'unseen', display_name(study.classes[c]))}</span></li>"
        for c in classes
    )
    st.html(f'<ul class="cyn-species" tabindex="0" aria-label="{text(tr("Species of this study"))}">{items}</ul>')


def figures_row(items: list[tuple[str, str, str]]) -> str:
    """Markup of a few large figures: (figure, name, explanation)."""
    cells = "".join(
        f"<div><b>{text(value)}</b><span>{glossary.label(name)}</span><small>{text(words)}</small></div>"
        for value, name, words in items
    )
    return f'<div class="cyn-figures">{cells}</div>'


def facts(items: list[tuple[str, str]]) -> str:
    """Markup of a list of names and values, for provenance."""
    return (
        '<dl class="cyn-list">'
        + "".join(f"<dt>{glossary.label(name)}</dt><dd>{text(value)}</dd>" for name, value in items)
        + "</dl>"
    )


def study_line(study: Study) -> str:
    """A study in one line."""
    seen, unseen = len(study.seen_classes), len(study.unseen_classes)
    held_out = int((study.split != "train").sum())
    if study.kind == "classifier":
        return tr(
            "a classifier as it was trained, with its {seen:,} classes; {unseen} more that it knows by description "
            "only; calibrated on {calibrated_on:,} photographs; {neurons:,} neurons.",
            seen=seen,
            unseen=unseen,
            calibrated_on=study.provenance.get("calibrated_on", 0),
            neurons=len(study.neurons),
        )
    return tr(
        "{seen} classes that the network was trained on, {unseen} that it knows by description only; {pictures:,} "
        "pictures, {held_out:,} of them held out; {neurons:,} neurons.",
        seen=seen,
        unseen=unseen,
        pictures=len(study.labels),
        held_out=held_out,
        neurons=len(study.neurons),
    )


def _pictured(study: Study) -> list[int]:
    """The classes that the study has a picture of; all, where it has none."""
    labels = np.unique(study.labels[study.gallery.pictures]) if len(study.gallery) else np.arange(len(study.classes))
    return [int(c) for c in labels]


def sample_species(study: Study, count: int = 24) -> list[int]:
    """Some classes for show: every second one unseen as long as there are any."""
    seen = [c for c in _pictured(study) if study.seen[c]]
    unseen = [c for c in _pictured(study) if not study.seen[c]]
    step = max(1, len(seen) // count)
    mixed = [c for pair in zip(seen[::step], unseen, strict=False) for c in pair]
    return [*mixed, *(c for c in seen[::step] if c not in mixed)][:count]


def door_picture(study: Study, page: str, names: tuple[tuple[int, str], ...] = ()) -> str:
    """The picture on a door: neurons with their activation, species known by description only, species of all sorts; ``names`` are a person's own."""
    return _door_picture(study, page, names, exemplars_id(study))


@per_study_and_language
def _door_picture(study: Study, page: str, names: tuple[tuple[int, str], ...], shown: str) -> str:
    if page == "dictionary":
        ordered = [neuron.index for neuron in find_neurons(study.neurons)]
        best = ordered[:3]
        if not exemplars(study).top.shape[1]:
            called = list(dict.fromkeys(name_of(user_names.shown(study, n)) for n in ordered))[:3]  # each name once
            words = "".join(f"<span><small>{text(part)}</small> {text(value)}</span>" for part, value in called)
            return f'<div class="cyn-door-words">{words}</div>'
        return f'<div class="cyn-crops">{"".join(neuron_crop(study, n, 0) for n in best)}</div>'
    unseen = [c for c in _pictured(study) if not study.seen[c]] or _pictured(study)
    chosen = unseen[:: max(1, len(unseen) // 3)][:3] if page == "build" else sample_species(study)[4:7]
    return f'<div class="cyn-crops">{"".join(class_crop(study, c, place=1) for c in chosen)}</div>'


def trust_bar(study: Study) -> None:
    """How many neurons have a name that holds."""
    counts = trust_counts(study)
    parts = [(style.trust_name(status), counts[status], f"cyn-is-{status}") for status in TRUST]
    st.html(
        stacked(parts, describe=", ".join(f"{count} {style.trust_name(status)}" for status, count in counts.items()))
    )


def read_as(study: Study, result: SearchResult) -> None:
    """How a search was understood, where that is not plain."""
    notes = [
        tr("<b>{typed}</b> was read as <b>{meant}</b>", typed=text(typed), meant=text(meant))
        for typed, meant in result.read_as
    ]
    if result.attributes:
        columns = [study.knowledge.labels.index(label) for label in result.attributes]
        notes.append(
            tr(
                "none of these neurons is called that: those that <b>{name}</b> calls for most",
                name=text("; ".join(names.label(study, column) for column in columns)),
            )
        )
    if result.class_name:
        kind = (
            "built"
            if result.class_name not in study.classes
            else "seen"
            if study.seen[study.class_index(result.class_name)]
            else "unseen"
        )
        name = result.class_name if kind == "built" else display_name(result.class_name)
        notes.append(
            tr("no neuron is called that: those that matter most to the class {name}", name=style.chip(kind, name))
        )
    st.html(f'<p class="cyn-sub" role="status">{"; ".join(notes)}</p>')


def count_line(listed: int, total: int) -> None:
    """How many neurons a search leaves."""
    words = glossary.explained(tr("the most trusted first, each with its AUROC."), "AUROC")
    count = tr("{listed:,} of {total:,} neurons", listed=listed, total=total)
    st.html(f'<p class="cyn-sub">{count}, {words}</p>')


def nothing(title: str, words: str) -> None:
    """An empty state: what there is not, and what to do."""
    st.html(f'<div class="cyn-nothing"><h3 class="cyn-h3">{text(title)}</h3><p class="cyn-sub">{text(words)}</p></div>')


def before_after(effect: Ablation) -> str:
    """Markup of a table: accuracy with the neurons, without them, the change."""
    rows = []
    for key, name in (
        ("U", tr("unseen classes")),
        ("S", tr("seen classes")),
        ("H", tr("harmonic mean")),
        ("zsl", tr("unseen ones alone")),
    ):
        old, new = getattr(effect.before, key), getattr(effect.after, key)
        tone = "cyn-moved" if abs(new - old) > 0.05 else "cyn-soft"
        label = f'<b>{key.upper()}</b> <span class="cyn-soft">{name}</span>'
        rows.append((label, f"{old:.1f}", f"{new:.1f}", f'<span class="{tone}">{new - old:+.1f}</span>'))
    return table("1fr auto auto auto", (tr("Accuracy, %"), tr("with"), tr("ablated"), tr("change")), rows)
