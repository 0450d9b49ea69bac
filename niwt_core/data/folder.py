"""A plain folder of the user's own pictures and tables.

images/<class>/*        pictures, one folder a class
attributes.csv          class, then one column an attribute ("color::red" or "striped"); one row a class
captions/<class>.txt    optional: sentences, one a line
split.csv               class,split (seen or unseen), or path,split (train or test)
unseen.txt              or only a list of the unseen classes
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from niwt_core.data.class_tables import read_class_table
from niwt_core.data.dataset import Dataset, Skipped
from niwt_core.data.splits import hash_split, named
from niwt_core.data.text_tables import Csv, read_csv, read_list
from niwt_core.errors import NiwtError
from niwt_core.images import check_image
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.class_names import listing, match_all
from niwt_core.knowledge.scales import common_scale

_LAYOUT = "make a folder images with one folder of pictures a class in it"


def read_folder(root: Path, *, progress: Callable[[int, int], None] | None = None) -> Dataset:
    """Read the user's own set; the layout is this module's docstring.

    A file that is no picture is left out and named in `skipped`. A class that split.csv does not mention is seen. With
    paths in split.csv every picture must be there, and without unseen.txt the classes with no training picture are
    unseen; otherwise 80 % of each seen class, by the hash of their path, train. Without attributes.csv captions must
    describe every class, and the knowledge is of kind "captions" with no columns yet.

    Args:
        progress: called as progress(done, total) while picture headers are read.

    Raises:
        NiwtError: on a set that cannot work, with the file and line at fault.
    """
    root = Path(root)
    images = root / "images"
    if not images.is_dir():
        raise NiwtError("no images folder", where=root, fix=_LAYOUT)
    classes = tuple(
        sorted(entry.name for entry in images.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    )
    if not classes:
        raise NiwtError("no class", where=images, fix=_LAYOUT)
    paths, labels, skipped = _pictures(images, classes, progress)
    captions = _captions(root / "captions", classes)
    knowledge, notices = _knowledge(root / "attributes.csv", classes, captions)
    seen, train, source = _split(root, classes, paths, labels)
    return Dataset(
        name=root.resolve().name,
        root=images,
        classes=classes,
        seen=seen,
        paths=paths,
        labels=labels,
        train=train,
        knowledge=knowledge,
        captions=captions,
        skipped=skipped,
        split_source=source,
        notices=notices,
    )


def _pictures(
    images: Path, classes: Sequence[str], progress: Callable[[int, int], None] | None
) -> tuple[tuple[str, ...], np.ndarray, tuple[Skipped, ...]]:
    """Paths "class/file" of readable pictures, (n,) labels, and what was left out."""
    skipped = [Skipped(file.name, "not in a class folder") for file in sorted(images.iterdir())
               if file.is_file() and not file.name.startswith(".")]  # fmt: skip
    files = [(c, file) for c, class_ in enumerate(classes) for file in sorted((images / class_).iterdir())
             if file.is_file() and not file.name.startswith(".")]  # fmt: skip
    paths, labels = [], []
    for i, (c, file) in enumerate(files):
        path = f"{classes[c]}/{file.name}"
        try:
            check_image(file)
        except NiwtError as error:
            skipped.append(Skipped(path, error.what))
        else:
            paths.append(path)
            labels.append(c)
        if progress and (i + 1 == len(files) or not i % 256):
            progress(i + 1, len(files))
    empty = [class_ for c, class_ in enumerate(classes) if c not in set(labels)]
    if empty:
        what = f"class {listing(empty)} has no picture that can be read"
        raise NiwtError(what, where=images, fix="add pictures or remove the folder")
    return tuple(paths), np.array(labels, dtype=np.int64), tuple(skipped)


def _captions(folder: Path, classes: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Class -> sentences, for the classes that have a file."""
    files = sorted(folder.glob("*.txt")) if folder.is_dir() else []
    captions: dict[str, tuple[str, ...]] = {}
    for file in files:
        mask = named(classes, [file.stem], where=file)
        sentences = read_list(file)
        if not sentences:
            raise NiwtError("the file is empty", where=file, fix="write a sentence or remove the file")
        captions[classes[int(np.flatnonzero(mask)[0])]] = sentences
    return captions


