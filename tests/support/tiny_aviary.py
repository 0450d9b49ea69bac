"""A study of the whole Aviary that a test can afford: all species at 32 pixels, two pictures each, one epoch of a network of its own."""

import atexit
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from niwt_core.backbones import load_backbone
from niwt_core.backbones.preprocess import Preprocess
from niwt_core.data.aviary.dataset import drawn_with, read_aviary, write_aviary
from niwt_core.prepare.prepare import Settings, prepare
from niwt_core.study.storage import is_study, load_study
from niwt_core.study.study import Study
from tests.support.quick import QUICK

SIZE = 32
SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "aviary"


@cache
def tiny_aviary() -> Study:
    """Seeded, frozen, prepared once a process."""
    folder = Path(mkdtemp(prefix="tiny-aviary-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    root = folder / "pictures"
    write_aviary(root, per_seen=2, per_seen_test=1, per_unseen_test=1, size=SIZE, workers=1)
    network, _ = load_backbone("small_resnet")
    preprocess = Preprocess(size=SIZE, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    provenance = {"aviary": drawn_with(root)}
    settings = Settings(probe_count=8, grid=QUICK)
    study = prepare(read_aviary(root), network, preprocess, folder / "study", settings=settings, provenance=provenance)
    shutil.rmtree(root)  # what follows must draw its own pictures
    return study


@cache
def shipped_aviary() -> Study:
    """The study that ships with the app, or skip."""
    if not is_study(SHIPPED):
        pytest.skip("assets/aviary has not been made yet: `niwt prepare aviary --out assets/aviary --seed 0`")
    return load_study(SHIPPED)


def described(study: Study, name: str) -> dict[str, str]:
    """A species as a person would describe it: group -> value."""
    row = study.knowledge.values[study.class_index(name)]
    return dict(study.knowledge.names[k].split("::") for k in np.flatnonzero(row))  # type: ignore[misc]
