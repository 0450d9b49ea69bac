"""The preparations on this machine: how far they are, and what can be done with them."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import streamlit as st

from pages.components.shared import session, style
from pages.components.shared.language import N_, tr
from pages.components.shared.markdown import escape_markdown
from pages.components.studies import gather, study_list, view
from pages.components.studies.picture_set import PictureSet
from pages.components.studies.preparation import Preparation, State, all_preparations
from pages.serving import visitors

EVERY = 0.8  # seconds between looks at a preparation that runs
STAGES = {"": N_("Starting")}


def show() -> None:
    """Every job that is not forgotten, above the form that starts one."""
    known = all_preparations()
    if not known:
        return
    running = any(preparation.state is State.RUNNING for preparation in known)
    style.heading(tr("In preparation") if running else tr("Prepared here"))
    for preparation in known:
        if preparation.state is State.RUNNING:
            _running(preparation)
        else:
            _ended(preparation)


@visitors.fragment(run_every=EVERY)
def _running(preparation: Preparation) -> None:
    if preparation.state is not State.RUNNING:
        st.rerun()
    stage, done, total = preparation.progress
    with st.container(border=True, key=f"job-{preparation.folder.name}"):
        words, action = st.columns([5, 1], vertical_alignment="center")
        stage = tr(STAGES.get(stage, stage[:1].upper() + stage[1:]))
        label = f"**{escape_markdown(preparation.out.name)}** · {escape_markdown(stage)}"
        words.progress(
            min(1.0, done / total),
            text=tr("{what}, {done:,} of {total:,}", what=label, done=done, total=total) if total > 1 else label,
        )
        if action.button(
            tr("Cancel"), key=f"cancel-{preparation.folder.name}", icon=":material/close:", width="stretch"
        ):
            preparation.cancel()
            st.rerun()


def _ended(preparation: Preparation) -> None:
    state = preparation.state
    with st.container(border=True, key=f"job-{preparation.folder.name}"):
        words, first, second, third = st.columns([5, 2, 2, 2], vertical_alignment="center")
        words.markdown(_said(preparation, state))
        if state is State.READY:
            _button(
                first,
                "Open",
                tr("Open"),
                ":material/login:",
                preparation,
                lambda: view.open_folder(preparation.out),
                primary=True,
            )
        else:
            key, label = ("Go on", tr("Go on")) if state is State.INTERRUPTED else ("Try again", tr("Try again"))
            _button(first, key, label, ":material/play_arrow:", preparation, lambda: _again(preparation), primary=True)
        root = _root(preparation)
        if root is not None:
            hint = tr("Pictures and words, then prepare it again")
            _button(
                second,
                "Change",
                tr("Change"),
                ":material/edit:",
                preparation,
                lambda: _change(preparation, root),
                help=hint,
            )
        hint = tr("Takes it off this list; pictures and study stay")
        _button(
            third, "Dismiss", tr("Dismiss"), ":material/close:", preparation, lambda: _forget(preparation), help=hint
        )


def _said(preparation: Preparation, state: State) -> str:
    name = f"**{escape_markdown(preparation.out.name)}**"
    if state is State.READY:
        lines = [escape_markdown(line.strip()) for line in preparation.output[:-1] if not line.startswith("split:")]
        return "  \n".join(
            [
                tr("{name} is ready, in {out}", name=name, out=escape_markdown(study_list.shown(preparation.out))),
                *lines[:4],
            ]
        )
    if state is State.FAILED:
        return tr("{name} could not be prepared  \n{error}", name=name, error=escape_markdown(preparation.error))
    return tr("{name} was interrupted; it goes on where it was", name=name)


def _button(
    place: object,
    key: str,
    label: str,
    icon: str,
    preparation: Preparation,
    act: Callable[[], None],
    *,
    primary: bool = False,
    help: str = "",
) -> None:
    with place:  # type: ignore[attr-defined]
        kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
        key = f"{key}-{preparation.folder.name}"
        if st.button(label, key=key, icon=icon, width="stretch", help=help or None, type=kind):
            with session.shown_errors():
                act()


def _again(preparation: Preparation) -> None:
    preparation.start()
    st.rerun()


def _change(preparation: Preparation, root: Path) -> None:
    gather.change(root)
    preparation.forget()
    st.rerun()


def _forget(preparation: Preparation) -> None:
    preparation.forget()
    st.rerun()


def _root(preparation: Preparation) -> Path | None:
    """The folder of pictures that were dropped for it; None where they are a person's own folder."""
    words = shlex.split(preparation.command)
    if "--root" not in words:
        return None
    root = preparation.cwd / words[words.index("--root") + 1]
    return root if root == gather.pictures_of(preparation.out) and PictureSet(root).pictures else None
