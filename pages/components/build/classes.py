"""The classes that this person built: look at, edit, compare, remove, undo, save, share."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import streamlit as st

from niwt_core import BuiltClass, NiwtError, Recipe, Study, build_class, parse_recipe
from niwt_core.classify.recipe import LARGEST_FILE
from niwt_core.files import digest
from niwt_core.knowledge.class_names import class_key, display_name
from pages.components.build import link, taken_away
from pages.components.build.draft import Draft
from pages.components.build.editor_tables import data_url
from pages.components.build.imagining import picture_of
from pages.components.build.measured import fresh_drawings
from pages.components.build.testing import open_test
from pages.components.build.try_it import try_it
from pages.components.shared import (
    class_families,
    drawing,
    keeper,
    names,
    offered,
    session,
    share,
    style,
    user_names,
    wall_post,
)
from pages.components.shared.language import N_, tr
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.pictures import class_crop, class_items
from pages.components.shared.recipe_words import recipe_in_words
from pages.components.shared.style import text
from pages.components.shared.work import LARGEST, Work, work_from_text

NEAREST = 3  # classes that are named where there is no picture of the nearest
NONE_YET = N_("None yet. What you build stays in this browser, beside the classes that the network was trained on.")


def built(study: Study, draft: Draft) -> None:
    """The section under the bench."""
    classes = session.classifier().built
    steps, at = session.history()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.html(f'<h2 class="cynb-h2">{text(tr("Your classes"))}</h2>', width="content")
        row = st.container(horizontal=True, gap="small", width="content")
    undo, redo = steps[at].label if at else "", steps[at + 1].label if at < len(steps) - 1 else ""
    row.button(
        tr("Undo"),
        key="undo",
        on_click=_step,
        args=(session.undo,),
        disabled=not undo,
        icon=":material/undo:",
        help=tr("Undo: {undo}", undo=escape_markdown(undo)) if undo else None,
    )
    row.button(
        tr("Redo"),
        key="redo",
        on_click=_step,
        args=(session.redo,),
        disabled=not redo,
        icon=":material/redo:",
        help=tr("Redo: {redo}", redo=escape_markdown(redo)) if redo else None,
    )
    if keeper.current_work().says_something:
        row.download_button(
            tr("Save all"), keeper.current_work().to_text(), f"classes-{study.id}.json", "application/json", key="save-all",
            icon=":material/download:", on_click="ignore", help=tr("Every class, the pictures that moved it and the settings, in one file."),
        )  # fmt: skip
        with row.popover(tr("Share all"), icon=":material/link:"), session.shown_errors():
            st.caption(
                tr("This address alone rebuilds all your classes, by their words, on any machine with this study.")
            )
            share.link(link.address(share.opened_at(), keeper.current_work()))
    if not classes:
        st.html(f'<p class="cynb-empty">{text(tr(NONE_YET))}</p>')
    for item in classes.values():
        _card(study, draft, item)
    offered.switch(session.classifier(), "build")
    _open_recipe(study, draft)
    if classes:
        _compare(study, classes)


def _card(study: Study, draft: Draft, item: BuiltClass) -> None:
    with st.container(border=True, key=f"class-{class_widget_key(item.name)}"):
        picture, words = st.columns([2, 10], vertical_alignment="top")
        with picture:
            st.html(f'<div class="cynb-portrait">{_picture(study, item)}</div>')
        with words:
            in_short = recipe_in_words(study, item.recipe)
            st.html(
                f'<h3 class="cynb-name">{style.chip("built", item.name)}</h3><p class="cynb-said">{text(in_short)}</p>'
            )
            if drawing.can_draw(study):
                fresh_drawings(study, item)
            row = st.container(horizontal=True, gap="small")
            row.button(
                tr("Edit"),
                key=f"edit-{class_widget_key(item.name)}",
                on_click=_edit,
                args=(study, draft, item.recipe),
                icon=":material/tune:",
            )
            row.download_button(tr("Recipe"), item.recipe.to_yaml(), f"{_slug(item.name)}.yaml", "application/yaml",
                                key=f"save-{class_widget_key(item.name)}", icon=":material/download:", on_click="ignore")  # fmt: skip
            with row.popover(tr("Share"), icon=":material/link:"), session.shown_errors():
                st.caption(tr("This address alone rebuilds the class, on any machine with this study."))
                share.link(link.address(share.opened_at(), item.recipe))
            taken_away.setting(study, item, row, key=class_widget_key(item.name), draft=draft)
            row.button(
                tr("Test it"),
                key=f"test-{class_widget_key(item.name)}",
                on_click=open_test,
                args=(item.name,),
                icon=":material/science:",
            )
            if row.button(
                tr("Classify pictures"), key=f"try-{class_widget_key(item.name)}", icon=":material/photo_camera:"
            ):
                try_it(study, item)
            wall_post.button(study, item, row, key=class_widget_key(item.name))
            row.button(
                tr("Remove"),
                key=f"remove-{class_widget_key(item.name)}",
                on_click=_remove,
                args=(draft, item.name),
                icon=":material/delete:",
                type="tertiary",
            )
            picture_of(study, item, class_widget_key(item.name))


def _picture(study: Study, item: BuiltClass) -> str:
    if drawing.can_draw(study):
        traits = drawing.strongest(study, item.values)
        return f'<img src="{data_url(drawing.portrait(traits, side=256))}" alt="{text(tr("{name}, drawn from its description", name=item.name))}">'
    near = f'<p class="cynb-nearest">{text(tr("Nearest in the network"))}</p>'
    nearest = [study.class_index(name) for name, _ in item.nearest[:NEAREST]]
    if not class_items(study, nearest[0]):  # the study keeps no picture of it: its name says more than an empty frame
        chips = "".join(
            f"<p>{style.chip('seen' if study.seen[c] else 'unseen', display_name(study.classes[c]))}</p>"
            for c in nearest
        )
        return f'{near}<div class="cynb-near">{chips}</div>'
    return near + class_crop(study, nearest[0])


def _edit(study: Study, draft: Draft, recipe: Recipe) -> None:
    try:
        draft.load(study, recipe, editing=recipe.name)
    except NiwtError as error:
        st.session_state["build-problem"] = error


def _remove(draft: Draft, name: str) -> None:
    session.remove_class(name)
    if draft.editing == name:
        draft.editing = ""


def _open_recipe(study: Study, draft: Draft) -> None:
    with st.expander(tr("Open a recipe or saved classes")):
        file = st.file_uploader(
            tr("A recipe file (YAML), or a file of all classes (JSON)"),
            type=["yaml", "yml", "json"],
            key=f"recipe-{st.session_state.get('recipes-read', 0)}",
        )
        problem = st.session_state.pop("build-problem", None)
        if problem is not None:
            session.show_error(problem)
        if file is None:
            return
        with session.shown_errors():
            if file.name.casefold().endswith(".json"):
                link.open_work(study, read_work(file.getvalue(), file.name))
                st.session_state["recipes-read"] = st.session_state.get("recipes-read", 0) + 1
                st.rerun()
            recipe = read_upload(file.getvalue(), file.name)
            _refuse_replacing(recipe)
            session.add_class(recipe)
            draft.load(study, recipe, editing=recipe.name)
            st.session_state["recipes-read"] = st.session_state.get("recipes-read", 0) + 1
            st.toast(
                tr(
                    "{name} was built from {file}.",
                    name=escape_markdown(recipe.name),
                    file=escape_markdown(file.name),
                ),
                icon=":material/star:",
            )
            st.rerun()


def read_upload(data: bytes, name: str) -> Recipe:
    """The recipe in an uploaded file. Raises NiwtError."""
    if len(data) > LARGEST_FILE:
        raise NiwtError("too large for a recipe", where=name, fix="give a YAML file of at most 1 MB")
    try:
        return parse_recipe(data.decode("utf-8"), where=name)
    except UnicodeDecodeError:
        raise NiwtError("not a text file", where=name, fix="give a recipe saved as UTF-8 text") from None


def read_work(data: bytes, name: str) -> Work:
    """The classes in an uploaded file. Raises NiwtError."""
    if len(data) > LARGEST:
        raise NiwtError("too large for saved classes", where=name, fix="give a file that this app saved")
    try:
        return work_from_text(data.decode("utf-8"), where=name)
    except UnicodeDecodeError:
        raise NiwtError("not a text file", where=name, fix="give a file that this app saved") from None


def _refuse_replacing(recipe: Recipe) -> None:
    """A file does not replace a class that is built, unless it says the same."""
    built = {class_key(item.name): item for item in session.recipes()}
    if built.get(class_key(recipe.name), recipe) != recipe:
        raise NiwtError(
            f"{recipe.name!r} is built already, from another description",
            where="your classes",
            fix="rename or remove yours first",
        )


def _compare(study: Study, classes: Mapping[str, BuiltClass]) -> None:
    with st.expander(tr("Compare two classes")):
        listed = [*classes, *class_families.ordered(study)]
        of_study = class_families.label(study)

        def sign(name: str) -> str:
            return f"{style.SIGNS['built']} {name}" if name in classes else of_study(name)

        latest = list(classes.values())[-1]
        left, right = st.columns(2)
        one = left.selectbox(
            tr("This class"),
            listed,
            listed.index(latest.name),
            key="compare-one",
            format_func=sign,
        )
        two = right.selectbox(
            tr("with"),
            listed,
            listed.index(latest.nearest[0][0], len(classes)),
            key="compare-two",
            format_func=sign,
        )
        with session.shown_errors():
            pair = [
                classes.get(name) or build_class(study, Recipe(display_name(name), like=name)) for name in (one, two)
            ]
            st.html(comparison(study, pair[0], pair[1]))


def comparison(study: Study, one: BuiltClass, two: BuiltClass) -> str:
    """Markup: two pictures, how alike the weights are, and the attributes and neurons in which they differ most."""
    cosine = float(one.weights @ two.weights / max(one.norm * two.norm, 1e-12))
    # Attributes come first in k; what stands behind them, or in their place, are features of a text.
    worded = len(study.knowledge.names) if study.knowledge.kind == "attributes" else 0
    gap = np.abs(one.k - two.k)[:worded]
    rows = "".join(
        f"<tr><th>{text(names.label(study, int(k)))}</th><td>{_amount(study, one.values[k])}</td><td>{_amount(study, two.values[k])}</td></tr>"
        for k in np.argsort(-gap, kind="stable")[:8]
        if gap[k] > 1e-6
    )
    change = (one.importances - two.importances).numpy()
    named = [neuron.index for neuron in study.neurons if neuron.status in ("verified", "weak")]
    order = sorted(named, key=lambda n: -abs(change[n]))[:6]
    neurons = "".join(
        f"<tr><th>{text(user_names.shown(study, n).name)}<span>{tr('neuron {index}', index=n)}</span></th>"
        f"<td>{one.importances[n]:+.3f}</td><td>{two.importances[n]:+.3f}</td></tr>"
        for n in order
    )
    heads = "".join(
        f"<figure>{_picture(study, item)}<figcaption>{text(item.name)}</figcaption></figure>" for item in (one, two)
    )
    head = f"<tr><th></th><td>{text(one.name)}</td><td>{text(two.name)}</td></tr>"
    tables = (
        (tr("Words"), rows),
        (tr("Predicted importance of neurons"), neurons if np.abs(one.k - two.k).max() > 1e-6 else ""),
    )
    body = (
        "".join(
            f'<table class="cynb-table cynb-two"><caption>{text(title)}</caption>{head}{lines}</table>'
            for title, lines in tables
            if lines
        )
        or f"<p>{text(tr('The two are described alike.'))}</p>"
    )
    alike = tr("Cosine of their weights: <b>{cosine:.3f}</b>", cosine=cosine)
    return f'<div class="cynb-pair">{heads}<p>{alike}</p></div><div class="cynb-tables">{body}</div>'


def _amount(study: Study, value: float) -> str:
    return f"{100 * value / study.knowledge.scale:.0f}%" if study.knowledge.floor >= 0 else f"{value:.2f}"


def _step(go: Callable[[], bool]) -> None:
    go()


def _slug(name: str) -> str:
    return "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in name.casefold()).split()) or "class"


def class_widget_key(name: str) -> str:
    """Of a class's widgets: readable, and different for names that differ in any character."""
    return f"{_slug(name)}-{digest(name)[:8]}"
