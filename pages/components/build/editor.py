"""The bench on the Build page: the start, the editor or the caption, what the engine confirms, and the button that transfers."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from niwt_core import BuiltClass, NiwtError, Recipe, Study, build_class
from niwt_core.knowledge.class_names import class_key, display_name
from niwt_core.knowledge.from_text import LONGEST_TEXT
from niwt_core.study.temperature import temperature_of
from pages.components.build import component, my_pictures
from pages.components.build.draft import AVERAGE, Draft, replaced, to_text
from pages.components.build.editor_tables import Tables, data_url, prepare
from pages.components.build.examples import marks_of
from pages.components.build.facts import confirmed
from pages.components.build.in_words import in_words
from pages.components.build.testing import open_test
from pages.components.shared import (
    class_families,
    drawing,
    keeper,
    language,
    names,
    picture_keeper,
    session,
    style,
    user_names,
)
from pages.components.shared.coach import state as coach
from pages.components.shared.language import N_, tr
from pages.components.shared.markdown import escape_markdown
from pages.serving import visitors

UNNAMED = N_("Your class")
SHEET = Path(__file__).with_name("page.css")


def sheet() -> None:
    """The page's style sheet."""
    st.html(f"<style>{SHEET.read_text(encoding='utf-8')}</style>")


def attributes(study: Study, draft: Draft) -> None:
    """The bench for a study of attributes. Only the fragment runs when a slider is let go."""
    tables = prepare(study, own_names=user_names.key(study), spoken=language.current())
    component.send_tables(tables)
    _editor(study, draft, tables)


@visitors.fragment
def _editor(study: Study, draft: Draft, tables: Tables) -> None:
    keep_draft(study, draft)
    with session.shown_errors():
        picture_keeper.keep_pictures(marks_of(study))
    coach.notice(study, name=draft.name, described=draft.says_something())
    _transfer(study, draft)  # first, so that it never waits for what stands above it on the page
    _start(study, draft)
    words, pictures = st.columns(2, vertical_alignment="top")
    with words:
        in_words(study, draft)
    with pictures:
        my_pictures.pick(study)
    tables = _with_text(study, draft, tables)
    key = f"editor-{study.id}"
    built, problem = _build(study, draft)
    mine = my_pictures.my_pictures(study, tables)
    if mine is not None:
        component.send_pictures(mine)
    component.show(
        tables, _state(study, draft, tables, built, mine), key=key, on_draft=lambda: _moved(study, draft, key)
    )
    if problem is not None:
        session.show_error(problem)
    confirmed(study, draft, tables, built)


def keep_draft(study: Study, draft: Draft) -> None:
    """The browser keeps the description as it stands."""
    keeper.keep(keeper.draft_slot(study), to_text(study, draft), after=study.id)


def caption(study: Study, draft: Draft) -> None:
    """The bench for a study of captions: the class is described in sentences."""
    keep_draft(study, draft)
    bar = st.container()  # its text is known below
    _start(study, draft)
    if study.knowledge.kind != "captions":
        st.info(
            tr(
                "This study knows its classes by ready-made embeddings: a new class needs its own row, so it is built "
                "with `niwt build`."
            )
        )
        return
    draft.caption = st.text_area(
        tr("Describe it in sentences, one a line"), draft.caption, key=f"caption-{draft.loads}", height=140, max_chars=LONGEST_TEXT,
        placeholder="A small green bird with a long needle-like bill and a ruby throat.",
        help=tr("The name is read with it: one that says what kind it is, such as Ruby Hummingbird, helps."),
    )  # fmt: skip
    with bar:
        _transfer(study, draft)


def _with_text(study: Study, draft: Draft, tables: Tables) -> Tables:
    """The tables with what is said beside the attributes; those without it where nothing is, or it cannot be read (``_build`` says why)."""
    if study.texts is None:
        return tables
    try:
        described = prepare(study, draft.text(study, name=UNNAMED), user_names.key(study), language.current())
    except NiwtError:
        return tables
    if described.id != tables.id:
        component.send_tables(described)
    return described


def _start(study: Study, draft: Draft) -> None:
    start, clear = st.columns([10, 2], vertical_alignment="bottom")
    options = [AVERAGE, *class_families.ordered(study)]
    of_class = class_families.label(study)
    start.selectbox(
        tr("Start from"), options, options.index(draft.like), key=f"start-{draft.loads}",
        format_func=lambda like: of_class(like) if like else _nothing_said(study),
        on_change=lambda: draft.start_from(st.session_state[f"start-{draft.loads}"]),
        help=tr("The sliders begin at this description; what you changed stays changed."),
    )  # fmt: skip
    clear.button(
        tr("Start over"), key="start-over", on_click=draft.clear, width="stretch", icon=":material/ink_eraser:"
    )


def _nothing_said(study: Study) -> str:
    return tr("Nothing said yet") if study.encoding == "plain" else tr("The average of all seen classes")


def _moved(study: Study, draft: Draft, key: str) -> None:
    """What the editor sent goes into the draft; anything malformed is dropped, and the editor keeps what it shows."""
    moved = component.draft_from(getattr(st.session_state.get(key), "draft", None), study.knowledge)
    if moved is not None:
        draft.answer(*moved)


