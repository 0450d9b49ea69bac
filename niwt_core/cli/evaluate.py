"""``niwt evaluate``: the figures of a study, beside baselines, CLIP, the paper's loop and the truth."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from niwt_core.cli.commands import AsJson, StudyFolder
from niwt_core.cli.output import Report, write_json, write_line, write_table
from niwt_core.errors import NiwtError

if TYPE_CHECKING:
    from niwt_core.study.clip import ClipResult
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
        Path | None, typer.Option(help="for --clip: folder of the study's pictures; the Aviary's are drawn again")
    ] = None,
    json: AsJson = False,
) -> None:
    """Generalised zero-shot accuracy of a study: U, S, H, ZSL, AUSUC."""
    from niwt_core import load_study
    from niwt_core.cli.output import progress_bar
    from niwt_core.paper.result import load_paper, paper_json, paper_table
    from niwt_core.prepare.memory import keep_large_blocks
    from niwt_core.study.clip import NOTE as CLIP_NOTE
    from niwt_core.study.evaluate import evaluate as evaluate_study
    from niwt_core.study.evaluate import to_json

    if root is not None and clip is None:
        raise NiwtError("only CLIP looks at pictures", where="--root", fix="give --clip too, or leave --root out")
    keep_large_blocks()
    opened = load_study(study)
    with progress_bar(visible=not json) as report:
        reference = _clip(opened, clip, root, report) if clip is not None else None
        evaluation = evaluate_study(
            opened, baselines=baselines, on_baseline=lambda name, done, total: report("fitting baselines", done, total)
        )
    ground_truth = None
    if opened.kind == "aviary":  # the one place where names, words and maps can be held against the truth
        from niwt_core.audit.ground_truth import measure_ground_truth
        from niwt_core.audit.lines import ground_truth_lines

        ground_truth = measure_ground_truth(opened)
    truths = None if ground_truth is None else asdict(ground_truth)
    result = to_json(opened, evaluation, ground_truth=truths, clip=reference)
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
    if paper is not None:
        write_table(*paper_table(result["paper"]))
        write_line(f"paper's loop: gamma {paper.gamma_note}")
    if ground_truth is not None:
        for line in ground_truth_lines(ground_truth):
            write_line(line)


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
