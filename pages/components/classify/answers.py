"""The ranking of a picture: which class is explained, against which runner-up, and how seen classes are held back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from niwt_core import Classifier
from niwt_core.classify.answer import Answer, Ranked
from niwt_core.report.fragments import best_places, rank_row
from niwt_core.report.numbers import percent
from niwt_core.report.rendering import SIGNS
from pages.components.classify import spoken
from pages.components.shared import glossary
from pages.components.shared.language import tr
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.style import chip, kind_name, text

TOP = 6  # classes shown as bars


def verdict(answer: Answer, title: str) -> None:
    """The answer in one line, before anything else: what the picture is called, the best class and its percentage, and the next one."""
    first, *rest = answer.ranking
    then = "".join(
        f"<span>{tr('then {name} {share}', name=chip(item.kind, item.display), share=percent(item.probability))}</span>"
        for item in rest[:1]
    )
    st.html(
        f'<div class="cls-verdict"><h3 class="cyn-h3">{text(title)}</h3>'
        f"<p><b>{chip(first.kind, first.display)}</b> <b>{percent(first.probability)}</b>{then}</p></div>"
    )


def chosen_class(answer: Answer, key: str) -> str:
    """The class that is explained for the picture ``key``: the one asked for, else the best."""
    picture, name = st.session_state.get("explained", ("", ""))
    known = any(item.name == name for item in answer.ranking)
    return name if picture == key and known else answer.best.name


def ranking(answer: Answer, key: str, chosen: str) -> None:
    """The best classes as bars that can be pressed, and a list of all of them."""
    shown, wording = best_places(answer.ranking, chosen=chosen, top=TOP), spoken.wording(answer.classifier.study)
    with st.container(key="ranking", gap=None):
        for place, item in shown:
            with st.container(key=f"card-rank-{place}", gap=None):
                st.html(
                    f'<div aria-hidden="true">{rank_row(place, item, chosen=item.name == chosen, wording=wording)}</div>'
                )
                label = escape_markdown(
                    tr(
                        "Explain place {place}: {display}, {kind}, {probability:.1f} percent",
                        place=place,
                        display=item.display,
                        kind=kind_name(item.kind),
                        probability=100 * item.probability,
                    )
                )
                st.button(label, key=f"rank-{place}", on_click=_explain, args=(key, item.name))
    by_name = {item.name: item for item in answer.ranking}
    st.session_state["class_to_explain"] = chosen
    st.selectbox(
        tr("Class to explain"),
        list(by_name),
        format_func=_options(by_name),
        key="class_to_explain",
        on_change=_explain_listed,
        args=(key,),
    )


def calibration(classifier: Classifier) -> None:
    """The slider for gamma: what is taken from the score of every class that was trained on photographs."""
    study = classifier.study
    top = max(3 * study.gamma, 4 * study.choices.gamma_unit, 1e-3)
    st.session_state["classify_gamma"] = min(max(classifier.gamma, 0.0), top)
    st.slider(
        tr("Calibration γ"),
        0.0,
        top,
        step=top / 200,
        format="%.2f",
        key="classify_gamma",
        help=tr(
            "Classes with photographs tend to win over described ones. γ is taken from their scores. The study chose "
            "its own on seen classes only.  \n"
        )
        + glossary.help_for("gamma"),
        on_change=_calibrate,
        args=(classifier,),
    )
    unchanged = abs(classifier.gamma - study.gamma) <= top / 400
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            tr("The study's own γ is {gamma:.2f}, in use now.", gamma=study.gamma)
            if unchanged
            else tr("The study's own γ is {gamma:.2f}.", gamma=study.gamma)
        )
        if not unchanged:
            st.button(tr("Use it"), key="gamma_reset", type="tertiary", on_click=_reset, args=(classifier,))


def runner_up(answer: Answer, key: str, chosen: str) -> str:
    """The class to compare with: the best of the others until another is asked for."""
    others = {item.name: item for item in answer.ranking if item.name != chosen}
    if not others:
        return ""
    upload = st.session_state.get("runner-up", ("", "", ""))
    name = upload[2] if upload[:2] == (key, chosen) and upload[2] in others else next(iter(others))
    st.session_state["class_to_compare"] = name
    st.selectbox(
        tr("Compare with"),
        list(others),
        format_func=_options(others),
        key="class_to_compare",
        on_change=_compare,
        args=(key, chosen),
    )
    return name


def _options(ranked: Mapping[str, Ranked]) -> Callable[[str], str]:
    """How a list of a thousand classes names each; the session is asked for its language once."""
    kinds = {kind: kind_name(kind) for kind in SIGNS}

    def option(name: str) -> str:
        item = ranked[name]
        return f"{SIGNS[item.kind]} {item.display} ({kinds[item.kind]}, {100 * item.probability:.1f} %)"

    return option


def _explain(key: str, name: str) -> None:
    st.session_state["explained"] = (key, name)


def _explain_listed(key: str) -> None:
    _explain(key, st.session_state["class_to_explain"])


def _compare(key: str, chosen: str) -> None:
    st.session_state["runner-up"] = (key, chosen, st.session_state["class_to_compare"])


def _calibrate(classifier: Classifier) -> None:
    st.session_state["gamma_moved"] = True
    classifier.gamma = st.session_state["classify_gamma"]


def _reset(classifier: Classifier) -> None:
    st.session_state["gamma_moved"] = True
    classifier.gamma = classifier.study.gamma
