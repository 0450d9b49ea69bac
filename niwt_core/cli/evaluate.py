"""``niwt evaluate``: the figures of a study, beside baselines, CLIP, the paper's loop and ground truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from niwt_core.cli.commands import AsJson, StudyFolder
from niwt_core.cli.output import Report, write_json, write_line, write_table
from niwt_core.errors import NiwtError

if TYPE_CHECKING:
    from niwt_core.audit.audits import Audits
    from niwt_core.study.clip_result import ClipResult
    from niwt_core.study.study import Study


def evaluate(
    study: StudyFolder,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="also the baselines, on the same features, folds and calibration")
    ] = False,
    clip: Annotated[
        str | None, typer.Option(metavar="MODEL", help="also CLIP, a reference: hub id or folder of its weights")
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(
            help="folder of the study's pictures, for --clip and for CUB's parts; the Aviary's are drawn again"
        ),
    ] = None,
    gamma: Annotated[
        bool,
        typer.Option("--gamma", help="the published protocol: one gamma for all described classes, no stolen share"),
    ] = False,
    splits: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="divide the study's own classes anew N times, refit, and compare all methods"
        ),
    ] = 0,
    described: Annotated[
        float, typer.Option(min=0.05, max=0.8, help="for --splits: fraction of the classes that is described")
    ] = 1 / 3,
    work: Annotated[
        Path | None,
        typer.Option(help="for --splits: folder of finished divisions, to go on from; beside the study unless said"),
    ] = None,
    photos: Annotated[
        Path | None, typer.Option(help="labelled photographs, for a study of a trained classifier that keeps none")
    ] = None,
    outside: Annotated[
        Path | None, typer.Option(metavar="DIR", help="photographs of other things, which the study should refuse")
    ] = None,
    json: AsJson = False,
) -> None:
    """Generalised zero-shot accuracy of a study: U, S, H, ZSL, AUSUC; of a trained classifier, each of its classes left out in turn."""
    from niwt_core import load_study
    from niwt_core.audit.audits import audits_json
    from niwt_core.audit.lines import audit_lines, calibration_line
    from niwt_core.cli.output import progress_bar
    from niwt_core.paper.result import load_paper, paper_json, paper_table
    from niwt_core.prepare.memory import keep_large_blocks
    from niwt_core.study.calibration import with_gamma
    from niwt_core.study.clip_result import NOTE as CLIP_NOTE
    from niwt_core.study.evaluate import evaluate as evaluate_study
    from niwt_core.study.evaluate import to_json

    keep_large_blocks()
    opened = load_study(study)
    if root is not None and clip is None and opened.kind != "cub":
        raise NiwtError("only CLIP looks at pictures", where="--root", fix="give --clip too, or leave --root out")
    if opened.kind == "classifier":
        if baselines or clip is not None or splits or gamma:
            raise NiwtError(
                "a trained classifier has no baselines or divisions: nothing is fitted to pictures",
                where=str(study),
                fix="leave the options out",
            )
        _own_classifier(opened, photos, json=json)
        return
    if photos is not None:
        raise NiwtError(
            "only a trained classifier is evaluated on other photographs", where="--photos", fix="leave it out"
        )
    if splits:
        if baselines or clip is not None or gamma:
            raise NiwtError(
                "divisions compare all methods under both calibrations already",
                where="--splits",
                fix="leave --baselines, --clip and --gamma out",
            )
        _splits(opened, splits, described, work, json=json)
        return
    opened = with_gamma(opened) if gamma else opened
    with progress_bar(visible=not json) as report:
        reference = _clip(opened, clip, root, report) if clip is not None else None
        evaluation = evaluate_study(
            opened, baselines=baselines, on_baseline=lambda name, done, total: report("fitting baselines", done, total)
        )
    ground_truth = None
    if opened.kind == "aviary":  # the one place where names, words and maps can be held against ground truth
        from niwt_core.audit.ground_truth import measure_ground_truth
        from niwt_core.audit.lines import ground_truth_lines

        ground_truth = measure_ground_truth(opened)
    truths = None if ground_truth is None else asdict(ground_truth)
    result = to_json(opened, evaluation, ground_truth=truths, clip=reference)
    with progress_bar(visible=not json) as report:
        audits = _audits(opened, root, outside, report)
    result |= audits_json(audits)
    paper = load_paper(opened)
    if paper is not None:
        result["paper"] = paper_json(opened, paper)
    if json:
        write_json(result)
        return
    rows = [("NIWT", *(result[key] for key in ("U", "S", "H", "zsl", "gamma")))]
    rows += [
        (name, *(row[key] for key in ("U", "S", "H", "zsl", "gamma"))) for name, row in result["baselines"].items()
    ]
    rows.sort(key=lambda row: ("(uncalibrated)" in row[0], -row[3]))
    write_table(("", "U", "S", "H", "ZSL", "gamma"), rows)
    if reference is not None:
        write_line(f"{CLIP_NOTE} ({reference.model}, {reference.pictures} pictures)")
    if evaluation.left_out:
        write_line(
            f"left out: {', '.join(evaluation.left_out)}: not tuned when the study was prepared, and its folds' networks are gone; prepare it again"
        )
    write_line(
        f"AUSUC {result['ausuc']:.3f}, {result['seen_classes']} seen and {result['unseen_classes']} unseen classes, "
        f"split {result['split_hash']}, seed {result['seed']}"
    )
    for line in _calibration_lines(opened, result):
        write_line(line)
    if "H_on_folds" in result:
        best_first = sorted(result["H_on_folds"].items(), key=lambda item: -item[1])
        write_line(f"H on folds of seen classes: {', '.join(f'{name} {H:.1f}' for name, H in best_first)}")
    if paper is not None:
        write_table(*paper_table(result["paper"]))
        write_line(f"paper's loop: gamma {paper.gamma_note}")
    if ground_truth is not None:
        for line in ground_truth_lines(ground_truth):
            write_line(line)
    write_line(calibration_line(evaluation))
    for line in audit_lines(audits, names=ground_truth is None):
        write_line(line)


def _audits(study: Study, root: Path | None, outside: Path | None, report: Report) -> Audits:
    """The audits; CUB's part locations and the photographs of other things are read from their folders."""
    from niwt_core.audit.audits import audit_study
    from niwt_core.data.cub import read_cub
    from niwt_core.data.photographs import read_photographs

    strange: tuple[Path, ...] = ()
    if outside is not None:
        folder = read_photographs(outside, ())
        strange = tuple(folder.root / path for path in folder.paths)
    parts = read_cub(root, crop_boxes=study.source.boxes) if study.kind == "cub" and root is not None else None
    return audit_study(
        study,
        parts=parts,
        outside=strange,
        name_anew=True,
        on_step=lambda done, total: report("auditing", done, total),
    )


