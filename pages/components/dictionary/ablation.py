"""What the network loses where a neuron is held at its mean."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from niwt_core import Study
from niwt_core.explain.ablation import ablate_picture
from niwt_core.knowledge.class_names import display_name
from pages.components.shared import cards, lookup, names, session, style
from pages.components.shared.language import tr
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.pictures import crop, picture_address
from pages.components.shared.style import text
from pages.components.shared.tables import table
from pages.serving import visitors

SHOWN = 5  # classes that it moves most


@visitors.fragment
def ablation(study: Study, index: int) -> None:
    """Holds the neuron, or all of its name, at its mean, and says what changes."""
    namesakes = lookup.namesakes(study, index)
    style.heading(
        tr("Ablate it"),
        tr("Ablation holds the neuron at its average: see what the network loses."),
        terms=("ablation",),
    )
    options = {"nothing": (), "this": (index,)}
    labels = {"nothing": tr("Nothing"), "this": tr("This neuron")}
    if len(namesakes) > 1:
        name = escape_markdown(names.of_neuron(study, study.neurons[index]).label)
        options["all"] = namesakes
        labels["all"] = tr("All {count} named “{name}”", count=len(namesakes), name=name)
    chosen = options[
        st.segmented_control(
            tr("Ablated"),
            list(options),
            format_func=labels.__getitem__,
            default="nothing",
            required=True,
            key=f"ablate-{index}",
            label_visibility="collapsed",
        )
    ]
    if not chosen:
        return
    effect = lookup.ablation(study, tuple(chosen))
    left, right = st.columns(2, gap="large")
    with left:
        st.html(cards.before_after(effect))
        _hardest_hit(effect.per_class)
        if not effect.exact:
            st.caption(tr("An estimate, to first order: the network bends between this layer and its answer."))
    with right:
        _ablated_picture(study, index, tuple(chosen))


def _hardest_hit(per_class: Mapping[str, float]) -> None:
    moved = sorted(
        ((change, name) for name, change in per_class.items() if abs(change) > 0.05), key=lambda pair: -abs(pair[0])
    )[:SHOWN]
    if moved:
        items = "".join(
            f"<dt>{text(display_name(name))}</dt><dd>{tr('{change:+.0f} points', change=change)}</dd>"
            for change, name in moved
        )
        st.html(f'<p class="cyn-eyebrow cyn-gap">{tr("Classes it moves most")}</p><dl class="cyn-list">{items}</dl>')
    else:
        words = tr("No class changes: what this neuron says, others say too.")
        st.html(f'<p class="cyn-sub cyn-gap">{words}</p>')


def _ablated_picture(study: Study, index: int, neurons: tuple[int, ...]) -> None:
    """The picture at hand, or the neuron's strongest, ranked with and without the neurons."""
    upload = session.current_picture()
    classifier = session.classifier()
    if upload is None and not len(study.gallery):
        words = tr("Classify a picture first: then this shows what the neuron does for it.")
        st.html(f'<p class="cyn-sub">{words}</p>')
        return
    if upload is None:
        exemplars = study.gallery.top[index]
        item, name = (int(exemplars[0]), tr("its strongest picture")) if len(exemplars) else (0, tr("a sample"))
        picture = classifier.encode(study.gallery.image(item))
    else:
        picture, name = upload.picture, upload.name
    with_it, without = classifier.answer(picture), classifier.answer(ablate_picture(study, picture, neurons))
    after = {(item.name, item.kind): item.probability for item in without.ranking}
    rows = [
        (
            style.chip(item.kind, item.display),
            f"{100 * item.probability:.1f} %",
            f"{100 * after[item.name, item.kind]:.1f} %",
        )
        for item in with_it.ranking[:4]
    ]
    answers = table("1fr auto auto", (tr("Answer"), tr("with"), tr("ablated")), rows)
    shown = crop(picture_address(picture.image), alt=name)
    st.html(
        f'<p class="cyn-eyebrow">{tr("On {name}", name=text(name))}</p><div class="cyn-beside">{shown}{answers}</div>'
    )
