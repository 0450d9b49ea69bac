"""What CLIP is told of each class: its name, and the study's own description of it in words.

``a photo of a Laysan Albatross.`` for every class. Where the study has attributes, also ``a photo of a Laysan Albatross with a hooked bill, ...``
with those that stand farthest above the seen classes; where its classes are described by captions that can still be read, a prompt for each of
the first sentences. None of it was chosen by any picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from niwt_core.data.aviary.dataset import read_aviary
from niwt_core.data.dataset import Dataset
from niwt_core.data.descriptions import read_descriptions
from niwt_core.data.knowledge_sources import BESIDE, EMBEDDINGS
from niwt_core.data.reed import is_caption_folder, read_picture_captions
from niwt_core.knowledge.class_names import display_name
from niwt_core.knowledge.noun_phrases import join, mention
from niwt_core.study.study import Study

Captions = Mapping[str, tuple[str, ...]]
STRONGEST = 5  # attributes of a class: with its name about 40 of the 77 tokens that CLIP reads
SENTENCES = 10  # of a class's captions: Reed's folders have hundreds


def class_prompts(study: Study, captions: Captions | None = None) -> dict[str, tuple[str, ...]]:
    """Class -> prompts, all classes in the study's order; ``captions`` from `study_captions`."""
    attributes = strongest_attributes(study) if study.knowledge.kind == "attributes" else {}
    prompts = {}
    for name in study.classes:
        photo = f"a photo of a {display_name(name)}"
        sentences = [_with_attributes(photo, attributes[name])] if attributes.get(name) else []
        sentences += [f"{photo}: {sentence}" for sentence in (captions or {}).get(name, ())[:SENTENCES]]
        prompts[name] = (f"{photo}.", *sentences)
    return prompts


def strongest_attributes(study: Study, count: int = STRONGEST) -> dict[str, tuple[str, ...]]:
    """Class -> labels of the attributes that it has, farthest above the mean of the seen classes first, one of a group.

    In the table's own scale, not in standard deviations: those put what hardly anybody saw in any bird before a black belly. What a class lacks
    ("crest: none") is left out, since a prompt that names a crest speaks of one.
    """
    table = study.knowledge
    distances, present = table.values - table.values[study.seen].mean(0), table.presence()  # (C,K)
    group_of = {int(k): group for group, columns in table.groups.items() for k in columns}
    strongest = {}
    for c, name in enumerate(study.classes):
        chosen: dict[str, str] = {}
        for k in np.argsort(-distances[c], kind="stable"):
            if distances[c, k] <= 0 or len(chosen) == count:
                break
            if present[c, k] and group_of[int(k)] not in chosen and not table.names[k].endswith("::none"):
                chosen[group_of[int(k)]] = table.labels[k]
        strongest[name] = tuple(chosen.values())
    return strongest


def study_captions(study: Study, dataset: Dataset) -> Captions:
    """The sentences that the study's captions were read from, or nothing where there are none or their files are gone: a study keeps their
    vectors only. Raises NiwtError where a file is damaged."""
    if "captions" not in study.provenance:
        return {}

    source = study.source.knowledge.removeprefix(BESIDE)
    if source == "captions":
        if (dataset.root / "aviary.json").is_file():
            return read_aviary(dataset.root).captions
        beside = (dataset.root / "captions", dataset.root.parent / "captions")
        path = next((folder for folder in beside if folder.is_dir()), None)
    else:
        path = (
            Path(source) if Path(source).exists() and Path(source).suffix.lower() not in (*EMBEDDINGS, ".csv") else None
        )
    if path is None:
        return {}
    return read_picture_captions(path, dataset) if is_caption_folder(path) else read_descriptions(path, study.classes)


def _with_attributes(photo: str, labels: tuple[str, ...]) -> str:
    mentions = [mention(label) for label in labels]
    bare = [words.strip("“”") for words in mentions]
    return f"{photo}{' with' if bare == mentions else ':'} {join(bare)}."
