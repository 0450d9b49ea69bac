"""The report as files: in a folder, or in one ZIP archive."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

from niwt_core.classify.answer import Answer
from niwt_core.errors import NiwtError
from niwt_core.explain.attribution import Method
from niwt_core.explain.explanation import Explanation
from niwt_core.figures.canvas import figure_bytes
from niwt_core.files import write_all
from niwt_core.report.document import report_html
from niwt_core.report.explanation_data import (
    attributes_csv,
    explanation_json,
    neurons_csv,
    observations_csv,
    ranking_csv,
)
from niwt_core.report.figures import Figures, make_figures, png_bytes
from niwt_core.report.wording import ENGLISH, Wording


def report_files(
    answer: Answer,
    explanation: Explanation,
    *,
    methods: Sequence[Method] = ("grad-cam",),
    picture_name: str = "",
    figures: Figures | None = None,
    wording: Wording = ENGLISH,
) -> dict[str, bytes]:
    """File name -> content: report.html in the language of ``wording``, explanation.json, four CSV tables, all pictures as PNG, and a figure
    for print as SVG and PDF.

    Raises NiwtError on an unknown method.
    """
    drawn = figures or make_figures(answer, explanation, methods=methods)
    texts = {
        "report.html": report_html(answer, explanation, picture_name=picture_name, figures=drawn, wording=wording),
        "explanation.json": json.dumps(explanation_json(answer, explanation), indent=1, ensure_ascii=False) + "\n",
        "ranking.csv": ranking_csv(answer),
        "neurons.csv": neurons_csv(answer, explanation),
        "words.csv": attributes_csv(explanation),
        "observations.csv": observations_csv(explanation),
    }
    images = {"picture.png": drawn.picture}
    images |= {f"map-{method}.png": image for method, image in drawn.maps.items()}
    images |= {f"neuron-{index}.png": image for index, image in drawn.neurons.items()}
    printed = explanation.figure(answer)
    return {
        **{name: text.encode() for name, text in texts.items()},
        **{name: png_bytes(image) for name, image in images.items()},
        "figure.svg": figure_bytes(printed, "svg"),
        "figure.pdf": figure_bytes(printed, "pdf"),
    }


def write_report(
    answer: Answer,
    explanation: Explanation,
    out: Path,
    *,
    methods: Sequence[Method] = ("grad-cam",),
    picture_name: str = "",
) -> tuple[Path, ...]:
    """Writes the report into the folder ``out``, all of it or nothing; other files there stay. The paths, report.html first.

    Raises:
        NiwtError: the folder cannot be written, or a method is unknown.
    """
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise NiwtError("a file is in the way", where=str(out), fix="choose a folder for --out")
    files = report_files(answer, explanation, methods=methods, picture_name=picture_name)
    write_all(out, files)
    return tuple(out / name for name in files)


def report_zip(files: dict[str, bytes]) -> bytes:
    """The files in one archive, the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            packed = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, packed)
    return buffer.getvalue()
