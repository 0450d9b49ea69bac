"""The test view of the Build page: pictures that show a built class and pictures that do not, what it makes of them, and the move that mends it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from niwt_core import BuiltClass, NiwtError, Study
from niwt_core.classify.confirm import Confirmation, confirm
from niwt_core.classify.helpful_word import helpful_word
from niwt_core.knowledge.class_names import class_key
from pages.components.build.examples import Examples, Test, drawn, examples_of, look_alikes, marks_of, test_of
from pages.components.build.try_it import ask_to_try
from pages.components.shared import drawing, intake, names, picture_keeper, session, style
from pages.components.shared.language import tr, trn
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.pictures import address, crop
from pages.components.shared.style import text
from pages.components.shared.uploads import session_uploads
from pages.serving import visitors

FLAG = "testing"  # the name of the class under test, in the session's state


def under_test() -> BuiltClass | None:
    """The class whose test view is open."""
    return session.classifier().built.get(st.session_state.get(FLAG, ""))


def open_test(name: str) -> None:
    """Opens the test view of a built class; for callbacks."""
    st.session_state[FLAG] = name


def close_test() -> None:
    """Back to the description; for callbacks."""
    st.session_state.pop(FLAG, None)


@visitors.fragment
@session.shown_errors()
def show(study: Study, item: BuiltClass) -> None:
    """The test view of ``item``."""
    picture_keeper.keep_pictures(marks_of(study))
    classifier, uploads, examples = session.classifier(), session_uploads(), examples_of(study, item.name)
    item = classifier.built.get(item.name, item)
    _start(study, item, examples)
    bar = st.container(key="transfer-bar")
    shown, others, more = st.columns([4, 4, 3], vertical_alignment="bottom")
    with shown, st.container(key="my-pictures", gap=None):
        new = intake.upload(classifier, uploads, label=tr("Pictures of it"), key="positives", alone=True)
        examples.add_uploads(uploads, new, belongs=True)
    with others, st.container(key="other-pictures", gap=None):
        new = intake.upload(classifier, uploads, label=tr("Pictures of others"), key="negatives", alone=True)
        examples.add_uploads(uploads, new, belongs=False)
    with more, st.container(horizontal=True, gap="small"):
        if drawing.can_draw(study):
            st.button(
                tr("Draw some"), key="draw-some", icon=":material/brush:", on_click=_draw, args=(study, item, examples)
            )
        st.button(
            tr("Find look-alikes"), key="find-some", icon=":material/search:",
            on_click=lambda: examples.add(look_alikes(study, item, examples)),
            help=tr("Pictures that the study keeps of the classes most like this one. They do not show it."),
        )  # fmt: skip
    intake.errors()
    tested = test_of(classifier, item, examples)
    if tested is None:
        st.info(tr("Drop pictures of it, and of others: each is put to the test at once."), icon=":material/science:")
    else:
        st.html(summary(item, tested) + word_to_add(study, item, tested))
        _grid(tested, examples)
    with bar:
        _bar(study, item, tested)


def _start(study: Study, item: BuiltClass, examples: Examples) -> None:
    """The person's own pictures are taken to show the class; a first set is drawn and found where there is nothing yet."""
    uploads = session_uploads()
    known = set(examples.pictures) | examples.removed
    mine = [upload.key for upload in uploads.mine if upload.key not in known]
    if not known:
        marks = picture_keeper.kept_marks(study.id).get(class_key(item.name), {})
        mine = [key for key in mine if key in marks] if marks else mine
        for belongs in (True, False):
            examples.add_uploads(uploads, [key for key in mine if marks.get(key, True) is belongs], belongs=belongs)
        if not mine and drawing.can_draw(study):
            _draw(study, item, examples)
        examples.add(look_alikes(study, item, examples))


def _draw(study: Study, item: BuiltClass, examples: Examples) -> None:
    seeds = [key for key in (*examples.pictures, *examples.removed) if key.startswith("drawn-")]
    examples.add(drawn(study, session.classifier(), item, seed=1 + len(seeds)))


def summary(item: BuiltClass, tested: Test) -> str:
    """Markup: how many are right, which of the class's own pictures go elsewhere, and how many of others' it takes."""
    right, total = sum(tested.right), len(tested.right)
    positives = [ok for ok, picture in zip(tested.right, tested.pictures, strict=True) if picture.belongs]
    lines = [
        tr(
            "<b>{right} of {total}</b> right: {its_right} of {its_total} pictures of it, {others_right} of {others_total} of others.",
            right=right,
            total=total,
            its_right=sum(positives),
            its_total=len(positives),
            others_right=right - sum(positives),
            others_total=total - len(positives),
        )
    ]
    if tested.taken_for:
        to = ", ".join(f"{style.chip(best.kind, best.display)} {count}" for best, count in tested.taken_for[:4])
        lines.append(tr("Its pictures that fail go to {classes}.", classes=to))
    if tested.stolen:
        lines.append(trn("It takes {count} that is not it.", "It takes {count} that are not it.", tested.stolen))
    if item.confirmed:
        lines.append(tr("Its weights were moved by {confirmed} confirmed pictures.", confirmed=item.confirmed))
    bar = f'<span class="cynb-bar"><i style="width:{100 * right / total:.0f}%"></i></span>'
    return f'<div class="cynb-tested" role="status"><p>{lines[0]}</p>{bar}{"".join(f"<p>{line}</p>" for line in lines[1:])}</div>'


