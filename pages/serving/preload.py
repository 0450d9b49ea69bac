"""What the first visitor would wait for, made ready while the browser still loads: imports, the study, the first answer of every page."""

from __future__ import annotations

import gc
import threading
from functools import cache
from pathlib import Path

from niwt_core import NiwtError
from pages.components.memory import spare_the_collector


@cache
def begin(folder: Path) -> threading.Thread:
    """Starts it for the study in ``folder``, once a process; a page that is asked for meanwhile waits for its own part only."""
    thread = threading.Thread(target=_prepare, args=(folder,), name="preload", daemon=True)
    thread.start()
    return thread


def _prepare(folder: Path) -> None:
    gc.disable()  # what is imported stays: searching it for garbage again and again is a quarter of the time
    try:
        _first_page(folder)
        spare_the_collector()
        _other_pages(folder)
    except NiwtError:
        pass  # the page says what is wrong with the study
    finally:
        gc.enable()
        spare_the_collector()


def _first_page(folder: Path) -> None:
    from pages.components import cards, first_run, session, story  # noqa: F401

    study = session.shared_study(folder)
    for class_index in story.examples(study)[:1]:
        story.story_markup(study, class_index)
    cards.sample_species(study)


def _other_pages(folder: Path) -> None:
    from niwt_core import Classifier
    from niwt_core.attribution import class_map
    from niwt_core.compat import ensure_torchvision
    from pages.components import by_class, drawing, entry, intake, measures, results, rivals, session, truths, why  # noqa: F401
    from pages.components.board import classes, link, tables, workbench  # noqa: F401
    from pages.components.board.draft import Draft

    study = session.shared_study(folder)
    if study.knowledge.kind == "attributes":
        tables.prepare(study)
        if drawing.can_draw(study):
            drawing.portrait(drawing.strongest(study, Draft().values(study)))
    samples = intake.first_samples(study)
    if samples:
        answer = Classifier(study).classify(study.gallery.jpeg(samples[0]))
        explanation = answer.explain()
        ensure_torchvision()
        class_map(study.network, answer.picture, answer.classifier.candidate(explanation.name).row)
