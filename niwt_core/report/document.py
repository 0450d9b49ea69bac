"""The report of an explanation: one HTML page that needs nothing else, and reads on paper, on a phone, by day and by night."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from niwt_core.classify.answer import Answer
from niwt_core.explain.attribution import Method
from niwt_core.explain.contrast import contrast_classes
from niwt_core.explain.explanation import Explanation
from niwt_core.explain.parts import Contrast
from niwt_core.report.figures import METHOD_MEANING, METHOD_NAMES, Figures, jpeg_uri, make_figures
from niwt_core.report.fragments import best_places, longest_part, longest_word, waterfall
from niwt_core.report.numbers import number
from niwt_core.report.rendering import render
from niwt_core.report.sightings import legend, sightings
from niwt_core.report.stylesheet import page_style
from niwt_core.report.wording import ENGLISH, Wording

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
    best = explanation.name == answer.best.name
    built = answer.classifier.built.get(explanation.name) if explanation.kind == "built" else None
    return render(
        "explanation.jinja",
        style=page_style(),
        kicker="Choose Your Neuron: an explanation",
        title=f"Why {explanation.display}?" if best else f"Could it be {explanation.display}?",
        lead=explanation.sentence,
        explanation=explanation,
        plates=_plates(drawn),
        thumbnails=drawn.thumbnails,
        **_ranking(answer, explanation),
        **_neurons(explanation),
        marks=legend(),
        sightings=sightings(explanation.observations) if explanation.observations else None,
        longest_word=longest_word(explanation.words),
        **_contrast(answer, explanation),
        picture_name=picture_name,
        study=answer.classifier.study,
        gamma=answer.classifier.gamma,
        recipe="" if built is None else built.recipe.to_yaml().strip(),
    )


def _plates(drawn: Figures) -> list[dict[str, str]]:
    plates = [("The picture", "pale where the network did not look", drawn.picture)]
    plates += [(METHOD_NAMES[method], METHOD_MEANING[method], image) for method, image in drawn.maps.items()]
    return [
        {"name": name, "meaning": meaning, "source": jpeg_uri(image, side=PLATE)} for name, meaning, image in plates
    ]


def _ranking(answer: Answer, explanation: Explanation) -> dict[str, Any]:
    return {
        "shown": best_places(answer.ranking, chosen=explanation.name),
        "kinds": [kind for kind in ("seen", "unseen", "built") if any(item.kind == kind for item in answer.ranking)],
        "ranking_about": f"The best of {len(answer.ranking)} classes, each with its probability. Calibration takes γ = "
        f"{number(answer.classifier.gamma)} from the score of every class that was trained on photographs.",
    }


def _neurons(explanation: Explanation) -> dict[str, Any]:
    return {
        "longest_part": longest_part([*explanation.supporting, *explanation.opposing]),
        "neurons_about": f"What each neuron adds to the score of {number(explanation.score, sign=True)}, measured from the average training "
        "picture, with the places where it is active. Names are hypotheses: how well the test of names bears them out is said beside each.",
    }


def _contrast(answer: Answer, explanation: Explanation) -> dict[str, Any]:
    contrast = explanation.contrast
    if contrast is None:
        return {"contrast": None}
    if contrast.margin >= 0:
        about = f"{contrast.name} is ahead by {number(contrast.margin)}. This is what the picture holds against {contrast.versus}."
    else:
        about = f"{contrast.versus} is ahead by {number(-contrast.margin)}. This is what the picture still holds against it."
    turning = contrast if contrast.margin >= 0 else seen_from_runner_up(answer, contrast)
    change = None
    if turning.counterfactual:
        steps, zero = waterfall(turning)
        change = {"about": what_would_change(turning), "steps": steps, "zero": zero}
    return {
        "contrast": contrast,
        "contrast_about": about,
        "longest_contrast_word": longest_word(contrast.words),
        "longest_contrast_part": longest_part(contrast.neurons),
        "change": change,
    }


def seen_from_runner_up(answer: Answer, contrast: Contrast) -> Contrast:
    """The same contrast from the other side: what holds the runner-up up, and which of its words would have to change."""

    classifier = answer.classifier
    return contrast_classes(answer, classifier.candidate(contrast.versus), classifier.candidate(contrast.name))


def counterfactual_about(contrast: Contrast, *, wording: Wording = ENGLISH) -> str:
    """`what_would_change`, escaped."""
    return escape(what_would_change(contrast, wording=wording))


def what_would_change(contrast: Contrast, *, wording: Wording = ENGLISH) -> str:
    """What the steps of a counterfactual mean."""
    named = {"name": contrast.name, "versus": contrast.versus}
    count = len(contrast.counterfactual)
    changed = (
        wording.fixed(
            "{count} words of the description of {name} changed to what {versus} has",
            count=count,
            **named,
        )
        if count > 1
        else wording.fixed("one word of the description of {name} changed to what {versus} has", **named)
    )
    if contrast.is_level:
        return wording.fixed("With {changed}, the two would be level: nothing else parts them.", changed=changed)
    if contrast.flips:
        return wording.fixed("With {changed}, {versus} would come first.", changed=changed, **named)
    return wording.fixed(
        "Even with {changed}, {name} would stay ahead: the rest was learned from photographs, or no word carries it.",
        changed=changed,
        **named,
    )
