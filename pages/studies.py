"""Studies: what is installed and what it was made from; opening another; how to prepare one."""

from contextlib import suppress
from pathlib import Path

import streamlit as st

from niwt_core import NiwtError
from pages.components.shared import session, style, user_photographs
from pages.components.studies import study_list, view

session.page(
    "Studies",
    "A study is a network with its dictionary, its classes and their descriptions, prepared once. "
    "Open another, or prepare one from your own pictures.",
)

with session.shown_errors():
    session.current_study()

style.heading("On this machine")
for summary in study_list.spines():
    view.summary(summary)
with suppress(NiwtError):  # said above
    user_photographs.panel(session.current_study(), "studies")
with st.expander("Open a study from elsewhere", icon=":material/folder_open:"), st.form("elsewhere", border=False):
    folder = st.text_input("Folder of the study", placeholder="/data/studies/cub", key="elsewhere_folder")
    if st.form_submit_button("Open", icon=":material/login:"):
        view.open_folder(Path(folder.strip()).expanduser())

view.prepare()
