"""Independent pieces of work side by side: folds are many and small, and a matrix product of that size gains little from a second thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """``work`` of every item, in order: as many at once as PyTorch may use threads, each on one thread.

    What an item gives does not depend on the others, so neither does it on how many run at once.
    """
    threads, waiting = torch.get_num_threads(), list(items)
    if threads < 2 or len(waiting) < 2:
        return [work(item) for item in waiting]

    def alone(item: Item) -> Result:
        torch.set_num_threads(1)
        return work(item)

    try:
        with threadpool_limits(limits=1), ThreadPoolExecutor(max_workers=min(threads, len(waiting))) as pool:
            return list(pool.map(alone, waiting))
    finally:
        torch.set_num_threads(threads)
