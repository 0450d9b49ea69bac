"""``niwt neurons``: the dictionary of a study, searched, or whole as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from niwt_core.cli.commands import AsJson, StudyFolder
from niwt_core.cli.output import write_json, write_line, write_table
from niwt_core.errors import NiwtError


def neurons(
    study: StudyFolder,
    attribute: Annotated[str | None, typer.Option(help="only neurons with this name")] = None,
    class_: Annotated[str | None, typer.Option("--class", help="the neurons that matter most to this class")] = None,
    top: Annotated[int | None, typer.Option(min=1, help="how many")] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="also write the whole dictionary as a table")] = None,
    json: AsJson = False,
) -> None:
    """The neuron dictionary: names, how far they can be trusted, and what they mean to a class."""
    from niwt_core import load_study
    from niwt_core.files import write_atomically
    from niwt_core.neurons.neuron import find_neurons
    from niwt_core.neurons.user_names import names_file, read_names
    from niwt_core.report.dictionary_data import dictionary_csv
    from niwt_core.study.class_importance import class_importance
    from niwt_core.study.naming_notice import why_unnamed

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
    listed = find_neurons(opened.neurons, attribute=column)
    importance = None
    if class_ is not None:
        importance = class_importance(opened, class_)
        listed = tuple(sorted(listed, key=lambda neuron: -float(importance[neuron.index])))
    rows = [
        {
            "neuron": neuron.index,
            "name": neuron.name,
            "attribute": neuron.attribute,
            "status": neuron.trust,
            "better": neuron.better,
            "auroc": round(neuron.auroc, 4),
            "p": neuron.p,
            "q": neuron.q,
            **({"importance": round(float(importance[neuron.index]), 6)} if importance is not None else {}),
        }
        for neuron in listed[:top]
    ]
    if csv is not None:
        names = read_names(names_file(study, opened.id), opened.id, neurons=len(opened.neurons))
        write_atomically(csv, dictionary_csv(opened, names).encode())
    if json:
        write_json(
            {
                "study": opened.name,
                "study_id": opened.id,
                "attribute": column,
                "class": class_,
                "found": len(listed),
                "neurons": rows,
                **({"csv": str(csv)} if csv is not None else {}),
            }
        )
    elif rows:
        if reason := why_unnamed(opened):
            write_line(reason)
        write_table(tuple(rows[0]), [tuple(row.values()) for row in rows])
    else:
        write_line("no neuron has this name")
