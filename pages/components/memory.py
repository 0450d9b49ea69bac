"""Keeps a server that decodes large pictures day after day at the size it needs (glibc; elsewhere nothing happens).

Freed pictures stay with glibc otherwise: each thread's arena keeps its own, and the threshold above which a block is mapped, and so
returned at once, grows to the largest one that was ever freed. Uploads of 12 megapixels moved the process between 640 and 960 MB.
"""

from __future__ import annotations

import ctypes
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
