"""Pictures and words that a person gathers for a study, on disk from the first drop on: nothing is lost with the session.

images/<class>/*     the pictures, as `niwt prepare folder` reads them
unsorted/*           pictures whose class nobody has said yet
set.json             the words: attributes with a value for each class, sentences, which classes are held back
attributes.csv, captions/<class>.txt, unseen.txt    written from set.json when the study is prepared
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from niwt_core.errors import NiwtError
from niwt_core.files import unwritable, write_atomically
from niwt_core.images import check_image, image_hash

LONGEST_NAME = 80  # characters of a class
MOST_ATTRIBUTES = 200
_COUNT = re.compile(r"[\s_.\-]*\(?\d+\)?$")
_CAMERA = re.compile(
    r"(img|dsc[fn]?|dscn|pxl|mvimg|image|photo|picture|pic|p|screenshot|whatsapp image.*|unnamed|scan|download|untitled)?",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
_GENERIC = {"images", "pictures", "photos", "photographs", "train", "val", "test", "dcim", "camera"}


@dataclass
class Words:
    """What is said of the classes; ``kind``: "attributes" or "captions"."""

    kind: str = "attributes"
    attributes: list[str] = field(default_factory=list)
    values: dict[str, dict[str, float]] = field(default_factory=dict)
    sentences: dict[str, str] = field(default_factory=dict)
    held_back: list[str] = field(default_factory=list)
    described_only: list[str] = field(default_factory=list)


def class_of(name: str) -> str:
    """The class that a file's name says: "robin_03.jpg" and "robin/IMG_1.jpg" are robins; "IMG_1.jpg" says nothing: ""."""
    *folders, file = name.replace("\\", "/").split("/")
    if folders and folders[-1].casefold() not in _GENERIC and folders[-1] not in ("", ".", ".."):
        return clean_class(folders[-1])
    stem = file.rsplit(".", 1)[0]
    while (shorter := _COUNT.sub("", stem)) != stem:
        stem = shorter
    stem = " ".join(stem.replace("_", " ").split())
    return "" if _CAMERA.fullmatch(stem) else clean_class(stem)


def classes_of(names: Sequence[str]) -> list[str]:
    """`class_of` for files that came together: a folder that all of them lie in tells none apart, so then the names of the files do."""
    parents = {name.replace("\\", "/").rsplit("/", 1)[0] for name in names if "/" in name.replace("\\", "/")}
    if len(parents) == 1 and len(names) > 1 and all("/" in name.replace("\\", "/") for name in names):
        by_file = [class_of(name.replace("\\", "/").rsplit("/", 1)[-1]) for name in names]
        if len(set(by_file) - {""}) > 1:
            return by_file
    return [class_of(name) for name in names]


def clean_class(name: str) -> str:
    """A name as that of a folder: no separators, not hidden, composed letters."""
    plain = _FORBIDDEN.sub(" ", unicodedata.normalize("NFC", name))
    return " ".join(plain.split()).strip(" .")[:LONGEST_NAME]


