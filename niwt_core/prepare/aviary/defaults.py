"""How the shipped study of the Aviary is made: what is drawn, and the network that is pre-trained for it.

The network never meets a species before its linear head is fitted, and ridge, decay, mu and gamma are chosen on folds of the seen ones. That it is
pre-trained at all was decided after an earlier study, trained on the seen species alone, had been measured on the unseen ones too.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from niwt_core.data.aviary.dataset import drawn_with, is_aviary, write_aviary


@dataclass(frozen=True)
class AviaryDefaults:
    """A backbone with its dictionary layer and input size (pixels), the random birds it is pre-trained on and how often
    it sees them, the arguments of `write_aviary`, and in how many groups each species' description errs (`with_wrong_words`).

    ``detector_birds``: random birds for attribute detectors alone, where the network comes from elsewhere."""

    backbone: str
    layer: str
    size: int
    random_birds: int
    pretraining_epochs: int
    drawing: dict[str, int]
    wrong_groups: int = 0
    detector_birds: int = 2000


def aviary_defaults(*, seed: int = 0, hard: bool = False) -> AviaryDefaults:
    """What `niwt prepare aviary` does unless told otherwise; ``hard``: what `--hard` does, so that methods can be ranked (see docs/aviary.md)."""
    usual = AviaryDefaults(
        backbone="small_resnet",
        layer="stages.2",
        size=128,
        random_birds=9000,
        pretraining_epochs=8,
        drawing={"per_seen": 60, "per_seen_test": 20, "per_unseen_test": 30, "size": 128, "seed": seed},
    )
    return replace(usual, drawing={**usual.drawing, "per_seen": 8}, wrong_groups=4) if hard else usual


def pictures_folder(out: Path) -> Path:
    """Where the pictures of a study at `out` are drawn: beside it, hidden."""
    return out.parent / f".{out.name}.pictures"


def random_birds_folder(out: Path) -> Path:
    """Where the random birds and the pre-trained weights of a study at `out` are kept while it is made."""
    return out.parent / f".{out.name}.random-birds"


def draw_pictures(
    out: Path,
    *,
    seed: int = 0,
    hard: bool = False,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, dict[str, int]]:
    """Draw the default pictures of a study at `out`: (their folder, what its provenance must say under "aviary").

    Interrupted, it goes on where it stopped; what an interrupted run left with another seed or an older program is drawn anew.
    """
    root, drawing = pictures_folder(out), aviary_defaults(seed=seed, hard=hard).drawing
    if root.exists() and not is_aviary(root, **drawing):
        shutil.rmtree(root)
    write_aviary(root, **drawing, workers=workers, progress=progress)
    return root, drawn_with(root)


def remove_pictures(out: Path) -> None:
    """Remove what was drawn once the study is there: it can draw each of its pictures again."""
    shutil.rmtree(pictures_folder(out), ignore_errors=True)
    shutil.rmtree(random_birds_folder(out), ignore_errors=True)
