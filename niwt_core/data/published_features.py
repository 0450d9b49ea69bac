"""The published feature files of zero-shot learning (xlsa17: Xian et al., 2018): res101.mat and att_splits.mat of AWA, CUB, SUN, aPY; no picture.

`features` is (D, pictures), `labels` counts classes of `allclasses_names` from 1, and `*_loc` count the pictures from 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from niwt_core.data.dataset import Dataset
from niwt_core.data.matlab import ClassVectors, read_class_vectors, read_proposed_split, read_variables
from niwt_core.data.splits import picture_split
from niwt_core.data.text_tables import read_list, read_numbered
from niwt_core.errors import NiwtError
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.scales import common_scale

FEATURES, SPLITS = "res101.mat", "att_splits.mat"
NAMES = ("attributes.txt", "predicates.txt", "attribute_names.txt", "attributes.mat")  # CUB, AwA, aPY, SUN
_FIX = "take both files from one archive"


def read_features(root: Path, *, split_dir: Path | None = None) -> tuple[Dataset, np.ndarray]:
    """(set of pictures that are not there, their features (n,D) float32).

    Attributes are `original_att` where the file has it, else `att`; their names those of attributes.txt (CUB), predicates.txt (AwA),
    attribute_names.txt (aPY) or attributes.mat (SUN) if one of them lies there or one folder up, else their numbers.

    Args:
        root: the folder that holds res101.mat and att_splits.mat, such as xlsa17/data/SUN.
        split_dir: where att_splits.mat is, if it is elsewhere.

    Raises:
        NiwtError: on a file that is missing or does not fit the other.
    """
    root = Path(root)
    features_file, split_file = root / FEATURES, Path(split_dir or root) / SPLITS
    vectors, split = read_class_vectors(split_file), read_proposed_split(split_file)
    features, labels, paths = _pictures(features_file, len(vectors.classes))
    if split.pictures > len(features):
        what = f"a split of {split.pictures} pictures for {len(features)} features"
        raise NiwtError(what, where=split_file, fix=_FIX)
    chosen = np.sort(
        np.concatenate([split.trainval, split.test_seen, split.test_unseen])
    )  # which are 0 .. pictures - 1
    features, labels, paths = features[chosen], labels[chosen], [paths[i] for i in chosen]
    kept = np.unique(labels)
    local = np.searchsorted(kept, labels)
    seen, train = picture_split(split, local, len(kept), where=split_file)
    classes = tuple(vectors.classes[c] for c in kept)
    validation = np.setdiff1d(local[split.validation], local[split.train])
    knowledge, notices = _knowledge(vectors, kept, classes, (root, split_file.parent, root.parent))
    dataset = Dataset(
        name=f"{root.resolve().name} features",
        root=root,
        classes=classes,
        seen=seen,
        paths=tuple(paths),
        labels=local,
        train=train,
        knowledge=knowledge,
        validation_classes=tuple(classes[c] for c in validation),
        split_source=f"Proposed Split, {SPLITS}",
        notices=notices,
    )
    return dataset, features


def _pictures(path: Path, classes: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """((n,D) features, (n,) classes counted from 0, n names)."""
    content = read_variables(path, "features", "labels", "image_files")
    for name in ("features", "labels"):
        if name not in content:
            raise NiwtError(f"no {name} in the file", where=path, fix=_FIX)
    features, labels = np.asarray(content["features"]), np.asarray(content["labels"]).ravel()
    if features.dtype.kind not in "fiu" or features.ndim != 2 or features.shape[1] != len(labels):
        what = f"features of shape {features.shape} for {len(labels)} labels"
        raise NiwtError(what, where=path, fix="give (features, pictures)")
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(features.T, dtype=np.float32)  # (n, D)
    if not np.isfinite(single).all() or np.abs(single).max(initial=0.0) > np.finfo(np.float16).max:
        raise NiwtError("features that are not numbers, or beyond half precision", where=path, fix=_FIX)
    if labels.dtype.kind not in "fiu" or not ((labels >= 1) & (labels <= classes)).all():
        raise NiwtError(f"labels that are not 1 to {classes}", where=path, fix=_FIX)
    return single, labels.astype(np.int64) - 1, _names(content.get("image_files"), len(labels))


def _names(files: np.ndarray | None, count: int) -> list[str]:
    """ "class folder/file name" of each picture, or its number where the file does not name them apart."""
    if files is not None and files.dtype.kind == "U" and files.size == count:
        names = ["/".join(PurePosixPath(str(file).strip().replace("\\", "/")).parts[-2:]) for file in files.ravel()]
        if len(set(names)) == count and all(names):
            return names
    return [f"picture {i + 1}" for i in range(count)]


def _knowledge(
    vectors: ClassVectors, rows: np.ndarray, classes: tuple[str, ...], folders: Sequence[Path]
) -> tuple[Knowledge, tuple[str, ...]]:
    """The attribute table of the classes, on one scale; AwA writes -1 where nobody was asked: taken as 0, as in its own table."""
    values = np.asarray(vectors.unit if vectors.raw is None else vectors.raw, np.float64)[rows]
    notices: tuple[str, ...] = ()
    if vectors.raw is not None and values.min(initial=0.0) == -1 and values.max(initial=0.0) > 1:
        values = values.clip(0)
    listed = next((folder / name for folder in folders for name in NAMES if (folder / name).is_file()), None)
    names = tuple(f"attribute {k + 1}" for k in range(values.shape[1])) if listed is None else _listed(listed)
    if len(names) != values.shape[1]:
        raise NiwtError(f"{len(names)} attribute names for {values.shape[1]} columns", where=listed, fix=_FIX)
    if listed is None:
        notices = (f"attributes have numbers for names: put {', '.join(NAMES[:-1])} or {NAMES[-1]} beside {SPLITS}",)
    common = common_scale(names, values)
    return Knowledge("attributes", classes, names, common.values, common.scale), (*notices, *common.notices)


def _listed(path: Path) -> tuple[str, ...]:
    """Names of attributes: one a line, with or without a number before it, or SUN's attributes.mat."""
    if path.suffix == ".mat":
        names = read_variables(path, "attributes").get("attributes")
        if names is None or names.dtype.kind != "U":
            raise NiwtError("no attributes in the file", where=path, fix="take it from the SUN attribute database")
        return tuple(str(name).strip() for name in names.ravel())
    lines = read_list(path)
    numbered = all(line.split()[0].isdigit() and len(line.split()) > 1 for line in lines)
    return tuple(read_numbered(path).values()) if numbered else lines
