"""Build a class: describe it, watch the neurons and the ranking follow, transfer weights, keep it."""

from pages.components.build import classes, editor, link, testing, try_it
from pages.components.build.draft import current_draft
from pages.components.shared import keeper, session
from pages.components.shared.language import tr
from pages.components.shared.page_head import page_head

study = session.current_study()
try_it.go_if_asked(study)
draft = current_draft(study)
tested = testing.under_test()
if tested is not None:
    page_head(
        tr("Does it know {name}?", name=tested.name),
        tr("Give it pictures of it and pictures of others. Press a picture to say the opposite of it."),
        keep=False,
    )
else:
    page_head(
        tr("Build a class"),
        tr(
            "Describe a class that the network has never seen. Your words choose its neurons, its neurons give it "
            "weights, and it is recognised at once."
        ),
        keep=False,
        terms=("neuron", "transfer"),
    )
link.open_shared(study, draft)
editor.sheet()
if tested is not None:
    testing.show(study, tested)
elif study.knowledge.kind == "attributes":
    editor.attributes(study, draft)
else:
    editor.caption(study, draft)
classes.built(study, draft)
keeper.keep_classes()
