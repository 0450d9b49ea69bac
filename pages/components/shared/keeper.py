"""Keeps a person's work in their browser, so that F5, a lost connection and a second tab lose nothing.

A page hands over its text; the browser keeps it (localStorage: this browser, this address). A fresh session is given what was kept, once, and
hears of what another tab changes. The server believes none of it: a text that comes back is read as a stranger's file is.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import streamlit as st

from niwt_core import NiwtError, Study
from pages.components.shared import session
from pages.components.shared.language import tr
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.work import LARGEST, Class, Work, merged, same, work_from_text

SCRIPT = """
const tabs = new Map(); // key -> the server's session, and the text that this tab knows of it; a module is loaded anew with the page
export default function ({ data, setStateValue }) {
  const { key, text, largest, session, also, restore } = data;
  const read = (name) => { try { return localStorage.getItem(name) ?? ""; } catch { return ""; } };
  if (tabs.get(key)?.session !== session) { // a fresh session, after F5 or a lost connection: it knows nothing yet
    const kept = read(key), beside = also ? read(also) : "";
    tabs.set(key, { session, said: kept, waits: text }); // what it says until it has heard is not written over what was kept
    const other = (kept && kept !== text) || beside;
    const small = kept.length <= largest && beside.length <= largest;
    if (restore && other && small) return void setStateValue("kept", { key, text: kept, also: beside, first: true });
    if (restore) tabs.get(key).waits = null;
  }
  const tab = tabs.get(key);
  if (tab.waits !== text) tab.waits = null; // it has heard: from now on an empty text is one that was emptied
  if (tab.said !== text && tab.waits !== text) {
    tab.said = text;
    try { text ? localStorage.setItem(key, text) : localStorage.removeItem(key); } catch { /* full, or forbidden: the session still has it */ }
  }
  const hear = (event) => {
    if (!restore) return;
    const text = event.newValue ?? "";
    if (event.key === key && text.length <= largest && text !== tab.said) setStateValue("kept", { key, text, also: "", first: false });
  };
  addEventListener("storage", hear);
  return () => removeEventListener("storage", hear);
}
"""
_keeper = st.components.v2.component("niwt_keeper", js=SCRIPT)


def keep(slot: str, text: str, *, also: str = "", on_kept: Callable[[str, str, bool], None] | None = None) -> None:
    """Keeps ``text`` in the browser under ``slot``; "" removes it.

    ``on_kept`` is called with what the browser had before this session (True), under ``slot`` and under ``also``, or with what another tab has made
    of it since (False). Without it the text is only written: what the first run says is not, for it may not know yet what was there.
    """
    key = f"keeper-{slot}"

    def hear() -> None:
        value: Any = getattr(st.session_state.get(key), "kept", None)
        try:
            stored, kept, beside, first = value["key"], value["text"], value["also"], value["first"] is True
        except (TypeError, KeyError):
            return
        texts = isinstance(kept, str) and isinstance(beside, str) and max(len(kept), len(beside)) <= LARGEST
        if stored == f"niwt:{slot}" and texts and on_kept is not None:
            on_kept(kept, beside, first)

    data = {
        "key": f"niwt:{slot}",
        "text": text,
        "largest": LARGEST,
        "session": token(),
        "also": f"niwt:{also}" if also else "",
        "restore": on_kept is not None,
    }
    _keeper(key=key, data=data, on_kept_change=hear, height=1)


def token() -> str:
    """Tells this session from any other that the same browser tab has had."""
    return str(st.session_state.setdefault("keeper-session", secrets.token_hex(8)))


def keep_classes() -> None:
    """The built classes of this session and study, on every page; what came back is said."""
    study = session.current_study()
    for problem in st.session_state.pop("kept-problems", []):
        session.show_error(problem)
    back = st.session_state.pop("kept-said", "")
    if back:
        st.toast(tr("{names}: still here, from this browser.", names=escape_markdown(back)), icon=":material/history:")
    work = current_work()
    text = work.to_text() if work.says_something else ""
    keep(study.id, text, also=draft_slot(study), on_kept=_take)
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


def _take(text: str, draft: str, first: bool) -> None:
    """What the browser kept, or another tab changed, joins this session; a draft waits for the Build page."""
    study = session.current_study()
    if first and draft:
        st.session_state.setdefault("kept-drafts", {})[study.id] = draft
    try:
        theirs = work_from_text(text, where="this browser") if text else Work(study.id)
    except NiwtError as error:
        st.session_state["kept-problems"] = [error]
        return
    if theirs.study != study.id:
        return
    agreed = st.session_state.get("kept-classes", {}).get(study.id, "")
    base = work_from_text(agreed, where="this browser").classes if agreed and not first else ()
    take_classes(theirs, base=base, label=tr("brought back") if first else tr("changed in another tab"))
    if first:
        take_settings(theirs)
        built = {recipe.name for recipe in session.recipes()}  # not those that cannot be built here
        back = [recipe.name for recipe, _ in theirs.classes if recipe.name in built]
        st.session_state["kept-said"] = ", ".join(back[:3])


def take_settings(theirs: Work) -> None:
    """Gamma and what is switched off become this session's; classes that this study does not describe are passed over."""
    classifier = session.classifier()
    if theirs.gamma is not None:
        classifier.gamma = theirs.gamma
    if theirs.off:
        classifier.offer(name for name in classifier.study.unseen_classes if name not in theirs.off)


def take_classes(theirs: Work, *, base: tuple[Class, ...] = (), label: str) -> None:
    """Classes from elsewhere join this session's, as one step; those that cannot be built here are left out and named on the next run."""
    mine = current_work().classes
    good: list[Class] = []
    problems: list[NiwtError] = []
    for recipe, confirmed in merged(mine, theirs.classes, base):
        try:
            session.check_class(recipe, confirmed)
            good.append((recipe, confirmed))
        except NiwtError as error:
            problems.append(error)
    if len(good) != len(mine) or not all(same(one, other) for one, other in zip(good, mine, strict=True)):
        session.replace_all(label, good)
    st.session_state["kept-problems"] = problems
