"""The published `.mat` files of zero-shot learning (xlsa17: Xian et al., 2018, arXiv 1707.00600).

`att` is (features, classes), its columns in the order of the file's own `allclasses_names`: match by name, never by
position. `*_loc` are 1-based rows of the list of pictures that the features were made from (`image_files` of
res101.mat).
"""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import numpy as np

from niwt_core.errors import NiwtError
from niwt_core.knowledge.class_names import listing, match_all

_FIX = "take the file from the xlsa17 archive"
LONGEST_READ = 120.0  # seconds; res101.mat of CUB takes one


@dataclass(frozen=True, eq=False)
class ClassVectors:
    """Vectors of named classes: `raw` and `unit` are (C, K) float32 (`raw` is None if the file has only `att`)."""

    path: Path
    classes: tuple[str, ...]
    unit: np.ndarray
    raw: np.ndarray | None

    def rows(self, classes: Sequence[str]) -> np.ndarray:
        """(len(classes),) int64 row of each class, by name. Raises NiwtError if one is missing."""
        names = match_all(classes, self.classes, where=self.path, fix="give the file of this data set")
        return np.array([self.classes.index(names[class_]) for class_ in classes], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class ProposedSplit:
    """0-based rows of the pictures of each part. `train` and `validation` share out the seen classes, or are empty."""

    trainval: np.ndarray
    test_seen: np.ndarray
    test_unseen: np.ndarray
    train: np.ndarray
    validation: np.ndarray

    @property
    def pictures(self) -> int:
        return len(self.trainval) + len(self.test_seen) + len(self.test_unseen)


def read_class_vectors(path: Path) -> ClassVectors:
    """`att` and `original_att` of a file such as att_splits.mat or sent_splits.mat, one row a class."""
    content = _load(path, "att", "original_att", "allclasses_names")
    classes = _strings(path, _need(path, content, "allclasses_names"))
    unit = _matrix(path, _need(path, content, "att"), len(classes))
    raw = _matrix(path, content["original_att"], len(classes)) if "original_att" in content else None
    return ClassVectors(path, classes, unit, raw)


def read_proposed_split(path: Path) -> ProposedSplit:
    """The `*_loc` rows of att_splits.mat. Raises NiwtError if they overlap or leave gaps."""
    names = ("trainval_loc", "test_seen_loc", "test_unseen_loc")
    content = _load(path, *names, "train_loc", "val_loc")
    split = ProposedSplit(
        *(_rows(path, _need(path, content, name)) for name in names),
        *(_rows(path, content.get(name, np.zeros(0, dtype=int))) for name in ("train_loc", "val_loc")),
    )
    rows = np.concatenate([split.trainval, split.test_seen, split.test_unseen])
    if not np.array_equal(np.sort(rows), np.arange(len(rows))):
        raise NiwtError("the split does not name every picture once", where=path, fix=_FIX)
    return split


def read_picture_list(path: Path) -> tuple[str, ...]:
    """`image_files` of res101.mat as "class folder/file name", in the order that `*_loc` count."""
    files = _strings(path, _need(path, _load(path, "image_files"), "image_files"))
    return tuple("/".join(PurePosixPath(file.replace("\\", "/")).parts[-2:]) for file in files)


class _Reader:
    """The program that reads `.mat` files, started when it is first needed and again after it was ended by a file."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.process: subprocess.Popen[str] | None = None

    def __call__(self, path: Path, names: Sequence[str]) -> Mapping[str, np.ndarray]:
        with self._lock, TemporaryDirectory(prefix="niwt-mat-") as folder:
            out = Path(folder) / "variables.npz"
            answer = self._ask(json.dumps({"path": str(path.resolve()), "names": list(names), "out": str(out)}))
            if answer is None:
                raise NiwtError("not a MATLAB file (it ends its reader)", where=path, fix=_FIX)
            if answer.get("kind") == "version":
                raise NiwtError(answer["what"], where=path, fix="save it with -v7")
            if answer:
                raise NiwtError(f"not a MATLAB file ({answer['what']})", where=path, fix=_FIX)
            with np.load(out, allow_pickle=False) as variables:
                return {name: variables[name] for name in variables.files}

    def stop(self) -> None:
        """Ends the program, if it runs."""
        if self.process is not None:
            self.process.kill()
            with self.process:  # closes its pipes, and waits
                pass
            self.process = None

    def _ask(self, request: str) -> dict[str, str] | None:
        """The answer, or None where the reader was ended by the file or took too long."""
        if self.process is None or self.process.poll() is not None:
            self.stop()
            program = Path(__file__).with_name("matlab_reader.py")
            self.process = subprocess.Popen(
                [sys.executable, "-P", str(program)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        process = self.process
        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(LONGEST_READ, process.kill)
        timer.start()
        try:
            process.stdin.write(request + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            self.stop()
            return None
        reply: dict[str, str] = json.loads(line)
        return reply


read_in_child = _Reader()
atexit.register(read_in_child.stop)


def read_variables(path: Path, *names: str) -> Mapping[str, np.ndarray]:
    """Those of the named variables that a file has, read in a process of its own. Raises NiwtError."""
    return _load(path, *names)


def _load(path: Path, *names: str) -> Mapping[str, np.ndarray]:
    if not path.is_file():
        raise NiwtError("no such file", where=path, fix="check the path")
    return read_in_child(path, names)


def _need(path: Path, content: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    if name not in content:
        raise NiwtError(f"no {name} in the file", where=path, fix=_FIX)
    return np.asarray(content[name])


def _strings(path: Path, cells: np.ndarray) -> tuple[str, ...]:
    """A column of cells that each hold one string."""
    if cells.dtype.kind != "U":
        raise NiwtError("a cell that is not a string", where=path, fix=_FIX)
    strings = [str(text).strip() for text in cells.ravel()]
    repeated = [text for text, count in Counter(strings).items() if count > 1]
    if repeated:
        raise NiwtError(f"{listing(repeated)} appears more than once", where=path, fix=_FIX)
    return tuple(strings)


def _matrix(path: Path, att: np.ndarray, classes: int) -> np.ndarray:
    """(C, K) float32 from the file's (K, C)."""
    if att.dtype.kind not in "fiu" or att.ndim != 2 or att.shape[1] != classes:
        raise NiwtError(f"att of shape {att.shape} for {classes} classes", where=path, fix="give (features, classes)")
    if not np.isfinite(att).all():
        raise NiwtError("att has values that are not numbers", where=path, fix=_FIX)
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(att.T, dtype=np.float32)
    if not np.isfinite(single).all():
        raise NiwtError("att has values beyond single precision", where=path, fix=_FIX)
    return single


def _rows(path: Path, locations: np.ndarray) -> np.ndarray:
    valid = locations.dtype.kind in "iuf" and bool(((locations >= 1) & (locations <= 2**31)).all())  # NaN is neither
    if not valid:
        raise NiwtError("picture numbers that are not counted from 1", where=path, fix=_FIX)
    return locations.ravel().astype(np.int64) - 1
