"""The preparations on this machine: how far they are, and what can be done with them."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from pages.components.shared import session, style
from pages.components.shared.markdown import escape_markdown
from pages.components.studies import gather, study_list, view
from pages.components.studies.job import Job, State, all_jobs
from pages.components.studies.picture_set import PictureSet

EVERY = 0.8  # seconds between looks at a job that runs
STAGES = {"": "Starting"}


def show() -> None:
    """Every job that is not forgotten, above the form that starts one."""
    known = all_jobs()
    if not known:
        return
    running = any(job.state is State.RUNNING for job in known)
    style.heading("In preparation" if running else "Prepared here")
    for job in known:
        if job.state is State.RUNNING:
            _running(job)
        else:
            _ended(job)


@st.fragment(run_every=EVERY)
def _running(job: Job) -> None:
    if job.state is not State.RUNNING:
        st.rerun()
    stage, done, total = job.progress
    with st.container(border=True, key=f"job-{job.folder.name}"):
        words, action = st.columns([5, 1], vertical_alignment="center")
        stage = STAGES.get(stage, stage[:1].upper() + stage[1:])
        label = f"**{escape_markdown(job.out.name)}** · {escape_markdown(stage)}"
        words.progress(min(1.0, done / total), text=f"{label}, {done:,} of {total:,}" if total > 1 else label)
        if action.button("Cancel", key=f"cancel-{job.folder.name}", icon=":material/close:", width="stretch"):
            job.cancel()
            st.rerun()


def _ended(job: Job) -> None:
    state = job.state
    with st.container(border=True, key=f"job-{job.folder.name}"):
        words, first, second, third = st.columns([5, 2, 2, 2], vertical_alignment="center")
        words.markdown(_said(job, state))
        if state is State.READY:
            _button(first, "Open", ":material/login:", job, lambda: view.open_folder(job.out), primary=True)
        else:
            label = "Go on" if state is State.INTERRUPTED else "Try again"
            _button(first, label, ":material/play_arrow:", job, lambda: _again(job), primary=True)
        root = _root(job)
        if root is not None:
            hint = "Pictures and words, then prepare it again"
            _button(second, "Change", ":material/edit:", job, lambda: _change(job, root), help=hint)
        hint = "Takes it off this list; pictures and study stay"
        _button(third, "Dismiss", ":material/close:", job, lambda: _forget(job), help=hint)


def _said(job: Job, state: State) -> str:
    name = f"**{escape_markdown(job.out.name)}**"
    if state is State.READY:
        lines = [escape_markdown(line.strip()) for line in job.output[:-1] if not line.startswith("split:")]
        return "  \n".join([f"{name} is ready, in {escape_markdown(study_list.shown(job.out))}", *lines[:4]])
    if state is State.FAILED:
        return f"{name} could not be prepared  \n{escape_markdown(job.error)}"
    return f"{name} was interrupted; it goes on where it was"


def _button(
    place: object, label: str, icon: str, job: Job, act: Callable[[], None], *, primary: bool = False, help: str = ""
) -> None:
    with place:  # type: ignore[attr-defined]
        if st.button(
            label, key=f"{label}-{job.folder.name}", icon=icon, width="stretch", help=help or None, type="primary" if primary else "secondary",
        ):  # fmt: skip
            with session.shown_errors():
                act()


def _again(job: Job) -> None:
    job.start()
    st.rerun()


def _change(job: Job, root: Path) -> None:
    gather.change(root)
    job.forget()
    st.rerun()


def _forget(job: Job) -> None:
    job.forget()
    st.rerun()


def _root(job: Job) -> Path | None:
    """The folder of pictures that were dropped for it; None where they are a person's own folder."""
    words = shlex.split(job.command)
    if "--root" not in words:
        return None
    root = job.cwd / words[words.index("--root") + 1]
    return root if root == gather.pictures_of(job.out) and PictureSet(root).pictures else None
