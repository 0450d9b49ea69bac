"""Build a class: describe it, watch the neurons and the ranking follow, transfer weights, keep it."""

from pages.components.build import classes, editor, link
from pages.components.build.draft import current_draft
from pages.components.shared import session

study = session.current_study()
draft = current_draft(study)
session.page(
    "Build a class",
    "Describe a class that the network has never seen. Your words choose its neurons, its neurons give it weights, and it is recognised at once.",
)
link.open_shared(study, draft)
if study.knowledge.kind == "attributes":
    editor.attributes(study, draft)
else:
    editor.caption(study, draft)
classes.built(study, draft)
