"""The commands that ask a prepared study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from niwt_core.cli.output import write_json, write_line, write_table
from niwt_core.errors import shown

if TYPE_CHECKING:
    from niwt_core.classify.classifier import Classifier

StudyFolder = Annotated[Path, typer.Argument(metavar="STUDY", help="folder of a prepared study")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on stdout")]
With = Annotated[
    list[Path] | None, typer.Option("--with", metavar="RECIPE", help="a recipe to build a class from; may be repeated")
]
Without = Annotated[
    list[str] | None,
    typer.Option(
        "--without",
        metavar="CLASS",
        help="a described class that shall not compete; may be repeated; `described`: all of them",
    ),
]
ALL_DESCRIBED = "described"


def info(study: StudyFolder, json: AsJson = False) -> None:
    """What a study holds, and the layers that could be its dictionary."""
    from niwt_core import load_study
    from niwt_core.knowledge.families import families

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
    family = {c: group.name for group in families(opened.knowledge) for c in group.classes}
    classes = [
        {
            "class": name,
            "seen": bool(seen),
            "predictability": opened.predictability.get(name),
            **({"family": family[c]} if family else {}),
        }
        for c, (name, seen) in enumerate(zip(opened.classes, opened.seen, strict=True))
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


def explain(
    study: StudyFolder,
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="a picture")],
    out: Annotated[
        Path | None, typer.Option(help="folder for the report; without it the sentence alone is printed")
    ] = None,
    class_: Annotated[str | None, typer.Option("--class", help="the class to explain; the best one by default")] = None,
    with_: With = None,
    without: Without = None,
    json: AsJson = False,
) -> None:
    """Explains a class for a picture: maps, neurons, words, a sentence; with --out as a report."""
    from niwt_core.report import explanation_json, write_report

    answer = classifier_for(study, [image], with_, without).classify(image)
    explanation = answer.explain(class_)
    files = write_report(answer, explanation, out) if out else []
    if json:
        write_json(
            {
                "image": shown(image),
                **explanation_json(answer, explanation),
                "out": str(out) if out else None,
                "files": [path.name for path in files],
            }
        )
        return
    write_line(explanation.sentence)
    if out:
        write_line(f"report in {out / 'report.html'}")


def classifier_for(
    study: Path, images: list[Path], recipes: list[Path] | None, without: list[str] | None = None
) -> Classifier:
    """The study's classifier with the recipes' classes, and without some described ones; pictures and recipes are checked first, since opening
    a study is what takes time."""
    from niwt_core import load_study, read_recipe
    from niwt_core.images import check_image

    for path in images:
        check_image(path)
    described = [read_recipe(path) for path in recipes or []]
    classifier = load_study(study).classifier()
    names = without or []
    classifier.switch_off(classifier.offered if ALL_DESCRIBED in names else names)
    for recipe in described:
        classifier.add_recipe(recipe)
    return classifier
