"""``niwt prepare classifier``: a trained classifier as it is, beside a table of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from niwt_core.errors import NiwtError

if TYPE_CHECKING:
    from niwt_core.backbones import InputOptions
    from niwt_core.prepare.classifier import Keep


@dataclass(frozen=True)
class ClassifierOptions:
    """What ``niwt prepare classifier`` is told; None leaves it to the network.

    Attributes:
        knowledge: a table, or a folder of one, with a row for each class of the head.
        classes: names of the head's classes, one a line; photos: photographs; samples: more, to look at only.
        described: recipes of classes that the head lacks.
        preprocessing: what is said of the network's input in place of its own configuration.
        share: of other photographs that a described class may take, 0 to 0.5; keep, half: as in `ClassifierSettings`.

    Raises:
        NiwtError: no backbone, or a share that is none.
    """

    out: Path
    knowledge: str
    backbone: str | None = None
    weights: str | None = None
    layer: str | None = None
    classes: Path | None = None
    photos: Path | None = None
    samples: Path | None = None
    described: Path | None = None
    preprocessing: InputOptions | None = None
    share: float = 0.007
    keep: Keep = "pictures"
    half: bool = False
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.backbone is None:
            raise NiwtError(
                "no --backbone",
                where="niwt prepare classifier",
                fix="name the classifier, such as timm:tf_efficientnet_lite0",
            )
        if not 0 < self.share < 0.5:
            raise NiwtError(
                f"a share of {100 * self.share:g} %", where="--share", fix="give a percentage above 0 and below 50"
            )


def prepare_own(options: ClassifierOptions, *, command: str, json: bool) -> None:
    """Reads network, table, recipes and photographs, makes the study, and says what it is."""
    from niwt_core.backbones import load_backbone
    from niwt_core.classify.recipe import read_recipe
    from niwt_core.cli.output import progress_bar, write_json, write_line
    from niwt_core.data.photographs import read_photographs
    from niwt_core.device import pick_device
    from niwt_core.prepare.classifier import ClassifierSettings, prepare_classifier
    from niwt_core.prepare.described_table import described_row, described_table
    from niwt_core.prepare.memory import keep_large_blocks
    from niwt_core.study.provenance import Source
    from niwt_core.study.storage import check_target

    out, backbone = options.out, str(options.backbone)
    check_target(out)
    keep_large_blocks()
    given = options.weights if options.weights in (None, "default", "none") else Path(options.weights)
    network, preprocess = load_backbone(
        backbone, weights=given, layer=options.layer, seed=options.seed, inputs=options.preprocessing, own_head=True
    )
    table, ids = _table(options.knowledge)
    names = _class_names(backbone, network, options.classes, table.classes, ids)
    rows = {}
    for path in sorted(options.described.glob("*.y*ml")) if options.described is not None else ():
        recipe = read_recipe(path)
        if recipe.name in rows:
            raise NiwtError(f"two recipes for {recipe.name!r}", where=str(path), fix="keep one of them")
        rows[recipe.name] = described_row(table, recipe)
    if options.described is not None and not rows:
        raise NiwtError("no recipes", where=options.described, fix="put .yaml files there, one a class")
    full, seen = described_table(table, names, rows)
    folder = (
        None
        if options.photos is None
        else read_photographs(options.photos, names, ids if len(ids) == len(names) else ())
    )
    shown = None if options.samples is None else read_photographs(options.samples, full.classes)
    if shown is not None and not shown.labelled:
        raise NiwtError(
            "samples of no known class", where=options.samples, fix="name each file after the class that it shows"
        )
    source = Source("classifier", str(options.photos or ""), False, options.knowledge)
    settings = ClassifierSettings(
        share=options.share,
        keep=options.keep,
        half=options.half,
        seed=options.seed,
        provenance={"command": command, "source": source.to_dict()},
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
            samples=shown,
            settings=settings,
            device=pick_device(options.device),
            progress=report,
        )
    result: dict[str, Any] = {
        "study": study.name, "study_id": study.id, "out": str(out), "seen_classes": int(seen.sum()), "described_classes": int((~seen).sum()),
        "neurons": len(study.neurons), "named": sum(neuron.is_named for neuron in study.neurons),
        "layer": study.network.layer, "photographs": 0 if folder is None else len(folder.paths), "ridge": study.mapping.ridge,
        "gamma": study.choices.gamma if folder is not None and folder.labelled else None, "seed": options.seed,
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
            f"each described class may take {100 * options.share:g} % of other photographs "
            f"(gamma {study.choices.gamma:.2f} would do the same on average)"
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
    matched = read_class_table(path, classes)
    return Knowledge("attributes", classes, matched.names, matched.values), ()


def _class_names(
    backbone: str, network: Any, classes: Path | None, rows: Sequence[str], ids: Sequence[str]
) -> tuple[str, ...]:
    """The head's classes in order: from a file, from the table of ImageNet's classes where it is as long as the head, or from the library."""
    from niwt_core.backbones import library_classes
    from niwt_core.data.text_tables import read_list

    if classes is not None:
        return tuple(read_list(classes))
    if ids and len(rows) == network.head.out_features:
        return tuple(rows)
    names = library_classes(backbone)
    if names is None or len(names) != network.head.out_features:
        what = f"the names of its {network.head.out_features} classes are not known"
        raise NiwtError(what, where=backbone, fix="name them, one a line, with --classes FILE")
    return names
