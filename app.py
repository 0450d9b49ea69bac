"""Choose Your Neuron: describe a class that nobody photographed, and watch a network recognise it.

streamlit run app.py [-- STUDY]
"""

import streamlit as st

from niwt_core import NiwtError
from pages.components import session, style

st.set_page_config(page_title="Choose Your Neuron", page_icon=str(session.ROOT / "assets" / "mark.svg"), layout="wide")
st.session_state.setdefault("entered", True)
style.inject()
st.logo(str(session.ROOT / "assets" / "mark.svg"), size="medium")

start = st.Page("pages/start.py", title="Start", icon=":material/home:", default=True)
dictionary = st.Page("pages/dictionary.py", title="Neuron dictionary", icon=":material/dictionary:", url_path="dictionary")
build = st.Page("pages/build.py", title="Build a class", icon=":material/tune:", url_path="build")
classify = st.Page("pages/classify.py", title="Classify", icon=":material/photo_camera:", url_path="classify")
measure = st.Page("pages/measure.py", title="Measure", icon=":material/monitoring:", url_path="measure")
studies = st.Page("pages/studies.py", title="Studies", icon=":material/folder_open:", url_path="studies")

page = st.navigation([start, dictionary, build, classify, measure, studies], position="top")
if "neuron" in st.query_params and page is start:
    st.switch_page(dictionary, query_params={"neuron": st.query_params["neuron"]})
try:
    session.current_study()
except NiwtError as error:
    session.show_error(error)
    page = studies
page.run()