def _build(study: Study, draft: Draft) -> tuple[BuiltClass | None, NiwtError | None]:
    """The class as the engine has it, or what is wrong with the description."""
    if not draft.says_something():
        return None, None
    try:
        return build_class(study, draft.recipe(study, name=draft.name or UNNAMED)), None
    except NiwtError as error:
        return None, error


def _state(
    study: Study, draft: Draft, tables: Tables, built: BuiltClass | None, mine: my_pictures.PictureSet | None
) -> component.EditorState:
    classifier = session.classifier()
    others = [item for item in classifier.built.values() if item.name not in (draft.name, draft.editing)]
    original = replaced(study, draft.name)
    return component.EditorState(
        epoch=draft.epoch,
        revision=draft.revision,
        base=draft.base(study),
        changes=draft.changes,
        name=draft.name or tr(UNNAMED),
        gamma=classifier.gamma,
        bias=built.bias if built is not None else tables.matrices.bias,
        temperature=temperature_of(study),
        described=draft.says_something(),
        replaced=original,
        off=tuple(map(study.class_index, classifier.switched_off)),
        of_class=original if original >= 0 or not draft.like else study.class_index(draft.like),
        others=tuple(component.other_class(tables, item) for item in others),
        extras=tuple(_extras(study, draft, tables, others)),
        mine=mine,
        mine_others=mine.logits_of(others) if mine is not None else (),
    )


def _extras(study: Study, draft: Draft, tables: Tables, others: list[BuiltClass]) -> list[component.Extra]:
    """The bird that the sliders describe, where it can be drawn."""
    if not drawing.can_draw(study):
        return []
    traits = drawing.strongest(study, draft.values(study))
    called = names.of(study)
    words = ", ".join(f"{called.group(group)} {called.value(f'{group}::{value}')}" for group, value in traits)
    return [
        component.extra_picture(
            tables,
            study,
            drawing.portrait_features(study, session.classifier(), traits),
            others=others,
            id="drawn",
            label=tr("Drawn from your description")
            if draft.says_something()
            else tr("Nothing described yet: drawn from the average of all classes"),
            alt=tr("The bird you describe: {words}", words=words)
            if draft.says_something()
            else tr("An average bird: {words}", words=words),
            src=data_url(drawing.portrait(traits)),
        )
    ]


def _transfer(study: Study, draft: Draft) -> None:
    """The bar that stays in sight: the class's name, the button that builds it into this session's classifier, and what comes next."""
    built = session.classifier().built.get(draft.editing)
    with st.container(key="transfer-bar", gap="small"):
        problem = st.container()
        row = st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small")
    with row:
        st.text_input(
            tr("Name of your class"), draft.name, key=f"name-{draft.loads}", max_chars=80, placeholder=tr("Name of your class"),
            label_visibility="collapsed",
            on_change=lambda: setattr(draft, "name", st.session_state[f"name-{draft.loads}"].strip()),
        )  # fmt: skip
        ready = bool(draft.name) and draft.says_something()
        same = ready and built is not None and built.recipe == draft.recipe(study)
        takes = replaced(study, draft.name)
        pressed = st.button(
            tr("Build it anew") if built is not None else tr("Transfer weights"),
            type="primary" if ready and not same else "secondary",
            disabled=not ready or same,
            key="transfer",
            icon=":material/bolt:",
            width="content",
        )
        if same and built is not None:
            pressed_test = st.button(tr("Test it"), key="test-now", type="primary", icon=":material/science:")
            if pressed_test:
                open_test(built.name)
                st.rerun()
        st.caption(_hint(draft, ready=ready, same=same))
    if takes >= 0 and not same:
        with problem:
            st.html(_takes_the_place(study, takes))
    if pressed:
        with problem, session.shown_errors():
            recipe: Recipe = draft.recipe(study)
            _refuse_clash(draft, recipe)
            session.add_class(recipe, replaces=draft.editing)
            draft.editing = recipe.name
            st.session_state["built-now"] = recipe.name
            st.toast(
                tr("{name} is part of your classifier now.", name=escape_markdown(recipe.name)), icon=":material/star:"
            )
            st.rerun()


def _takes_the_place(study: Study, c: int) -> str:
    """Markup: said before it happens. The class of that name, which the study describes, no longer competes; removing yours brings it back."""
    chip = style.chip("unseen", display_name(study.classes[c]))
    words = tr(
        "The study describes a class of this name: yours takes the place of {name} until you remove it.", name=chip
    )
    return f'<p class="cynb-before">{words}</p>'


def _hint(draft: Draft, *, ready: bool, same: bool) -> str:
    if same:
        return tr("Built. Change something to build it anew, or start over for another class.")
    if not ready:
        if draft.name:
            return tr("To build it, change at least one attribute.")
        if draft.says_something():
            return tr("To build it, give it a name.")
        return tr("To build it, give it a name and change at least one attribute.")
    return tr("Solves for the weights that make the network use exactly these neurons. No picture, no training.")


def _refuse_clash(draft: Draft, recipe: Recipe) -> None:
    taken = {class_key(name): name for name in session.classifier().built if name != draft.editing}
    if class_key(recipe.name) in taken:
        raise NiwtError(
            f"{taken[class_key(recipe.name)]!r} is built already",
            where="your classes",
            fix="give this one another name, or press Edit at the class below to change it",
        )
