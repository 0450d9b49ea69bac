"""The commands that take a study further: export it, compare its layers, report on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from niwt_core.cli.commands import AsJson, StudyFolder, With, Without, classifier_for
from niwt_core.cli.output import progress_bar, write_json, write_line, write_table
from niwt_core.errors import NiwtError


def export(
    study: StudyFolder,
    out: Annotated[Path, typer.Option(help="file to write: .pt2 (torch.export) or .onnx")],
    with_: With = None,
    without: Without = None,
    calibrated: Annotated[
        bool, typer.Option("--calibrated/--raw", help="gamma taken from seen logits inside the file, or not")
    ] = True,
    json: AsJson = False,
) -> None:
    """Writes the classifier as one file that runs without this program, and checks that it gives the same logits."""
    from niwt_core.classify.export import export as export_classifier

    done = export_classifier(classifier_for(study, [], with_, without), out, calibrated=calibrated)
    kinds = [label["kind"] for label in done.labels]
    result = {
        "out": str(done.path),
        "format": done.format,
        "bytes": done.path.stat().st_size,
        "classes": len(kinds),
        **{kind: kinds.count(kind) for kind in ("seen", "unseen", "built")},
        "calibrated": done.calibrated,
        "gamma": done.gamma,
        "input": ["batch", 3, done.size, done.size],
        "checked_pictures": done.pictures,
        "deviation": done.deviation,
        "tolerance": done.tolerance,
    }
    if json:
        write_json(result)
        return
    write_line(f"{done.path}: {len(kinds)} classes, uint8 pixels (batch, 3, {done.size}, {done.size}) in, logits out")
    write_line(
        f"{'calibrated' if done.calibrated else 'raw'} logits, gamma {done.gamma:.4g}; read back on {done.pictures} pictures: "
        f"largest difference {done.deviation:.2g} of {done.tolerance:.2g} allowed"
    )


def compare_layers(
    study: StudyFolder,
    root: Annotated[
        Path | None, typer.Option(help="folder of the study's pictures; the Aviary's are drawn again without it")
    ] = None,
    layer: Annotated[list[str] | None, typer.Option(help="a layer to compare; may be repeated")] = None,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="every decay and all folds, as prepare does: ten times as long")
    ] = False,
    json: AsJson = False,
) -> None:
    """Fits the dictionary at several depths; the study is not changed, and no test picture chooses."""
    from niwt_core import load_study
    from niwt_core.prepare.compare_layers import compare_layers
    from niwt_core.prepare.layer_figures import comparison_json
    from niwt_core.prepare.memory import keep_large_blocks
    from niwt_core.study.pictures import study_pictures

    keep_large_blocks()
    opened = load_study(study)
    for name in layer or []:
        opened.network.at(name)  # a name that there is not is said before anything is drawn
    with progress_bar() as report:
        drawing = study_pictures(opened, root, progress=lambda done, total: report("drawing pictures", done, total))
        with drawing as dataset:
            comparison = compare_layers(opened, dataset, layers=layer or (), thorough=thorough, progress=report)
    result = comparison_json(opened, comparison)
    if json:
        write_json(result)
        return
    keys = (
        "layer",
        "neurons",
        "predictability",
        "live",
        "verified",
        "shuffled",
        "cross_validated_H",
        "U",
        "S",
        "H",
        "zsl",
    )
    header = ("layer", "neurons", "predictable", "live", "verified %", "shuffled %", "folds H", "U", "S", "H", "ZSL")
    marks = {item["layer"]: "*" * (item["layer"] == comparison.recommended) for item in result["layers"]}
    rows = [(f"{item['layer']}{marks[item['layer']]}", *(item[key] for key in keys[1:])) for item in result["layers"]]
    write_table(header, rows)
    write_line(
        f"* best on the {comparison.folds} folds of seen classes, which alone choose; the study has {comparison.current}. "
        "U, S, H and ZSL are of test pictures."
    )
    if comparison.optimistic:
        write_line(
            "The network was trained on all seen classes: the figures of folds are optimistic, since it has met the classes that they hold out."
        )


def report(
    study: StudyFolder,
    out: Annotated[Path, typer.Option(help="HTML file to write")],
    baselines: Annotated[
        bool, typer.Option("--baselines", help="also the baselines, on the same features and folds")
    ] = False,
    json: AsJson = False,
) -> None:
    """Writes one HTML page about a study: figures, classes, mistakes, neurons, provenance; it needs nothing else."""
    from niwt_core import load_study
    from niwt_core.prepare.memory import keep_large_blocks
    from niwt_core.report import write_study_report
    from niwt_core.study.evaluate import evaluate

    if out.is_dir():  # before the baselines run
        raise NiwtError("that is a folder", where=str(out), fix="give a file name for --out")
    keep_large_blocks()
    opened = load_study(study)
    with progress_bar() as bar:
        evaluation = evaluate(
            opened, baselines=baselines, on_baseline=lambda name, done, total: bar("fitting baselines", done, total)
        )
    write_study_report(opened, out, evaluation=evaluation)
    result = {
        "study": opened.name,
        "study_id": opened.id,
        "out": str(out),
        "bytes": out.stat().st_size,
        **{key: round(getattr(evaluation.metrics, key), 4) for key in ("U", "S", "H", "zsl")},
        "baselines": list(evaluation.baselines),
    }
    if json:
        write_json(result)
        return
    write_line(f"report of {opened.name} in {out} ({result['bytes'] / 1e6:.1f} MB)")
