"""The grid in which a person says what classes are like: ticks or degrees of attributes, or sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.shared.language import N_, tr
from pages.components.studies.picture_set import MOST_ATTRIBUTES, PictureSet, Words, clean_class

CLASS, COUNT, HELD, SENTENCES = N_("Class"), N_("Pictures"), N_("Held back"), N_("Sentences")
KINDS = {"attributes": N_("Words to tick"), "captions": N_("Sentences")}
LONGEST_ATTRIBUTE = 60  # characters
TAKEN = {CLASS.casefold(), COUNT.casefold(), HELD.casefold()}  # columns of the grid


def words_grid(gathered: PictureSet) -> None:
    """Shows it for the set's classes; what is typed is kept on disk at once."""
    words, scope = gathered.words, gathered.root.name
    for name, value in _widgets(words, scope).items():
        st.session_state.setdefault(name, value)
    kind = st.segmented_control(
        tr("Classes are described by"),
        list(KINDS),
        format_func=lambda kind: tr(KINDS[kind]),
        required=True,
        key=f"kind-{scope}",
    )
    words = replace(words, kind=kind or words.kind)
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        if words.kind == "attributes":
            typed = st.text_input(
                tr("Attributes, with commas"), key=f"attributes-{scope}", placeholder=tr("red, striped, beak: long, beak: short"),
                help=tr("In which words do the classes differ? “beak: long” and “beak: short” are two values of one group."),
            )  # fmt: skip
            words = replace(words, attributes=_names(typed))
    with right:
        only = st.text_input(
            tr("Classes without pictures, with commas"), key=f"only-{scope}", placeholder=tr("known by words alone"),
            help=tr("The study describes them, and recognises them by their words; there is nothing to test them on."),
        )  # fmt: skip
        words = replace(words, described_only=list(dict.fromkeys(filter(None, map(clean_class, only.split(","))))))
    degrees = words.kind == "attributes" and st.toggle(
        tr("Degrees from 0 to 1 in place of ticks"), key=f"degrees-{scope}"
    )
    gathered.say(words)
    classes = gathered.classes
    if not classes:
        return
    edited = _edited(gathered, classes, words, degrees)
    gathered.say(_said(words, edited))


def forget(gathered: PictureSet) -> None:
    """The widgets start from what is on disk again."""
    for key in ("words-grid", *_widgets(Words(), gathered.root.name)):
        st.session_state.pop(key, None)


def _widgets(words: Words, scope: str) -> dict[str, Any]:
    """What each widget begins with."""
    return {
        f"kind-{scope}": words.kind,
        f"attributes-{scope}": ", ".join(words.attributes),
        f"only-{scope}": ", ".join(words.described_only),
        f"degrees-{scope}": _has_degrees(words),
    }


def _names(typed: str) -> list[str]:
    """Attributes as they were typed, commas parting them."""
    parts = [" ".join(part.split())[:LONGEST_ATTRIBUTE] for part in typed.split(",")]
    names = list(dict.fromkeys(part for part in parts if part and part.casefold() not in TAKEN))
    return names[:MOST_ATTRIBUTES]


def _guess(class_: str, attribute: str) -> float:
    """Before anybody has said anything: a red circle is red."""
    value = attribute.rpartition(":")[2].casefold().split()
    return float(set(value) <= set(class_.casefold().replace("-", " ").split()))


def _has_degrees(words: Words) -> bool:
    return any(value not in (0, 1) for row in words.values.values() for value in row.values())


def _edited(gathered: PictureSet, classes: list[str], words: Words, degrees: bool) -> pd.DataFrame:
    """The table as the person has it by now. Its columns change with the attributes; what was typed before comes along from disk."""
    counts = gathered.counts
    table = pd.DataFrame({CLASS: classes, COUNT: [counts.get(name, 0) for name in classes]})
    table[HELD] = [name in words.held_back for name in classes]
    columns = {
        CLASS: st.column_config.TextColumn(tr(CLASS), disabled=True, pinned=True),
        COUNT: st.column_config.NumberColumn(tr(COUNT), disabled=True, width="small"),
        HELD: st.column_config.CheckboxColumn(
            tr(HELD),
            width="small",
            help=tr(
                "No picture of it trains the network: the study tests whether its words are enough. One class in five is "
                "a good share."
            ),
        ),
    }
    if words.kind == "captions":
        table[SENTENCES] = [words.sentences.get(name, "") for name in classes]
        columns[SENTENCES] = st.column_config.TextColumn(
            tr(SENTENCES), width="large", help=tr("What pictures of it show, in a sentence or two")
        )
    for one in words.attributes if words.kind == "attributes" else ():
        values = [words.values.get(name, {}).get(one, _guess(name, one)) for name in classes]
        table[one] = values if degrees else [value >= 0.5 for value in values]
        columns[one] = (
            st.column_config.NumberColumn(min_value=0.0, max_value=1.0, step=0.05)
            if degrees
            else st.column_config.CheckboxColumn()
        )
    # Streamlit forgets what was typed when the table that it is given changes: it is given the same one until rows or columns do.
    shape = (gathered.root.name, words.kind, degrees, *classes, *counts.values(), *table.columns)
    base = st.session_state.get("words-grid")
    if base is None or base[0] != shape:
        number = 0 if base is None else base[1] + 1
        base = st.session_state["words-grid"] = (shape, number, table)
    with st.container(key="words-table"):
        return st.data_editor(
            base[2], column_config=columns, hide_index=True, num_rows="fixed", width="stretch", key=f"words-{base[1]}"
        )


def _said(words: Words, table: pd.DataFrame) -> Words:
    """The words with what stands in the table."""
    rows = table.set_index(CLASS)
    held_back = [str(name) for name, value in rows[HELD].items() if value]
    if words.kind == "captions":
        typed = {str(name): str(value or "") for name, value in rows[SENTENCES].items()}
        return replace(words, held_back=held_back, sentences={**words.sentences, **typed})
    values = {
        str(name): {**words.values.get(str(name), {}), **{one: float(row[one] or 0) for one in words.attributes}}
        for name, row in rows.iterrows()
    }
    return replace(words, held_back=held_back, values={**words.values, **values})
