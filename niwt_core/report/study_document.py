"""The report of a study: what it is, how good it is, where it errs, what its neurons are, and how to make it again. One page, no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, cast

from niwt_core.evaluation.metrics import Metrics
from niwt_core.knowledge.class_names import display_name
from niwt_core.report.fragments import percentage, section
from niwt_core.report.study_classes import classes, mistakes
from niwt_core.report.study_measures import balance, methods
from niwt_core.report.study_neurons import dictionary
from niwt_core.report.study_stylesheet import STUDY
from niwt_core.report.stylesheet import page_style
from niwt_core.study.evaluate import Evaluation, evaluate
from niwt_core.study.study import Study

TITLES = {"aviary": "The Aviary", "cub": "CUB-200-2011", "awa2": "Animals with Attributes 2"}


def study_report_html(study: Study, evaluation: Evaluation | None = None) -> str:
    """The page as text, the same for the same study. ``evaluation``: one that is there already, with runners-up if they are to be shown."""
    found = evaluation or evaluate(study)
    title = TITLES.get(study.name, display_name(study.name))
    sections = [
        balance(study, found),
        *methods(found),
        classes(study, found),
        mistakes(study, found),
        dictionary(study),
        _origin(study),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}: a study</title><style>{page_style()}{STUDY}</style></head><body><main>"
        f'<header><p class="kicker">Choose Your Neuron: a study</p><h1>{escape(title)}</h1>'
        f'<p class="lead">{_lead(study, found)}</p>{_headline(found.metrics)}</header>{"".join(sections)}</main></body></html>\n'
    )


def _lead(study: Study, found: Evaluation) -> str:
    words, kind = len(study.knowledge.names), study.knowledge.kind
    told = f"by {words} attributes" if kind == "attributes" else f"by {escape(kind)}"
    return (
        f"A network, {escape(study.network.name)}, was shown pictures of {len(study.seen_classes)} classes. "
        f"{len(study.unseen_classes)} more were only described to it, {told}, and got their classifiers from the "
        f"{len(study.neurons)} neurons of {escape(study.network.layer)}. On pictures held back, told from all classes at once, "
        f"it is right on {percentage(found.metrics.S)} of those it was shown and on {percentage(found.metrics.U)} of those it was told about."
    )


def _headline(result: Metrics) -> str:
    cards = (
        ("H", result.H, "harmonic mean of U and S: high only if both are"),
        ("U", result.U, "unseen classes, among all classes"),
        ("S", result.S, "seen classes, among all classes"),
        ("ZSL", result.zsl, "unseen classes among themselves, the easier question"),
    )
    cells = (
        f"<div><b>{percentage(value)}</b><span>{name}</span><small>{meaning}</small></div>"
        for name, value, meaning in cards
    )
    return f'<div class="st-figures">{"".join(cells)}</div>'


def _origin(study: Study) -> str:
    memory, choices = dict(study.provenance), study.choices
    settings = cast(Mapping[str, Any], memory.get("settings") or {})
    training = cast(Mapping[str, Any] | None, settings.get("training"))
    trained = f"fine-tuned on the seen classes for {training.get('epochs')} epochs" if training else "frozen"
    probes = f"over {settings.get('probe_count', 'some')} pictures ({settings.get('probes', 'seen')})"
    counts = {part: f"{int((study.split == part).sum()):,}" for part in ("train", "test_seen", "test_unseen")}
    skipped = cast(Sequence[Any], memory.get("skipped") or ())
    command = str(memory.get("command", ""))
    chosen = {"ridge": study.mapping.ridge, "decay": choices.decay, "μ": choices.mu, "γ": choices.gamma}
    rows = [
        ("Study", f"{escape(study.name)} <code>{escape(study.id)}</code>"),
        ("Split", f"<code>{escape(study.split_hash)}</code>"),
        ("Training pictures", counts["train"]),
        ("Test pictures", f"{counts['test_seen']} of seen classes, {counts['test_unseen']} of unseen ones"),
        ("Left out", f"{len(skipped)} pictures that could not be read" if skipped else "no picture"),
        ("Network", f"{escape(study.network.name)}, {trained}; input of {study.preprocess.size} pixels"),
        ("Dictionary", f"{len(study.neurons)} neurons of <code>{escape(study.network.layer)}</code>"),
        ("Operator", "none: the tail is global average pooling" if study.operator is None else escape(probes)),
        ("Chosen on seen classes", ", ".join(f"{name} {value:.3g}" for name, value in chosen.items())),
        ("Seed", f"{study.seed}"),
    ]
    facts = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
    if not command:
        return section("Made from", "Made by the Python interface; no command was noted.", f"<dl>{facts}</dl>")
    about = "The command that made the study. The same set, weights and seed give the same split and choices."
    return section("Made from", about, f'<pre class="st-command">{escape(command)}</pre><dl>{facts}</dl>')
