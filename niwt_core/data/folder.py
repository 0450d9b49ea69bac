"""A plain folder of the user's own pictures and tables.

images/<class>/*        pictures, one folder a class; or train/<class>/* and val/<class>/*
attributes.csv          class, then one column an attribute ("color::red" or "striped"); one row a class
captions/<class>.txt    optional: sentences, one a line
split.csv               class,split (seen or unseen), or path,split (train or test)
unseen.txt              or only a list of the unseen classes; one that the table or a caption describes needs no pictures
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from niwt_core.data.class_folders import class_files, class_names, is_text, readable_pictures, strays
from niwt_core.data.class_tables import read_class_table
from niwt_core.data.dataset import Dataset, Skipped
from niwt_core.data.folder_split import described_keys, split_folder, unseen_names
from niwt_core.data.splits import named
from niwt_core.data.text_tables import read_list
from niwt_core.errors import NiwtError, shown
from niwt_core.files import write_atomically
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.class_names import class_key, listing, match_all
from niwt_core.knowledge.scales import common_scale

_LAYOUT = "make a folder images with one folder of pictures a class in it"
TRAINING, TESTING = "train", ("val", "valid", "validation", "test")
STUB = "attributes-to-fill-in.csv"


def read_folder(root: Path, *, progress: Callable[[int, int], None] | None = None, stub: bool = False) -> Dataset:
    """Read the user's own set; the layout is this module's docstring.

    A file that is no picture is left out and named in `skipped`. A class that split.csv does not mention is seen, and
    without split.csv and unseen.txt all are. With paths in split.csv every picture must be there, and without unseen.txt
    the classes with no training picture are unseen; otherwise 80 % of each seen class, by the hash of their path, train.
    Without attributes.csv captions must describe every class, and the knowledge is of kind "captions" with no columns yet.

    Args:
        progress: called as progress(done, total) while picture headers are read.
        stub: where nothing describes the classes, a table to fill in is written beside images, and the error names it.

    Raises:
        NiwtError: on a set that cannot work, with the file and line at fault.
    """
    root = Path(root)
    layout = _layout(root)
    folders = {name for folder in layout for name in class_names(folder)}
    if not folders:
        raise NiwtError("no class", where=layout[0], fix=_LAYOUT)
    listed = unseen_names(root)
    keys = {class_key(name) for name in folders}
    described = described_keys(root)
    only = {name for name in listed if class_key(name) not in keys and class_key(name) in described}  # without pictures
    classes = tuple(sorted(folders | only))
    if odd := [shown(name) for name in classes if not is_text(name)]:
        raise NiwtError(f"folder {odd[0]} has a name that is not UTF-8", where=root, fix="rename it")
    images = root if len(layout) > 1 else layout[0]
    unseen = {class_key(name) for name in listed}
    needed = [class_ for class_ in classes if class_key(class_) not in unseen]
    paths, labels, skipped = _pictures(images, layout, classes, needed, progress)
    captions = _captions(root / "captions", classes)
    knowledge, notices = _knowledge(root / "attributes.csv", classes, captions, stub)
    training = np.array([path.startswith(f"{TRAINING}/") for path in paths]) if images == root else None
    seen, train, source = split_folder(root, classes, paths, labels, training)
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
        notices=notices
        if not seen.all()
        else (*notices, "no class is unseen: describe further ones by recipes, or in the app"),
    )


def _layout(root: Path) -> list[Path]:
    """The folders that hold the class folders: images, or train with val or test."""
    if (root / "images").is_dir():
        return [root / "images"]
    tests = [root / name for name in TESTING if (root / name).is_dir()]
    if (root / TRAINING).is_dir() and tests:
        return [root / TRAINING, *tests]
    raise NiwtError("no images folder", where=root, fix=_LAYOUT)


def _pictures(
    images: Path,
    layout: Sequence[Path],
    classes: Sequence[str],
    needed: Sequence[str],
    progress: Callable[[int, int], None] | None,
) -> tuple[tuple[str, ...], np.ndarray, tuple[Skipped, ...]]:
    """Paths of readable pictures below ``images``, (n,) labels, and what was left out; the classes that are ``needed`` must have some."""
    files: list[str] = []
    skipped: list[Skipped] = []
    for folder in layout:
        prefix = "" if folder == images else f"{folder.name}/"
        beside = strays(folder)
        for class_ in class_names(folder):
            inside, left_out = class_files(folder, class_)
            files += [prefix + path for path in inside]
            beside += left_out
        skipped += [replace(item, path=prefix + item.path) for item in beside]
    mask, unreadable = readable_pictures(images, files, progress)
    paths = tuple(path for path, good in zip(files, mask, strict=True) if good)
    index = {class_: c for c, class_ in enumerate(classes)}
    labels = np.array([index[path.split("/")[-2]] for path in paths], dtype=np.int64)
    empty = [class_ for class_ in needed if index[class_] not in set(labels.tolist())]
    if empty:
        reasons = [item.reason for item in (*unreadable, *skipped) if f"{empty[0]}/" in item.path]
        why = f" ({reasons[0]})" if reasons else ""
        what = f"class {listing(empty)} has no picture that can be read{why}"
        raise NiwtError(what, where=images, fix="add pictures, list it in unseen.txt, or remove the folder")
    return paths, labels, (*skipped, *unreadable)


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
    table: Path, classes: tuple[str, ...], captions: Mapping[str, tuple[str, ...]], stub: bool
) -> tuple[Knowledge, tuple[str, ...]]:
    """The table of attributes on one scale, or of captions without columns, and what was assumed."""
    if table.is_file():
        read = read_class_table(table, classes)
        common = common_scale(read.names, read.values)
        knowledge = Knowledge("attributes", classes, read.names, common.values, common.scale)
        return knowledge, (*read.notices, *common.notices)
    workbooks = [table.with_suffix(suffix) for suffix in (".xlsx", ".xls", ".ods")]
    if unreadable := [file.name for file in workbooks if file.is_file()]:
        raise NiwtError(f"{unreadable[0]} is a spreadsheet", where=table.parent, fix="export it as CSV: attributes.csv")
    if not captions:
        fix = "describe every class in one of them"
        if stub and _write_stub(table.with_name(STUB), classes):
            fix = f"fill in {STUB} there, a column an attribute, and rename it to {table.name}"
        raise NiwtError("no attributes.csv and no captions", where=table.parent, fix=fix)
    match_all(classes, captions, where=table.parent / "captions", fix="add <class>.txt for each, or an attributes.csv")
    return Knowledge("captions", classes, (), np.zeros((len(classes), 0), dtype=np.float32)), ()


def _write_stub(path: Path, classes: Sequence[str]) -> bool:
    """Writes a table of the classes without values, unless one is there already; whether there is one now."""
    if path.exists():
        return True
    text = io.StringIO(newline="")
    csv.writer(text).writerows(
        [("class", "first attribute", "second attribute"), *((name, "", "") for name in classes)]
    )
    try:
        write_atomically(path, text.getvalue().encode("utf-8-sig"))
    except NiwtError:
        return False
    return True
