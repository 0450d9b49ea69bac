"""The commands that describe a class: from a recipe, or in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from niwt_core.cli.commands import AsJson, StudyFolder
from niwt_core.cli.output import write_json, write_line, write_table
from niwt_core.errors import NiwtError

if TYPE_CHECKING:
    from niwt_core.study.study import Study


def build(
    study: StudyFolder,
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE.yaml", help="the class to build")],
    out: Annotated[Path, typer.Option(help="safetensors file for the weights")],
    share: Annotated[
        float | None, typer.Option(help="percent of other classes' pictures that it may take away, over the recipe's")
    ] = None,
    json: AsJson = False,
) -> None:
    """Builds a class from a recipe and writes its classifier weights."""
    from niwt_core import build_class, load_study, read_recipe

    if out.is_dir():
        raise NiwtError("that is a folder", where=str(out), fix="give a file name for --out")
    read = read_recipe(recipe)
    if share is not None:
        read = replace(read, share=share)
    opened = load_study(study)
    built = build_class(opened, read)
    built.save(out, opened)
    proposed = _proposed(opened, read.caption) if read.caption.strip() and not opened.encoder.reads_captions else None
    result = {
        "name": built.name,
        "study_id": opened.id,
        "out": str(out),
        "norm": built.norm,
        **({"share": read.share} if read.share is not None else {}),
        "cosine": built.cosine,
        "paper_loss": built.paper_loss,
        "expected_predictability": built.expected_predictability,
        "nearest": [{"class": name, "cosine": value} for name, value in built.nearest],
        "top_neurons": [
            {"neuron": n, "name": opened.neurons[n].name, "importance": float(built.importances[n])}
            for n in built.importances.argsort(descending=True)[:10].tolist()
        ],
        **({"proposed": proposed} if proposed else {}),
    }
    if json:
        write_json(result)
        return
    write_line(f"{built.name}: weights in {out}")
    if proposed:
        _write_proposed(proposed)
    write_line(
        f"norm {built.norm:.4g}, cosine reached {built.cosine:.4f}, paper loss {built.paper_loss:.4f}, support {built.expected_predictability:.2f}"
    )
    write_line("most like " + ", ".join(f"{name} ({value:.2f})" for name, value in built.nearest[:3]))


def propose(
    study: StudyFolder,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="what the class looks like, in words")],
    encoder: Annotated[
        str | None, typer.Option(help="sentence encoder for what no word explains: hub id or folder")
    ] = None,
    json: AsJson = False,
) -> None:
    """What a description in words says in a study's attributes, as a recipe has it."""
    from niwt_core import load_study

    opened = load_study(study)
    proposed = _proposed(opened, text, encoder)
    if json:
        write_json({"study": opened.name, "study_id": opened.id, **proposed})
        return
    _write_proposed(proposed)


def _proposed(study: Study, text: str, encoder: str | None = None) -> Mapping[str, Any]:
    from niwt_core.knowledge.captions import sentence_encoder
    from niwt_core.knowledge.from_text import attributes_from_text

    proposals = attributes_from_text(
        study.knowledge, text, base=study.encoder.average, encoder=sentence_encoder(encoder) if encoder else None
    )
    return {
        "attributes": dict(proposals.attributes),
        "understood": [vars(item) for item in proposals.proposals],
        "not_understood": list(proposals.unknown),
    }


def _write_proposed(proposed: Mapping[str, Any]) -> None:
    rows = [
        (
            item["label"],
            {"implied": "goes with", "guessed": "a guess"}.get(item["source"], "yes" if item["present"] else "no"),
            item["words"],
        )
        for item in proposed["understood"]
    ]
    write_table(("attribute", "said", "in the words"), rows)
    if proposed["not_understood"]:
        write_line("not understood: " + ", ".join(proposed["not_understood"]))
