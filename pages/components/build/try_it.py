"""From a built class to pictures of it: the person's own, drawn ones, or the study's."""

from __future__ import annotations

import streamlit as st

from niwt_core import BuiltClass, Classifier, Study
from niwt_core.audit.simulate import fresh_pictures
from niwt_core.knowledge.class_names import class_key
from pages.components.shared import drawing, intake, session
from pages.components.shared.language import tr
from pages.components.shared.uploads import Uploads, session_uploads

DRAWN = 4  # pictures, where the class can be drawn
SEED = 7


def ask_to_try(item: BuiltClass) -> None:
    """From inside a fragment: the whole page runs, and goes there. A fragment that changed the page itself could leave it empty."""
    st.session_state["try-it"] = item.name
    st.rerun()


def go_if_asked(study: Study) -> None:
    """Goes where `ask_to_try` wanted to; first thing on the page."""
    item = session.classifier().built.get(st.session_state.pop("try-it", ""))
    if item is not None:
        try_it(study, item)


def try_it(study: Study, item: BuiltClass) -> None:
    """Goes to the Classify page with a picture of ``item`` on it, and the others at hand."""
    uploads = session_uploads()
    if uploads.mine:
        uploads.choose(uploads.mine[-1].key)
    elif drawing.can_draw(study):
        draw_some(study, session.classifier(), uploads, item)
    else:
        _study_s_own(study, session.classifier(), uploads, item)
    st.session_state["classify_started"] = True
    st.session_state["picture_source"] = "upload"
    st.switch_page("pages/classify.py")


def draw_some(study: Study, classifier: Classifier, uploads: Uploads, item: BuiltClass, *, n: int = DRAWN) -> list[str]:
    """Takes ``n`` fresh drawings of a class into the uploads and looks at the first; their keys."""
    pictures = fresh_pictures(study, item.values, n=n, seed=SEED)
    keys = []
    for number, picture in enumerate(classifier.encode_many([picture.image for picture in pictures]), 1):
        key = drawing.key_of(item.values, number)
        uploads.hold(key, tr("{name}, drawn {number}", name=item.name, number=number), picture, study.preprocess)
        keys.append(key)
    uploads.choose(keys[0])
    return keys


def _study_s_own(study: Study, classifier: Classifier, uploads: Uploads, item: BuiltClass) -> None:
    """The study's picture of the class of that name, where there is one; else nothing is chosen, and the page asks for a picture."""
    c = next((c for c, name in enumerate(study.classes) if class_key(name) == class_key(item.name)), -1)
    items = study.gallery.of_class(study.labels, c).tolist() if c >= 0 else []
    if items:
        intake.choose_sample(classifier, uploads, items[0])
    else:
        uploads.chosen = ""
