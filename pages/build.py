"""Build a class: describe it, watch the neurons and the ranking follow, transfer weights, keep it."""

from pages.components import session
from pages.components.board import classes, link, workbench
from pages.components.board.draft import current_draft

study = session.current_study()
draft = current_draft(study)
session.page(
    "Build a class",
    "Describe a class that the network has never seen. Your words choose its neurons, its neurons give it weights, and it is recognised at once.",
)
link.open_shared(study, draft)
if study.knowledge.kind == "attributes":
    workbench.attributes(study, draft)
else:
    workbench.caption(study, draft)
classes.built(study, draft)
