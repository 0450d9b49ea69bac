"""The wall: classes that visitors of this server built, and chose to show to all others."""

import streamlit as st

from pages.components.shared import session
from pages.components.shared.language import tr
from pages.components.shared.page_head import page_head
from pages.components.wall import cards
from pages.serving.wall import wall

study, board = session.current_study(), wall()
page_head(
    tr("The wall"),
    tr(
        "Classes that people built here and put up for everyone. Open a copy of one, change its words, and see whether it knows your pictures."
    ),
    terms=("built class",),
)
if board is None:
    st.info(tr("This server has no wall."), icon=":material/dashboard:")
else:
    cards.show(study, board)