class PictureSet:
    """The set in one folder, its words there too or in the file ``words_at``. Every change is on disk when it returns."""

    def __init__(self, root: Path, words_at: Path | None = None) -> None:
        self.root, self.words_at = root, words_at or root / "set.json"

    @property
    def pictures(self) -> list[tuple[Path, str]]:
        """(file, class) of every picture, by class and name; "" where nobody has said the class."""
        images = self.root / "images"
        folders = sorted(folder for folder in images.iterdir() if folder.is_dir()) if images.is_dir() else []
        sorted_ones = [(file, folder.name) for folder in folders for file in sorted(folder.iterdir()) if file.is_file()]
        unsorted = self.root / "unsorted"
        others = [(file, "") for file in sorted(unsorted.iterdir())] if unsorted.is_dir() else []
        return others + sorted_ones

    @property
    def counts(self) -> dict[str, int]:
        """Pictures of each class, without those that have none."""
        return dict(Counter(class_ for _, class_ in self.pictures if class_))

    @property
    def words(self) -> Words:
        """What is said of the classes by now."""
        try:
            values = json.loads(self.words_at.read_text(encoding="utf-8"))
            return Words(**values)
        except (OSError, ValueError, TypeError):
            return Words()

    def say(self, words: Words) -> None:
        """Keeps the words. Raises NiwtError where they cannot be written."""
        write_atomically(self.words_at, json.dumps(asdict(words), ensure_ascii=False).encode())

    @property
    def classes(self) -> list[str]:
        """Classes with pictures, then those that are known by words alone."""
        with_pictures = sorted(self.counts)
        return with_pictures + [name for name in self.words.described_only if name not in with_pictures]

    def add(self, files: Iterable[tuple[str, bytes]], class_: str = "") -> tuple[int, list[NiwtError]]:
        """Takes files (name, bytes) in, as pictures of ``class_`` or of what their names say.

        Returns how many are new, and what could not be read: the rest goes on. The same bytes in the same class are kept once.
        """
        files = list(files)
        names = [clean_class(class_)] * len(files) if class_ else classes_of([name for name, _ in files])
        errors: list[NiwtError] = []
        added = 0
        for (name, data), belongs in zip(files, names, strict=True):
            file = name.replace("\\", "/").rsplit("/", 1)[-1]
            stem, _, suffix = clean_class(file).rpartition(".")
            target = self._folder(belongs) / f"{stem or 'picture'}-{image_hash(data)[:8]}.{suffix.lower()}"
            if target.exists():
                continue
            try:
                write_atomically(target, data)
                check_image(target)
                added += 1
            except NiwtError as error:
                target.unlink(missing_ok=True)
                _remove_if_empty(target.parent)
                errors.append(NiwtError(error.what, where=name, fix=error.fix))
        return added, errors

    def assign(self, changes: Mapping[Path, str]) -> None:
        """Moves pictures to the classes that a person typed; "" takes a picture's class away. Raises NiwtError."""
        for file, class_ in changes.items():
            folder = self._folder(clean_class(class_))
            try:
                folder.mkdir(parents=True, exist_ok=True)
                file.replace(folder / file.name)
            except OSError as error:
                raise unwritable(folder, error) from None
            _remove_if_empty(file.parent)

    def remove(self, files: Iterable[Path]) -> None:
        """Takes pictures out."""
        for file in files:
            file.unlink(missing_ok=True)
            _remove_if_empty(file.parent)

    def clear(self) -> None:
        """Begins anew."""
        shutil.rmtree(self.root, ignore_errors=True)

    def write_tables(self, root: Path | None = None) -> None:
        """Writes what is said of the classes as `niwt prepare folder` reads it, into ``root`` or the set's own folder. Raises NiwtError."""
        root, words, classes = root or self.root, self.words, self.classes
        if words.kind == "attributes":
            text = io.StringIO(newline="")
            rows = [
                [name, *(f"{words.values.get(name, {}).get(one, 0.0):g}" for one in words.attributes)]
                for name in classes
            ]
            header = [name.replace(": ", "::") for name in words.attributes]  # values of one group: "color: red"
            csv.writer(text).writerows([["class", *header], *rows])
            write_atomically(root / "attributes.csv", text.getvalue().encode())
        else:
            (root / "attributes.csv").unlink(missing_ok=True)
            for name in classes:
                write_atomically(root / "captions" / f"{name}.txt", words.sentences.get(name, "").strip().encode())
        unseen = [name for name in classes if name in words.held_back or name not in self.counts]
        if unseen:
            write_atomically(root / "unseen.txt", "".join(f"{name}\n" for name in unseen).encode())
        else:
            (root / "unseen.txt").unlink(missing_ok=True)

    def move_to(self, root: Path) -> PictureSet:
        """The set in a folder of its own. Raises NiwtError where something is there already."""
        if root.exists():
            raise NiwtError("something is there already", where=root, fix="give the study another name")
        try:
            root.parent.mkdir(parents=True, exist_ok=True)
            self.root.replace(root)
        except OSError as error:
            raise unwritable(root, error) from None
        return PictureSet(root)

    def _folder(self, class_: str) -> Path:
        return self.root / "images" / class_ if class_ else self.root / "unsorted"


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
