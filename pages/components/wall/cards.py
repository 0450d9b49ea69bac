"""The classes on the wall: each with its words, its neurons and who it is from; a copy of each can be opened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import streamlit as st

from niwt_core import NiwtError, Recipe, Study, build_class
from niwt_core.classify.recipe import LONGEST_NAME
from niwt_core.knowledge.class_names import class_key, display_name
from pages.components.shared import cards, session, style, user_names, wall_post
from pages.components.shared.language import tr
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.pictures import address, crop
from pages.components.shared.recipe_words import recipe_in_words
from pages.components.shared.session import per_study
from pages.components.shared.style import text
from pages.serving import visitors
from pages.serving.wall import Entry, Wall

PER_PAGE = 12
NEURONS = 3
EVERY = 20.0  # seconds between looks at what others put up
LONGEST_WORDS = 160  # characters of a description
STYLE = Path(__file__).with_name("wall.css")


@visitors.fragment(run_every=EVERY)
def show(study: Study, board: Wall) -> None:
    """What hangs there now; looked at again by itself."""
    copied = st.session_state.pop("wall-copied", "")
    if copied:
        st.session_state["wall-copied-now"] = copied
        st.rerun()  # the whole page, whose keeper gives the copy to the browser
    copied = st.session_state.pop("wall-copied-now", "")
    if copied:
        st.toast(tr("{name} is one of your classes now.", name=escape_markdown(copied)), icon=":material/star:")
    st.html(f"<style>{STYLE.read_text(encoding='utf-8')}</style>")
    shown = [(entry, neurons) for entry in board.entries(study.id) if (neurons := _neurons(study, entry)) is not None]
    if not shown:
        cards.nothing(tr("Nothing hangs here yet"), tr("Build a class, then press “Put on the wall” beside it."))
        return
    pages = -(-len(shown) // PER_PAGE)
    page = min(st.session_state.get("wall_page", 1), pages)
    with st.grid(columns=3, min_column_width=260, gap="medium", key="wall"):
        for entry, neurons in shown[(page - 1) * PER_PAGE : page * PER_PAGE]:
            _card(study, board, entry, neurons)
    if pages > 1:
        st.pagination(pages, key="wall_page")


def _card(study: Study, board: Wall, entry: Entry, neurons: tuple[int, ...]) -> None:
    with st.container(border=True, key=f"wall-entry-{entry.id}"):
        st.html(_markup(study, entry, neurons))
        row = st.container(horizontal=True, gap="small")
        row.button(
            tr("Open a copy"), key=f"wall-copy-{entry.id}", on_click=_copy, args=(entry,), icon=":material/content_copy:",
            help=tr("It joins your classes, where you can change and test it"),
        )  # fmt: skip
        if entry.id in wall_post.posted():
            row.button(
                tr("Take down"), key=f"wall-down-{entry.id}", on_click=_take_down, args=(board, entry.id), type="tertiary",
                icon=":material/delete:",
            )  # fmt: skip
    problem = st.session_state.get("wall-problem")
    if isinstance(problem, tuple) and problem[0] == entry.id:
        session.show_error(problem[1])


def _markup(study: Study, entry: Entry, neurons: tuple[int, ...]) -> str:
    words = recipe_in_words(study, entry.recipe)
    words = words if len(words) <= LONGEST_WORDS else words[: LONGEST_WORDS - 1].rstrip() + "…"
    picture = (
        crop(address(entry.picture), alt=tr("A picture of {name}", name=entry.recipe.name)) if entry.picture else ""
    )
    named = "; ".join(f"{text(user_names.shown(study, n).name)} <span>№ {n}</span>" for n in neurons)
    author = (
        f'<p class="cyn-wall-from">{text(tr("from {nickname}", nickname=entry.nickname))}</p>' if entry.nickname else ""
    )
    return f"{picture}<h3>{style.chip('built', entry.recipe.name)}</h3>{author}<p>{text(words)}</p>" + (
        f'<p class="cyn-wall-neurons"><b>{text(tr("Its neurons"))}</b> {named}</p>' if named else ""
    )


def _neurons(study: Study, entry: Entry) -> tuple[int, ...] | None:
    """The named neurons that the class uses most; None where it cannot be built here, as when somebody wrote the file by hand."""
    return _strongest(study, entry.id, entry.recipe.to_yaml(), entry.recipe)


@per_study
def _strongest(study: Study, _id: str, words: str, _recipe: Recipe) -> tuple[int, ...] | None:
    if class_key(_recipe.name) in {class_key(name) for name in study.seen_classes}:
        return None
    try:
        importances = build_class(study, _recipe).importances.numpy()
    except NiwtError:
        return None
    return tuple(int(n) for n in np.argsort(-importances, kind="stable") if study.neurons[n].is_named)[:NEURONS]


def _copy(entry: Entry) -> None:
    """The class joins those of this session, under a name that is free there."""
    st.session_state.pop("wall-problem", None)
    try:
        name = free_name(entry.recipe.name, [recipe.name for recipe in session.recipes()])
        session.check_class(entry.recipe, None)
        session.add_class(replace(entry.recipe, name=name))
    except NiwtError as error:
        st.session_state["wall-problem"] = (entry.id, error)
        return
    st.session_state["wall-copied"] = name


def _take_down(board: Wall, identity: str) -> None:
    """Only what this session put up."""
    st.session_state.pop("wall-problem", None)
    if identity not in wall_post.posted():
        return
    try:
        board.remove(identity)
    except NiwtError as error:
        st.session_state["wall-problem"] = (identity, error)
        return
    del wall_post.posted()[identity]


def free_name(name: str, taken: list[str]) -> str:
    """``name``, or ``name 2`` and so on where classes of that name are there."""
    keys = {class_key(display_name(one)) for one in taken} | {class_key(one) for one in taken}
    number, candidate = 1, name
    while class_key(candidate) in keys:
        number += 1
        candidate = f"{name[: LONGEST_NAME - 5]} {number}"
    return candidate