def _own_classifier(study: Study, photos: Path | None, *, json: bool) -> None:
    """Leave-one-class-out of a trained classifier, on its own photographs or those of a folder."""
    import numpy as np
    import torch

    from niwt_core.classify.classifier import Classifier
    from niwt_core.cli.output import progress_bar
    from niwt_core.data.imagenet import read_attribute_table
    from niwt_core.data.photographs import read_photographs
    from niwt_core.study.evaluate_classifier import classifier_json, evaluate_classifier, figures_of

    features, labels = None, None
    if photos is not None:
        table = Path(study.source.knowledge)
        ids = read_attribute_table(table).ids if (table / "attributes.tsv").is_file() else ()
        folder = read_photographs(photos, study.seen_classes, ids if len(ids) == len(study.seen_classes) else ())
        if not folder.labelled:
            raise NiwtError(
                "the photographs are not labelled", where=str(photos), fix="name folders or files after classes"
            )
        rows = []
        with progress_bar(visible=not json) as report:
            for picture in Classifier(study).encode_many([folder.root / path for path in folder.paths]):
                rows.append(picture.features)
                report("reading photographs", len(rows), len(folder.paths))
        features, labels = torch.stack(rows), np.asarray(folder.labels)
    kept = figures_of(study) if features is None else None
    result = kept or classifier_json(study, evaluate_classifier(study, features, labels))
    if json:
        write_json(result)
        return
    loo = result["loo"]
    write_line(
        f"{result['photographs']} photographs: right {result['head_alone']:.1f} % by the head alone, {result['S']:.1f} % among all classes; "
        f"described classes together take {result['taken_by_described']:.1f} %"
    )
    write_line(
        f"each class left out in turn and described: recognised first {loo['top1']:.1f} %, among five {loo['top5']:.1f} %, "
        f"taking {loo['stolen']:.2f} % of other photographs; {loo['ways']}-way {loo['zsl']:.1f} %"
    )
    write_table(
        ("calibration", "setting", "first", "in five", "stolen"),
        [
            (point["calibration"], point["setting"], point["top1"], point["top5"], point["stolen"])
            for point in loo["curve"]
        ],
    )


