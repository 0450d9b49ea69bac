"""The commands that ask a prepared study."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from niwt_core.cli.output import write_json, write_line, write_table
from niwt_core.errors import NiwtError, shown

if TYPE_CHECKING:
    from niwt_core.classify.answer import Answer
    from niwt_core.classify.classifier import Classifier

StudyFolder = Annotated[Path, typer.Argument(metavar="STUDY", help="folder of a prepared study")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on stdout")]
With = Annotated[
    list[Path] | None, typer.Option("--with", metavar="RECIPE", help="a recipe to build a class from; may be repeated")
]


def info(study: StudyFolder, json: AsJson = False) -> None:
    """What a study holds, and the layers that could be its dictionary."""
    from niwt_core import load_study

    opened = load_study(study)
    layers = [vars(layer) for layer in opened.network.layer_table(opened.preprocess.size)]
    status = [neuron.trust for neuron in opened.neurons]
    facts = {
        "study": opened.name,
        "study_id": opened.id,
        "seen_classes": int(opened.seen.sum()),
        "unseen_classes": int((~opened.seen).sum()),
        "pictures": len(opened.labels),
        "knowledge": opened.knowledge.kind if opened.texts is None else f"attributes+{opened.texts.knowledge.kind}",
        "attributes": len(opened.knowledge.names),
        "backbone": opened.network.name,
        "layer": opened.network.layer,
        "neurons": len(opened.neurons),
        "verified": status.count("verified"),
        "weak": status.count("weak"),
        "contested": status.count("contested"),
        "gamma": opened.gamma,
        "split_hash": opened.split_hash,
        "seed": opened.seed,
    }
    classes = [
        {"class": name, "seen": bool(seen), "predictability": opened.predictability.get(name)}
        for name, seen in zip(opened.classes, opened.seen, strict=True)
    ]
    if json:
        write_json(
            {
                **facts,
                "layers": layers,
                "classes": classes,
                "attribute_names": list(opened.knowledge.names),
                "provenance": opened.provenance,
            }
        )
        return
    for key, value in facts.items():
        write_line(f"{key:<15} {value}")
    write_line()
    write_table(("layer", "neurons", "height", "width"), [tuple(layer.values()) for layer in layers])


def classify(
    study: StudyFolder,
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="pictures")],
    with_: With = None,
    top: Annotated[int, typer.Option(min=1, help="how many classes to show")] = 5,
    json: AsJson = False,
) -> None:
    """Ranks seen, unseen and built classes for each picture, says what is seen in it, and whether it is like the study's pictures at all."""
    from niwt_core.explain.detector import sightings
    from niwt_core.explain.sentence import UNFAMILIAR
    from niwt_core.study.temperature import temperature_of

    unreadable = _unreadable(images)
    readable = [path for path in images if path not in unreadable]
    if not readable:
        raise next(iter(unreadable.values()))
    classifier = classifier_for(study, [], with_)
    results: list[dict[str, Any]] = []
    failed: list[tuple[Path, NiwtError]] = []
    for path, answer in _answers(classifier, images, unreadable):
        if isinstance(answer, NiwtError):
            results.append({"image": shown(path), "error": str(answer)})
            failed.append((path, answer))
            continue
        ranking = [
            {"class": item.name, "kind": item.kind, "score": item.score, "probability": item.probability}
            for item in answer.ranking[:top]
        ]
        results.append(
            {
                "image": shown(path),
                "class": answer.best.name,
                "kind": answer.best.kind,
                "familiar": answer.familiar,
                "novelty": answer.novelty,
                **sightings(answer.classifier.study, answer.picture),
                "ranking": ranking,
            }
        )
        if not json:
            write_line(f"{shown(path)}" if answer.familiar else f"{shown(path)}: {UNFAMILIAR}")
            write_table(
                ("  class", "kind", "probability", "score"),
                [(f"  {item.display}", item.kind, item.probability, item.score) for item in answer.ranking[:top]],
            )
    if len(failed) == len(images):
        raise failed[0][1]
    if json:
        opened = classifier.study
        write_json(
            {
                "study": opened.name,
                "study_id": opened.id,
                "gamma": classifier.gamma,
                "temperature": temperature_of(opened),
                "results": results,
            }
        )
    else:
        for path, error in failed:
            write_line(f"{shown(path)}: {error.what}")
    if failed:
        what = f"{len(failed)} of {len(images)} pictures could not be read, the others are answered"
        raise NiwtError(what, where=failed[0][0], fix=f"it says {failed[0][1].what!r}")


def _unreadable(images: list[Path]) -> dict[Path, NiwtError]:
    """The pictures whose header cannot be read, with the reason."""
    from niwt_core.images import check_image

    found: dict[Path, NiwtError] = {}
    for path in images:
        try:
            check_image(path)
        except NiwtError as error:
            found[path] = error
    return found


def _answers(
    classifier: Classifier, images: list[Path], unreadable: dict[Path, NiwtError]
) -> Iterator[tuple[Path, Answer | NiwtError]]:
    """Each picture's answer, or why there is none: a picture that is damaged behind its header costs no other its answer."""
    waiting = list(images)
    while waiting:
        if waiting[0] in unreadable:
            yield waiting[0], unreadable[waiting.pop(0)]
            continue
        together = list(takewhile(lambda path: path not in unreadable, waiting))
        try:
            for answer in classifier.classify_many(together):
                yield waiting.pop(0), answer
        except NiwtError:  # somewhere in the batch that begins here
            path = waiting.pop(0)
            try:
                yield path, classifier.classify(path)
            except NiwtError as error:
                yield path, error


def explain(
    study: StudyFolder,
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="a picture")],
    out: Annotated[Path, typer.Option(help="folder for the report")],
    class_: Annotated[str | None, typer.Option("--class", help="the class to explain; the best one by default")] = None,
    with_: With = None,
    json: AsJson = False,
) -> None:
    """Explains a class for a picture: maps, neurons, words, a sentence; writes a report."""
    from niwt_core.report import explanation_json, write_report

    answer = classifier_for(study, [image], with_).classify(image)
    explanation = answer.explain(class_)
    files = write_report(answer, explanation, out)
    if json:
        write_json(
            {
                "image": shown(image),
                **explanation_json(answer, explanation),
                "out": str(out),
                "files": [path.name for path in files],
            }
        )
        return
    write_line(explanation.sentence)
    write_line(f"report in {out / 'report.html'}")


def classifier_for(study: Path, images: list[Path], recipes: list[Path] | None) -> Classifier:
    """The study's classifier with the recipes' classes; pictures and recipes are checked first, since opening a study is what takes time."""
    from niwt_core import load_study, read_recipe
    from niwt_core.images import check_image

    for path in images:
        check_image(path)
    described = [read_recipe(path) for path in recipes or []]
    classifier = load_study(study).classifier()
    for recipe in described:
        classifier.add_recipe(recipe)
    return classifier
