"""One entry of the neuron dictionary: a neuron's page, and a class's neurons for and against."""

from __future__ import annotations

import numpy as np
import streamlit as st

from niwt_core import BuiltClass, NiwtError, Study
from niwt_core.knowledge.class_names import display_name
from niwt_core.method.importance import unit
from niwt_core.study.naming_notice import what_names_were_tested_on
from pages.components.dictionary import more_examples, naming, neuron_charts
from pages.components.dictionary.ablation import ablation
from pages.components.shared import (
    cards,
    glossary,
    lookup,
    names,
    style,
    user_names,
    user_photographs,
)
from pages.components.shared.language import tr
from pages.components.shared.pictures import class_crop
from pages.components.shared.style import text


def number(study: Study, asked: str) -> int:
    """The neuron that an address asks for. Raises NiwtError."""
    known = asked.isascii() and asked.isdecimal() and len(asked) <= 9 and int(asked) < len(study.neurons)
    if not known:
        st.query_params.pop("neuron", None)
        raise NiwtError(
            f"no neuron {asked[:20]!r}", where=f"study {study.name}", fix=f"use 0 to {len(study.neurons) - 1}"
        )
    return int(asked)


def show(study: Study, index: int) -> None:
    """A neuron's page."""
    neuron = user_names.shown(study, index)
    part, word = cards.name_of(neuron)
    st.button(
        tr("All neurons"),
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=cards.open_neuron,
        args=(None,),
        key="back",
    )
    st.html(
        f'<header class="cyn-head"><p class="cyn-eyebrow">{tr("Neuron {index}", index=index)} · {text(part)}</p><h1>{text(word)}</h1>'
        f"<p>{style.trust(neuron.trust)} {glossary.explained(_verdict(study, index), 'AUROC', 'q')}</p></header>"
    )
    naming.ask(study, index)
    pictures = "".join(
        user_photographs.neuron_crop(study, index, place)
        for place in range(user_photographs.exemplars(study).top.shape[1])
    )
    whose = (
        tr("Of your photographs, these excite it most")
        if user_photographs.current(study) is not None
        else tr("Excites it most")
    )
    legend = tr("{whose} · in colour where it is active; point at one to see it whole", whose=whose)
    if not pictures:
        words = tr(
            "This study keeps no photographs of what excites it; the classes that lean on it tell what it is for."
        )
        st.html(f'<p class="cyn-sub">{words}</p>')
        user_photographs.panel(study, f"neuron-{index}", expanded=True)
    else:
        st.html(f'<p class="cyn-eyebrow cyn-gap">{legend}</p><div class="cyn-exemplars">{pictures}</div>')
        more_examples.show(study, index)
    left, right = st.columns(2, gap="large")
    with left:
        neuron_charts.activation(study, index)
    with right:
        neuron_charts.classes_of(study, index)
    ablation(study, index)
    style.heading(tr("Related neurons"), tr("They matter to the same classes."))
    with st.grid(columns=4, min_column_width=230, gap="medium", key="related"):
        for other, cosine in lookup.related(study, index):
            cards.neuron_card(
                study, other, scope="related", note=tr("cosine {cosine:.2f}", cosine=cosine), fraction=cosine
            )
    with st.expander(tr("Every number"), icon=":material/table_rows:"):
        st.html(
            cards.facts(
                [
                    (tr("layer"), study.network.layer),
                    (
                        tr("hypothesis"),
                        names.of_neuron(study, study.neurons[index]).label or tr("none could be tested"),
                    ),
                    (tr("strength in the inverse map"), tr("{score:.3f} standard deviations", score=neuron.score)),
                    (tr("AUROC on {tested_on}", tested_on=tr(what_names_were_tested_on(study))), f"{neuron.auroc:.3f}"),
                    *(
                        [
                            (
                                tr("fits better"),
                                tr("{label}, AUROC {auroc:.3f}", label=neuron.better_label, auroc=neuron.better_auroc),
                            )
                        ]
                        if neuron.contested
                        else []
                    ),
                    (
                        tr("tested with"),
                        tr("{unit} as units", unit=tr(str(study.provenance.get("names_unit", "pictures")))),
                    ),
                    ("p", f"{neuron.p:.3g}"),
                    (tr("q (Benjamini-Hochberg)"), f"{neuron.q:.3g}"),
                    (
                        tr("passing under shuffled names"),
                        tr(
                            "{percent:.1f} % of neurons",
                            percent=100 * study.provenance.get("shuffled_names_fraction", float("nan")),
                        ),
                    ),
                ]
            )
        )


