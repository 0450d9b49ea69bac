"""The Aviary as a folder of pictures: written once, read like any other data set.

aviary.json             what was asked for
pictures.csv            one row a picture: path, species, role, seed, scene, attributes, visibility, caption
images/<species>/NNN.jpg
"""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from niwt_core.data.aviary.attributes import ATTRIBUTE_NAMES, PART_OF_GROUP, binary_attributes
from niwt_core.data.aviary.backdrop import HABITATS
from niwt_core.data.aviary.caption import IN_VIEW, caption
from niwt_core.data.aviary.drawing_pool import drawn
from niwt_core.data.aviary.picture_table import read_rows, row_of, rows_file, write_rows
from niwt_core.data.aviary.renderer import Picture, draw
from niwt_core.data.aviary.skeleton import POSES
from niwt_core.data.aviary.species import species
from niwt_core.data.dataset import Dataset
from niwt_core.errors import NiwtError
from niwt_core.knowledge.attributes import Knowledge

VERSION = 2
"""Of the drawings: raise it when the same seed gives another picture."""


@dataclass(frozen=True)
class Inputs:
    """What a folder holds: pictures of each seen species for training and test, of each unseen one for test."""

    per_seen: int
    per_seen_test: int
    per_unseen_test: int
    size: int
    seed: int
    version: int = VERSION

    def splits(self, seen: bool) -> list[str]:
        """Which split each picture of a species belongs to, in order."""
        if not seen:
            return ["test"] * self.per_unseen_test
        return ["train"] * self.per_seen + ["test"] * self.per_seen_test


