"""Long computations in the background: one run for everyone who waits, stopped when nobody does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from niwt_core import NiwtError
from pages.components.shared.language import tr
from pages.components.shared.markdown import escape_markdown
from pages.serving import policy, visitors

Result = TypeVar("Result")
Report = Callable[[str, int, int], None]  # what is done now, how many are done, how many there are


class Stopped(Exception):
    """Nobody waits any more."""


@dataclass
class Run(Generic[Result]):
    """A run of ``work`` and how far it is; ``result`` or ``error`` when it has ended, neither when it was stopped.

    ``work`` is called with a function to report to, which also ends it once the last session has left.
    """

    name: str
    work: Callable[[Report], Result]
    waiting: set[str] = field(default_factory=set)
    at: tuple[str, int, int] = ("", 0, 1)
    result: Result | None = None
    error: str = ""
    thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        return self.thread is not None and self.thread.is_alive()

    @property
    def mine(self) -> bool:
        """This session waits for it."""
        return _session() in self.waiting

    def start(self) -> None:
        """Starts, unless it runs or has a result, and waits for it on behalf of this session."""
        self.waiting.add(_session())
        if not self.running and self.result is None:
            self.error = ""
            self.thread = threading.Thread(target=self._work, name=self.name, daemon=True)
            self.thread.start()

    def leave(self) -> None:
        """This session waits no longer; the last one to leave stops the run at its next report."""
        self.waiting.discard(_session())

    def _work(self) -> None:
        try:
            self.result = self.work(self._report)
        except Stopped:
            pass
        except (NiwtError, LookupError, ArithmeticError, ValueError, RuntimeError) as error:
            self.error = f"{type(error).__name__}: {error}"

    def _report(self, what: str, done: int, total: int) -> None:
        if not self.waiting:
            raise Stopped
        self.at = (what, done, total)


@visitors.fragment(run_every=0.7)
def progress(run: Run, key: str) -> None:
    """How far ``run`` is, with a button that leaves it; the page runs again when it has ended."""
    if not run.running:
        st.rerun()
    what, done, total = run.at
    st.progress(
        min(1.0, (done + 0.5) / (total + 0.5)),
        text=tr("{what}, {done} of {total}", what=tr(what or "Starting"), done=done, total=total),
    )
    if st.button(tr("Cancel"), icon=":material/close:", on_click=run.leave, key=f"stop_{key}"):
        st.rerun()


def ask(run: Run, key: str, *, label: str, icon: str, help: str) -> None:
    """A run without a result: how far it is if this session waits for it, else why it ended early, if it did, and the button that starts it."""
    if run.running and run.mine:
        progress(run, key)
        return
    if run.error:
        st.warning(tr("It ended early."), icon=":material/warning:")
        st.caption(escape_markdown(policy.without_paths(run.error)))
    st.button(label, icon=icon, on_click=run.start, key=f"run_{key}", help=help)


def _session() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else ""
