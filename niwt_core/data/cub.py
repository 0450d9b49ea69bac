"""CUB-200-2011 (Wah et al., 2011) in its official layout, or any subset of it, with the Proposed Split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from niwt_core.data.dataset import Dataset, Parts
from niwt_core.data.matlab import read_class_vectors
from niwt_core.data.splits import named, picture_split, proposed_split
from niwt_core.data.text_tables import read_list, read_numbered, read_numbers
from niwt_core.errors import NiwtError
from niwt_core.knowledge.attributes import Knowledge

FOLDER = "CUB_200_2011"
_FIX = "take it from the CUB-200-2011 archive"


def read_cub(root: Path, *, crop_boxes: bool = False, split_dir: Path | None = None) -> Dataset:
    """Read CUB-200-2011 or a subset of it.

    The split is att_splits.mat of xlsa17 (its rows count the pictures of images.txt by their ids, or of res101.mat if that
    lies beside), else testclasses.txt or trainvalclasses.txt with train_test_split.txt for the pictures of seen classes.
    Attributes are the raw percentages (0-100) of people who say that the class has it: `original_att` of
    att_splits.mat, else class_attribute_labels_continuous.txt. Only classes with pictures are kept.

    Args:
        root: the folder that holds CUB_200_2011, or that folder itself.
        crop_boxes: pictures are to be cropped to their bounding boxes.
        split_dir: where att_splits.mat or the class lists are; by default xlsa17 or xlsa17/data/CUB beside or inside.

    Raises:
        NiwtError: on a file that is missing or does not fit the others.
    """
    root = Path(root)
    base = root / FOLDER if (root / FOLDER).is_dir() else root
    if not (base / "images.txt").is_file():
        raise NiwtError("no CUB-200-2011 here (no images.txt)", where=root, fix=f"name the folder that holds {FOLDER}")
    pictures = _read_pictures(base)
    folder = _split_folder(root, base, split_dir)
    seen, train, validation, source = _split(base, folder, pictures)
    knowledge = _knowledge(base, folder, pictures.classes)
    boxes = None
    if crop_boxes or (base / "bounding_boxes.txt").is_file():
        boxes = pictures.rows(base / "bounding_boxes.txt", 4).astype(np.float32)
    return Dataset(
        name="cub",
        root=base / "images",
        classes=pictures.classes,
        seen=seen,
        paths=pictures.paths,
        labels=pictures.labels,
        train=train,
        knowledge=knowledge,
        boxes=boxes,
        parts=_parts(base, pictures.ids),
        crop=crop_boxes,
        validation_classes=validation,
        split_source=source,
    )


@dataclass(frozen=True, eq=False)
class _Pictures:
    """images.txt by ids: official ids (with gaps), paths, labels into the classes that have pictures, and all class names."""

    ids: tuple[int, ...]
    paths: tuple[str, ...]
    labels: np.ndarray
    classes: tuple[str, ...]
    all_classes: tuple[str, ...]

    def rows(self, path: Path, columns: int) -> np.ndarray:
        """(n, columns) of a file of "id value ...", in the order of the pictures. NiwtError if one is missing."""
        table = read_numbers(path, columns=columns + 1)
        row_of = {int(id_): i for i, id_ in enumerate(table[:, 0])}
        missing = [id_ for id_ in self.ids if id_ not in row_of]
        if missing:
            raise NiwtError(f"picture {missing[0]} of images.txt has no line", where=path, fix=_FIX)
        return table[[row_of[id_] for id_ in self.ids], 1:]


def _read_pictures(base: Path) -> _Pictures:
    images = read_numbered(base / "images.txt")
    classes = read_numbered(base / "classes.txt", fix=_FIX)
    repeated = [path for path, count in Counter(images.values()).items() if count > 1]
    if repeated:
        raise NiwtError(f"picture {repeated[0]} is listed twice", where=base / "images.txt", fix=_FIX)
    pictures = _Pictures(tuple(images), tuple(images.values()), np.zeros(0), (), tuple(classes.values()))
    numbers = pictures.rows(base / "image_class_labels.txt", 1)[:, 0].astype(np.int64)  # (n,) official class numbers
    unknown = sorted(set(numbers.tolist()) - set(classes))
    if unknown:
        raise NiwtError(
            f"class number {unknown[0]} is not in classes.txt", where=base / "image_class_labels.txt", fix=_FIX
        )
    used = [number for number in classes if number in set(numbers.tolist())]
    label_of = {number: c for c, number in enumerate(used)}
    labels = np.array([label_of[int(number)] for number in numbers], dtype=np.int64)
    return _Pictures(pictures.ids, pictures.paths, labels, tuple(classes[n] for n in used), pictures.all_classes)


def _split_folder(root: Path, base: Path, split_dir: Path | None) -> Path:
    places = [split_dir] if split_dir else [root / "xlsa17", base.parent / "xlsa17", base / "xlsa17", base, base.parent]
    files = ("att_splits.mat", "testclasses.txt", "trainvalclasses.txt")
    for place in places:
        for folder in (Path(place), Path(place) / "data" / "CUB"):
            if any((folder / file).is_file() for file in files):
                return folder
    raise NiwtError("no split (att_splits.mat, or a testclasses.txt of unseen classes)", where=split_dir or root,
                    fix="put the xlsa17 folder there")  # fmt: skip


def _split(base: Path, folder: Path, pictures: _Pictures) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], str]:
    """(C,) seen, (n,) train, validation classes, and where they come from."""
    classes, labels, mat = pictures.classes, pictures.labels, folder / "att_splits.mat"
    if mat.is_file():
        split = proposed_split(mat, pictures.paths)
        seen, train = picture_split(split, labels, len(classes), where=mat)
        held_out = np.setdiff1d(labels[split.validation], labels[split.train])
        return seen, train, tuple(classes[c] for c in held_out), "Proposed Split, att_splits.mat"
    unseen_list, seen_list = folder / "testclasses.txt", folder / "trainvalclasses.txt"
    listed = unseen_list if unseen_list.is_file() else seen_list
    in_list = named(pictures.all_classes, read_list(listed), where=listed)
    names = {name for name, inside in zip(pictures.all_classes, in_list, strict=True) if inside}
    seen = np.array([(class_ in names) == (listed is seen_list) for class_ in classes])
    if seen.all():
        raise NiwtError("no class is unseen", where=listed, fix="take the list from the xlsa17 archive")
    train = (pictures.rows(base / "train_test_split.txt", 1)[:, 0] == 1) & seen[labels]
    return seen, train, (), f"{listed.name} and train_test_split.txt"


def _knowledge(base: Path, folder: Path, classes: Sequence[str]) -> Knowledge:
    places = [base.parent / "attributes.txt", base / "attributes.txt", base / "attributes" / "attributes.txt"]
    listed = next((place for place in places if place.is_file()), places[0])
    names = tuple(read_numbered(listed, fix=_FIX).values())
    mat, table = folder / "att_splits.mat", base / "attributes" / "class_attribute_labels_continuous.txt"
    vectors = read_class_vectors(mat) if mat.is_file() else None
    if vectors is not None and vectors.raw is not None:
        values, source = vectors.raw[vectors.rows(classes)], mat
    else:  # `att` alone has rows of unit length: a slider from 0 to 100 would mean nothing
        official = tuple(read_numbered(base / "classes.txt").values())
        values, source = read_numbers(table, rows=len(official))[[official.index(class_) for class_ in classes]], table
    if values.shape[1] != len(names):
        what = f"{len(names)} attribute names for {values.shape[1]} columns"
        raise NiwtError(what, where=listed, fix=f"take both it and {source.name} from the archive")
    return Knowledge("attributes", tuple(classes), names, values, scale=100.0)


def _parts(base: Path, ids: Sequence[int]) -> Parts | None:
    listed, located = base / "parts" / "parts.txt", base / "parts" / "part_locs.txt"
    if not listed.is_file() or not located.is_file():
        return None
    names = read_numbered(listed)
    column = {number: p for p, number in enumerate(names)}
    row = {id_: i for i, id_ in enumerate(ids)}
    locations = np.zeros((len(ids), len(names), 3), dtype=np.float32)  # (n, P, 3), not visible where nothing is said
    for id_, part, *place in read_numbers(located, columns=5):
        if int(part) not in column:
            raise NiwtError(f"part number {part:g} is not in parts.txt", where=located, fix=_FIX)
        if int(id_) in row:
            locations[row[int(id_)], column[int(part)]] = place
    return Parts(tuple(names.values()), locations)
