"""Start: what this is, in one picture; the classes of the study; three doors; a first class in under a minute."""

import streamlit as st

from pages.components.shared import cards, session, style, user_names
from pages.components.shared.coach import strip
from pages.components.shared.language import tr
from pages.components.shared.page_head import page_head
from pages.components.start import first_run, teach, walkthrough

study = session.current_study()
photographs = study.kind == "classifier" and study.knowledge.kind == "attributes"
examples = walkthrough.examples(study)

page_head(
    tr("Choose your neuron"),
    tr(
        "A trained network holds a dictionary of concepts in its neurons. Describe something that nobody "
        "photographed, and it follows which neurons should fire for it: enough to recognise it."
    ),
    terms=("neuron dictionary", "neuron"),
)
if photographs:
    teach.panel(study)
elif examples:
    st.html(walkthrough.walkthrough_markup(study, examples[0], user_names.key(study)))

strip.offer(study)
style.heading(tr("Three ways in"))
doors = (
    (
        "dictionary",
        tr("Browse"),
        tr("The neuron dictionary"),
        tr("See what single neurons respond to, and how far their names can be trusted."),
    ),
    (
        "build",
        tr("Build"),
        tr("A class from words"),
        tr("Move its attributes and watch neurons, weights and baselines follow."),
    ),
    ("classify", tr("Ask"), tr("Classify and explain"), tr("Drop in a picture; ask why, and why not the other one.")),
)
for column, (page, verb, title, words) in zip(st.columns(3, gap="medium"), doors, strict=True):
    with column:
        cards.door(
            page,
            number=verb,
            title=title,
            words=words,
            picture=cards.door_picture(study, page, user_names.key(study)),
            page=f"pages/{page}.py",
        )

if examples and not photographs:
    first_run.guide(study, examples)
if examples and photographs:
    style.heading(
        tr("How it works"),
        tr("One of the classes that are known by words alone, from its words to its first photograph."),
    )
    st.html(walkthrough.walkthrough_markup(study, examples[0], user_names.key(study)))

style.heading(
    tr("The study: {name}", name=study.name), cards.study_line(study), terms=("study", "seen class", "described class")
)
cards.species_strip(study, cards.sample_species(study))
style.legend("seen", "unseen")
