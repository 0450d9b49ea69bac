"""One search for garbage for all sessions, in place of one after every run of every page.

Streamlit calls ``gc.collect()`` at the end of each run. What it goes through are the objects of all sessions: 5 ms of a page's computing with ten
people, 22 of 54 ms with thirty. It has no setting for it, so the name ``gc`` of its script runner is given another meaning here, and nowhere else.
Python's own collector, which looks at what is new, works as ever.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from typing import Any

from streamlit.runtime.scriptrunner import script_runner

EVERY = 5.0  # seconds between two searches


class SharedCollector:
    """Stands where Streamlit has the module ``gc``: many calls of ``collect`` within ``every`` seconds are one; the last is not forgotten."""

    def __init__(
        self,
        every: float = EVERY,
        *,
        search: Callable[[], int] = gc.collect,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], None] | None = None,
    ) -> None:
        self.every, self._search, self._clock, self._later = every, search, clock, later or _later
        self._lock = threading.Lock()
        self._last, self._waits = -every, False

    def collect(self, *_: Any) -> int:
        """Searches now, or once the pause is over."""
        with self._lock:
            pause = self._last + self.every - self._clock()
            if pause > 0:
                if not self._waits:
                    self._waits = True
                    self._later(pause, self._wake)
                return 0
            self._last = self._clock()
        return self._search()

    def _wake(self) -> None:
        with self._lock:
            self._waits, self._last = False, self._clock()
        self._search()

    def __getattr__(self, name: str) -> Any:
        return getattr(gc, name)


def _later(seconds: float, act: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()


def share() -> None:
    """All sessions of this process share one collector from now on."""
    if not isinstance(script_runner.gc, SharedCollector):
        script_runner.gc = SharedCollector()  # type: ignore[assignment]
