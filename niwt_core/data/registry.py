"""The kinds of picture sets: what they are called, how they are recognised on disk, what they can be asked for, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from niwt_core.data.awa2 import read_awa2
from niwt_core.data.class_folders import check_pictures
from niwt_core.data.cub import read_cub
from niwt_core.data.dataset import Dataset
from niwt_core.data.folder import read_folder
from niwt_core.data.published_features import read_features
from niwt_core.errors import NiwtError

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class ReadOptions:
    """boxes: crop to them (CUB). binary: the table of yes and no (AwA2). splits: folder of the split, if it is not under the root (CUB, AwA2)."""

    boxes: bool = False
    binary: bool = False
    splits: Path | None = None


@dataclass(frozen=True)
class PictureSource:
    """One kind of set.

    Attributes:
        title: its name for people.
        read: from its root; None where the pictures are drawn.
        marker: the file or folder that tells it, in the folder ``inside`` of the root or in the root itself; ``where`` says so in words.
        boxes, binary, splits: whether these of `ReadOptions` mean something.
    """

    title: str
    read: Callable[[Path, ReadOptions, Report], Dataset] | None = None
    marker: str = ""
    inside: str = ""
    where: str = ""
    boxes: bool = False
    binary: bool = False
    splits: bool = False

    @property
    def drawn(self) -> bool:
        """The pictures are drawn when they are needed: there is no root."""
        return self.read is None

    def base(self, root: Path) -> Path:
        """The folder that holds the marker, if it is there."""
        nested = root / self.inside
        return nested if nested.is_dir() else root


SOURCES: Mapping[str, PictureSource] = {
    "folder": PictureSource(
        "My own pictures",
        read=lambda root, options, report: read_folder(root, progress=report, stub=True),
        marker="images",
        where="a folder named images, with one folder of pictures a class in it",
    ),
    "cub": PictureSource(
        "CUB-200-2011",
        read=lambda root, options, report: check_pictures(
            read_cub(root, crop_boxes=options.boxes, split_dir=options.splits), report
        ),
        marker="images.txt",
        inside="CUB_200_2011",
        where="the folder that holds CUB_200_2011",
        boxes=True,
        splits=True,
    ),
    "awa2": PictureSource(
        "Animals with Attributes 2",
        read=lambda root, options, report: check_pictures(
            read_awa2(root, binary=options.binary, split_dir=options.splits), report
        ),
        marker="predicates.txt",
        inside="Animals_with_Attributes2",
        where="the folder that holds Animals_with_Attributes2",
        binary=True,
        splits=True,
    ),
    "features": PictureSource(
        "Published features",
        read=lambda root, options, report: read_features(root, split_dir=options.splits)[0],
        marker="res101.mat",
        where="the folder that holds res101.mat and att_splits.mat",
        splits=True,
    ),
    "aviary": PictureSource("The Aviary"),
}


def read_set(source: str, root: Path, options: ReadOptions, *, report: Report) -> Dataset:
    """Reads a set from disk; every unreadable header is named and left out.

    Args:
        source: a key of `SOURCES` that is not drawn.
        report: called with (done, total) pictures.

    Raises:
        NiwtError: no such folder, an option that this kind of set does not have, or a set that cannot be read.
    """
    kind = SOURCES[source]
    if options.binary and not kind.binary:
        raise NiwtError(f"{source} has no binary table", where="--knowledge", fix="use attributes, or --knowledge FILE")
    if not root.exists():
        raise NiwtError("no such folder", where=str(root), fix="check --root")
    if options.splits is not None and not kind.splits:
        raise NiwtError(f"{source} has no such split", where="--splits", fix="leave --splits out")
    assert kind.read is not None
    return kind.read(root, options, report)
