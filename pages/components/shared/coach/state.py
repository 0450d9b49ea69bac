"""Where the lesson's progress is kept in a session, how it begins and ends, and what pages tell it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from niwt_core import Study
from niwt_core.backbones.of_features import reads_pictures
from pages.components.shared import intake, keeper, session
from pages.components.shared.coach.progress import OF_FILE, SAMPLE, Progress, progress_from_text
from pages.components.shared.uploads import session_uploads


@dataclass(frozen=True)
class Noticed:
    """What the pages told last: the name that stands in the editor, and whether anything is described there."""

    name: str = ""
    described: bool = False


def can_be_taught(study: Study) -> bool:
    """Whether the study has what the lesson needs: words that move neurons, and a network that pictures can be given to."""
    return study.knowledge.kind == "attributes" and reads_pictures(study.network)


def current(study: Study) -> Progress | None:
    """How far this session is; None where no lesson is under way."""
    known: dict[str, Progress] = st.session_state.get("coach", {})
    return known.get(study.id)


def put(study: Study, progress: Progress | None) -> None:
    """Goes on from there; None ends it."""
    known: dict[str, Progress] = st.session_state.setdefault("coach", {})
    if progress is None:
        known.pop(study.id, None)
    else:
        known[study.id] = progress


def begin(study: Study) -> None:
    """Begins: the described classes are switched off, no picture is looked at, and the next page is to be Classify."""
    classifier = session.classifier()
    put(study, Progress(off=classifier.switched_off))
    classifier.offer(())
    session_uploads().chosen = ""
    st.session_state["classify_started"] = True  # no sample chooses itself
    st.session_state["picture_source"] = "samples"
    st.session_state[intake.BESIDE] = False


def end(study: Study) -> None:
    """Ends: the described classes compete again as before."""
    progress = current(study)
    put(study, None)
    if progress is not None:
        session.classifier().offer(name for name in study.unseen_classes if name not in progress.off)


def keep(study: Study) -> None:
    """The browser keeps the progress, for after F5."""
    progress = current(study)
    keeper.keep(_slot(study), progress.to_text() if progress is not None else "", restores=True)


def take_up(study: Study) -> None:
    """After F5 the lesson goes on where it was, and its picture is looked at again; a run that is broken off on the way leaves it to the next."""
    lessons: dict[str, Progress] = st.session_state.setdefault("coach", {})
    kept = keeper.unread(_slot(study))
    if kept is not None:
        noted = keeper.notes()
        known = progress_from_text(kept.text, classes=study.unseen_classes, neurons=len(study.neurons))
        if kept.first and known is not None and study.id not in lessons:
            st.session_state["coach-returns"] = True
            lessons[study.id] = known
        noted[_slot(study)] = kept.id
    progress = lessons.get(study.id)
    if progress is not None and st.session_state.get("coach-returns"):
        st.session_state["classify_started"] = True
        if not look_again(study, progress):
            session_uploads().wait_for(progress.picture)
        del st.session_state["coach-returns"]


def _slot(study: Study) -> str:
    return f"coach:{study.id}"


def noticed() -> Noticed:
    """What the pages told last."""
    value = st.session_state.get("coach-noticed")
    return value if isinstance(value, Noticed) else Noticed()


def notice(study: Study, *, name: str, described: bool) -> None:
    """The Build page tells how far a description is; the whole page runs again where the strip would say something else by now."""
    if current(study) is None:
        return
    now = Noticed(name, described)
    if now != noticed():
        st.session_state["coach-noticed"] = now
        st.rerun()


def new_sheet(study: Study) -> None:
    """A description that is built already makes room for the lesson's; one that is not stays."""
    draft = st.session_state.get("drafts", {}).get(study.id)
    if draft is not None and draft.editing:
        draft.clear()
    st.session_state["coach-noticed"] = Noticed()


def look_again(study: Study, progress: Progress) -> bool:
    """Looks at the lesson's photograph; False where this session no longer has it."""
    uploads = session_uploads()
    st.session_state[intake.BESIDE] = False
    if progress.picture in uploads.items:
        uploads.choose(progress.picture)
        return True
    item = sample_of(study, progress.picture)
    if item >= 0:
        intake.choose_sample(session.classifier(), uploads, item)
    return item >= 0


def sample_of(study: Study, key: str) -> int:
    """The gallery picture that a key names, or -1."""
    number = key.removeprefix("sample-")
    item = int(number) if key.startswith("sample-") and number.isdecimal() else -1
    return item if item < len(study.gallery) else -1


def can_come_back(key: str) -> bool:
    """Whether a picture can be the lesson's: a sample, or one of the person's own, which the browser keeps."""
    return bool(SAMPLE.fullmatch(key) or OF_FILE.fullmatch(key))


def followed(study: Study, progress: Progress, *, page: str, neuron: str) -> Progress:
    """The progress with what this run shows: the picture that is looked at, the neuron that is open, the name in the editor."""
    uploads = session_uploads()
    if progress.step == 1 and page == "classify" and can_come_back(uploads.chosen):
        progress = progress.with_picture(uploads.chosen)
    if progress.step == 2 and page == "dictionary" and neuron.isascii() and neuron.isdecimal() and len(neuron) <= 9:
        index = int(neuron)
        progress = replace(progress, neuron=index) if index < len(study.neurons) else progress
    if progress.step in (3, 4) and page == "build" and noticed().name:
        progress = replace(progress, name=noticed().name)
    if progress.step == 5 and page == "classify" and progress.picture and uploads.chosen == progress.picture:
        progress = replace(progress, looked=True)
    return progress