def write_aviary(
    root: Path,
    *,
    per_seen: int = 80,
    per_seen_test: int = 20,
    per_unseen_test: int = 40,
    size: int = 128,
    seed: int = 0,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Draw a data set into the folder `root`; the same bytes whatever `workers` is.

    Interrupted, it goes on at the species where it stopped; finished, it returns at once. `progress(done, total)`
    counts pictures. `workers` are processes; 1 draws in this one. Raises NiwtError if the folder holds something else.
    """
    root = Path(root)
    options = Inputs(per_seen, per_seen_test, per_unseen_test, size, seed)
    _claim(root, options)
    if (root / "pictures.csv").exists():
        return
    counts = [len(options.splits(kind.seen)) for kind in species()]
    waiting = [i for i, kind in enumerate(species()) if not rows_file(root, kind.slug).exists()]
    done = sum(counts) - sum(counts[i] for i in waiting)
    for i in drawn(partial(_draw_species, root, options), waiting, workers=workers):
        done += counts[i]
        if progress:
            progress(done, sum(counts))
    rows = [row for kind in species() for row in read_rows(rows_file(root, kind.slug))]
    write_rows(root / "pictures.csv", rows)
    shutil.rmtree(root / "rows")


def is_aviary(root: Path, **asked: int) -> bool:
    """The folder holds what `write_aviary` would write there with these arguments, whole or in part."""
    try:
        return _plain_inputs(root) == Inputs(**asked)
    except NiwtError:
        return False


def read_aviary(root: Path) -> "Dataset":
    """A folder of `write_aviary` as a data set.

    Captions of a seen species are those of its training pictures; those of an unseen one are written from its
    attributes, as in a field guide, without a look at its pictures. `picture_attributes` is 1 where the bird has the
    value and the part that shows it is in view. Raises NiwtError if the folder is not complete.
    """

    root = Path(root)
    _plain_inputs(root)
    if not (root / "pictures.csv").exists():
        raise NiwtError("the Aviary has not been drawn to the end", where=root, fix="draw it again to complete it")
    rows, kinds = read_rows(root / "pictures.csv"), species()
    index = {kind.name: i for i, kind in enumerate(kinds)}
    classes = tuple(kind.name for kind in kinds)
    values = np.stack([binary_attributes(kind.attributes) for kind in kinds])  # (C, K)
    captions = {kind.name: _captions(kind.name, rows) or _field_notes(i) for i, kind in enumerate(kinds)}
    return Dataset(
        name="aviary",
        root=root,
        classes=classes,
        seen=np.array([kind.seen for kind in kinds]),
        paths=tuple(row["path"] for row in rows),
        labels=np.array([index[row["species"]] for row in rows], dtype=np.int64),
        train=np.array([row["role"] == "train" for row in rows]),
        knowledge=Knowledge(kind="attributes", classes=classes, names=ATTRIBUTE_NAMES, values=values),
        captions=captions,
        picture_attributes=np.stack([_in_view(row) for row in rows]),  # (n, K)
    )


def redraw(dataset: "Dataset", index: int, *, masks: bool = True) -> Picture:
    """Picture `index` of a data set of `read_aviary` drawn again from its seed, with the masks of its parts."""
    options = _plain_inputs(dataset.root)
    return redraw_path(dataset.paths[index], seed=options.seed, size=options.size, masks=masks)


def redraw_path(path: str, *, seed: int, size: int, masks: bool = True) -> Picture:
    """The picture at `path` ("images/<species>/NNN.jpg") of the data set of that `seed` and `size`, drawn again.

    It is the drawing itself, before JPEG. Raises NiwtError if there is no such species.
    """
    place = Path(path)
    labels = {kind.slug: label for label, kind in enumerate(species())}
    if place.parent.name not in labels or not place.stem.isdecimal():
        raise NiwtError(
            f"{path!r} is no picture of the Aviary", where="drawing it again", fix="prepare the study again"
        )
    label = labels[place.parent.name]
    seed = _picture_seed(seed, label, int(place.stem))
    return draw(species()[label].attributes, seed=seed, size=size, masks=masks)


def drawn_with(root: Path) -> dict[str, int]:
    """The seed, size and version that the pictures of a folder were drawn with: what `redraw_path` needs."""
    options = _plain_inputs(root)
    return {"seed": options.seed, "size": options.size, "version": options.version}


def _draw_species(root: Path, options: Inputs, i: int) -> int:
    kind = species()[i]
    folder = root / "images" / kind.slug
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, split in enumerate(options.splits(kind.seen)):
        picture = draw(kind.attributes, seed=_picture_seed(options.seed, i, number), size=options.size)
        path = folder / f"{number:03d}.jpg"
        picture.image.save(path, quality=92, subsampling=0)
        rows.append(row_of(picture, path.relative_to(root).as_posix(), kind.name, split))
    write_rows(rows_file(root, kind.slug), rows)  # last: its presence says that the species is complete
    return i


def _picture_seed(seed: int, label: int, number: int) -> int:
    return int(np.random.SeedSequence((seed, label, number)).generate_state(1, np.uint64)[0] >> 1)


def _in_view(row: Mapping[str, str]) -> np.ndarray:
    shown = {g: row[g] for g, part in PART_OF_GROUP.items() if float(row[f"visible {part}"]) >= IN_VIEW}
    return binary_attributes(shown)


def _captions(name: str, rows: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(row["caption"] for row in rows if row["species"] == name and row["role"] == "train")


def _field_notes(label: int, count: int = 40) -> tuple[str, ...]:
    scenes = [(POSES[k % len(POSES)], HABITATS[k % len(HABITATS)]) for k in range(count)]
    return tuple(
        caption(species()[label].attributes, seed=_picture_seed(0, label, k), pose=pose, habitat=habitat)
        for k, (pose, habitat) in enumerate(scenes)
    )


def _claim(root: Path, options: Inputs) -> None:
    if (root / "aviary.json").exists():
        if _plain_inputs(root) != options:
            fix = "choose another folder, or ask for the same numbers, size and seed"
            raise NiwtError("the folder holds another Aviary", where=root, fix=fix)
        return
    if root.exists() and any(root.iterdir()):
        raise NiwtError("the folder is not empty", where=root, fix="choose a new folder")
    root.mkdir(parents=True, exist_ok=True)
    _replace(root / "aviary.json", json.dumps(asdict(options), indent=1) + "\n")


def _plain_inputs(root: Path) -> Inputs:
    try:
        return Inputs(**json.loads((root / "aviary.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise NiwtError("this is not an Aviary", where=root / "aviary.json", fix="draw one first") from error


def _replace(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)
