"""What the first visitor would wait for, made ready while the browser still loads: imports, the study, the first answer of every page."""

from __future__ import annotations

import gc
import threading
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

from niwt_core import NiwtError
from pages.components.shared.memory import spare_the_collector

# What the pages import, but for those that are named below.
MODULES = (
    "shared.cards", "start.first_run", "build.classes", "build.link", "build.editor", "measure.by_class", "dictionary.entry",
    "measure.measures", "classify.results", "measure.baselines", "measure.ground_truth", "classify.why",
    "studies.study_list", "studies.prepare",
)  # fmt: skip


@cache
def begin(folder: Path) -> threading.Thread:
    """Starts it for the study in ``folder``, once a process; a page that is asked for meanwhile waits for its own part only."""
    thread = threading.Thread(target=_prepare, args=(folder,), name="preload", daemon=True)
    thread.start()
    return thread


def _prepare(folder: Path) -> None:
    gc.disable()  # what is imported stays: searching it for garbage again and again is a quarter of the time
    try:
        with suppress(NiwtError):  # the page says what is wrong with the study
            _first_page(folder)
            spare_the_collector()
            _other_pages(folder)
    finally:
        gc.enable()
        spare_the_collector()


def _first_page(folder: Path) -> None:
    from pages.components.shared import session
    from pages.components.start import walkthrough

    study = session.shared_study(folder)
    for class_index in walkthrough.examples(study)[:1]:
        walkthrough.walkthrough_markup(study, class_index)


def _other_pages(folder: Path) -> None:
    from niwt_core import Classifier
    from niwt_core.explain.attribution import METHODS
    from pages.components.build import draft, editor_tables
    from pages.components.classify import reasons
    from pages.components.shared import drawing, intake, session, uploads

    for name in MODULES:
        import_module(f"pages.components.{name}")
    study = session.shared_study(folder)
    if study.knowledge.kind == "attributes":
        editor_tables.prepare(study)
        if drawing.can_draw(study):
            drawing.portrait(drawing.strongest(study, draft.Draft().values(study)))
    for item in intake.first_samples(study)[:1]:
        answer, key = Classifier(study).classify(study.gallery.jpeg(item)), uploads.sample_key(item)
        best, *others = [place.name for place in answer.ranking]
        reasons.map_of(answer, best, METHODS[0], key=key)
        reasons.explanation_of(answer, best, versus=others[0] if others else "", key=key)
