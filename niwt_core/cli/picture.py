"""The command that makes a picture of every neuron."""

from __future__ import annotations

import shutil
from typing import Annotated

import typer

from niwt_core.cli.commands import AsJson, StudyFolder
from niwt_core.cli.output import progress_bar, write_json, write_line


def picture_neurons(
    study: StudyFolder,
    steps: Annotated[int | None, typer.Option(min=1, help="steps a picture; fewer are faster and say less")] = None,
    json: AsJson = False,
) -> None:
    """Makes a picture of what excites each neuron, from no photograph (2 seconds of one core each); goes on where it was stopped."""
    from dataclasses import replace

    from niwt_core import load_study
    from niwt_core.neurons import pictures
    from niwt_core.neurons.synthesis import Synthesis

    opened = load_study(study)
    work, settings = study / "neuron-pictures", Synthesis()
    settings = settings if steps is None else replace(settings, steps=steps)
    with progress_bar(visible=not json) as report:
        made = pictures.picture_neurons(
            opened.network,
            opened.preprocess,
            work,
            study=opened.id,
            settings=settings,
            progress=lambda done, total: report("neurons", done, total),
        )
    total, packed = opened.network.neurons, study / pictures.PACKED
    pictures.pack_pictures(work, total, packed)
    shutil.rmtree(work)
    if json:
        write_json(
            {"study_id": opened.id, "neurons": total, "made": made, "out": str(packed), "bytes": packed.stat().st_size}
        )
        return
    write_line(f"{packed}: pictures of {total} neurons, {packed.stat().st_size / 1e6:.1f} MB")
