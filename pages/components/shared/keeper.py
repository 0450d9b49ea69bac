"""Keeps a person's work in their browser, so that F5, a lost connection and a second tab lose nothing.

A page hands over its text; the browser keeps it (localStorage: this browser, this address). A fresh session is given what was kept, and hears of
what another tab changes. The server believes none of it: a text that comes back is read as a stranger's file is.

Streamlit breaks a run off at any look at the session's state when a newer one is asked for, and never calls a callback of it again. So nothing is
taken in by a callback: what the browser says stays in the component's state, the run of a page takes it in, once, and says so when it is done; until
then the browser writes nothing over what it kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from niwt_core import Classifier, NiwtError, Study
from pages.components.shared import session
from pages.components.shared.language import tr
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.work import LARGEST, Class, Work, merged, same, work_from_text

_keeper = st.components.v2.component("niwt_keeper", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Kept:
    """What the browser had before this session (``first``), under a slot and the one ``beside`` it, or what another tab has made of it since."""

    text: str
    beside: str
    first: bool
    id: str


def keep(slot: str, text: str, *, also: str = "", after: str = "", restores: bool = False) -> None:
    """Keeps ``text`` in the browser under ``slot``; "" removes it.

    ``restores``: a fresh session is told what was kept under ``slot`` and under ``also``, and what other tabs change (`unread`); nothing is
    written before it has noted that as taken. Without it the text is only written, once what was kept under the slot ``after`` is taken in.
    """
    data = {
        "key": _name(slot),
        "text": text,
        "largest": LARGEST,
        "session": token(),
        "also": _name(also) if also else "",
        "after": _name(after) if after else "",
        "restore": restores,
        "taken": notes().get(slot, ""),
    }
    _keeper(key=f"keeper-{slot}", data=data, on_kept_change=_nothing, height=1)


def unread(slot: str) -> Kept | None:
    """What the browser says of ``slot`` and this session has not taken in yet."""
    value: Any = getattr(st.session_state.get(f"keeper-{slot}"), "kept", None)
    try:
        of, key, text, beside = value["session"], value["key"], value["text"], value["also"]
        first, id = value["first"] is True, value["id"]
    except (TypeError, KeyError):
        return None
    texts = all(isinstance(one, str) for one in (text, beside, id)) and max(len(text), len(beside)) <= LARGEST
    if not texts or key != _name(slot) or of != token():  # of another session: a server that was started anew
        return None
    return None if notes().get(slot) == id else Kept(text, beside, first, id)


def notes() -> dict[str, str]:
    """slot -> the id of what was taken in last: whoever takes in what was `unread` notes it here."""
    taken: dict[str, str] = st.session_state.setdefault("keeper-taken", {})
    return taken


def token() -> str:
    """Tells this session from any other that the same browser tab has had."""
    return str(st.session_state.setdefault("keeper-session", secrets.token_hex(8)))


def _name(slot: str) -> str:
    return f"niwt:{slot}"


def _nothing() -> None:
    """Streamlit hands on a state that has a callback."""


def keep_classes() -> None:
    """The built classes of this session and study, on every page; what came back is said."""
    take_up()
    study = session.current_study()
    for problem in st.session_state.pop("kept-problems", []):
        session.show_error(problem)
    back = st.session_state.pop("kept-said", "")
    if back:
        st.toast(tr("{names}: still here, from this browser.", names=escape_markdown(back)), icon=":material/history:")
    work = current_work()
    text = work.to_text() if work.says_something else ""
    keep(study.id, text, also=draft_slot(study), restores=True)
    st.session_state.setdefault("kept-classes", {})[study.id] = text  # what this session and the browser agree on


def draft_slot(study: Study) -> str:
    """Where the description that is not built yet is kept."""
    return f"draft:{study.id}"


def current_work() -> Work:
    """What this session has built, as it stands."""
    study, classifier, moves = session.current_study(), session.classifier(), session.moves()
    classes = tuple((recipe, moves.get(recipe.name)) for recipe in session.recipes())
    gamma = None if classifier.gamma == study.gamma else classifier.gamma
    return Work(study.id, classes, gamma, classifier.switched_off)


def take_up() -> None:
    """What the browser kept, or another tab changed, joins this session; a draft waits for the Build page. A run that is broken off on the way
    leaves it to the next, which does the same: until the last lines nothing is changed, and these look at no session's state."""
    study = session.current_study()
    kept = unread(study.id)
    if kept is None:
        return
    noted, history, mine = notes(), session.class_history(), current_work().classes
    problems: list[NiwtError] = []
    try:
        theirs = work_from_text(kept.text, where="this browser") if kept.text else Work(study.id)
    except NiwtError as error:
        theirs, problems = Work(study.id, mine), [error]
    if theirs.study != study.id:
        theirs = Work(study.id, mine)
    agreed = st.session_state.get("kept-classes", {}).get(study.id, "")
    if kept.first:
        base: Sequence[Class] = _removed_since(history, mine)
    else:
        base = work_from_text(agreed, where="this browser").classes if agreed else ()
    good, unfit = _joined(mine, theirs.classes, base)
    label = tr("brought back") if kept.first else tr("changed in another tab")
    drafts: dict[str, str] = st.session_state.setdefault("kept-drafts", {})
    if problems or unfit:
        st.session_state["kept-problems"] = [*problems, *unfit]
    if kept.first and kept.text and not problems:
        back = {recipe.name for recipe, _ in good} & {recipe.name for recipe, _ in theirs.classes}
        st.session_state["kept-said"] = ", ".join(
            [recipe.name for recipe, _ in theirs.classes if recipe.name in back][:3]
        )
    with history.lock:  # a run that is being broken off may still be here
        if noted.get(study.id) == kept.id:
            return
        if _differ(mine, good):
            session.replace_all(history, label, good)
        if kept.first:
            _set(history.classifier, theirs)
            if kept.beside:
                drafts[study.id] = kept.beside
        noted[study.id] = kept.id


