"""What the engine says of a described class: how far to trust it, what it would claim and be taken for, which words it ignores, and every number."""

from __future__ import annotations

from collections import Counter

import numpy as np
import streamlit as st
import torch

from niwt_core import BuiltClass, Study, inert_attributes
from niwt_core.classify.helpful_word import groups_said, helpful_word, is_vague
from niwt_core.knowledge.class_names import class_key, display_name
from pages.components.build.draft import Draft, replaced
from pages.components.build.editor_tables import Tables
from pages.components.shared import glossary, names, session, style
from pages.components.shared.language import tr
from pages.components.shared.session import per_study
from pages.components.shared.style import text


@per_study
def inert(study: Study) -> frozenset[str]:
    """Attributes that this network cannot hear."""
    return frozenset(inert_attributes(study))


def confirmed(study: Study, draft: Draft, tables: Tables, built: BuiltClass | None) -> None:
    """Three facts, and the numbers behind a disclosure."""
    if built is None:
        return
    facts = (
        (tr("How far to trust it"), _predictability(study, built) + _said(study, draft)),
        (tr("Taken from others"), _confusions(study, tables, built) + _taken_for(study, built)),
        (tr("Ignored words"), _inert(study, draft)),
    )
    st.html(
        '<div class="cynb-facts">'
        + "".join(f"<section><h3>{glossary.label(title)}</h3>{body}</section>" for title, body in facts)
        + "</div>"
    )
    with st.expander(
        tr("Where it lies among the classes"), icon=":material/scatter_plot:", on_change="rerun", key="map-of-draft"
    ) as opened:
        if opened.open:
            from pages.components.shared.class_map import show_class_map

            kept = [
                item for item in session.classifier().built.values() if item.name not in (draft.name, draft.editing)
            ]
            show_class_map(study, [*kept, built], key="draft_map")
    with st.expander(tr("The numbers")):
        numbers(study, built)


def _predictability(study: Study, built: BuiltClass) -> str:
    known = np.sort(study.mapping.predictability.numpy())
    probability = float(np.searchsorted(known, built.expected_predictability)) / len(known)
    word = (
        tr("better than most")
        if probability > 2 / 3
        else tr("about as well as most")
        if probability > 1 / 3
        else tr("less well than most")
    )
    words = tr(
        "Predictability: classes like this one were predicted {word} without their pictures (1 is perfect).", word=word
    )
    bar = f'<span class="cynb-bar"><i style="width:{100 * max(0.0, min(1.0, built.expected_predictability)):.0f}%"></i></span>'
    return f'<p class="cynb-big">{built.expected_predictability:.2f}</p>{bar}<p>{glossary.explained(words, "predictability")}</p>'


def _said(study: Study, draft: Draft) -> str:
    """How much of the description is still the average, where it started from that."""
    vague = _vague(study, draft)
    if vague:
        return vague
    groups = study.knowledge.groups
    touched = sum(any(int(k) in draft.changes for k in columns) for columns in groups.values())
    if draft.like or 2 * touched >= len(groups):
        return ""
    words = tr(
        "You have set {touched} of {total} groups; {rest}. Each one more tells it further apart.",
        touched=touched,
        total=len(groups),
        rest=_of_the_rest(study),
    )
    return f"<p>{words}</p>"


def _of_the_rest(study: Study) -> str:
    """What a description says of groups that nobody set: a study may begin at the average class or at nothing."""
    return tr("the others are the average") if study.encoder.average.any() else tr("it says nothing of the others")


def _vague(study: Study, draft: Draft) -> str:
    """A description of one or two words is too little, said before any picture fails, with the words that would help most."""
    if study.knowledge.kind != "attributes" or draft.like or draft.caption.strip() or not draft.changes:
        return ""
    attributes = draft.recipe(study, name="It").attributes
    if not is_vague(study, attributes):
        return ""
    described, total = len(groups_said(study, attributes)), len(study.knowledge.groups)
    words = helpful_word(study, attributes, most=2)
    advised = tr(" or ").join(
        tr(
            "its <b>{word}</b> (it parts it from {versus})",
            word=text(names.of(study).group(word.label) if names.of(study) else word.label),
            versus=style.chip("seen" if study.seen[study.class_index(word.versus)] else "unseen", word.versus_display),
        )
        for word in words
    )
    vague = tr(
        "<b>Vague</b>: it says {described} of {total} groups, which many classes share; {rest}.",
        described=described,
        total=total,
        rest=_of_the_rest(study),
    )
    advice = f" {tr('Say {advised}: that would help most.', advised=advised)}" if advised else ""
    return f'<p class="cynb-vague">{vague}{advice}</p>'


