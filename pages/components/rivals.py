"""The rivals of the transfer, run in the background: one run a study for everyone who waits, stopped when nobody does."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from niwt_core import NiwtError, Study
from niwt_core.evaluation import Metrics
from niwt_core.rivals import run_rivals


class Stopped(Exception):
    """Nobody waits any more."""


@dataclass
class Run:
    """A run and how far it is; ``result`` or ``error`` when it has ended, neither when it was stopped."""

    study: Study
    waiting: set[str] = field(default_factory=set)
    at: tuple[str, int, int] = ("", 0, 1)
    result: Mapping[str, Metrics] | None = None
    error: str = ""
    thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        return self.thread is not None and self.thread.is_alive()

    def start(self) -> None:
        """Starts, unless it runs or has a result, and waits for it on behalf of this session."""
        self.waiting.add(_session())
        if not self.running and self.result is None:
            self.error = ""
            self.thread = threading.Thread(target=self._work, name=f"rivals of {self.study.name}", daemon=True)
            self.thread.start()

    def leave(self) -> None:
        """This session waits no longer; the last one to leave stops the run before its next fit."""
        self.waiting.discard(_session())

    @property
    def mine(self) -> bool:
        """This session waits for it."""
        return _session() in self.waiting

    def _work(self) -> None:
        try:
            self.result = run_rivals(self.study, on_rival=self._report)
        except Stopped:
            pass
        except (NiwtError, LookupError, ArithmeticError, ValueError, RuntimeError) as error:
            self.error = f"{type(error).__name__}: {error}"

    def _report(self, name: str, done: int, total: int) -> None:
        if not self.waiting:
            raise Stopped
        self.at = (name, done, total)


@st.cache_resource(max_entries=8, show_spinner=False)
def run_of(study_id: str, _study: Study) -> Run:
    """The run of a study, made once a process."""
    return Run(_study)


def _session() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else ""
