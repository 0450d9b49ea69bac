"""``niwt photos``: a person's own photographs beside a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from niwt_core.cli.commands import AsJson, StudyFolder
from niwt_core.cli.output import progress_bar, write_json, write_line, write_note, write_table
from niwt_core.errors import NiwtError, shown

if TYPE_CHECKING:
    from niwt_core.neurons.user_photographs import UserPhotographs
    from niwt_core.study.study import Study


def photos(
    study: StudyFolder,
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER]", help="your photographs, folders below included; without it, those read last"
        ),
    ] = None,
    neuron: Annotated[int | None, typer.Option(help="list the photographs that excite this neuron most")] = None,
    attribute: Annotated[str | None, typer.Option(help="list those in which this attribute is seen")] = None,
    class_: Annotated[str | None, typer.Option("--class", help="list those that are taken for this class")] = None,
    top: Annotated[int, typer.Option(min=1, help="how many to list")] = 10,
    forget: Annotated[bool, typer.Option("--forget", help="remove what was read from the cache")] = False,
    json: AsJson = False,
) -> None:
    """Reads a folder of your photographs: neurons, words and classes then show yours. Nothing leaves this machine; goes on where it was stopped."""
    from niwt_core import load_study
    from niwt_core.neurons.user_photographs import store_of, user_photographs
    from niwt_core.prepare.user_photographs import read_user_photographs

    if sum(asked is not None for asked in (neuron, attribute, class_)) > 1:
        raise NiwtError(
            "more than one question", where="niwt photos", fix="give one of --neuron, --attribute and --class"
        )
    if forget and folder is not None:
        raise NiwtError("both a folder and --forget", where="niwt photos", fix="give one of them")
    opened = load_study(study)
    store = store_of(opened.network, opened.preprocess)
    if forget:
        store.forget()
        write_json({"study": opened.name, "forgotten": str(store.folder)}) if json else write_line(
            f"removed {store.folder}"
        )
        return
    if folder is None:
        photographs = user_photographs(opened.network, opened.preprocess)
        if photographs is None:
            raise NiwtError(
                "no photographs were read",
                where=f"study {opened.name}",
                fix="name a folder of them: niwt photos STUDY FOLDER",
            )
    else:
        with progress_bar() as report:
            photographs = read_user_photographs(opened.network, opened.preprocess, folder, progress=report)
    strongest = _strongest(opened, photographs, neuron, attribute, class_, top)
    result: dict[str, Any] = {
        "study": opened.name, "study_id": opened.id, "folder": str(photographs.folder), "photographs": len(photographs),
        "unreadable": [{"path": path, "reason": reason} for path, reason in photographs.unreadable], "cache": str(store.folder),
    }  # fmt: skip
    if strongest is not None:
        result["strongest"] = [{"path": photographs.paths[one.item], "value": one.value} for one in strongest]
    if json:
        write_json(result)
        return
    if strongest is None:
        write_line(f"{len(photographs):,} photographs of {shown(photographs.folder)}, kept in {store.folder}")
    else:
        write_table(("photograph", "value"), [(shown(photographs.paths[one.item]), one.value) for one in strongest])
    for path, reason in photographs.unreadable:
        write_note(f"{shown(path)}: {reason}")


def _strongest(
    study: Study, photographs: UserPhotographs, neuron: int | None, attribute: str | None, name: str | None, count: int
) -> list[Any] | None:
    from niwt_core.explain.strongest import strongest_of_attribute, strongest_of_neuron, taken_for

    if neuron is not None:
        return strongest_of_neuron(photographs, neuron, count)
    if attribute is not None:
        return strongest_of_attribute(study, photographs, attribute, count)
    return None if name is None else taken_for(study.classifier(), photographs, name, count)
