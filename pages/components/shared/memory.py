"""Keeps a server that decodes large pictures day after day at the size it needs, and spares it searching what never becomes garbage.

Freed pictures stay with glibc: each thread's arena keeps its own, and the threshold above which a block is mapped, and so returned at
once, grows to the largest one that was ever freed. Uploads of 12 megapixels moved the process between 640 and 960 MB. Elsewhere nothing
happens.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from functools import cache

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # malloc.h
MAPPED = 16 * 2**20  # bytes; a 12-megapixel picture is 36 MB


@cache
def _libc() -> ctypes.CDLL | None:
    """glibc, told once to use two arenas and to map large blocks."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        library = ctypes.CDLL(None)
        library.mallopt(_ARENA_MAX, 2)
        library.mallopt(_MMAP_THRESHOLD, MAPPED)
        library.malloc_trim.argtypes = [ctypes.c_size_t]
    except (OSError, AttributeError):  # another C library
        return None
    return library


def settle() -> None:
    """Hands freed memory back to the system; a few milliseconds, for after the work."""
    library = _libc()
    if library is not None:
        library.malloc_trim(0)


def spare_the_collector() -> None:
    """Tells Python's collector to look past all that is loaded by now.

    Streamlit collects after every run of a page; with torch imported that is 300,000 objects and 0.15 s of everybody's time.
    """
    gc.freeze()
