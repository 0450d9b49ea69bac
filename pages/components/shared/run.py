"""What holds for one run of a page: looked up once, not at each of the hundred places that ask.

with run.remembered():  # in app.py, and around a fragment that runs by itself
    page.run()
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_memory: ContextVar[dict[str, Any] | None] = ContextVar("memory of a run", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """The block is one run, or belongs to the one around it."""
    if _memory.get() is not None:
        yield
        return
    token = _memory.set({})
    try:
        yield
    finally:
        _memory.reset(token)


def memory() -> dict[str, Any]:
    """What this run knows by now; outside of a run nothing is kept."""
    known = _memory.get()
    return {} if known is None else known
