"""The commands that ask a prepared study."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from niwt_core.cli.output import write_json, write_line, write_table
from niwt_core.errors import NiwtError

if TYPE_CHECKING:
    from niwt_core.classifier import Classifier

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
    status = [neuron.status for neuron in opened.neurons]
    facts = {
        "study": opened.name,
        "study_id": opened.id,
        "seen_classes": int(opened.seen.sum()),
        "unseen_classes": int((~opened.seen).sum()),
        "pictures": len(opened.labels),
        "knowledge": opened.knowledge.kind,
        "attributes": len(opened.knowledge.names),
        "backbone": opened.network.name,
        "layer": opened.network.layer,
        "neurons": len(opened.neurons),
        "verified": status.count("verified"),
        "weak": status.count("weak"),
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


def neurons(
    study: StudyFolder,
    attribute: Annotated[str | None, typer.Option(help="only neurons with this name")] = None,
    class_: Annotated[str | None, typer.Option("--class", help="the neurons that matter most to this class")] = None,
    top: Annotated[int | None, typer.Option(min=1, help="how many")] = None,
    json: AsJson = False,
) -> None:
    """The neuron dictionary: names, how far they can be trusted, and what they mean to a class."""
    from niwt_core import load_study
    from niwt_core.dictionary import class_importance
    from niwt_core.neurons import find_neurons

    opened = load_study(study)
    column = None
    if attribute is not None:
        if opened.knowledge.kind != "attributes":
            raise NiwtError(
                f"the study's knowledge is {opened.knowledge.kind}, its neurons have no names",
                where=str(study),
                fix="leave --attribute out",
            )
        column = opened.knowledge.names[opened.knowledge.column(attribute)]
    found = find_neurons(opened.neurons, attribute=column)
    importance = None
    if class_ is not None:
        importance = class_importance(opened, class_)
        found = tuple(sorted(found, key=lambda neuron: -float(importance[neuron.index])))
    rows = [
        {
            "neuron": neuron.index,
            "name": neuron.name,
            "attribute": neuron.attribute,
            "status": neuron.status,
            "auroc": round(neuron.auroc, 4),
            "p": neuron.p,
            "q": neuron.q,
            **({"importance": round(float(importance[neuron.index]), 6)} if importance is not None else {}),
        }
        for neuron in found[:top]
    ]
    if json:
        write_json(
            {
                "study": opened.name,
                "study_id": opened.id,
                "attribute": column,
                "class": class_,
                "found": len(found),
                "neurons": rows,
            }
        )
    elif rows:
        write_table(tuple(rows[0]), [tuple(row.values()) for row in rows])
    else:
        write_line("no neuron has this name")


def build(
    study: StudyFolder,
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE.yaml", help="the class to build")],
    out: Annotated[Path, typer.Option(help="safetensors file for the weights")],
    json: AsJson = False,
) -> None:
    """Builds a class from a recipe and writes its classifier weights."""
    from niwt_core import build_class, load_study, read_recipe

    if out.is_dir():
        raise NiwtError("that is a folder", where=str(out), fix="give a file name for --out")
    read = read_recipe(recipe)
    opened = load_study(study)
    built = build_class(opened, read)
    built.save(out, opened)
    result = {
        "name": built.name,
        "study_id": opened.id,
        "out": str(out),
        "norm": built.norm,
        "cosine": built.cosine,
        "paper_loss": built.paper_loss,
        "support": built.support,
        "nearest": [{"class": name, "cosine": value} for name, value in built.nearest],
        "top_neurons": [
            {"neuron": n, "name": opened.neurons[n].name, "importance": float(built.importances[n])}
            for n in built.importances.argsort(descending=True)[:10].tolist()
        ],
    }
    if json:
        write_json(result)
        return
    write_line(f"{built.name}: weights in {out}")
    write_line(
        f"norm {built.norm:.4g}, cosine reached {built.cosine:.4f}, paper loss {built.paper_loss:.4f}, support {built.support:.2f}"
    )
    write_line("most like " + ", ".join(f"{name} ({value:.2f})" for name, value in built.nearest[:3]))


def classify(
    study: StudyFolder,
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="pictures")],
    with_: With = None,
    top: Annotated[int, typer.Option(min=1, help="how many classes to show")] = 5,
    json: AsJson = False,
) -> None:
    """Ranks seen, unseen and built classes for each picture."""
    classifier = _classifier(study, images, with_)
    results = []
    for path, answer in zip(images, classifier.classify_many(images), strict=True):
        ranking = [
            {"class": item.name, "kind": item.kind, "score": item.score, "share": item.share}
            for item in answer.ranking[:top]
        ]
        results.append({"image": str(path), "class": answer.best.name, "kind": answer.best.kind, "ranking": ranking})
        if not json:
            write_line(f"{path}")
            write_table(
                ("  class", "kind", "share", "score"),
                [(f"  {item.display}", item.kind, item.share, item.score) for item in answer.ranking[:top]],
            )
    if json:
        opened = classifier.study
        write_json({"study": opened.name, "study_id": opened.id, "gamma": classifier.gamma, "results": results})


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

    answer = _classifier(study, [image], with_).classify(image)
    explanation = answer.explain(class_)
    files = write_report(answer, explanation, out)
    if json:
        write_json(
            {
                "image": str(image),
                **explanation_json(answer, explanation),
                "out": str(out),
                "files": [path.name for path in files],
            }
        )
        return
    write_line(explanation.sentence)
    write_line(f"report in {out / 'report.html'}")


def evaluate(
    study: StudyFolder,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="also the closed-form rivals, on the same features and folds")
    ] = False,
    json: AsJson = False,
) -> None:
    """Generalised zero-shot accuracy of a study: U, S, H, ZSL, AUSUC."""
    from niwt_core import load_study
    from niwt_core.allocator import keep_large_blocks
    from niwt_core.evaluation_report import to_json

    keep_large_blocks()
    opened = load_study(study)
    truth = None
    if opened.kind == "aviary":  # the one place where names, words and maps can be held against the truth
        from niwt_core.truth import measure_truth
        from niwt_core.truth_lines import truth_lines

        truth = measure_truth(opened)
    result = to_json(opened, opened.evaluate(baselines=baselines), truth=truth)
    if json:
        write_json(result)
        return
    rows = [("NIWT", *(result[key] for key in ("U", "S", "H", "zsl", "gamma")))]
    rows += [
        (name, *(row[key] for key in ("U", "S", "H", "zsl", "gamma"))) for name, row in result["baselines"].items()
    ]
    write_table(("", "U", "S", "H", "ZSL", "gamma"), rows)
    write_line(
        f"AUSUC {result['ausuc']:.3f}, {result['seen_classes']} seen and {result['unseen_classes']} unseen classes, "
        f"split {result['split_hash']}, seed {result['seed']}"
    )
    if truth is not None:
        for line in truth_lines(truth):
            write_line(line)


def run_app(
    study: Annotated[
        Path | None, typer.Argument(metavar="[STUDY]", help="a study; the shipped Aviary by default")
    ] = None,
    port: Annotated[int | None, typer.Option(help="port of the server")] = None,
) -> None:
    """Opens the app in the browser."""
    from niwt_core.storage import is_study

    script = Path(__file__).resolve().parents[2] / "app.py"
    if not script.is_file():
        raise NiwtError(
            "app.py is not beside the engine", where=str(script.parent), fix="run it from a checkout of the project"
        )
    environment = dict(os.environ)
    if study is not None:
        if not is_study(study):
            raise NiwtError("no study there", where=str(study), fix="make one with `niwt prepare`, or check the path")
        environment["NIWT_STUDY"] = str(study.resolve())
    command = [sys.executable, "-m", "streamlit", "run", str(script), *(["--server.port", str(port)] if port else [])]
    raise SystemExit(subprocess.call(command, env=environment, cwd=script.parent))


def _classifier(study: Path, images: list[Path], recipes: list[Path] | None) -> Classifier:
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
