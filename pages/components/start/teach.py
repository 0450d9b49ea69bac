"""The first minute with photographs: what the network says of one, what it cannot say, and one sentence that teaches it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from niwt_core import Classifier, NiwtError, Recipe, Study
from niwt_core.classify.answer import Answer, ClassKind
from niwt_core.knowledge.class_names import class_key, display_name
from niwt_core.knowledge.from_text import LONGEST_TEXT, attributes_from_text
from pages.components.shared import session, style, understood
from pages.components.shared.figures import meter
from pages.components.shared.intake import TYPES, choose_sample, first_samples, let_go, tile
from pages.components.shared.language import N_, tr
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.pictures import address, class_items, crop
from pages.components.shared.style import text
from pages.components.shared.uploads import Upload, is_sample, sample_key, session_uploads, take_in
from pages.components.start import walkthrough

# A sentence to begin with, for samples of classes that ImageNet lacks; a person overwrites it.
SENTENCES = {
    "Space rocket": "a tall white rocket, a long thin cylinder with a pointed tip, rising from a tower into the sky; it is made of metal",
    "Dahlia": "a round orange flower with many petals and green leaves, in a garden; a plant",
    "Astronaut": "a person in an orange space suit with a helmet, beside a flag",
    "Pagoda": "a tall wooden building, a tower with curved roofs, for worship, in a garden",
}
PLACES = 3
TOO_FEW_WORDS = N_(
    "To be among the first three it needs more of what one sees in words, or a photograph that shows it."
)
STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def panel(study: Study) -> None:
    """The picture at hand on the left; what the trained classes make of it, and a sentence for what they lack, on the right."""
    pictures = session_uploads()
    if pictures.current is None:
        _begin(study)
    st.html(f"<style>{STYLE}</style>")
    with st.container(key="teach"):
        left, right = st.columns([4, 6], gap="large")
        with left:
            _picture(study)
        with right:
            _answer(study)


def _begin(study: Study) -> None:
    """A sample of a class that the network was never trained on."""
    items = [item for c in walkthrough.examples(study) for item in class_items(study, c)] or first_samples(study)
    if items:
        choose_sample(session.classifier(), session_uploads(), items[0])


def _picture(study: Study) -> None:
    classifier, pictures = session.classifier(), session_uploads()
    upload = pictures.current
    if upload is not None:
        st.html(f'<div class="cyn-teach-picture">{crop(address(upload.shown), alt=upload.name)}</div>')
    with st.container(key="samples"):
        for item in first_samples(study):
            name = display_name(study.classes[_class_of(study, item)])
            tile(
                sample_key(item),
                crop(address(study.gallery.jpeg(item)), alt=""),
                tr("Look at a photograph of {name}", name=name),
                pictures.chosen == sample_key(item),
                choose_sample,
                classifier,
                pictures,
                item,
            )
    nonce = st.session_state.setdefault("teach_nonce", 0)
    file = st.file_uploader(tr("A photograph of your own: drop it here"), type=list(TYPES), key=f"teach-file-{nonce}")
    if file is not None:
        _, problems = take_in([(file.name, file.getvalue())], classifier, pictures)
        let_go([file])
        st.session_state["teach_nonce"] = nonce + 1
        st.session_state["picture_errors"] = problems
        st.rerun()
    session.show_errors(st.session_state.pop("picture_errors", []))


def _answer(study: Study) -> None:
    upload = session_uploads().current
    if upload is None:
        st.info(tr("Drop in a photograph: the network says what it sees."), icon=":material/image_search:")
        return
    trained = _trained(study.id, study)
    picture = session_uploads().encoded(upload, trained)
    before = trained.answer(picture)
    answer = _with_what_was_built(study).answer(picture) if session.recipes() else before
    st.html(
        _ranking(
            tr("What the network says"),
            before,
            tr("of the {seen_classes:,} classes that it was trained on", seen_classes=len(study.seen_classes)),
        )
    )
    named = _name(study, upload)
    with st.form(f"teach-form-{upload.key}", border=False):
        name = st.text_input(
            tr("Not there? Say what it is"),
            value=named,
            max_chars=60,
            placeholder=tr("Space rocket"),
            key=f"teach-name-{upload.key}",
        )
        sentence = st.text_area(
            tr("and what it looks like, in a sentence"),
            value=SENTENCES.get(named, ""),
            height=92,
            max_chars=LONGEST_TEXT,
            placeholder="a tall white cylinder with a pointed tip, rising into the sky",
            help=tr(
                "Kind of thing, colours, shape, parts, material, setting: words that one sees. No photograph of it is used."
            ),
            key=f"teach-sentence-{upload.key}",
        )
        sent = st.form_submit_button(tr("Teach it"), type="primary", icon=":material/bolt:")
    if sent:
        if _teach(name.strip(), sentence.strip()):
            st.rerun()
        return  # what is below is of what was taught before
    if any(item.kind is ClassKind.BUILT for item in answer.ranking[:PLACES]):
        st.html(_ranking(tr("What it says now"), answer, tr("with what you taught it")))
        if all(item.name != session.recipes()[-1].name for item in answer.ranking[:PLACES]):
            st.html(f'<p class="cyn-sub">{_place(answer)}</p>')  # what was taught before is above it
        _onwards()
        _understood(study)
    elif session.recipes():
        st.html(f'<p class="cyn-sub">{_place(answer)} {tr(TOO_FEW_WORDS)}</p>')
        _onwards()
        _understood(study)


def _teach(name: str, sentence: str) -> bool:
    """Adds the class to this person's; what is missing, wrong or in the way is said."""
    if not name or not sentence:
        st.warning(
            tr("Say what it is: the class needs a name.") if not name else tr("Say what it looks like, in a sentence."),
            icon=":material/edit:",
        )
        return False
    recipe = Recipe(name, caption=sentence)
    with session.shown_errors():
        before = next((item for item in session.recipes() if class_key(item.name) == class_key(name)), None)
        if before is not None and (before.attributes or before.like or before.name in session.moves()):
            raise NiwtError(
                f"{before.name!r} is built already, with attributes that were set or pictures that moved it",
                where="your classes",
                fix="give another name, or change it on the Build page",
            )
        session.add_class(recipe, replaces=before.name if before is not None else "")
        return True
    return False


