"""Small sets drawn in plain colours, written in the layouts that the readers know."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat


def draw(path: Path, colour: tuple[int, int, int] = (90, 120, 30), size: tuple[int, int] = (12, 10)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def cells(names: Sequence[str]) -> np.ndarray:
    """A MATLAB column of cells of strings."""
    column = np.empty((len(names), 1), dtype=object)
    column[:, 0] = names
    return column


CUB_CLASSES = ("001.Black_footed_Albatross", "002.Laysan_Albatross", "003.Sooty_Albatross", "004.Groove_billed_Ani",
               "005.Crested_Auklet", "006.Least_Auklet")  # fmt: skip
CUB_USED = (1, 2, 4, 6)  # class numbers with pictures
CUB_UNSEEN = (4,)
CUB_ATTRIBUTES = ("has_crown_color::red", "has_crown_color::black", "has_size::small")


def cub_percentages() -> np.ndarray:
    """(6 classes, 3 attributes), each value its own."""
    return np.arange(18, dtype=float).reshape(6, 3) * 5


def write_cub(root: Path) -> None:
    """CUB in miniature: 4 of 6 classes, 5 pictures each, ids with gaps, columns of the .mat shuffled."""
    base, xlsa17 = root / "CUB_200_2011", root / "xlsa17"
    pictures = [
        (10 * number + i, number, f"{CUB_CLASSES[number - 1]}/Bird_{i}.jpg") for number in CUB_USED for i in range(5)
    ]
    for _, number, path in pictures:
        draw(base / "images" / path, (40 * number, 0, 0))
    for folder in ("parts", "attributes"):
        (base / folder).mkdir()
    xlsa17.mkdir()

    def write(name: str, lines: Sequence[str]) -> None:
        (base / name).write_text("\n".join(lines) + "\n")

    write("images.txt", [f"{id_} {path}" for id_, _, path in pictures])
    write("classes.txt", [f"{c + 1} {name}" for c, name in enumerate(CUB_CLASSES)])
    # The other files list pictures in another order, as nothing says that they may not.
    write("image_class_labels.txt", [f"{id_} {number}" for id_, number, _ in reversed(pictures)])
    write("train_test_split.txt", [f"{id_} {int(id_ % 10 < 3)}" for id_, _, _ in reversed(pictures)])
    write("bounding_boxes.txt", [f"{id_} {i % 3}.0 1.0 4.0 5.0" for i, (id_, _, _) in enumerate(pictures)])
    write("parts/parts.txt", ["1 back", "2 left eye"])
    write(
        "parts/part_locs.txt",
        [f"{id_} {part} {id_ % 7}.5 {part}.0 {part - 1}" for id_, _, _ in pictures for part in (1, 2)],
    )
    write("../attributes.txt", [f"{k + 1} {name}" for k, name in enumerate(CUB_ATTRIBUTES)])
    write("attributes/class_attribute_labels_continuous.txt", [" ".join(map(str, row)) for row in cub_percentages()])
    (xlsa17 / "testclasses.txt").write_text("".join(f"{CUB_CLASSES[number - 1]}\n" for number in CUB_UNSEEN))
    (xlsa17 / "trainvalclasses.txt").write_text("".join(f"{CUB_CLASSES[number - 1]}\n" for number in (1, 2, 3, 5, 6)))
    save_splits(xlsa17 / "att_splits.mat", cub_split(pictures), CUB_CLASSES, cub_percentages())


def cub_split(pictures: Sequence[tuple[int, int, str]]) -> Mapping[str, list[int]]:
    """1-based rows: the first 4 pictures of each seen class train; class 2 is the validation class."""
    rows = list(enumerate(pictures, start=1))
    return {
        "trainval_loc": [row for row, (id_, number, _) in rows if number not in CUB_UNSEEN and id_ % 10 < 4],
        "test_seen_loc": [row for row, (id_, number, _) in rows if number not in CUB_UNSEEN and id_ % 10 >= 4],
        "test_unseen_loc": [row for row, (_, number, _) in rows if number in CUB_UNSEEN],
        "train_loc": [row for row, (_, number, _) in rows if number in (1, 6)],
        "val_loc": [row for row, (_, number, _) in rows if number == 2],
    }


def save_splits(path: Path, split: Mapping[str, Sequence[int]], classes: Sequence[str], table: np.ndarray) -> None:
    """An att_splits.mat whose columns are in an order of their own."""
    order = np.random.default_rng(3).permutation(len(classes))
    table = table[order].T  # (K, C)
    content = {name: np.array(rows, dtype=np.uint16)[:, None] for name, rows in split.items()}
    unit = table / np.maximum(np.linalg.norm(table, axis=0), 1e-9)
    savemat(
        path, {**content, "att": unit, "original_att": table, "allclasses_names": cells([classes[c] for c in order])}
    )


def write_folder(root: Path) -> None:
    """The user's own set: 3 classes of 5 pictures, one unseen."""
    for c, class_ in enumerate(("blue_fish", "red_fish", "striped_fish")):
        for i in range(5):
            draw(root / "images" / class_ / f"{i}.png", (80 * c, 10 * i, 0))
    (root / "attributes.csv").write_text(
        "class,color::red,color::blue,striped\nred_fish,1,0,0\nblue_fish,0,1,0\nstriped_fish,1,1,1\n"
    )
    (root / "unseen.txt").write_text("striped_fish\n")
