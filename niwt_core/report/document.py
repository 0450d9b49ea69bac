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
    wording: Wording = ENGLISH,
) -> str:
    """The page as text, in the language of ``wording``. ``figures``: those drawn already. Raises NiwtError on an unknown method."""
    drawn = figures or make_figures(answer, explanation, methods=methods)
    name = explanation.display
    best = explanation.name == answer.best.name
    built = answer.classifier.built.get(explanation.name) if explanation.kind == "built" else None
    return render(
        "explanation.jinja",
        style=page_style(),
        wording=wording,
        kicker=wording.fixed("Choose Your Neuron: an explanation"),
        title=wording.fixed("Why {name}?", name=name) if best else wording.fixed("Could it be {name}?", name=name),
        lead=wording.sentence(explanation.statements),
        explanation=explanation,
        plates=_plates(drawn, wording),
        thumbnails=drawn.thumbnails,
        **_ranking(answer, explanation, wording),
        **_neurons(explanation, wording),
        marks=legend(),
        sightings=sightings(explanation.observations, wording=wording) if explanation.observations else None,
        longest_word=longest_word(explanation.words),
        **_contrast(answer, explanation, wording),
        picture_name=picture_name,
        study=answer.classifier.study,
        gamma=answer.classifier.gamma,
        recipe="" if built is None else built.recipe.to_yaml().strip(),
    )


def _plates(drawn: Figures, wording: Wording) -> list[dict[str, str]]:
    plates = [(wording.fixed("The picture"), wording.fixed("pale where the network did not look"), drawn.picture)]
    plates += [
        (wording.fixed(METHOD_NAMES[method]), wording.fixed(METHOD_MEANING[method]), image)
        for method, image in drawn.maps.items()
    ]
    return [
        {"name": name, "meaning": meaning, "source": jpeg_uri(image, side=PLATE)} for name, meaning, image in plates
    ]


def _ranking(answer: Answer, explanation: Explanation, wording: Wording) -> dict[str, Any]:
    return {
        "shown": best_places(answer.ranking, chosen=explanation.name),
        "kinds": [kind for kind in ("seen", "unseen", "built") if any(item.kind == kind for item in answer.ranking)],
        "ranking_about": wording.fixed(
            "The best of {count} classes, each with its probability. Calibration takes γ = {gamma} from the score of every class that was "
            "trained on photographs.",
            count=len(answer.ranking),
            gamma=number(answer.classifier.gamma),
        ),
    }


def _neurons(explanation: Explanation, wording: Wording) -> dict[str, Any]:
    return {
        "longest_part": longest_part([*explanation.supporting, *explanation.opposing]),
        "neurons_about": wording.fixed(
            "What each neuron adds to the score of {score}, measured from the average training picture, with the places where it is active. "
            "Names are hypotheses: how well the test of names bears them out is said beside each.",
            score=number(explanation.score, sign=True),
        ),
    }


def _contrast(answer: Answer, explanation: Explanation, wording: Wording) -> dict[str, Any]:
    contrast = explanation.contrast
    if contrast is None:
        return {"contrast": None}
    turning = contrast if contrast.margin >= 0 else seen_from_runner_up(answer, contrast)
    change = None
    if turning.counterfactual:
        steps, zero = waterfall(turning, wording=wording)
        change = {"about": what_would_change(turning, wording=wording), "steps": steps, "zero": zero}
    return {
        "contrast": contrast,
        "contrast_about": lead(contrast, wording=wording),
        "longest_contrast_word": longest_word(contrast.words),
        "longest_contrast_part": longest_part(contrast.neurons),
        "change": change,
    }


def lead(contrast: Contrast, *, wording: Wording = ENGLISH) -> str:
    """Which of two classes is ahead, and by how much."""
    named = {"name": contrast.name, "versus": contrast.versus, "margin": number(abs(contrast.margin))}
    if contrast.margin >= 0:
        return wording.fixed("{name} is ahead by {margin}. This is what the picture holds against {versus}.", **named)
    return wording.fixed("{versus} is ahead by {margin}. This is what the picture still holds for {name}.", **named)


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