def _place(answer: Answer) -> str:
    """Where what was taught last stands for this photograph."""
    name = session.recipes()[-1].name
    rank = next((rank for rank, item in enumerate(answer.ranking, 1) if item.name == name), 0)
    if not rank:
        return ""
    return tr(
        "{name} is number {rank:,} of {count:,} for this photograph.",
        name=style.chip("built", name),
        rank=rank,
        count=len(answer.ranking),
    )


def _understood(study: Study) -> None:
    """What was understood of the sentence that was taught last, and whose place its class takes."""
    recipe = session.recipes()[-1]
    if recipe.caption and not study.encoder.reads_captions:
        parsed = attributes_from_text(study.knowledge, recipe.caption, base=study.encoder.average)
        st.html(understood.markup(study, parsed))
    if any(
        class_key(name) == class_key(recipe.name)
        for name, seen in zip(study.classes, study.seen, strict=True)
        if not seen
    ):
        st.caption(
            tr(
                "The study describes a class of this name: yours takes the place of {name} until you remove it.",
                name=escape_markdown(recipe.name),
            )
        )


def _onwards() -> None:
    why, words = st.columns(2)
    if why.button(tr("Ask why"), icon=":material/help:", width="stretch", key="teach_why"):
        st.switch_page("pages/classify.py")
    if words.button(tr("Change its words"), icon=":material/tune:", width="stretch", key="teach_words"):
        st.switch_page("pages/build.py")


@st.cache_resource(max_entries=3, show_spinner=False)
def _trained(study_id: str, _study: Study) -> Classifier:
    """The trained classes alone; nobody builds in it, so that everybody shares it."""
    return Classifier(_study, unseen=False)


def _with_what_was_built(study: Study) -> Classifier:
    """The trained classes and those that were built in this session; described ones are left out, since one of them is about to be told."""
    taught = Classifier(study, unseen=False)
    for recipe in session.recipes():
        taught.add_recipe(recipe)
    return taught


def _ranking(title: str, answer: Answer, note: str) -> str:
    rows = "".join(
        f'<div><span class="cyn-teach-row">{style.chip(item.kind, item.display)}<b>{100 * item.probability:.0f} %</b></span>'
        f"{meter(item.probability, item.kind)}</div>"
        for item in answer.ranking[:PLACES]
    )
    return (
        f'<p class="cyn-eyebrow">{text(title)}</p><p class="cyn-sub">{text(note)}</p>'
        f'<div class="cyn-ranks cyn-teach-ranks">{rows}</div>'
    )


def _name(study: Study, upload: Upload) -> str:
    """What a sample shows, if that is a class that is known by words alone."""
    unseen = {name for name, seen in zip(study.classes, study.seen, strict=True) if not seen}
    return display_name(upload.ground_truth) if is_sample(upload.key) and upload.ground_truth in unseen else ""


def _class_of(study: Study, item: int) -> int:
    return int(study.labels[study.gallery.pictures[item]])
