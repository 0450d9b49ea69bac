"""The report: one HTML page that needs nothing else, and reads on paper, on a phone, by day and by night."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from niwt_core.classify.answer import Answer
from niwt_core.explain.attribution import Method
from niwt_core.explain.contrast import contrast_classes
from niwt_core.explain.explanation import Explanation
from niwt_core.explain.parts import Contrast
from niwt_core.report.figures import METHOD_MEANING, METHOD_NAMES, Figures, jpeg_uri, make_figures
from niwt_core.report.fragments import (
    attribute_bars,
    chip,
    counterfactual_steps,
    neuron_list,
    number,
    percent,
    ranking_bars,
    section,
)
from niwt_core.report.sightings import sighting_legend, sighting_list
from niwt_core.report.stylesheet import page_style

PLATE = 560  # pixels of a large picture's side


def report_html(
    answer: Answer,
    explanation: Explanation,
    *,
    methods: Sequence[Method] = ("grad-cam",),
    picture_name: str = "",
    figures: Figures | None = None,
) -> str:
    """The page as text. ``figures``: those drawn already. Raises NiwtError on an unknown method."""
    drawn = figures or make_figures(answer, explanation, methods=methods)
    title = (
        f"Why {explanation.display}?" if explanation.name == answer.best.name else f"Could it be {explanation.display}?"
    )
    sections = [
        _plates(drawn, explanation),
        _ranking(answer, explanation),
        _neurons(explanation, drawn),
        _sights(explanation),
        _words(explanation),
        *_contrast(answer, explanation, drawn),
        _origin(answer, explanation, picture_name),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{page_style()}</style></head><body><main>"
        f'<header><p class="kicker">Choose Your Neuron: an explanation</p><h1>{escape(title)}</h1>'
        f'<p class="lead">{escape(explanation.sentence)}</p></header>{"".join(sections)}</main></body></html>\n'
    )


def _plates(drawn: Figures, explanation: Explanation) -> str:
    plates = [("What the network saw", "the centred square of the picture", drawn.square)]
    plates += [(METHOD_NAMES[method], METHOD_MEANING[method], image) for method, image in drawn.maps.items()]
    figures = (
        f'<figure><img src="{jpeg_uri(image, side=PLATE)}" alt="{escape(name)} for {escape(explanation.display)}">'
        f"<figcaption><b>{name}</b>: {meaning}</figcaption></figure>"
        for name, meaning, image in plates
    )
    return f'<div class="plates">{"".join(figures)}</div>'


def _ranking(answer: Answer, explanation: Explanation) -> str:
    about = (
        f"The best of {len(answer.ranking)} classes, each with its probability. Calibration takes γ = {number(answer.classifier.gamma)} "
        "from the score of every class that was trained on photographs."
    )
    kinds = [kind for kind in ("seen", "unseen", "built") if any(item.kind == kind for item in answer.ranking)]
    legend = " &ensp; ".join(chip(kind) for kind in kinds)
    bars = ranking_bars(answer.ranking, chosen=explanation.name)
    body = f'<div class="narrow">{bars}<p class="nr-small">{legend}</p></div>'
    return section("What else it could be", about, body)


def _neurons(explanation: Explanation, drawn: Figures) -> str:
    parts = [*explanation.supporting, *explanation.opposing]
    longest = max((abs(part.contribution) for part in parts), default=1.0)
    columns = "".join(
        f"<div><h3>{title}</h3>{neuron_list(side, drawn.thumbnails, longest=longest, empty=empty)}</div>"
        for title, side, empty in (
            (f"For {escape(explanation.display)}", explanation.supporting, "No neuron speaks for it."),
            (f"Against {escape(explanation.display)}", explanation.opposing, "No neuron speaks against it."),
        )
    )
    about = (
        f"What each neuron adds to the score of {number(explanation.score, sign=True)}, measured from the average training picture, with the places "
        "where it is active. Names are hypotheses: how well held-out pictures bear them out is said beside each."
    )
    return section("The neurons that spoke", about, f'<div class="columns">{columns}</div>')


def _sights(explanation: Explanation) -> str:
    if not explanation.observations:
        return ""
    about = f"Each word of its description, looked for in this picture: {sighting_legend()}."
    return section("Is it there?", about, f'<div class="narrow">{sighting_list(explanation.observations)}</div>')


def _words(explanation: Explanation) -> str:
    if not explanation.words:
        return ""
    about = "Read back from the class's neurons, whatever the picture: standard deviations above the average class."
    return section(
        "What this class stands for", about, f'<div class="narrow">{attribute_bars(explanation.words)}</div>'
    )


def _contrast(answer: Answer, explanation: Explanation, drawn: Figures) -> list[str]:
    contrast = explanation.contrast
    if contrast is None:
        return []
    runner_up = escape(contrast.versus)
    if contrast.margin >= 0:
        about = f"{escape(contrast.name)} is ahead by {number(contrast.margin)}. This is what the picture holds against {runner_up}."
    else:
        about = f"{runner_up} is ahead by {number(-contrast.margin)}. This is what the picture still holds against it."
    words = (
        attribute_bars(contrast.words) if contrast.words else '<p class="nr-none">No word tells them apart here.</p>'
    )
    neurons = neuron_list(contrast.neurons, drawn.thumbnails, empty="None.")
    body = f'<div class="columns"><div><h3>Words</h3>{words}</div><div><h3>Neurons</h3>{neurons}</div></div>'
    sections = [section(f"Why not {runner_up}?", about, body)]
    turning = contrast if contrast.margin >= 0 else seen_from_runner_up(answer, contrast)
    if turning.counterfactual:
        sections.append(
            section(
                "What would have to change",
                counterfactual_about(turning),
                f'<div class="narrow">{counterfactual_steps(turning)}</div>',
            )
        )
    return sections


def seen_from_runner_up(answer: Answer, contrast: Contrast) -> Contrast:
    """The same contrast from the other side: what holds the runner-up up, and which of its words would have to change."""

    classifier = answer.classifier
    return contrast_classes(answer, classifier.candidate(contrast.versus), classifier.candidate(contrast.name))


def counterfactual_about(contrast: Contrast) -> str:
    """What the steps of ``flip_steps`` mean, escaped."""
    count = f"{len(contrast.counterfactual)} words" if len(contrast.counterfactual) > 1 else "one word"
    changed = f"{count} of the description of {escape(contrast.name)} changed to what {escape(contrast.versus)} has"
    if contrast.flips:
        return f"With {changed}, {escape(contrast.versus)} would come first."
    return f"Even with {changed}, {escape(contrast.name)} would stay ahead: the rest was learned from photographs, or no word carries it."


def _origin(answer: Answer, explanation: Explanation, picture_name: str) -> str:
    study, classifier = answer.classifier.study, answer.classifier
    rows = [("Picture", escape(picture_name)), ("Study", f"{escape(study.name)} <code>{study.id}</code>")]
    rows += [("Network", f"{escape(study.network.name)}, neurons of <code>{escape(study.network.layer)}</code>")]
    rows += [
        ("Split", f"<code>{study.split_hash}</code>"),
        ("Calibration γ", f"{classifier.gamma:.4g} (the study's own: {study.gamma:.4g})"),
    ]
    rows += [("Score and share", f"{number(explanation.score, sign=True)}, {percent(explanation.probability)}")]
    rows += [
        (
            "Average picture",
            f"scores {number(explanation.baseline, sign=True)}; neurons miss {abs(explanation.residual):.2g} of the difference",
        )
    ]
    built = classifier.built.get(explanation.name) if explanation.kind == "built" else None
    if built is not None:
        rows.append(("Built from", f"<pre>{escape(built.recipe.to_yaml().strip())}</pre>"))
    return section(
        "Made from", "", "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows if value) + "</dl>"
    )