def word_to_add(study: Study, item: BuiltClass, tested: Test) -> str:
    """Markup: the word that would help the description most, while pictures of the class fail; nothing where its start says the rest."""
    if not tested.taken_for or study.knowledge.kind != "attributes" or item.recipe.like or item.recipe.caption:
        return ""
    words = helpful_word(study, item.recipe.attributes, most=1)
    if not words:
        return ""
    kind = "seen" if study.seen[study.class_index(words[0].versus)] else "unseen"
    advice = tr(
        "Say its <b>{word}</b>: that would help most, and part it from {versus}.",
        word=text(names.of(study).group(words[0].label) if names.of(study) else words[0].label),
        versus=style.chip(kind, words[0].versus_display),
    )
    return f'<p class="cynb-before">{advice}</p>'


def _grid(tested: Test, examples: Examples) -> None:
    """The pictures, those that fail first."""
    rows = sorted(
        zip(tested.pictures, tested.best, tested.own_probability, tested.right, strict=True), key=lambda row: row[3]
    )
    with st.container(key="examples"):
        for picture, best, share, right in rows:
            label = tr("is one") if picture.belongs else tr("is none")
            goes = "" if right and picture.belongs else f"<p>{style.chip(best.kind, best.display)}</p>"
            mark = f'<p class="cynb-mark" data-right="{str(right).lower()}">{"✓" if right else "✗"} {label}, {100 * share:.0f}%</p>'
            name = f'<p class="cynb-file">{text(picture.name)}</p>'
            intake.tile(
                f"examples-{picture.key}",
                crop(address(picture.thumb), alt="") + mark + goes + name,
                tr(
                    "{name} {label}, {verdict}: say the opposite",
                    name=picture.name,
                    label=label,
                    verdict=tr("right") if right else tr("wrong"),
                ),
                False,
                examples.turn,
                picture.key,
            )
    st.button(
        tr("Remove all pictures"),
        key="empty-examples",
        type="tertiary",
        icon=":material/delete_sweep:",
        on_click=examples.clear,
    )


def _bar(study: Study, item: BuiltClass, tested: Test | None) -> None:
    """What comes next: confirm and move, back to the words, on to the explanation."""
    both = tested is not None and any(picture.belongs for picture in tested.pictures)
    figures = _figures(item, tested)
    if figures:
        st.html(figures)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        pressed = st.button(
            tr("Confirm and move"), key="confirm", type="primary", icon=":material/done_all:", disabled=not both,
            help=tr("What is said of these pictures is right: move the class's weights by them. The words stay as they are."),
        )  # fmt: skip
        if item.confirmed and st.button(tr("Undo the move"), key="unmove", icon=":material/undo:"):
            session.unmove_class(item.name)
            st.rerun()
        if st.button(tr("Describe"), key="to-description", icon=":material/tune:"):
            close_test()
            st.rerun()
        if st.button(tr("Explain"), key="explain-it", icon=":material/photo_camera:"):
            ask_to_try(item)
    if pressed and tested is not None:
        try:
            session.move_class(item.name, tested.confirmed())
        except NiwtError as error:
            session.show_error(error)
        else:
            st.toast(
                tr(
                    "{name} was moved by {pictures} pictures.",
                    name=escape_markdown(item.name),
                    pictures=len(tested.pictures),
                ),
                icon=":material/done_all:",
            )
            st.rerun()


def _figures(item: BuiltClass, tested: Test | None) -> str:
    """Before and after, once the class was moved: by the description alone, and by leaving each confirmed picture out."""
    moved = session.moves().get(item.name)
    if moved is None or tested is None:
        return ""
    figures = confirmation(item, moved_key=id(moved))
    total = len(figures.before)
    words = tr(
        "By its words alone <b>{before} of {total}</b> right; moved, each judged by the others only, <b>{after} of {total}</b>.",
        before=int(figures.before.sum()),
        after=int(figures.after.sum()),
        total=total,
    )
    return f'<p class="cynb-before">{words}</p>'


def confirmation(item: BuiltClass, *, moved_key: int) -> Confirmation:
    """What the move did, computed once for each set of pictures."""
    kept = st.session_state.get("confirmation")
    key = (item.recipe, moved_key)
    if not kept or kept[0] != key:
        kept = st.session_state["confirmation"] = (
            key,
            confirm(session.current_study(), replace(item.recipe), session.moves()[item.name]),
        )
    figures: Confirmation = kept[1]
    return figures
