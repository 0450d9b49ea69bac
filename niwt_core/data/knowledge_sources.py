"""The domain knowledge that was asked for: ``attributes``, ``captions``, a file, or attributes with one of the others beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from niwt_core.data.class_tables import read_class_table
from niwt_core.data.dataset import Dataset
from niwt_core.data.descriptions import read_descriptions
from niwt_core.data.embeddings import order_notice, read_embeddings
from niwt_core.data.reed import is_caption_folder, read_picture_captions
from niwt_core.errors import NiwtError
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.captions import caption_knowledge
from niwt_core.knowledge.scales import common_scale

EMBEDDINGS = (".mat", ".npy")
BESIDE = "attributes+"


def with_knowledge(dataset: Dataset, knowledge: str, encoder: str | None) -> tuple[Dataset, Mapping[str, Any]]:
    """The set with that knowledge, and what a study must remember to describe further classes in it.

    Args:
        knowledge: "attributes"; "captions" (the set's own); a file or folder of descriptions (.json, <class>.txt, <class>/<picture>.txt), of
            embeddings (.mat, .npy) or a table (.csv); or "attributes+" and one of these.
        encoder: of captions: a hub id, a folder, "tfidf", or None for the default.

    Raises:
        NiwtError: it is not there, cannot be read, or does not describe every class.
    """
    beside = knowledge.removeprefix(BESIDE)
    wanted = knowledge == "attributes" or beside != knowledge
    if wanted and (dataset.knowledge.kind != "attributes" or not dataset.knowledge.names):
        raise NiwtError(
            "the set has no attributes", where=dataset.name, fix="use --knowledge captions, or add an attribute table"
        )
    if knowledge == "attributes":
        return dataset, {}
    table, captions, memory, notices = _table(dataset, beside, encoder, alone=beside == knowledge)
    if beside == knowledge:
        return replace(dataset, knowledge=table, captions=captions, notices=notices), memory
    _check_said(table, beside)
    return replace(dataset, texts=table, captions=captions, notices=(*dataset.notices, *notices)), memory


def _table(
    dataset: Dataset, source: str, encoder: str | None, *, alone: bool
) -> tuple[Knowledge, Mapping[str, tuple[str, ...]], Mapping[str, Any], tuple[str, ...]]:
    """(table, captions, memory, notices) of one source that is not the set's attributes; ``alone``: nothing stands beside it."""
    path, captions = Path(source), dataset.captions
    if source != "captions":
        if not source or not path.exists():
            raise NiwtError(
                f"no knowledge {source!r}",
                where="--knowledge",
                fix="use attributes, captions, an existing file, or attributes+ and one of these",
            )
        if path.suffix.lower() in EMBEDDINGS:
            table = read_embeddings(path, dataset.classes)
            return table, captions, {"knowledge_file": path.name}, order_notice(path, dataset.classes)
        if path.suffix.lower() == ".csv":
            read = read_class_table(path, dataset.classes, extra=True)
            file = {"knowledge_file": path.name}
            if not alone or np.min(read.values, initial=0) < 0:
                return Knowledge("embedding", dataset.classes, read.names, read.values), captions, file, read.notices
            common = common_scale(read.names, read.values)
            table = Knowledge("attributes", dataset.classes, read.names, common.values, common.scale)
            return table, captions, file, (*read.notices, *common.notices)
        if is_caption_folder(path):
            captions = read_picture_captions(path, dataset)
        else:
            captions = read_descriptions(path, dataset.classes)
    if not captions:
        raise NiwtError(
            "the set has no captions", where=dataset.name, fix="name a file of descriptions with --knowledge FILE"
        )
    table, memory = caption_knowledge(captions, dataset.classes, encoder)
    return table, captions, {"captions": dict(memory)}, ()


def _check_said(table: Knowledge, source: str) -> None:
    """Raises NiwtError where a class has a row of zeros: no direction could be given to it."""
    ablate = [name for name, row in zip(table.classes, table.values, strict=True) if not row.any()]
    if ablate:
        raise NiwtError(f"class {ablate[0]} has a row of zeros", where=source, fix="give it a vector")
