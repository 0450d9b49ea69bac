"""``niwt paper``: the paper's own pipeline on a prepared study, beside the exact transfer."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from niwt_core.cli.commands import AsJson, StudyFolder
from niwt_core.cli.output import Report
from niwt_core.errors import NiwtError

if TYPE_CHECKING:
    from niwt_core.data.dataset import Dataset
    from niwt_core.paper import Preset
    from niwt_core.study.study import Study


def paper_command(
    study: StudyFolder,
    root: Annotated[Path, typer.Option(help="folder of the set that the study was prepared from")],
    splits: Annotated[
        Path | None, typer.Option(help="folder of att_splits.mat, if it is not under --root (CUB, AwA2)")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="published settings or a YAML file; by default what the study was prepared with")
    ] = None,
    images: Annotated[str | None, typer.Option(help="what the loop looks at: noise, seen, or a folder")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="how many images; 3000 in the paper")] = None,
    rate: Annotated[float | None, typer.Option(min=0, help="learning rate of the loop")] = None,
    regularisation: Annotated[float | None, typer.Option(min=0, help="lambda of the loop")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="epochs of the map, at most")] = None,
    folds: Annotated[
        int, typer.Option(min=0, help="folds of held-out seen classes that choose gamma, each a whole run")
    ] = 1,
    ridge: Annotated[
        bool, typer.Option("--ridge", help="take the study's closed-form map, so that only the transfers differ")
    ] = False,
    boxes: Annotated[bool, typer.Option("--boxes", help="crop pictures to their bounding boxes (CUB)")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps")] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="seed of everything that is drawn")] = 0,
    json: AsJson = False,
) -> None:
    """Runs the paper's pipeline: per-image importances, a map trained by Adam, the transfer loop; minutes to hours. Written into the study."""
    from niwt_core import load_study
    from niwt_core.cli.output import progress_bar, write_json, write_line, write_table
    from niwt_core.device import pick_device
    from niwt_core.paper import PaperOptions, run_paper, save_paper
    from niwt_core.paper.result import paper_json, paper_table
    from niwt_core.prepare.memory import keep_large_blocks

    keep_large_blocks()
    if images not in (None, "seen", "noise") and not Path(str(images)).is_dir():
        raise NiwtError(f"no folder of images {images!r}", where="--images", fix="give a folder, seen or noise")
    opened = load_study(study)
    published = _preset(opened, preset)
    transfer = published.transfer
    if rate is not None:
        transfer = replace(transfer, learning_rate=rate)
    if regularisation is not None:
        transfer = replace(transfer, regularisation=regularisation)
    options = PaperOptions(
        images=images or published.images,
        count=count or published.count,
        map=published.map if epochs is None else replace(published.map, epochs=epochs),
        transfer=transfer,
        folds=folds,
        ridge=ridge,
        seed=seed,
    )
    work = study.resolve().parent / f".{study.resolve().name}.paper.partial"
    with progress_bar() as report:
        dataset = _dataset(opened, root, splits, boxes, report)
        result = run_paper(opened, dataset, options, work, device=pick_device(device), progress=report)
    save_paper(result, study)
    figures = paper_json(opened, result)
    if json:
        write_json({"study": opened.name, "study_id": opened.id, "preset": published.name, **figures})
        return
    write_table(*paper_table(figures))
    loop = result.ways[0]
    write_line(f"loop: {loop.iterations} iterations, stopped: {loop.stopped}; gamma {result.gamma_note}")


def _preset(study: Study, name: str | None) -> Preset:
    """The preset that was asked for, else the one that the study was prepared with, else the published numbers for its kind of set."""
    from niwt_core.paper import Preset, read_preset

    if name is not None:
        return read_preset(name)
    kept = study.provenance.get("preset")
    if kept:
        return Preset.from_dict(kept, name=kept["name"], where=f"study {study.name}")
    return read_preset(f"paper-{'awa2' if study.kind == 'awa2' else 'cub'}-resnet101")


def _dataset(study: Study, root: Path, splits: Path | None, boxes: bool, report: Report) -> Dataset:
    """The set under ``root``, read as the study's was."""
    from niwt_core.data.registry import SOURCES, ReadOptions, read_set

    source = study.kind if study.kind in SOURCES else "folder"
    if SOURCES[source].drawn:
        raise NiwtError(
            "the pictures of an Aviary are drawn for its preparation and gone after it",
            where=f"study {study.name}",
            fix="use a study of CUB, AwA2 or a folder of your own",
        )
    options = ReadOptions(boxes=boxes, splits=splits)
    return read_set(source, root, options, report=partial(report, "checking pictures"))
