"""Classify and explain: drop in pictures, get all classes ranked together, then ask why."""

import threading
from pathlib import Path

import streamlit as st

from niwt_core.attribution import METHODS
from niwt_core.report.figures import METHOD_NAMES, sized_square
from niwt_core.report.stylesheet import FRAGMENTS
from pages.components import answers, intake, results, session, style, viewer, why
from pages.components.maps import map_of, warm_up
from pages.components.tray import tray

STYLE = FRAGMENTS + Path(__file__).with_name("components").joinpath("classify.css").read_text(encoding="utf-8")


@st.cache_resource(show_spinner=False)
def warm() -> threading.Thread:
    """Loads what maps need while the first picture is being looked at."""
    thread = threading.Thread(target=warm_up, daemon=True)
    thread.start()
    return thread


@st.fragment
@session.shown_errors()
def answered() -> None:
    """The picture at hand: its ranking, and why."""
    classifier, pictures = session.classifier(), tray()
    held = pictures.current
    if held is None:
        st.info(
            "Choose a sample or give a picture of your own: the ranking and its reasons appear here.",
            icon=":material/image_search:",
        )
        return
    session.set_current_picture(pictures.encoded(held, classifier), held.name)
    answer = classifier.classify(pictures.encoded(held, classifier))
    chosen = answers.chosen_class(answer, held.key)
    display = classifier.candidate(chosen).display

    picture, ranking = st.columns([11, 9], gap="large")
    with ranking:
        style.heading("What the network says", level=3)
        answers.ranking(answer, held.key, chosen)
        answers.calibration(classifier, pictures)
    with picture:
        style.heading(
            held.name if not held.truth else f"A picture of {classifier.candidate(held.truth).display}", level=3
        )
        area = st.container()
        method = st.segmented_control(
            "Importance map",
            METHODS,
            format_func=METHOD_NAMES.__getitem__,
            default=METHODS[0],
            required=True,
            key="map_method",
        )
        with area:
            viewer.show(
                sized_square(answer.picture.image),
                map_of(answer, chosen, method, key=held.key),
                name=display,
                key=held.key,
            )

    style.heading(f"Why {display}?" if chosen == answer.best.name else f"Could it be {display}?")
    sentence = st.container()
    neurons = st.container()
    style.heading("Why not the other one?", "What the picture holds for one class and against another.")
    other = answers.rival(answer, held.key, chosen)
    explanation = answer.explain(chosen, versus=other or None)
    with sentence:
        why.sentence(explanation)
    with neurons:
        why.neurons(answer, explanation)
    why.contrast(answer, explanation)
    why.flip(answer, explanation)
    with st.expander("Every number"):
        why.numbers(answer, explanation)
    style.heading("Take it away", "The explanation as one page that needs nothing else, or its figures and tables.")
    why.downloads(answer, explanation, method=method, picture_name=held.name)


session.page(
    "Classify and explain",
    "Give the network a picture. It ranks every class it knows, photographed, described or built by you, and says why.",
)
st.html(f"<style>{STYLE}</style>")
with session.shown_errors():
    classifier, pictures = session.classifier(), tray()
    if not st.session_state.get("classify_started"):
        st.session_state["classify_started"] = True
        if pictures.current is None:
            intake.start_with_a_sample(classifier, pictures)
    intake.choose(classifier, pictures)
    results.show(classifier, pictures)
    warm()
    answered()
