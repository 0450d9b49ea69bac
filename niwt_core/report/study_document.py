"""The report of a study: what it is, how good it is, where it errs, what its neurons are, and how to make it again. One page, no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from niwt_core.data.registry import SOURCES
from niwt_core.evaluation.metrics import Metrics
from niwt_core.knowledge.class_names import display_name
from niwt_core.report.numbers import percentage
from niwt_core.report.rendering import render
from niwt_core.report.study_classes import classes, mistakes
from niwt_core.report.study_measures import balance, methods
from niwt_core.report.study_neurons import dictionary
from niwt_core.report.stylesheet import page_style
from niwt_core.study.evaluate import Evaluation, evaluate
from niwt_core.study.study import Study


def study_report_html(study: Study, evaluation: Evaluation | None = None) -> str:
    """The page as text, the same for the same study. ``evaluation``: one that is there already, with baselines if they are to be shown."""
    measured = evaluation or evaluate(study)
    title = SOURCES[study.name].title if study.name in SOURCES else display_name(study.name)
    return render(
        "study.jinja",
        style=page_style("study"),
        kicker="Choose Your Neuron: a study",
        title=title,
        page_title=f"{title}: a study",
        lead=_lead(study, measured.metrics),
        cards=_cards(measured.metrics),
        study=study,
        balance=balance(study, measured),
        methods=methods(measured),
        classes=classes(study, measured),
        mistakes=mistakes(study, measured),
        neurons=dictionary(study),
        origin=_origin(study),
    )


def _lead(study: Study, metrics: Metrics) -> str:
    knowledge = study.knowledge
    by = f"by {len(knowledge.names)} attributes" if knowledge.kind == "attributes" else f"by {knowledge.kind}"
    return (
        f"A network, {study.network.name}, was shown pictures of {len(study.seen_classes)} classes. "
        f"{len(study.unseen_classes)} more were only described to it, {by}, and got their classifiers from the "
        f"{len(study.neurons)} neurons of {study.network.layer}. On pictures held back, told from all classes at once, "
        f"it is right on {percentage(metrics.S)} of those it was shown and on {percentage(metrics.U)} of those it was told about."
    )


def _cards(metrics: Metrics) -> list[dict[str, Any]]:
    cards = (
        ("H", metrics.H, "harmonic mean of U and S: high only if both are"),
        ("U", metrics.U, "unseen classes, among all classes"),
        ("S", metrics.S, "seen classes, among all classes"),
        ("ZSL", metrics.zsl, "unseen classes among themselves, the easier question"),
    )
    return [{"name": name, "value": value, "meaning": meaning} for name, value, meaning in cards]


def _origin(study: Study) -> dict[str, Any]:
    """``about``, the ``command`` that made the study (empty: none was noted), and ``rows`` of (name, value, code after it)."""
    provenance, choices = dict(study.provenance), study.choices
    settings = cast(Mapping[str, Any], provenance.get("settings") or {})
    training = cast(Mapping[str, Any] | None, settings.get("training"))
    trained = f"fine-tuned on the seen classes for {training.get('epochs')} epochs" if training else "frozen"
    probes = f"over {settings.get('probe_count', 'some')} pictures ({settings.get('probes', 'seen')})"
    counts = {part: f"{int((study.split == part).sum()):,}" for part in ("train", "test_seen", "test_unseen")}
    skipped = cast(Sequence[Any], provenance.get("skipped") or ())
    command = str(provenance.get("command", ""))
    chosen = {"ridge": study.mapping.ridge, "decay": choices.decay, "μ": choices.mu, "γ": choices.gamma}
    about = "The command that made the study. The same set, weights and seed give the same split and choices."
    return {
        "about": about if command else "Made by the Python interface; no command was noted.",
        "command": command,
        "rows": [
            ("Study", study.name, study.id),
            ("Split", "", study.split_hash),
            ("Training pictures", counts["train"], ""),
            ("Test pictures", f"{counts['test_seen']} of seen classes, {counts['test_unseen']} of unseen ones", ""),
            ("Left out", f"{len(skipped)} pictures that could not be read" if skipped else "no picture", ""),
            ("Network", f"{study.network.name}, {trained}; input of {study.preprocess.size} pixels", ""),
            ("Dictionary", f"{len(study.neurons)} neurons of", study.network.layer),
            ("Operator", "none: the tail is global average pooling" if study.operator is None else probes, ""),
            ("Chosen on seen classes", ", ".join(f"{name} {value:.3g}" for name, value in chosen.items()), ""),
            ("Seed", f"{study.seed}", ""),
        ],
    }
