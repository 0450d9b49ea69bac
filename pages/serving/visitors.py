"""Who is let in to a server that is open to the public, and how long each computes. Without ``--public`` nobody is asked.

with visitors.metered():  # in app.py, once the visitor is in
    page.run()

@visitors.fragment  # in place of st.fragment: what runs by itself counts too
def reasons() -> None: ...
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar, overload

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.components.shared import run
from pages.components.shared.language import tr, trn
from pages.serving import policy
from pages.serving.policy import Limits

LOOK_AGAIN = 10  # seconds
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
_metering: ContextVar[bool] = ContextVar("metering", default=False)


class Visitors:
    """The sessions that are in, each with the computing that it did of late: (when, seconds). Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: dict[str, deque[tuple[float, float]]] = {}

    def enter(self, session: str, limits: Limits, is_open: Callable[[str], bool]) -> bool:
        """True if ``session`` is in: it was before, or there is room once those that have gone are forgotten."""
        with self._lock:
            for gone in [known for known in self._spent if known != session and not is_open(known)]:
                del self._spent[gone]
            if session not in self._spent and len(self._spent) >= limits.sessions:
                return False
            self._spent.setdefault(session, deque())
            return True

    def spend(self, session: str, now: float, seconds: float) -> None:
        """Notes that ``session`` computed for ``seconds``."""
        with self._lock:
            self._spent.setdefault(session, deque()).append((now, seconds))

    def wait(self, session: str, limits: Limits, now: float) -> float:
        """Seconds until ``session`` may compute again; 0 if it may now."""
        with self._lock:
            spent = self._spent.setdefault(session, deque())
            while spent and spent[0][0] <= now - limits.window:
                spent.popleft()
            over = sum(seconds for _, seconds in spent) - limits.seconds
            for when, seconds in spent:  # until enough of it is long ago
                if over < 0:
                    return 0.0
                over -= seconds
                if over < 0:
                    return max(0.0, when + limits.window - now)
            return 0.0


VISITORS = Visitors()


def let_in() -> None:
    """Lets this session in, or says that the server is full, looks again by itself, and ends the run."""
    limits, session = policy.limits(), _session()
    if limits is None or not session or VISITORS.enter(session, limits, _is_open):
        return
    st.title(tr("Many people are here just now"))
    st.markdown(
        tr(
            "This server lets {count} people in at once. The page looks again every {seconds} seconds, and "
            "opens once somebody leaves.",
            count=limits.sessions,
            seconds=LOOK_AGAIN,
        )
    )
    st.fragment(_look_again, run_every=LOOK_AGAIN)()
    st.stop()


def _look_again() -> None:
    limits = policy.limits()
    if limits is None or VISITORS.enter(_session(), limits, _is_open):
        st.rerun()


@contextmanager
def metered() -> Iterator[None]:
    """Counts the computing in the block; where this session has had its share, the run ends with a message instead."""
    limits, session = policy.limits(), _session()
    if limits is None or not session or _metering.get():
        yield
        return
    seconds = VISITORS.wait(session, limits, time.monotonic())
    if seconds > 0:
        st.warning(
            tr(
                "You have used your share of this server's computing time, {seconds:.0f} seconds in {window:.0f} minutes. "
                "It goes on in {wait}; nothing that you built is lost.",
                seconds=limits.seconds,
                window=limits.window / 60,
                wait=_minutes(seconds),
            ),
            icon=":material/hourglass_top:",
        )
        st.stop()
    token, start = _metering.set(True), time.thread_time()
    try:
        yield
    finally:
        _metering.reset(token)
        VISITORS.spend(session, time.monotonic(), time.thread_time() - start)


@overload
def fragment(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]: ...
@overload
def fragment(*, run_every: float | None) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]: ...
def fragment(function: Callable[..., Any] | None = None, *, run_every: float | None = None) -> Any:
    """st.fragment, metered."""
    if function is None:
        return lambda function: fragment_of(function, run_every)
    return fragment_of(function, run_every)


def fragment_of(function: Callable[..., Any], run_every: float | None) -> Callable[..., Any]:
    """A metered fragment that runs by itself every ``run_every`` seconds, or not."""

    @wraps(function)
    def counted(*args: Any, **kwargs: Any) -> Any:
        with metered(), run.remembered():
            return function(*args, **kwargs)

    return st.fragment(counted, run_every=run_every)


def _session() -> str:
    context = get_script_run_ctx()
    return context.session_id if context is not None else ""


def _is_open(session: str) -> bool:
    """Whether a browser, or one that may come back, still has the session."""
    return st.runtime.exists() and st.runtime.get_instance().is_active_session(session)


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return trn("{count} second", "{count} seconds", math.ceil(seconds))
    return trn("{count} minute", "{count} minutes", math.ceil(seconds / 60))
