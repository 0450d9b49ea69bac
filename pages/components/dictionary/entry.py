"""One entry of the neuron dictionary: a neuron's page, and a class's neurons for and against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from niwt_core import BuiltClass, NiwtError, Study
from niwt_core.knowledge.class_names import display_name
from niwt_core.method.importance import unit
from niwt_core.study.naming_notice import what_names_were_tested_on
from pages.components.dictionary import more_examples, naming
from pages.components.dictionary.ablation import ablation
from pages.components.shared import (
    cards,
    charts,
    class_families,
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

BINS = 28  # of the histogram
RESTING = 2.5  # times the next tallest bar: from there on the bar of resting neurons is cut
SHOWN = 5  # classes for and against, beside the strip of all


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
        _activation(study, index)
    with right:
        _classes(study, index)
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


def _activation(study: Study, index: int) -> None:
    split = lookup.activations(study, index)
    style.heading(
        tr("How strongly it answers") if split.unit == "pictures" else tr("How much classes use it"),
        tr("Activation on held-out pictures of classes with it and without, each as shares of its own side.")
        if split.unit == "pictures"
        else tr("Importance for trained classes, each as shares of its own side."),
        level=3,
    )
    measured = tr("activation") if split.unit == "pictures" else tr("importance")
    chart = charts.figure(height=280, x=measured, y=tr("% of its own side"))
    both = np.concatenate([split.with_it, split.without])
    low, high = interesting(both)
    bins = {"start": low, "end": high, "size": max((high - low) / BINS, 1e-9)}
    top, cut = visible_top([np.clip(split.with_it, low, high), np.clip(split.without, low, high)], low, high)
    if top:
        chart.update_yaxes(range=[0, top])
    for name, values, kind in (
        (tr("with {what}", what=split.what), split.with_it, "neuron"),
        (tr("without"), split.without, "faint"),
    ):
        chart.add_histogram(
            x=np.clip(values, low, high), name=f"{text(name)} ({len(values)} {tr(split.unit)})", histnorm="percent", xbins=bins, opacity=0.65,
            marker_color=charts.tone(kind), hovertemplate=tr("%{y:.0f} % from %{x}") + "<extra></extra>",
        )  # fmt: skip
        if len(values):
            chart.add_vline(
                float(np.clip(np.median(values), low, high)),
                line={"color": charts.tone(kind), "dash": "dot", "width": 2},
            )
    chart.update_layout(barmode="overlay")
    medians = [float(np.median(side)) if len(side) else 0.0 for side in (split.with_it, split.without)]
    describe = tr(
        "{measured} of neuron {index}: median {with_it:.2f} with {what}, {without:.2f} without.",
        measured=measured[:1].upper() + measured[1:],
        index=index,
        with_it=medians[0],
        what=split.what,
        without=medians[1],
    )
    charts.show(chart, key=f"activation-{index}", alt=describe)
    st.caption(tr("Dotted: the medians. What lies beyond the axis is counted at its end.") + cut)


def visible_top(sides: Sequence[np.ndarray], low: float, high: float) -> tuple[float, str]:
    """(top of the axis in percent, what is cut): where most pictures leave a neuron at rest, their one bar would press all others into a line.

    0 and "" where no bar stands out so far.
    """
    shares = [100 * np.histogram(side, BINS, (low, high))[0] / len(side) for side in sides if len(side) and high > low]
    if not shares:
        return 0.0, ""
    rest = max(float(share[1:].max()) for share in shares)
    first = [float(share[0]) for share in shares]
    if max(first) <= RESTING * rest or rest <= 0:
        return 0.0, ""
    parts = tr(" and ").join(f"{value:.0f} %" for value in first)
    return 1.25 * rest, tr(" The bars at rest are cut at the top: they hold {parts} of their sides.", parts=parts)


def interesting(values: np.ndarray) -> tuple[float, float]:
    """The part of an axis on which nearly all activations lie, so that one picture far out does not press the others into a line."""
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(np.quantile(values, 0.995))
    return low, max(high, low + 1e-6)


def _classes(study: Study, index: int) -> None:
    values = lookup.importances(study)[:, index]
    order = np.argsort(-values)
    kinds = ["seen" if study.seen[c] else "unseen" for c in order]
    names = [display_name(study.classes[c]) for c in order]
    style.heading(
        tr("Which classes it speaks for"),
        tr("Its importance for every class, from most for to most against."),
        level=3,
        terms=("importance",),
    )
    tips = [f"{name}: {values[c]:+.3f}" for name, c in zip(names, order, strict=True)]
    best = "".join(f"<li>{style.chip(kinds[i], names[i])}</li>" for i in range(min(SHOWN, len(names))))
    worst = "".join(
        f"<li>{style.chip(kinds[i], names[i])}</li>"
        for i in range(len(names) - 1, max(len(names) - 1 - SHOWN, SHOWN - 1), -1)
    )
    sides = "".join(
        f'<div><p class="cyn-eyebrow">{text(side)}</p><ul>{items}</ul></div>'
        for side, items in ((tr("For"), best), (tr("Against"), worst))
    )
    chart = charts.figure(height=200, y=tr("importance"))
    chart.add_bar(
        x=list(range(len(order))), y=values[order], marker_color=[charts.tone(kind) for kind in kinds], text=[text(tip) for tip in tips],
        textposition="none", hovertemplate="%{text}<extra></extra>", customdata=[[int(c)] for c in order],
    )  # fmt: skip
    chart.update_layout(showlegend=False, bargap=0, xaxis_showticklabels=False)
    chart.update_traces(marker_line_width=0)
    describe = tr(
        "Importance of neuron {index}: most for {best}, most against {worst}.",
        index=index,
        best=names[0],
        worst=names[-1],
    )
    clicked = charts.show(chart, key=f"classes-of-{index}", alt=describe, clicks=True)
    st.html(f'<div class="cyn-sides">{sides}</div>')
    leading = class_families.leading(study, values)
    if leading:
        named = ", ".join(f"{name} ({mean:+.3f})" for name, mean in leading)
        st.html(
            f'<p class="cyn-eyebrow cyn-gap">{tr("Families it speaks for most, on average")}</p><p class="cyn-sub">{text(named)}</p>'
        )
    if clicked is not None:
        st.query_params.pop("neuron", None)
        cards.open_class(study, int(clicked))


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