def _knowledge(
    table: Path, classes: tuple[str, ...], captions: Mapping[str, tuple[str, ...]]
) -> tuple[Knowledge, tuple[str, ...]]:
    """The table of attributes on one scale, or of captions without columns, and what was assumed."""
    if table.is_file():
        read = read_class_table(table, classes)
        common = common_scale(read.names, read.values)
        knowledge = Knowledge("attributes", classes, read.names, common.values, common.scale)
        return knowledge, (*read.notices, *common.notices)
    workbooks = [table.with_suffix(suffix) for suffix in (".xlsx", ".xls", ".ods")]
    if found := [file.name for file in workbooks if file.is_file()]:
        raise NiwtError(f"{found[0]} is a spreadsheet", where=table.parent, fix="export it as CSV: attributes.csv")
    if not captions:
        raise NiwtError(
            "no attributes.csv and no captions", where=table.parent, fix="describe every class in one of them"
        )
    match_all(classes, captions, where=table.parent / "captions", fix="add <class>.txt for each, or an attributes.csv")
    return Knowledge("captions", classes, (), np.zeros((len(classes), 0), dtype=np.float32)), ()


def _split(
    root: Path, classes: tuple[str, ...], paths: Sequence[str], labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray, str]:
    """(C,) seen, (n,) train, and where they come from."""
    split, unseen_list = root / "split.csv", root / "unseen.txt"
    table = read_csv(split) if split.is_file() else None
    header = tuple(cell.lower() for cell in table.header) if table else ()
    if table and header not in (("class", "split"), ("path", "split")):
        raise NiwtError(f"columns {','.join(header)}", where=split, fix="write class,split or path,split")
    if header == ("class", "split") and unseen_list.is_file():
        raise NiwtError("split.csv and unseen.txt both name the unseen classes", where=root, fix="remove one of them")
    unseen = np.zeros(len(classes), dtype=bool)
    if unseen_list.is_file():
        unseen = named(classes, read_list(unseen_list), where=unseen_list)
    elif table and header[0] == "class":
        unseen = _unseen_classes(table, classes)
    elif not table:
        raise NiwtError("nothing says which classes are unseen", where=root, fix="list them in unseen.txt, one a line")
    if not table or header[0] == "class":
        source = f"{split.name if table else unseen_list.name}, training pictures by hash of their path"
        return ~unseen, hash_split(paths, labels, ~unseen), source
    train = _training_pictures(table, paths)
    if not unseen_list.is_file():
        unseen = np.bincount(labels[train], minlength=len(classes)) == 0
    wrong = np.flatnonzero(train & unseen[labels])
    if len(wrong):
        what = f"training picture {paths[wrong[0]]} is of an unseen class"
        raise NiwtError(what, where=split, fix="mark it test, or remove the class from unseen.txt")
    return ~unseen, train, split.name


def _unseen_classes(table: Csv, classes: Sequence[str]) -> np.ndarray:
    """(C,) bool from rows of class,split."""
    unseen, done = np.zeros(len(classes), dtype=bool), np.zeros(len(classes), dtype=bool)
    for line, (class_, part) in table.rows:
        where = f"{table.path} line {line}"
        mask = named(classes, [class_], where=where)
        if part.lower() not in ("seen", "unseen"):
            raise NiwtError(f"split {part!r} of class {class_}", where=where, fix="write seen or unseen")
        if done[mask].any():
            raise NiwtError(f"class {class_} appears twice", where=where, fix="delete one of the rows")
        unseen |= mask & (part.lower() == "unseen")
        done |= mask
    return unseen


def _training_pictures(table: Csv, paths: Sequence[str]) -> np.ndarray:
    """(n,) bool from rows of path,split; rows of pictures that were left out are passed over."""
    part_of: dict[str, str] = {}
    for line, (path, part) in table.rows:
        path, where = path.replace("\\", "/").removeprefix("./").removeprefix("images/"), f"{table.path} line {line}"
        if part.lower() not in ("train", "test"):
            raise NiwtError(f"split {part!r} of picture {path}", where=where, fix="write train or test")
        if path in part_of:
            raise NiwtError(f"picture {path} appears twice", where=where, fix="delete one of the rows")
        if path not in paths and not (table.path.parent / "images" / path).is_file():
            raise NiwtError(f"no picture {path}", where=where, fix="correct the path or delete the row")
        part_of[path] = part.lower()
    missing = [path for path in paths if path not in part_of]
    if missing:
        raise NiwtError(
            f"picture {listing(missing, limit=3)} has no row", where=table.path, fix="add it as train or test"
        )
    return np.array([part_of[path] == "train" for path in paths])
