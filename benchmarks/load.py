"""CPU time of ``niwt prepare`` beside other jobs, against alone: threads that wait for each other must not spin.

python -m benchmarks.load                  # a set drawn for it
python -m benchmarks.load cub DIR          # CUB-200-2011, or any other kind of set
"""

from __future__ import annotations

import csv
import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.timing import Ratio
from niwt_core.data.aviary.dataset import read_aviary, write_aviary

MOST = 1.5  # times the CPU time alone
OTHERS = 2  # busy processes for each core
THREADS = ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "OPENBLAS_NUM_THREADS", "OPENBLAS_THREAD_TIMEOUT", "MKL_NUM_THREADS")
OPTIONS = ("--backbone", "small_resnet", "--weights", "none", "--layer", "stages.2", "--size", "64")


def write_set(root: Path) -> None:
    """The species of the Aviary as a folder of pictures with a table of attributes, small enough to be prepared in a minute."""
    write_aviary(root, per_seen=10, per_seen_test=3, per_unseen_test=3, size=64, workers=1)
    dataset = read_aviary(root)
    slugs = {label: Path(path).parent.name for label, path in zip(dataset.labels.tolist(), dataset.paths, strict=True)}
    with (root / "attributes.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["class", *dataset.knowledge.names])
        writer.writerows([slugs[c], *dataset.knowledge.values[c].tolist()] for c in range(len(dataset.classes)))
    unseen = [slugs[c] for c in range(len(dataset.classes)) if not dataset.seen[c]]
    (root / "unseen.txt").write_text("\n".join(unseen) + "\n", encoding="utf-8")


def cpu_seconds(*arguments: str) -> float:
    """User and system time of ``niwt prepare`` with these arguments, threads as they come."""
    environment = {name: value for name, value in os.environ.items() if name not in THREADS}
    command = [sys.executable, "-m", "niwt_core", "prepare", *arguments, "--epochs", "0"]
    quiet = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
    process = os.posix_spawn(sys.executable, command, environment, file_actions=quiet)
    _, status, usage = os.wait4(process, 0)
    if status:
        raise RuntimeError(f"niwt prepare {' '.join(arguments)} ended with status {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime


def spin() -> None:
    """Keeps one core busy."""
    while True:
        pass


@contextmanager
def busy(count: int) -> Iterator[None]:
    """That many processes that never wait."""
    processes = [multiprocessing.get_context("spawn").Process(target=spin, daemon=True) for _ in range(count)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


def prepare_beside_others(source: str = "folder", root: Path | None = None) -> Ratio:
    """One preparation alone and one beside two busy processes a core; the ratio is of CPU seconds."""
    others = OTHERS * (os.cpu_count() or 1)
    with TemporaryDirectory() as folder:
        place = Path(folder)
        if root is None:
            root, options = place / "set", OPTIONS
            write_set(root)
        else:
            options = ()
        given = (source, "--root", str(root), *options)
        alone = cpu_seconds(*given, "--out", str(place / "alone"))
        with busy(others):
            beside = cpu_seconds(*given, "--out", str(place / "beside"))
    ratio = beside / alone
    return Ratio(
        f"CPU time of `niwt prepare {source} --epochs 0`",
        f"beside {others} busy processes",
        "alone",
        beside,
        alone,
        ratio,
        f"at most {MOST} x",
        ratio <= MOST,
        1,
    )


if __name__ == "__main__":
    measured = prepare_beside_others(*sys.argv[1:2], *(Path(name) for name in sys.argv[2:3]))
    print(
        f"{measured.our_seconds:.1f} s {measured.ours}, {measured.other_seconds:.1f} s {measured.other}: {measured.ratio:.2f} x"
    )
