"""Classes in families, where there are too many for one list: to look through, and to find by typing a class or its family."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from niwt_core import Study
from niwt_core.knowledge.class_names import display_name
from niwt_core.knowledge.families import Family, families
from pages.components.shared import style
from pages.components.shared.language import tr
from pages.components.shared.session import per_study


@per_study
def families_of(study: Study) -> tuple[Family, ...]:
    """The families of the study's classes; none where there are few classes."""
    return families(study.knowledge)


@per_study
def family_names(study: Study) -> dict[str, str]:
    """Class -> the name of its family; empty without families."""
    return {study.classes[c]: family.name for family in families_of(study) for c in family.classes}


def ordered(study: Study) -> list[str]:
    """The study's classes, relatives together, by name within; all by name without families."""
    family = family_names(study)
    return sorted(study.classes, key=lambda name: (family.get(name, "").casefold(), display_name(name).casefold()))


def label(study: Study) -> Callable[[str], str]:
    """How a list names a class: the sign of its kind, its name, its family; who types either finds it. One that the study has not was built."""
    signs = {
        name: style.SIGNS["seen" if seen else "unseen"] for name, seen in zip(study.classes, study.seen, strict=True)
    }
    family = family_names(study)

    def of_class(name: str) -> str:
        if name not in signs:
            return f"{style.SIGNS['built']} {name}"
        return f"{signs[name]} {display_name(name)}" + (f" · {family[name]}" if name in family else "")

    return of_class


def browse(study: Study, key: str, on_class: Callable[[str], None]) -> None:
    """The families, and the classes of the one that is chosen as buttons that call ``on_class``; nothing without families."""
    every = families_of(study)
    if not every:
        return
    with st.expander(
        tr("{classes:,} classes in {every} families", classes=len(study.classes), every=len(every)),
        icon=":material/account_tree:",
    ):
        chosen = st.selectbox(
            tr("Family"),
            range(len(every)),
            format_func=lambda i: f"{every[i].name} ({len(every[i].classes)})",
            index=None,
            placeholder=tr("Bird, hand tool, dessert ..."),
            key=f"family-{key}",
        )
        if chosen is None:
            return
        names = sorted(
            (study.classes[c] for c in every[chosen].classes), key=lambda name: display_name(name).casefold()
        )
        pills = f"of-family-{key}-{chosen}"
        st.pills(
            every[chosen].name,
            names,
            format_func=_signed(study),
            key=pills,
            label_visibility="collapsed",
            on_change=lambda: on_class(st.session_state[pills]) if st.session_state[pills] is not None else None,
        )


def _signed(study: Study) -> Callable[[str], str]:
    seen = dict(zip(study.classes, study.seen, strict=True))
    return lambda name: f"{style.SIGNS['seen' if seen[name] else 'unseen']} {display_name(name)}"


def leading(study: Study, values: np.ndarray, count: int = 4) -> list[tuple[str, float]]:
    """(family, mean) of the families for which ``values``, one a class, are largest on average."""
    means = [(family.name, float(values[list(family.classes)].mean())) for family in families_of(study)]
    return sorted(means, key=lambda item: -item[1])[:count]
