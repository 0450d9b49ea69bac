"""Keeping large blocks: where it works it says so, elsewhere it does nothing."""

import ctypes
import subprocess
import sys

import pytest

from niwt_core.prepare.memory import keep_large_blocks

REUSED = """
import ctypes
from niwt_core.prepare.memory import keep_large_blocks
assert keep_large_blocks()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
first = libc.malloc(100 << 20)
heap = [line for line in open("/proc/self/maps") if line.rstrip().endswith("[heap]")]
low, high = (int(end, 16) for end in heap[0].split()[0].split("-"))
assert low <= first < high  # from the heap, not mapped
libc.free(first)
assert libc.malloc(100 << 20) == first  # and kept
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="for glibc")
def test_large_blocks_come_from_the_heap_and_stay():
    if not hasattr(ctypes.CDLL(None), "mallopt"):
        pytest.skip("another C library")
    subprocess.run([sys.executable, "-c", REUSED], check=True)


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_large_blocks() is False
