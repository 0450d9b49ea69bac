"""Classify and explain: drop in pictures, get all classes ranked together, then ask why."""

from pathlib import Path

import streamlit as st

from niwt_core.explain.attribution import METHODS
from niwt_core.knowledge.class_names import display_name
from niwt_core.report.figures import METHOD_NAMES
from niwt_core.report.stylesheet import sheet
from pages.components.classify import answers, coarse, results, side_by_side, viewer, why
from pages.components.classify.reasons import explanation_of, map_of
from pages.components.shared import intake, offered, picture_keeper, session, style
from pages.components.shared.language import tr
from pages.components.shared.page_head import page_head
from pages.components.shared.uploads import session_uploads
from pages.serving import visitors

STYLE = sheet("fragments") + Path(__file__).with_name("components").joinpath("classify", "classify.css").read_text(
    encoding="utf-8"
)


@visitors.fragment
@session.shown_errors()
def answered() -> None:
    """The picture at hand: its ranking, and why."""
    classifier, pictures = session.classifier(), session_uploads()
    upload = pictures.current
    if upload is None:
        st.info(
            tr("Choose a sample or give a picture of your own: the ranking and its reasons appear here."),
            icon=":material/image_search:",
        )
        return
    session.set_current_picture(pictures.encoded(upload, classifier), upload.name)
    if st.session_state.pop("gamma_moved", False) and len(pictures.items) > 1:
        st.rerun()  # the other pictures' answers, outside this fragment, depend on it too
    answer = classifier.classify(pictures.encoded(upload, classifier))
    chosen = answers.chosen_class(answer, upload.key)
    display = classifier.candidate(chosen).display

    answers.verdict(
        answer,
        upload.name if not upload.ground_truth else tr("A picture of {name}", name=display_name(upload.ground_truth)),
    )
    why.unfamiliar(answer)
    picture, ranking = st.columns(why.SPLIT, gap="large")
    with picture:
        area = st.container()
        method = st.segmented_control(
            tr("Importance map"),
            METHODS,
            format_func=lambda method: tr(METHOD_NAMES[method]),
            default=METHODS[0],
            required=True,
            key="map_method",
        )
        with area:
            if coarse.note(answer, method):
                viewer.show_alone(answer.picture)
            else:
                map_ = map_of(answer, chosen, method, key=upload.key)
                viewer.show(answer.picture, map_, name=display, key=upload.key)
            coarse.say(answer, method)
    with ranking:
        answers.ranking(answer, upload.key, chosen)
        style.legend()

    reasons, calibration = st.columns(why.SPLIT, gap="large")
    with calibration:
        answers.calibration(classifier)
        offered.switch(classifier, "classify")
        looked_for = st.container()
    with reasons:
        style.heading(
            tr("Why {display}?", display=display)
            if chosen == answer.best.name
            else tr("Could it be {display}?", display=display)
        )
        sentence = st.container()
    neurons = st.container()

    title, other = st.columns(why.SPLIT, gap="large", vertical_alignment="bottom")
    with other:
        versus = answers.runner_up(answer, upload.key, chosen)
    explanation = explanation_of(answer, chosen, versus=versus, key=upload.key)
    with sentence:
        why.sentence(answer, explanation)
        why.sights(answer, explanation)
    with looked_for:
        style.heading(tr("What this class stands for"), level=3)
        why.words(answer, explanation)
    with neurons:
        why.neurons(answer, explanation, key=upload.key)
    with title:
        style.heading(
            tr("Why not {versus}?", versus=explanation.contrast.versus)
            if explanation.contrast
            else tr("Why not another?"),
            why.lead(answer, explanation),
        )
    why.contrast(answer, explanation, key=upload.key)
    with st.expander(tr("Every number")):
        why.numbers(answer, explanation)
    style.heading(
        tr("Take it away"), tr("The explanation as one page that needs nothing else, or its figures and tables.")
    )
    why.downloads(answer, explanation, method=method, picture_name=upload.name)


page_head(
    tr("Classify and explain"),
    tr(
        "Give the network a picture. It ranks every class it knows, photographed, described or built by you, and "
        "says why."
    ),
    terms=("seen class", "described class", "built class"),
)
st.html(f"<style>{STYLE}</style>")
with session.shown_errors():
    classifier, pictures = session.classifier(), session_uploads()
    if not st.session_state.get("classify_started"):
        st.session_state["classify_started"] = True
        if pictures.current is None:
            intake.start_with_a_sample(classifier, pictures)
    intake.choose(classifier, pictures)
    picture_keeper.keep_pictures()
    results.show(classifier, pictures)
    if st.session_state.get(intake.BESIDE):
        side_by_side.show(classifier, pictures)
    else:
        answered()
