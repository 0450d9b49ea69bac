"""The strip itself: which step it is, what to do or what came of it, and the way on, back and out. It lies over the page and moves nothing away."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import streamlit as st

from niwt_core import Study
from pages.components.shared import class_words, session
from pages.components.shared.coach import measured, state
from pages.components.shared.coach.progress import STEPS as COUNT
from pages.components.shared.coach.progress import Progress
from pages.components.shared.coach.steps import STEPS, Outcome, true_class
from pages.components.shared.language import tr
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.pictures import address, crop
from pages.components.shared.style import text
from pages.components.shared.uploads import session_uploads

HINTS = 8  # words


@cache
def sheet() -> str:
    """The strip's style sheet."""
    return f"<style>{Path(__file__).with_name('coach.css').read_text(encoding='utf-8')}</style>"


def offer(study: Study) -> None:
    """On Start: the way in."""
    if not state.can_be_taught(study):
        return
    with st.container(key="coach-offer", gap=None):
        st.html(sheet())
        label = tr("A lesson in five steps") if state.current(study) is None else tr("Begin the lesson anew")
        if st.button(label, icon=":material/school:", type="tertiary", key="coach-begin"):
            state.end(study)
            state.begin(study)
            st.switch_page("pages/classify.py")


def show(study: Study, page: str) -> None:
    """The strip over ``page`` (the name of its file) where a lesson is under way; part of the app, before the page runs."""
    if not state.can_be_taught(study):
        return
    if st.session_state.pop("coach-recognised", False):
        st.balloons()
    state.take_up(study)
    progress = state.current(study)
    if progress is not None:
        progress = state.followed(study, progress, page=page, neuron=st.query_params.get("neuron", ""))
        state.put(study, progress)
    state.keep(study)
    if progress is None:
        return
    step = STEPS[progress.step - 1]
    with session.shown_errors():
        outcome = step.say(study, progress)
        with st.container(key="coach", horizontal=True, vertical_alignment="center", gap="small"):
            st.html(sheet())
            _picture(study, progress)
            st.html(_words(progress.step, step.title, outcome))
            if progress.step in (3, 4):
                _hint(study, progress)
            _ways(study, progress, outcome, page)


def _words(number: int, title: str, outcome: Outcome) -> str:
    dots = "".join(f"<i{' class=on' if n <= number else ''}></i>" for n in range(1, COUNT + 1))
    mark = f'<b class="coach-done" aria-label="{text(tr("Done"))}">✓</b> ' if outcome.done else ""
    step = text(tr("Step {number} of {total}", number=number, total=COUNT))
    return (
        f'<p class="coach-title"><span aria-hidden="true">{dots}</span>{step} <b>{text(tr(title))}</b></p>'
        f'<p class="coach-say" role="status">{mark}{outcome.markup}</p>'
    )


def _picture(study: Study, progress: Progress) -> None:
    upload, item = session_uploads().items.get(progress.picture), state.sample_of(study, progress.picture)
    data = upload.thumb if upload is not None else study.gallery.jpeg(item) if item >= 0 else b""
    if data:
        st.html(f'<div class="coach-picture">{crop(address(data), alt=tr("The picture of this lesson"))}</div>')


def _hint(study: Study, progress: Progress) -> None:
    """The words that the study's own table has for the class of a sample."""
    name = true_class(study, progress)
    if not name or progress.step != 4:
        return
    c = study.class_index(name)
    words = "".join(f"<li>{text(label)}</li>" for label, _ in class_words.discriminative_attributes(study, c, HINTS))
    with st.popover(tr("Hint"), icon=":material/lightbulb:"):
        st.html(
            f'<p class="cyn-sub">{text(tr("Words that set it apart, of the {count} that this network knows:", count=len(study.knowledge.names)))}</p>'
            f'<ul class="coach-hints">{words}</ul>'
        )


def _ways(study: Study, progress: Progress, outcome: Outcome, page: str) -> None:
    step, last = STEPS[progress.step - 1], progress.step == COUNT
    if progress.step > 1 and st.button(tr("Back"), icon=":material/arrow_back:", key="coach-back", type="tertiary"):
        _go(study, progress, progress.step - 1)
    if outcome.neuron >= 0:
        if st.button(
            tr("Open neuron {index}", index=outcome.neuron),
            key="coach-open",
            type="primary",
            icon=":material/dictionary:",
        ):
            st.switch_page("pages/dictionary.py", query_params={"neuron": str(outcome.neuron)})
    elif last and not outcome.done:
        if st.button(tr("Look again"), key="coach-look", type="primary", icon=":material/photo_camera:"):
            state.look_again(study, progress)
            st.switch_page("pages/classify.py")
    elif page != step.page and not outcome.done and st.button(tr("Go there"), key="coach-there", type="primary"):
        st.switch_page(f"pages/{step.page}.py")
    if last and outcome.done:
        if st.button(tr("Finish"), key="coach-finish", type="primary", icon=":material/check:"):
            _finish(study, progress)
    elif outcome.done or 1 < progress.step < COUNT:
        done = outcome.done
        label, icon = (tr("Next"), ":material/arrow_forward:") if done else (tr("Skip"), ":material/skip_next:")
        if st.button(label, key="coach-next", type="primary" if done else "tertiary", icon=icon):
            _go(study, progress, progress.step + 1)
    if st.button(tr("Leave"), icon=":material/close:", key="coach-leave", type="tertiary", help=tr("Leave the lesson")):
        state.end(study)
        st.rerun()


def _go(study: Study, progress: Progress, number: int) -> None:
    """To another step, on its page; what was done in it before still counts, but for a look that is to come again."""
    if number == 3:
        state.new_sheet(study)
    looked = progress.looked and number != COUNT
    state.put(study, replace(progress, step=number, looked=looked))
    if STEPS[number - 1].page == "classify" and number > 1:
        state.look_again(study, progress)
    if number == 2:
        st.rerun()  # the strip has the way to the neuron
    st.switch_page(f"pages/{STEPS[number - 1].page}.py")


def _finish(study: Study, progress: Progress) -> None:
    """The described classes compete again; what becomes of the picture then is said."""
    state.end(study)
    name, after = escape_markdown(progress.name), measured.after(study, progress)
    if after is not None and after.recognised:
        st.session_state["coach-recognised"] = True
        words = tr(
            "You taught the network {name}. The described classes compete again, and it still comes first.", name=name
        )
    elif after is not None:
        best = escape_markdown(after.best.display)
        words = tr(
            "The described classes compete again. Among all of them it now says {best}: more words would set {name} apart.",
            best=best,
            name=name,
        )
    else:
        words = tr("The described classes compete again.")
    st.toast(words, icon=":material/school:", duration="long")
    st.rerun()
