"""``niwt prepare``: pictures in, a study out."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from niwt_core.errors import NiwtError


def prepare_command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="{classifier,aviary,cub,awa2,folder,features}",
            help="a trained classifier as it is, or a kind of set",
        ),
    ],
    out: Annotated[Path, typer.Option(help="folder of the study to make")],
    root: Annotated[Path | None, typer.Option(help="folder of the set (not for aviary, which is drawn)")] = None,
    splits: Annotated[
        Path | None, typer.Option(help="folder of att_splits.mat, if it is not under --root (CUB, AwA2)")
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            help="a torchvision model, hf:<hub id or folder>, timm:<name>, or study:<folder> for the network of a study"
        ),
    ] = None,
    weights: Annotated[str | None, typer.Option(help="weights file (.safetensors, .pth), `default` or `none`")] = None,
    layer: Annotated[str | None, typer.Option(help="dictionary layer; `niwt info` lists those of a study")] = None,
    knowledge: Annotated[
        str, typer.Option(help="attributes, binary (AwA2), captions, a file of texts or vectors, or attributes+ one")
    ] = "attributes",
    encoder: Annotated[str | None, typer.Option(help="text encoder for captions: hub id, folder, or tfidf")] = None,
    epochs: Annotated[
        int | None, typer.Option(help="epochs of fine-tuning on the seen classes; 0 keeps the backbone frozen")
    ] = None,
    probes: Annotated[
        str | None, typer.Option(help="probe pictures of the operator: seen (the default), noise, or a folder")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(help="published settings, such as paper-cub-resnet101, or a YAML file; other options win over it"),
    ] = None,
    boxes: Annotated[bool, typer.Option("--boxes", help="crop pictures to their bounding boxes (CUB)")] = False,
    size: Annotated[int | None, typer.Option(help="side of the network's input in pixels")] = None,
    classes: Annotated[Path | None, typer.Option(help="names of the head's classes, one a line (classifier)")] = None,
    photos: Annotated[
        Path | None, typer.Option(help="photographs, labelled by folder or file name, or not (classifier)")
    ] = None,
    described: Annotated[Path | None, typer.Option(help="folder of recipes of described classes (classifier)")] = None,
    crop: Annotated[float | None, typer.Option(help="part of the shorter side that is kept, 0 to 1")] = None,
    mean: Annotated[str | None, typer.Option(help="of the input's channels, such as 0.5,0.5,0.5")] = None,
    std: Annotated[str | None, typer.Option(help="of the input's channels, such as 0.5,0.5,0.5")] = None,
    share: Annotated[
        float, typer.Option(help="percent of other photographs that a described class may take (classifier)")
    ] = 0.7,
    samples: Annotated[
        Path | None,
        typer.Option(
            help="of a classifier: a few photographs to show in the app, called after the classes that they show"
        ),
    ] = None,
    keep: Annotated[
        Literal["pictures", "features", "figures"],
        typer.Option(
            help="of --photos, what the study of a classifier holds: small pictures and features, features, or only what follows from them"
        ),
    ] = "pictures",
    half: Annotated[
        bool, typer.Option("--half", help="of a trained classifier: round its weights to half precision; half the size")
    ] = False,
    hard: Annotated[
        bool,
        typer.Option("--hard", help="aviary: few pictures and descriptions that err, so that methods can be ranked"),
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps")] = "auto",
    seed: Annotated[int, typer.Option(help="seed of everything that is drawn")] = 0,
    json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
) -> None:
    """Prepares a study: reads the set, fine-tunes or freezes, extracts, chooses on seen classes, fits, names, saves."""
    from niwt_core.backbones import InputOptions
    from niwt_core.cli.output import progress_bar, write_json, write_line, write_note
    from niwt_core.data.registry import SOURCES
    from niwt_core.files import only_writer
    from niwt_core.prepare.defaults import SetOptions, read_inputs
    from niwt_core.prepare.memory import keep_large_blocks
    from niwt_core.prepare.prepare import make_accelerator, prepare
    from niwt_core.study.provenance import Source
    from niwt_core.study.storage import check_target, remove_leftovers

    preprocessing = InputOptions(size, crop, _numbers(mean, "--mean"), _numbers(std, "--std"))
    if source == "classifier":
        if hard:
            raise NiwtError("--hard is for the Aviary alone", where="niwt prepare classifier", fix="leave it out")
        from niwt_core.cli.prepare_classifier import ClassifierOptions, prepare_own

        options_of_classifier = ClassifierOptions(
            out, knowledge, backbone=backbone, weights=weights, layer=layer, classes=classes, photos=photos, samples=samples,
            described=described, preprocessing=preprocessing, share=share / 100, keep=keep, half=half, seed=seed, device=device,
        )  # fmt: skip
        prepare_own(options_of_classifier, command=_command(), json=json)
        return
    published = None
    if preset is not None:
        from niwt_core.paper.preset import read_preset

        published = read_preset(preset)
        published.check_set(source)
        layer = layer or (published.layer if backbone in (None, published.backbone) else None)
        backbone, probes = backbone or published.backbone, probes or published.images
    options = SetOptions(
        source, out, root=root, splits=splits, boxes=boxes, knowledge=knowledge, encoder=encoder, backbone=backbone, weights=weights, layer=layer,
        preprocessing=preprocessing, epochs=epochs, probes=probes or "seen", seed=seed, hard=hard,
    )  # fmt: skip
    keep_large_blocks()
    accelerator = make_accelerator(device)
    main = accelerator.is_main_process
    with only_writer(out) if main else nullcontext(), progress_bar(visible=main) as report:
        if main:
            remove_leftovers(out)
            check_target(out)
        inputs = read_inputs(options, accelerator=accelerator, progress=report)
        for notice in inputs.dataset.notices if main else ():
            write_note(notice)  # before the long work
        provenance = {
            "command": _command(),
            "source": Source(source, str(root or ""), boxes, knowledge, str(splits or "")).to_dict(),
            "split": inputs.dataset.split_source,
            **inputs.provenance,
            **({"preset": published.to_dict()} if published else {}),
        }
        study = prepare(
            inputs.dataset,
            inputs.network,
            inputs.preprocess,
            out,
            settings=inputs.settings,
            accelerator=accelerator,
            provenance=provenance,
            progress=report,
            examples=inputs.examples,
            features=inputs.features,
        )
    if not main:
        return
    if SOURCES[source].drawn:
        from niwt_core.prepare.aviary.defaults import remove_pictures

        remove_pictures(out)
    result = summary(study, out)
    if json:
        write_json(result)
        return
    write_line(
        f"{result['study']}: {result['pictures']} pictures, {result['seen_classes']} seen and {result['unseen_classes']} unseen classes"
    )
    for notice in result["notices"]:
        write_line(f"  {notice}")
    for item in study.provenance["skipped"]:
        write_line(f"  left out {item['path']}: {item['reason']}")
    write_line(
        f"U {result['U']:.1f}  S {result['S']:.1f}  H {result['H']:.1f}  ZSL {result['zsl']:.1f}   (split {study.split_hash})"
    )
    if study.provenance["split"]:
        write_line(f"split: {study.provenance['split']}")
    if published is not None:
        write_line(f"the paper's own pipeline, with the same settings: niwt paper {out} --root {root}")
    write_line(f"study {study.id} in {out}; next: niwt app {out}")


def summary(study: Any, out: Path) -> Mapping[str, Any]:
    """What ``prepare`` says of a study it made."""
    from niwt_core.study.evaluate import evaluate
    from niwt_core.study.naming_notice import why_unnamed

    result = evaluate(study).metrics
    return {
        "study": study.name,
        "study_id": study.id,
        "out": str(out),
        "pictures": len(study.labels),
        "skipped": list(study.provenance["skipped"]),
        "seen_classes": int(study.seen.sum()),
        "unseen_classes": int((~study.seen).sum()),
        "neurons": len(study.neurons),
        "layer": study.network.layer,
        "U": result.U,
        "S": result.S,
        "H": result.H,
        "zsl": result.zsl,
        "gamma": result.gamma,
        "split_hash": study.split_hash,
        "seed": study.seed,
        "notices": [
            *study.provenance.get("notices", ()),
            *([notice] if (notice := study.provenance.get("captions", {}).get("notice")) else []),
            *([notice] if (notice := why_unnamed(study)) else []),
        ],
    }


def _numbers(text: str | None, option: str) -> tuple[float, ...] | None:
    """0.5,0.5,0.5 as numbers, one for all three channels if there is one. Raises NiwtError."""
    if text is None:
        return None
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise NiwtError(f"{text!r} is no list of numbers", where=option, fix="write 0.5,0.5,0.5") from None
    return numbers * 3 if len(numbers) == 1 else numbers


def _command() -> str:
    """The command as typed, with the program's short name."""
    return shlex.join(["niwt", *sys.argv[1:]])