def _taken_for(study: Study, built: BuiltClass) -> str:
    """Where held-out pictures of the class itself go, in a study that has some: a described class of the same name."""
    c = replaced(study, built.name)
    pictures = np.flatnonzero((study.labels == c) & (study.split != "train")) if c >= 0 else np.zeros(0, np.int64)
    if not len(pictures):
        return ""
    classifier, features = session.classifier(), study.features[torch.from_numpy(pictures)].float()
    others = [
        (column, item)
        for column, item in enumerate(classifier.candidates)
        if class_key(item.name) != class_key(built.name)
    ]
    logits = classifier.logits(features)[:, [column for column, _ in others]]
    its_score = (features - study.head.mean) @ built.weights + built.bias
    lost = Counter(others[place][1] for place in logits.argmax(1)[logits.max(1).values > its_score].tolist())
    if not lost:
        none = tr("None of its {count} held-out pictures is taken for another class.", count=len(pictures))
        return f"<p>{none}</p>"
    chips = ", ".join(f"{style.chip(item.kind, item.display)} {count}" for item, count in lost.most_common(3))
    words = tr(
        "Of its {count} held-out pictures {lost} are taken for others: {classes}.",
        count=len(pictures),
        lost=lost.total(),
        classes=chips,
    )
    return f"<p>{words}</p>"


def _confusions(study: Study, tables: Tables, built: BuiltClass) -> str:
    taken_for = confusions(study, tables, built)
    if not taken_for:
        return f"<p>{tr('None of the held-out pictures of other classes would be called by this name.')}</p>"
    items = "".join(
        f"<li>{style.chip('seen' if study.seen[c] else 'unseen', display_name(study.classes[c]))}"
        f"<span>{tr('{count} of {total}', count=lost, total=total)}</span></li>"
        for c, lost, total in taken_for
    )
    return f'<ul class="cynb-list">{items}</ul><p>{tr("Held-out pictures of these classes that would be taken for it.")}</p>'


def confusions(study: Study, tables: Tables, built: BuiltClass) -> tuple[tuple[int, int, int], ...]:
    """(class, pictures claimed, pictures) on held-out pictures, among the classes of this session."""
    classifier = session.classifier()
    baselines = [item for item in classifier.built.values() if item.name != built.name]
    rows = tables.matrices.project(np.stack([item.weights.double().numpy() for item in (built, *baselines)]))
    original = replaced(study, built.name)
    absent = [*map(study.class_index, classifier.switched_off), *([original] if original >= 0 else [])]
    claimed = tables.held_out.claimed(rows, built.bias, seen=study.seen, gamma=classifier.gamma, absent=absent)
    return tables.held_out.confusions(claimed, replaced=original)


def _inert(study: Study, draft: Draft) -> str:
    quiet = inert(study)
    used = [names.label(study, k) for k in sorted(draft.changes) if study.knowledge.names[k] in quiet]
    if used:
        items = "".join(f"<li>{text(label)}</li>" for label in used[:6])
        more = f"<p>{tr('and {count} more.', count=len(used) - 6)}</p>" if len(used) > 6 else ""
        return f'<ul class="cynb-list">{items}</ul>{more}<p>{tr("Moving these hardly moves the weights.")}</p>'
    if quiet:
        words = tr(
            "Nothing of what you said. It ignores {ignored} of its {total} attributes.",
            ignored=len(quiet),
            total=len(study.knowledge.names),
        )
    else:
        words = tr("Nothing: each of the {total} attributes moves the weights.", total=len(study.knowledge.names))
    return f"<p>{words}</p>"


def numbers(study: Study, built: BuiltClass) -> None:
    """Every number of a built class, and its recipe."""
    left, right = st.columns(2, gap="large")
    rows = (
        (
            tr("Length of the weight vector"),
            f"{built.norm:.4g}",
            tr("the mean of the seen classes, so that no class shouts"),
        ),
        (tr("Bias"), f"{round(built.bias, 4) + 0.0:.4f}", tr("about the feature mean")),
        (
            tr("Cosine reached"),
            f"{built.cosine:.4f}",
            tr("between the importances that the weights give and the predicted ones"),
        ),
        (tr("The paper's loss"), f"{built.paper_loss:.5f}", "1 - cosine + λ/2 |w - w̄|², with λ = 0.01"),
        (
            tr("Expected predictability"),
            f"{built.expected_predictability:.4f}",
            tr("leave-one-out cosine of the nearest descriptions"),
        ),
    )
    cells = "".join(
        f"<tr><th>{text(name)}<span>{text(note)}</span></th><td>{text(value)}</td></tr>" for name, value, note in rows
    )
    near = "".join(
        f"<tr><th>{style.chip('seen' if study.seen[study.class_index(name)] else 'unseen', display_name(name))}</th><td>{cosine:.4f}</td></tr>"
        for name, cosine in built.nearest
    )
    with left:
        st.html(
            f'<table class="cynb-table">{cells}</table><table class="cynb-table"><caption>{tr("Cosine of weights")}</caption>{near}</table>'
        )
    with right:
        st.caption(tr("The recipe: the same weights, bit for bit, in the app, the command line and Python."))
        st.code(built.recipe.to_yaml(), language="yaml")
