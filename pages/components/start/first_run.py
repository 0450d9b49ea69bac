"""The guided first run: one class, from its words to its first recognised pictures, in under a minute."""

from __future__ import annotations

import streamlit as st

from niwt_core import Recipe, Study
from niwt_core.classify.answer import Answer
from niwt_core.knowledge.class_names import display_name
from pages.components.shared import session, style
from pages.components.shared.cards import figures_row
from pages.components.shared.class_words import discriminative_attributes
from pages.components.shared.figures import meter
from pages.components.shared.language import tr
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.pictures import address, class_items, crop
from pages.components.shared.style import text
from pages.serving import visitors

PICTURES = 4


@visitors.fragment
def guide(study: Study, examples: list[int]) -> None:
    """Three steps: choose an unseen class, transfer its weights, try it on pictures."""
    style.heading(
        tr("Build your first class"),
        tr(
            "Under a minute. Pick a species that the network has never been shown; its description is all that it will get."
        ),
    )
    chosen = st.segmented_control(
        tr("Species"),
        examples,
        default=examples[0],
        required=True,
        format_func=lambda c: escape_markdown(display_name(study.classes[c])),
        key="first_species",
        width="stretch",
    )
    name = display_name(study.classes[chosen])
    built = session.classifier().built.get(name)
    with st.container(border=True, key="first-run"):
        words, result = st.columns([5, 7], gap="large")
        with words:
            st.html(_description(study, chosen, name))
            if built is None:
                recipe = Recipe(name=name, like=study.classes[chosen])
                st.button(
                    tr("Transfer weights"),
                    type="primary",
                    icon=":material/bolt:",
                    on_click=_transfer,
                    args=(recipe,),
                    key="first_transfer",
                )
            else:
                known = tr("{name} is in your classifier.", name=style.chip("built", name))
                st.html(f'<p class="cyn-sub">{known}</p>')
                if st.button(tr("Change its words on the editor"), icon=":material/tune:", key="first_edit"):
                    st.switch_page("pages/build.py")
        with result:
            if built is None:
                st.html(_unknown(study, chosen, name))
            else:
                st.html(
                    figures_row(
                        [
                            (
                                f"{built.cosine:.2f}",
                                tr("cosine reached"),
                                tr("between the neurons it should use and those it does"),
                            ),
                            (
                                f"{built.expected_predictability:.2f}",
                                tr("predictability"),
                                tr("of the classes nearest to it, each left out in turn"),
                            ),
                        ]
                    )
                    + _tried(study, chosen, name)
                )


def _transfer(recipe: Recipe) -> None:
    session.add_class(recipe)


def _description(study: Study, c: int, name: str) -> str:
    words = discriminative_attributes(study, c, 6) or [(tr("a description in words"), 1.0)]
    items = "".join(
        f"<dt>{text(label.rpartition(': ')[0] or tr('is'))}</dt><dd><b>{text(label.rpartition(': ')[2])}</b></dd>"
        for label, _ in words
    )
    return f'<p class="cyn-eyebrow">{text(tr("What it is told"))}</p><h3 class="cyn-h3">{text(name)}</h3><dl class="cyn-list cyn-narrow">{items}</dl>'


def _unknown(study: Study, c: int, name: str) -> str:
    blanks = '<div><div class="cyn-blank" aria-hidden="true">?</div></div>' * min(PICTURES, len(class_items(study, c)))
    words = tr(
        "Nothing. Pictures of a {name} were kept away from training. Transfer the weights, then see whether it "
        "knows one.",
        name=name,
    )
    return f'<p class="cyn-eyebrow">{text(tr("What it has seen of it"))}</p><p class="cyn-sub">{text(words)}</p><div class="cyn-tried">{blanks}</div>'


def _tried(study: Study, c: int, name: str) -> str:
    """The new class on held-out pictures: the first places of each ranking."""
    items = class_items(study, c)[:PICTURES]
    answers: list[Answer] = list(session.classifier().classify_many([study.gallery.image(item) for item in items]))
    right = sum(answer.best.display == name for answer in answers)
    cells = "".join(_one(study, item, answer, name) for item, answer in zip(items, answers, strict=True))
    score = tr("<b>{right} of {total}</b> pictures that it never saw are recognised.", right=right, total=len(items))
    return f'<p class="cyn-sub cyn-gap">{score}</p><div class="cyn-tried">{cells}</div>'


def _one(study: Study, item: int, answer: Answer, name: str) -> str:
    best = answer.best
    verdict = tr("right") if best.display == name else tr("wrong")
    picture = crop(
        address(study.gallery.jpeg(item)),
        alt=tr("{name}, {verdict}: taken for {display}", name=name, verdict=verdict, display=best.display),
    )
    return (
        f"<div>{picture}<small>{style.chip(best.kind, best.display)}</small>{meter(best.probability, best.kind)}</div>"
    )
