"""Two side by side: any two of pictures, classes and methods on one screen; and two classes by the pictures that they fight over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch

from niwt_core import Classifier
from niwt_core.explain.attribution import METHODS
from niwt_core.explain.overlay import WHOLE, seen_part
from niwt_core.knowledge.class_names import display_name
from niwt_core.report import fragments
from niwt_core.report.figures import METHOD_NAMES, jpeg_uri
from niwt_core.report.numbers import percent
from pages.components.classify import coarse, spoken
from pages.components.classify.reasons import explanation_of, map_of
from pages.components.classify.viewer import layer_address
from pages.components.shared import names, style
from pages.components.shared.language import N_, tr
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.pictures import address, crop
from pages.components.shared.style import chip, text
from pages.components.shared.uploads import Uploads

FOUGHT = 12  # pictures that two classes fight over
WORDS, SIDE = 5, 480  # attributes for each side; pixels
WAYS = {"explanations": N_(":material/compare: Explanations"), "classes": N_(":material/sports_kabaddi: Two classes")}


def show(classifier: Classifier, pictures: Uploads) -> None:
    """The whole comparison; part of the page."""
    way = st.segmented_control(
        tr("Compare"),
        list(WAYS),
        format_func=lambda way: tr(WAYS[way]),
        default="explanations",
        required=True,
        key="compare-what",
    )
    if way == "classes":
        two_classes(classifier, pictures)
    elif not pictures.items:
        st.info(
            tr("Choose a sample or give a picture: then two explanations stand side by side."), icon=":material/info:"
        )
    else:
        for number, column in enumerate(st.columns(2, gap="large")):
            with column:
                _explanation(classifier, pictures, number)


def _explanation(classifier: Classifier, pictures: Uploads, number: int) -> None:
    """One side: which picture, class and method, the map, and the words that speak loudest."""
    keys = list(pictures.items)[::-1]
    start = pictures.chosen if number == 0 else next((key for key in keys if key != pictures.chosen), pictures.chosen)
    picture = _remembered(f"side-picture-{number}", keys, start)
    upload = pictures.items[picture]
    left, right = st.columns(2)
    left.selectbox(
        tr("Picture"),
        keys,
        format_func=lambda key: escape_markdown(pictures.items[key].name),
        key=f"side-picture-{number}",
    )
    answer = classifier.classify(pictures.encoded(upload, classifier))
    by_name = {item.name: item for item in answer.ranking}
    same = number == 1 and picture == st.session_state.get("side-picture-0")
    second = answer.ranking[min(1, len(answer.ranking) - 1)].name
    name = _remembered(f"side-class-{number}-{picture}", list(by_name), second if same else answer.best.name)
    right.selectbox(
        tr("Class"), list(by_name), key=f"side-class-{number}-{picture}",
        format_func=lambda one: f"{style.SIGNS[by_name[one].kind]} {by_name[one].display} ({100 * by_name[one].probability:.1f} %)",
    )  # fmt: skip
    area = st.container()
    method = st.segmented_control(
        "Map",
        METHODS,
        format_func=lambda method: tr(METHOD_NAMES[method]),
        default=METHODS[0],
        required=True,
        key=f"side-map-{number}",
    )
    item = by_name[name]
    seen = seen_part(answer.picture.image, answer.picture.box).resize((SIDE, SIDE))
    square = jpeg_uri(seen, side=SIDE)
    layer = (
        ""
        if coarse.note(answer, method)
        else layer_address(map_of(answer, name, method, key=picture), seen.size, WHOLE)
    )
    heat = (
        f'<img class="cls-heat" src="{layer}" alt="{text(tr("{method} for {name}", method=tr(METHOD_NAMES[method]), name=item.display))}">'
        if layer
        else ""
    )
    place = tr("place {place}", place=1 + list(by_name).index(name))
    area.html(
        f'<div class="cls-pair"><div class="cyn-crop"><img src="{square}" alt="{text(upload.name)}"></div>'
        f'<div class="cyn-crop"><img src="{square}" alt="">{heat}</div></div>'
        f'<p class="cls-side">{chip(item.kind, item.display)} <b>{percent(item.probability)}</b>, {place}</p>'
    )
    coarse.say(answer, method)
    versus = next((one for one in by_name if one != name), "")
    explanation = explanation_of(answer, name, versus=versus, key=picture)
    wording = spoken.wording(classifier.study)
    st.html(f'<p class="cyn-sub">{text(wording.sentence(explanation.statements))}</p>')
    if explanation.words:
        st.html(fragments.attribute_bars(explanation.words[:WORDS], wording=wording))


def _remembered(key: str, options: Sequence[str], start: str) -> str:
    """The value of a select box before it is drawn; one that is gone becomes the start."""
    if st.session_state.get(key) not in options:
        st.session_state[key] = start
    return str(st.session_state[key])


@dataclass(frozen=True)
class Fight:
    """Pictures (indices) that two classes fight over, the most contested first, with each one's share of the two: (n,) of the first class; and how
    many of all pictures either wins."""

    pictures: np.ndarray
    shares: np.ndarray
    first_wins: int
    second_wins: int


def fight(classifier: Classifier, features: torch.Tensor, first: str, second: str) -> Fight:
    """The pictures among features (n,D) that two classes fight over: those that the less likely of the two is likeliest for, among all classes.

    A share is the softmax of the two alone, at the study's temperature.
    """
    names = [candidate.name for candidate in classifier.candidates]
    a, b = names.index(first), names.index(second)
    if not len(features):
        return Fight(np.zeros(0, int), np.zeros(0), 0, 0)
    with torch.inference_mode():
        logits = classifier.logits(features.float())
        best = logits.argmax(1).numpy()
        both = classifier.probabilities(logits).log()[:, [a, b]].min(1).values.numpy()
        shares = classifier.probabilities(logits[:, [a, b]])[:, 0].numpy()
    order = np.argsort(-both, kind="stable")
    return Fight(order, shares[order], int((best == a).sum()), int((best == b).sum()))


def two_classes(classifier: Classifier, pictures: Uploads) -> None:
    """Two classes: what their descriptions say differently, and the pictures that they fight over."""
    kinds = {candidate.name: candidate for candidate in classifier.candidates}
    built = list(classifier.built)
    names = [*built, *(name for name in kinds if name not in classifier.built)]
    if len(names) < 2:
        return
    first = _remembered("fight-0", names, names[0])
    near = (
        next((name for name, _ in classifier.built[first].nearest if name in kinds), "")
        if first in classifier.built
        else ""
    )
    second = _remembered("fight-1", names, built[1] if len(built) > 1 else near or names[1])
    for column, key in zip(st.columns(2), ("fight-0", "fight-1"), strict=True):
        column.selectbox(
            tr("Class"),
            names,
            key=key,
            format_func=lambda name: f"{style.SIGNS[kinds[name].kind]} {kinds[name].display}",
        )
    if first == second:
        st.info(tr("Choose two different classes."), icon=":material/info:")
        return
    features, shown = _pool(classifier, pictures)
    result = fight(classifier, features, first, second)
    one, other = (chip(kinds[name].kind, kinds[name].display) for name in (first, second))
    style.heading(tr("Pictures that they fight over"), level=3)
    if not len(result.pictures):
        st.html(f'<p class="cyn-sub">{tr("There is no picture: drop some.")}</p>')
        return
    words = tr(
        "Of {count:,} pictures, yours and the study's own, {one} takes {first} and {other} {second}. The most contested first; "
        "the bar is how the two would share it.",
        count=len(features),
        one=one,
        first=result.first_wins,
        other=other,
        second=result.second_wins,
    )
    st.html(f'<p class="cyn-sub">{words}</p>')
    tiles = []
    for picture, share in zip(result.pictures[:FOUGHT], result.shares, strict=False):
        source, label = shown(int(picture))
        parts = tr("{first:.0f} to {second:.0f} percent", first=100 * share, second=100 - 100 * share)
        tiles.append(
            f'<li>{crop(source, alt=label)}<div class="cls-share" role="img" aria-label="{parts}">'
            f'<i class="cyn-is-{kinds[first].kind}" style="width:{100 * share:.1f}%"></i><i class="cyn-is-{kinds[second].kind} cls-second"></i></div>'
            f"<p>{text(label)}</p></li>"
        )
    st.html(f'<ul class="cls-fight">{"".join(tiles)}</ul>')
    _different_words(classifier, first, second)


def _pool(classifier: Classifier, pictures: Uploads) -> tuple[torch.Tensor, Callable[[int], tuple[str, str]]]:
    """(features (n,D), picture -> (address, label)): the session's own pictures first, then those that the study shows."""
    study, mine = classifier.study, pictures.mine
    gallery = study.gallery.pictures
    rows = [*(upload.features for upload in mine), *study.features[torch.from_numpy(gallery)].float()]
    features = torch.stack(rows) if rows else torch.zeros(0, study.head.rows.shape[1])

    def shown(index: int) -> tuple[str, str]:
        if index < len(mine):
            return address(mine[index].thumb), mine[index].name
        item = index - len(mine)
        return address(study.gallery.jpeg(item)), display_name(study.classes[study.labels[gallery[item]]])

    return features, shown


def _different_words(classifier: Classifier, first: str, second: str) -> None:
    """The attributes in which the two descriptions differ most."""
    study = classifier.study
    if study.knowledge.kind != "attributes":
        return
    values = [
        classifier.built[name].values if name in classifier.built else study.knowledge.values[study.class_index(name)]
        for name in (first, second)
    ]
    difference = (np.asarray(values[0]) - np.asarray(values[1])) / max(study.knowledge.scale, 1e-12)
    columns = st.columns(2)
    for column, sign in zip(columns, (1, -1), strict=True):
        order = np.argsort(-sign * difference)[:WORDS]
        words = [
            f"{text(names.label(study, int(k)))} <b>{100 * abs(difference[k]):.0f} %</b>"
            for k in order
            if sign * difference[k] > 0
        ]
        items = "".join(f"<li>{word}</li>" for word in words) or f"<li>{tr('nothing more than the other')}</li>"
        column.html(f'<p class="cyn-eyebrow">{tr("Said more of it")}</p><ul class="cls-more">{items}</ul>')
