"""Studies: what is installed and what it was made from; opening another; how to prepare one."""

from contextlib import suppress

import streamlit as st

from niwt_core import NiwtError
from pages.components.shared import session, style, user_photographs
from pages.components.shared.language import tr
from pages.components.shared.page_head import page_head
from pages.components.studies import prepare, study_list, view
from pages.serving import policy

page_head(
    tr("Studies"),
    tr(
        "A study is a network with its dictionary, its classes and their descriptions, prepared once. Open "
        "another, or prepare one from your own pictures."
    ),
)

problem = st.session_state.pop("study_problem", None)
try:
    session.current_study()
except NiwtError as error:
    problem = error  # what is wrong now
if problem is not None:
    session.show_error(problem)

style.heading(tr("On this machine") if policy.may_name_paths() else tr("On this server"))
for summary in study_list.summaries():
    view.summary(summary)
with suppress(NiwtError):  # said above
    user_photographs.panel(session.current_study(), "studies")
if policy.may_name_paths():
    view.elsewhere()

prepare.show()
