"""Reads what earlier versions wrote: a manifest of an older schema becomes one of today's, in memory; files are left as they are."""

from __future__ import annotations

import shlex
from typing import Any

SCHEMA = 2
_NEURON_COLUMNS = {"strength": "score"}  # neurons.csv, schema 1
_CONTESTED_COLUMNS = ("better", "better_label", "better_auroc")  # neurons.csv, not there in early studies of schema 2


def migrated(manifest: dict[str, Any]) -> dict[str, Any]:
    """``manifest`` (already verified against its own seal) in the words of schema 2."""
    if manifest["schema"] == 1:
        choices = dict(manifest["choices"])
        choices["baselines"] = choices.pop("rivals", {})
        provenance = dict(manifest["provenance"])
        if "shuffled_names_share" in provenance:
            provenance["shuffled_names_fraction"] = provenance.pop("shuffled_names_share")
        if "passersby" in provenance.get("aviary", {}):
            drawing = dict(provenance["aviary"])
            drawing["random_birds"] = drawing.pop("passersby")
            provenance["aviary"] = drawing
        provenance.setdefault("source", _source_of_command(manifest["kind"], str(provenance.get("command", ""))))
        manifest = {**manifest, "choices": choices, "provenance": provenance}
    return manifest


def migrated_neurons(header: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """neurons.csv in today's words; where a table knows nothing of contested names, none is."""
    header = [_NEURON_COLUMNS.get(name, name) for name in header]
    if not set(_CONTESTED_COLUMNS) & set(header):
        header, rows = [*header, *_CONTESTED_COLUMNS], [[*row, "", "", "0"] for row in rows]
    return header, rows


def _source_of_command(kind: str, command: str) -> dict[str, Any]:
    """The options that say where a study came from, out of the command that made it: schema 1 kept nothing else."""
    words = shlex.split(command)

    def option(name: str) -> str | None:
        for place, word in enumerate(words):
            if word == name:
                following = words[place + 1] if place + 1 < len(words) else "--"
                return "" if following.startswith("--") else following
            if word.startswith(f"{name}="):
                return word.partition("=")[2]
        return None

    return {
        "kind": kind,
        "root": option("--root") or "",
        "boxes": option("--boxes") is not None,
        "knowledge": option("--knowledge") or "attributes",
        "splits": option("--splits") or "",
    }
