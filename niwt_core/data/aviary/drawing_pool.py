"""Drawing in several processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from niwt_core.errors import NiwtError

Job = TypeVar("Job")
Result = TypeVar("Result")


def drawn(draw: Callable[[Job], Result], jobs: Sequence[Job], *, workers: int) -> Iterator[Result]:
    """What ``draw`` makes of each job, in the order in which they are finished; ``workers`` processes, 1 draws in this one.

    ``draw`` is a function of a module, or a partial of one, for processes are started anew. Raises NiwtError where they cannot be, as from a script
    that starts its work while it is imported.
    """
    if workers <= 1:
        yield from map(draw, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, max(1, len(jobs))), mp_context=context) as pool:
        try:
            for future in as_completed([pool.submit(draw, item) for item in jobs]):
                yield future.result()
        except BrokenProcessPool:
            raise NiwtError(
                "the processes that draw ended at once",
                where="drawing",
                fix="start your script's work under `if __name__ == '__main__':`, or draw with workers=1",
            ) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
