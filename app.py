"""Choose Your Neuron: describe a class that nobody photographed, and watch a network recognise it.

niwt app [STUDY], or streamlit run app.py [-- STUDY]
"""

import streamlit as st

from niwt_core import NiwtError
from pages.components.shared import keeper, language, picture_keeper, run, session, style, switcher
from pages.components.shared.coach import strip
from pages.components.shared.language import tr
from pages.serving import arguments, preload, visitors, wall

st.set_page_config(
    page_title="Choose Your Neuron", page_icon=str(arguments.ROOT / "assets" / "mark.svg"), layout="wide"
)
st.session_state.setdefault("entered", True)
language.begin()
style.inject()
visitors.let_in()
st.logo(str(arguments.ROOT / "assets" / "mark.svg"), size="medium")

start = st.Page("pages/start.py", title=tr("Start"), icon=":material/home:", default=True)
dictionary = st.Page(
    "pages/dictionary.py", title=tr("Neuron dictionary"), icon=":material/dictionary:", url_path="dictionary"
)
build = st.Page("pages/build.py", title=tr("Build a class"), icon=":material/tune:", url_path="build")
classify = st.Page("pages/classify.py", title=tr("Classify"), icon=":material/photo_camera:", url_path="classify")
measure = st.Page("pages/measure.py", title=tr("Measure"), icon=":material/monitoring:", url_path="measure")
studies = st.Page("pages/studies.py", title=tr("Studies"), icon=":material/folder_open:", url_path="studies")
wall_page = st.Page("pages/wall.py", title=tr("Wall"), icon=":material/dashboard:", url_path="wall")
walls = {"wall": wall_page} if wall.wall() is not None else {}

page = st.navigation([start, dictionary, build, classify, measure, *walls.values(), studies], position="top")
style.phone_menu(
    {
        tr("Start"): start,
        tr("Neurons"): dictionary,
        tr("Build"): build,
        tr("Classify"): classify,
        tr("Measure"): measure,
        **{tr("Wall"): one for one in walls.values()},
        tr("Studies"): studies,
    }
)
if page is start:  # links name the app's root: ?page=measure, ?neuron=12, ?class=...
    asked = {key: st.query_params[key] for key in ("neuron", "class") if key in st.query_params}
    named = {
        "dictionary": dictionary,
        "build": build,
        "classify": classify,
        "measure": measure,
        "studies": studies,
        **walls,
        "neuron": dictionary,
        "class": build,
    }
    target = named.get(st.query_params.get("page", next(iter(asked), "")))
    if target is not None:
        st.switch_page(target, query_params=asked)
language.keep()
language.switch()
if page is not studies:
    try:
        switcher.show(session.current_study())
    except NiwtError as error:
        st.session_state["study_problem"] = error
        st.switch_page(studies)  # which says what is wrong, and opens another
with visitors.metered(), run.remembered():
    if page is not studies:
        keeper.take_up()
        picture_keeper.take_up()
        strip.show(session.current_study(), "start" if page is start else page.url_path)
    page.run()
if page is not studies:
    preload.begin(session.study_folder())