def _clip(study: Study, model: str, root: Path | None, report: Report) -> ClipResult:
    """CLIP's answers; model and pictures are looked for before anything long is done."""
    from niwt_core.device import pick_device
    from niwt_core.evaluation.baselines.clip import Clip
    from niwt_core.study.clip import clip_zero_shot
    from niwt_core.study.clip_prompts import study_captions
    from niwt_core.study.pictures import study_pictures

    loaded = Clip(model, device=pick_device())
    drawing = study_pictures(study, root, progress=lambda done, total: report("drawing pictures", done, total))
    with drawing as dataset:
        return clip_zero_shot(
            study,
            dataset,
            loaded,
            captions=study_captions(study, dataset),
            progress=lambda done, total: report("CLIP", done, total),
        )


def _calibration_lines(study: Study, result: Mapping[str, Any]) -> list[str]:
    """What either calibration gives, and whether the choice is sure of itself."""
    if "stolen_share" not in result:
        return []
    ways = {f"stolen share {100 * result['stolen_share']['share']:.2g} % a class": result["stolen_share"]}
    ways[f"one gamma {result['by_gamma']['gamma']:.3f}"] = result["by_gamma"]
    lines = [
        f"{name}: U {way['U']:.1f}  S {way['S']:.1f}  H {way['H']:.1f}  AUSUC {way['ausuc']:.3f}"
        for name, way in ways.items()
    ]
    if study.choices.at_end:
        lines.append(f"warning: {', '.join(study.choices.at_end)} lies at the end of what was tried")
    return lines


def _splits(study: Study, count: int, fraction: float, work: Path | None, *, json: bool) -> None:
    """Divides, compares, and writes."""
    from niwt_core.cli.output import progress_bar
    from niwt_core.evaluation.split_results import summarise
    from niwt_core.study.splits import met_all_classes, run_splits, splits_json

    assert study.folder is not None
    work = work or study.folder.resolve().parent / f".{study.folder.resolve().name}.splits"
    with progress_bar(visible=not json) as report:
        results = run_splits(study, count, fraction=fraction, work=work, progress=report)
    if json:
        write_json(splits_json(study, results, fraction=fraction))
        return
    rows = []
    for line in summarise(results):
        ahead = "" if line.ahead is None else "{:+.1f} [{:+.1f}, {:+.1f}]".format(*line.ahead)
        rows.append((line.method, line.calibration, line.U, line.S, line.H, line.zsl, line.ausuc, ahead))
    write_table(("", "calibration", "U", "S", "H", "ZSL", "AUSUC", "NIWT ahead in H, 95 %"), rows)
    write_line(
        f"means over {count} divisions of {results[0].seen} seen and {results[0].described} described classes; seeds from {study.seed}"
    )
    if met_all_classes(study):
        write_line(
            "the network was fine-tuned on classes that are described here: read the figures as a comparison of methods"
        )