def take_settings(theirs: Work) -> None:
    """Gamma and what is switched off become this session's; classes that this study does not describe are passed over."""
    _set(session.classifier(), theirs)


def _set(classifier: Classifier, theirs: Work) -> None:
    if theirs.gamma is not None:
        classifier.gamma = theirs.gamma
    if theirs.off:
        classifier.offer(name for name in classifier.study.unseen_classes if name not in theirs.off)


def take_classes(theirs: Work, *, label: str) -> None:
    """Classes from elsewhere join this session's, as one step; those that cannot be built here are left out and named on the next run."""
    history, mine = session.class_history(), current_work().classes
    good, problems = _joined(mine, theirs.classes)
    st.session_state["kept-problems"] = problems
    if _differ(mine, good):
        session.replace_all(history, label, good)


def _removed_since(history: session.ClassHistory, mine: Sequence[Class]) -> tuple[Class, ...]:
    """The classes that this session had and has no more, as it had them last: the browser may say what it kept after they were removed."""
    present = {recipe.name for recipe, _ in mine}
    had = {
        recipe.name: (recipe, step.moves.get(recipe.name))
        for step in history.steps[: history.at + 1]
        for recipe in step.recipes
    }
    return tuple(one for name, one in had.items() if name not in present)


def _joined(
    mine: Sequence[Class], theirs: Sequence[Class], base: Sequence[Class] = ()
) -> tuple[list[Class], list[NiwtError]]:
    """(both sides' classes that can be built here, what is wrong with the others)."""
    good: list[Class] = []
    problems: list[NiwtError] = []
    for recipe, confirmed in merged(mine, theirs, base):
        try:
            session.check_class(recipe, confirmed)
            good.append((recipe, confirmed))
        except NiwtError as error:
            problems.append(error)
    return good, problems


def _differ(mine: Sequence[Class], good: Sequence[Class]) -> bool:
    return len(good) != len(mine) or not all(same(one, other) for one, other in zip(good, mine, strict=True))
