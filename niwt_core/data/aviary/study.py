"""How the shipped study of the Aviary is made: what is drawn, which network learns it, and how long.

Every figure here was chosen on seen species alone, on networks that had never met the ten of them that played the unseen ones.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from niwt_core.data.aviary.dataset import drawn_with, write_aviary
from niwt_core.training import TrainingSettings


@dataclass(frozen=True)
class AviaryDefaults:
    """A backbone with its dictionary layer and input size (pixels), its training, and the arguments of `write_aviary`."""

    backbone: str
    layer: str
    size: int
    training: TrainingSettings
    drawing: dict[str, int]
    fold_networks: int = 1


def aviary_defaults(*, seed: int = 0) -> AviaryDefaults:
    """What `niwt prepare aviary` does unless told otherwise."""
    return AviaryDefaults(
        backbone="small_resnet",
        layer="stages.2",
        size=128,
        training=TrainingSettings(
            epochs=10,
            batch=32,
            rate=0.03,
            head_rate=0.03,
            decay=5e-4,
            smallest_crop=0.7,
            seed=seed,
            batch_statistics=True,
            attribute_loss=33.0,
        ),
        drawing={"per_seen": 100, "per_seen_test": 20, "per_unseen_test": 30, "size": 128, "seed": seed},
    )


def pictures_folder(out: Path) -> Path:
    """Where the pictures of a study at `out` are drawn: beside it, hidden."""
    return out.parent / f".{out.name}.pictures"


def draw_pictures(
    out: Path, *, seed: int = 0, workers: int = 2, progress: Callable[[int, int], None] | None = None
) -> tuple[Path, dict[str, int]]:
    """Draw the default pictures of a study at `out`: (their folder, what its provenance must say under "aviary").

    Interrupted, it goes on where it stopped. Raises NiwtError if the folder holds another Aviary.
    """
    root = pictures_folder(out)
    write_aviary(root, **aviary_defaults(seed=seed).drawing, workers=workers, progress=progress)
    return root, drawn_with(root)


def remove_pictures(out: Path) -> None:
    """Remove the drawn pictures once the study is there: it can draw each of them again."""
    shutil.rmtree(pictures_folder(out), ignore_errors=True)