def _verdict(study: Study, index: int) -> str:
    neuron = names.of_neuron(study, study.neurons[index])
    if user_names.shown(study, index).status == "yours":
        return tr("Your own name for it. The study calls it “{name}”.", name=neuron.name)
    if user_names.shown(study, index).status == "rejected":
        return tr("You said that “{label}” is wrong, so the app calls it unnamed.", label=neuron.label)
    if neuron.status == "dead":
        return tr("It is never active.")
    if not neuron.label:
        return tr("No word could be tested on it.")
    chance = tr(
        "AUROC {auroc:.2f}, q {q}",
        auroc=neuron.auroc,
        q=tr("below 0.001") if neuron.q < 0.001 else f"{neuron.q:.2g}",
    )
    if neuron.status == "unnamed":
        return tr(
            "The guess “{label}” did not hold on {tested_on} ({chance}).",
            label=neuron.label,
            tested_on=tr(what_names_were_tested_on(study)),
            chance=chance,
        )
    unit = tr("classes") if study.provenance.get("names_unit") == "classes" else tr("pictures")
    if neuron.contested:
        return tr(
            "“{label}” is better than chance ({chance}), but “{better_label}” fits the same {unit} clearly better "
            "(AUROC {better_auroc:.2f}): which of the two it answers to is open.",
            label=neuron.label,
            chance=chance,
            better_label=neuron.better_label,
            unit=unit,
            better_auroc=neuron.better_auroc,
        )
    return tr(
        "It tells {unit} with “{label}” from those without ({chance}), on {tested_on}.",
        unit=unit,
        label=neuron.label,
        chance=chance,
        tested_on=tr(what_names_were_tested_on(study)),
    )


def show_class(study: Study, name: str, listed: list[int], built: BuiltClass | None = None) -> None:
    """A class's neurons, for and against, among those that the filters let through; ``built``: the class where it was built in this session."""
    if built is not None:
        values = unit(built.importances).numpy()
        kind, display, pictures = "built", built.name, ""
        source = tr("predicted from your description")
    else:
        class_index = study.class_index(name)
        values = lookup.importances(study)[class_index]
        kind, display = ("seen" if study.seen[class_index] else "unseen"), display_name(study.classes[class_index])
        pictures = "".join(class_crop(study, class_index, place=place) for place in range(3))
        source = (
            tr("measured on its training pictures") if study.seen[class_index] else tr("predicted from its description")
        )
    crops = f'<div class="cyn-crops">{pictures}</div>' if pictures else ""
    words = "" if built is not None else _predictability(study, name)
    words += tr("The importance of each neuron is {source}.", source=source)
    st.html(
        f'<div class="{"cyn-of-class" if crops else ""}">{crops}<div><h2 class="cyn-h2">{style.chip(kind, display)}</h2>'
        f'<p class="cyn-sub">{glossary.explained(words, "predictability", "importance")}</p></div></div>'
    )
    if built is None:
        of_class = user_photographs.of_class(study, study.class_index(name))
        user_photographs.strip(tr("Of your photographs, these are taken for it"), of_class)
    pro, con = lookup.for_and_against(values, tuple(listed))
    top = float(np.abs(values).max()) or 1.0
    for key, title, chosen in (("for", tr("Speak for it"), pro), ("against", tr("Speak against it"), con)):
        style.heading(title, level=3)
        if not chosen:
            st.html(f'<p class="cyn-sub">{tr("None among the neurons that these filters let through.")}</p>')
            continue
        with st.grid(columns=4, min_column_width=230, gap="medium", key=f"class-{key}"):
            for n in chosen:
                cards.neuron_card(
                    study,
                    n,
                    scope=key,
                    note=tr("importance {value:+.3f}", value=values[n]),
                    fraction=abs(float(values[n])) / top,
                    tone=kind,
                )


def _predictability(study: Study, name: str) -> str:
    predictability = study.predictability.get(name)
    return (
        ""
        if predictability is None
        else tr(
            "Its predictability is {predictability:.2f}: the cosine with which its neurons come back when its words "
            "alone predict them. ",
            predictability=predictability,
        )
    )
