"""What benchmarks of a trained classifier's study are given: the study, and labelled photographs of its seen classes."""

from __future__ import annotations

import argparse
from pathlib import Path

from niwt_core import NiwtError, Study, load_study


def parser(doc: str) -> argparse.ArgumentParser:
    """Of a benchmark whose module says ``doc`` of itself: ``--study`` and ``--photos``."""
    options = argparse.ArgumentParser(description=doc.splitlines()[0])
    options.add_argument("--study", type=Path, default=Path("assets/photographs"))
    options.add_argument("--photos", type=Path, required=True, help="labelled photographs of the seen classes")
    return options


def pooling_study(doc: str) -> tuple[Study, Path]:
    """(the study, the folder of photographs) of a benchmark that reads pooled activations off features. Raises NiwtError where the two differ."""
    options = parser(doc).parse_args()
    study = load_study(options.study)
    if not study.network.identity_tail:
        raise NiwtError("more than pooling follows the dictionary", where=options.study, fix="give another study")
    return study, options.photos
