"""``niwt prepare classifier``: a trained classifier as it is, beside a table of words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from niwt_core.errors import NiwtError


def prepare_own(
    out: Path, *, backbone: str | None, weights: str | None, layer: str | None, knowledge: str, classes: Path | None, photos: Path | None,
    described: Path | None, size: int | None, crop: float | None, share: float, keep: bool, seed: int, device: str, command: str, json: bool,
) -> None:  # fmt: skip
    """Reads network, table, recipes and photographs, makes the study, and says what it is."""
    from dataclasses import replace

    from niwt_core.backbones import load_backbone
    from niwt_core.backbones.torchvision_models import library_preprocess, torchvision_names
    from niwt_core.classify.recipe import read_recipe
    from niwt_core.cli.output import progress_bar, write_json, write_line
    from niwt_core.data.photographs import read_photographs
    from niwt_core.device import pick_device
    from niwt_core.prepare.classifier import ClassifierSettings, described_row, described_table, prepare_classifier
    from niwt_core.prepare.memory import keep_large_blocks
    from niwt_core.study.provenance import Source
    from niwt_core.study.storage import check_target

    if backbone is None:
        raise NiwtError(
            "no --backbone",
            where="niwt prepare classifier",
            fix="name the classifier, such as timm:tf_efficientnet_lite0",
        )
    if not 0 < share < 0.5:
        raise NiwtError(f"a share of {100 * share:g} %", where="--share", fix="give a percentage above 0 and below 50")
    check_target(out)
    keep_large_blocks()
    given = weights if weights in (None, "default", "none") else Path(weights)
    network, preprocess = load_backbone(backbone, weights=given, layer=layer, seed=seed)
    if backbone in torchvision_names():  # its own crop too: the head is judged as it is published
        preprocess = library_preprocess(backbone)
    side = size or preprocess.size
    if size is not None or crop is not None:
        kept = crop if crop is not None else preprocess.size / (preprocess.resize or preprocess.size)
        if not 0 < kept <= 1:
            raise NiwtError(
                f"a crop of {crop}", where="--crop", fix="give the part that is kept, above 0 and at most 1"
            )
        preprocess = replace(preprocess, size=side, resize=int(side / kept))
    table, ids = _table(knowledge)
    names = _class_names(backbone, network, classes, table.classes, ids)
    rows = {}
    for path in sorted(described.glob("*.y*ml")) if described is not None else ():
        recipe = read_recipe(path)
        if recipe.name in rows:
            raise NiwtError(f"two recipes for {recipe.name!r}", where=str(path), fix="keep one of them")
        rows[recipe.name] = described_row(table, recipe)
    if described is not None and not rows:
        raise NiwtError("no recipes", where=described, fix="put .yaml files there, one a class")
    full, seen = described_table(table, names, rows)
    folder = None if photos is None else read_photographs(photos, names, ids if len(ids) == len(names) else ())
    source = Source("classifier", str(photos or ""), False, knowledge)
    settings = ClassifierSettings(
        share=share, keep_photographs=keep, seed=seed, provenance={"command": command, "source": source.to_dict()}
    )
    with progress_bar(visible=True) as report:
        study = prepare_classifier(
            out.resolve().name,
            network,
            preprocess,
            full,
            seen,
            out,
            photographs=folder,
            settings=settings,
            device=pick_device(device),
            progress=report,
        )
    result: dict[str, Any] = {
        "study": study.name, "study_id": study.id, "out": str(out), "seen_classes": int(seen.sum()), "described_classes": int((~seen).sum()),
        "neurons": len(study.neurons), "named": sum(neuron.is_named for neuron in study.neurons),
        "layer": study.network.layer, "photographs": 0 if folder is None else len(folder.paths), "ridge": study.mapping.ridge,
        "gamma": study.choices.gamma if folder is not None and folder.labelled else None, "seed": seed,
    }  # fmt: skip
    if json:
        write_json(result)
        return
    write_line(f"{study.name}: {result['seen_classes']} seen classes as they are, {result['described_classes']} described, {result['named']} of "
               f"{result['neurons']} neurons named")  # fmt: skip
    if result["gamma"] is None:
        write_line(
            "without labelled photographs (--photos) it is unknown how far described classes must be held back: gamma is 0"
        )
    else:
        write_line(
            f"each described class may take {100 * share:g} % of other photographs (gamma {study.choices.gamma:.2f} would do the same on average)"
        )
    write_line(f"study {study.id} in {out}; next: niwt evaluate {out}, niwt app {out}")


def _table(knowledge: str) -> tuple[Any, Sequence[str]]:
    """(Knowledge, identifiers of its rows, if it has any) of a folder in the form of assets/imagenet-attributes, or a CSV table."""
    from niwt_core.data.class_tables import read_class_table
    from niwt_core.data.imagenet import read_attribute_table
    from niwt_core.data.text_tables import read_csv
    from niwt_core.knowledge.attributes import Knowledge

    path = Path(knowledge)
    if path.is_dir():
        table = read_attribute_table(path)
        return table.knowledge, table.ids
    if not path.is_file():
        raise NiwtError(
            f"no table {knowledge!r}",
            where="--knowledge",
            fix="give a CSV file with one row a class, or a folder with attributes.tsv",
        )
    classes = tuple(cells[0] for _, cells in read_csv(path).rows)
    found = read_class_table(path, classes)
    return Knowledge("attributes", classes, found.names, found.values), ()


def _class_names(
    backbone: str, network: Any, classes: Path | None, rows: Sequence[str], ids: Sequence[str]
) -> tuple[str, ...]:
    """The head's classes in order: from a file, from the table of ImageNet's classes where it is as long as the head, or from the library."""
    from niwt_core.backbones.class_lists import library_classes
    from niwt_core.data.text_tables import read_list

    if classes is not None:
        return tuple(read_list(classes))
    if ids and len(rows) == network.head.out_features:
        return tuple(rows)
    found = library_classes(backbone)
    if found is None or len(found) != network.head.out_features:
        what = f"the names of its {network.head.out_features} classes are not known"
        raise NiwtError(what, where=backbone, fix="name them, one a line, with --classes FILE")
    return found
