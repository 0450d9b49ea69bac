"""The pictures that a study was prepared from: a study keeps their names, not the files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from niwt_core.data.aviary.dataset import VERSION, read_aviary, write_aviary
from niwt_core.data.cub import read_cub
from niwt_core.data.dataset import Dataset
from niwt_core.errors import NiwtError
from niwt_core.study.study import Study

FOLDERS = ("", "images", "JPEGImages", "CUB_200_2011/images", "Animals_with_Attributes2/JPEGImages")
FIX = "name the folder of its pictures with --root DIR"


@contextmanager
def study_pictures(
    study: Study,
    root: Path | None = None,
    *,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Dataset]:
    """The study's pictures as a set, in the study's order; they may be read until the block ends.

    Args:
        root: folder of the set, as ``niwt prepare`` was given it. Without one: a study of the Aviary draws its pictures again, the same bytes, into
            a temporary folder; any other looks where it was prepared from.
        workers: processes that draw.
        progress: called with (done, total) pictures drawn.

    Raises:
        NiwtError: there is no such folder, or a picture is not there.
    """
    if root is None and study.kind == "aviary" and "aviary" in study.provenance:
        with TemporaryDirectory(prefix="niwt-aviary-") as folder:
            _draw(study, Path(folder), workers, progress)
            yield _with_ground_truth(study, Path(folder))
    else:
        base = _base(study, root)
        yield _with_ground_truth(study, base) if (base / "aviary.json").is_file() else _with_boxes(study, base)


def _dataset(study: Study, base: Path) -> Dataset:
    """The study's own tables over the files below ``base``. Raises NiwtError with the first picture that is not there."""
    missing = [path for path in study.paths if not (base / path).is_file()]
    if missing:
        what = f"{len(missing)} of the study's {len(study.paths)} pictures are not there, such as {missing[0]}"
        raise NiwtError(what, where=base, fix=FIX)
    return Dataset(
        name=study.name,
        root=base,
        classes=study.classes,
        seen=study.seen,
        paths=study.paths,
        labels=study.labels,
        train=study.split == "train",
        knowledge=study.knowledge,
    )


def _base(study: Study, root: Path | None) -> Path:
    """The folder that the study's paths are relative to. Raises NiwtError."""
    if root is None:
        given = study.source.root
        if not given or not Path(given).is_dir():
            what = f"no folder {given!r}, which the study was prepared from" if given else "the study keeps no pictures"
            raise NiwtError(what, where=f"study {study.name}", fix=FIX)
        root = Path(given)
    if not root.is_dir():
        raise NiwtError("no such folder", where=root, fix="check --root")
    tries = [root / folder for folder in FOLDERS]
    return next((base for base in tries if (base / study.paths[0]).is_file()), root)


def _with_boxes(study: Study, base: Path) -> Dataset:
    """The set below ``base``, cropped to CUB's boxes if the study was."""
    dataset = _dataset(study, base)
    if study.kind != "cub" or not study.source.boxes:
        return dataset

    cub = read_cub(base.parent, crop_boxes=True)
    assert cub.boxes is not None
    place = {path: i for i, path in enumerate(cub.paths)}
    return replace(dataset, crop=True, boxes=cub.boxes[[place[path] for path in dataset.paths]])


def _draw(study: Study, folder: Path, workers: int, progress: Callable[[int, int], None] | None) -> None:
    """Draws the study's Aviary again. Raises NiwtError if this program draws another one."""

    drawn = study.provenance["aviary"]
    if drawn["version"] != VERSION:
        what = f"the study's pictures were drawn by version {drawn['version']}, this program draws version {VERSION}"
        raise NiwtError(what, where=f"study {study.name}", fix="prepare it again with this version")

    def most(part: str) -> int:  # a picture that was left out must not make the plan smaller
        return int(np.bincount(study.labels[study.split == part], minlength=1).max())

    write_aviary(
        folder,
        per_seen=most("train"),
        per_seen_test=most("test_seen"),
        per_unseen_test=most("test_unseen"),
        size=drawn["size"],
        seed=drawn["seed"],
        workers=workers,
        progress=progress,
    )


def _with_ground_truth(study: Study, folder: Path) -> Dataset:
    """The Aviary in ``folder`` with what each picture shows."""

    dataset, aviary = _dataset(study, folder), read_aviary(folder)
    assert aviary.picture_attributes is not None
    place = {path: i for i, path in enumerate(aviary.paths)}
    return replace(dataset, picture_attributes=aviary.picture_attributes[[place[path] for path in dataset.paths]])
