"""The report of a study stands alone, says what was measured, and lets no name become markup."""

import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from PIL import Image

from niwt_core import NiwtError
from niwt_core.evaluation.metrics import Metrics
from niwt_core.knowledge.class_names import display_name
from niwt_core.report import study_report_html, write_study_report
from niwt_core.report.study_classes import MISTAKES
from niwt_core.report.study_neurons import lit
from niwt_core.study.evaluate import evaluate
from niwt_core.study.study import Study
from tests.report.test_report import EVIL, Tags
from tests.support.small_study import small_study


def words_of(page: str) -> str:
    """What a reader sees, as one line."""
    body = page[page.index("<body>") :]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).replace("\N{NO-BREAK SPACE}", " ").split())


def evil_study() -> Study:
    """The small study with markup for names, and with two neurons that are verified."""
    study = small_study(layer="second.1")
    classes = tuple(f"{EVIL}{c}" for c in range(len(study.classes)))
    knowledge = replace(study.knowledge, classes=classes)
    known = [
        replace(neuron, status="verified", attribute=f"{n}", label=f"crown: {EVIL}")
        for n, neuron in enumerate(study.neurons[:2])
    ]
    provenance = {**study.provenance, "command": f"niwt prepare folder --root '{EVIL}'", "backbone": EVIL}
    return replace(
        study,
        name=EVIL,
        classes=classes,
        knowledge=knowledge,
        neurons=(*known, *study.neurons[2:]),
        provenance=provenance,
    )


def test_the_page_stands_alone_and_is_well_formed():
    page = study_report_html(evil_study())
    parser = Tags()
    parser.feed(page)
    assert parser.open == []
    assert parser.sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in parser.sources)
    assert not parser.tags & {"script", "link", "iframe", "object"}
    assert "@import" not in page
    assert "url(" not in page
    assert "<img src=x" not in page
    assert "prefers-color-scheme:dark" in page
    assert words_of(page).count("<img src=x onerror=alert(1)>") > len(small_study(layer="second.1").classes)


def test_it_says_what_was_measured():
    study = small_study(layer="second.1")
    actual = evaluate(study)
    page = words_of(study_report_html(study, actual))
    for key in ("U", "S", "H", "zsl"):
        assert f"{getattr(actual.metrics, key):.1f} %" in page
    for name in study.classes:
        assert f"{display_name(name)} {actual.per_class[name]:.0f} %" in page
    for status in {neuron.status for neuron in study.neurons}:
        assert f"{status} {sum(neuron.status == status for neuron in study.neurons)}" in page
    for text in (study.id, study.split_hash, "Made by the Python interface", f"Seed {study.seed}"):
        assert text in page
    assert "Beside other methods" not in page


def test_mistakes_are_those_of_the_confusion_matrix():
    study = small_study(layer="second.1")
    counts = evaluate(study).confusion
    expected = [
        (int(counts[i, j]), i, j) for i in range(len(counts)) for j in range(len(counts)) if i != j and counts[i, j]
    ]
    expected.sort(key=lambda item: (-item[0], item[1], item[2]))
    page = words_of(study_report_html(study))
    place = 0
    for count, ground_truth, text in expected[:MISTAKES]:
        names = [display_name(study.classes[c]) for c in (ground_truth, text)]
        marks = ["●" if study.seen[c] else "◆" for c in (ground_truth, text)]
        line = f"{marks[0]} {names[0]} taken for {marks[1]} {names[1]} {count} of {counts[ground_truth].sum()}"
        assert line in page[place:]
        place = page.index(line, place)
    right = replace(evaluate(study), confusion=np.diag(counts.sum(1)))
    assert f"No mistake in {counts.sum()} test pictures" in words_of(study_report_html(study, right))


@pytest.mark.parametrize("count", [1, 9])
def test_as_many_baselines_as_were_run(count):
    study = small_study(layer="second.1")
    baselines = {f"Baseline<{n}>": Metrics(50 + n, 40, 44 + n, 60, 0.3) for n in range(count)}
    baselines |= {f"{name} (uncalibrated)": Metrics(5, 80, 9, 60, 0.0) for name in baselines}
    page = words_of(study_report_html(study, replace(evaluate(study), baselines=baselines)))
    assert page.count("Baseline<") == 2 * count
    places = [page.index(f"Baseline<{n}>") for n in range(count)]
    assert places == sorted(places, reverse=True)  # the highest H first


def test_knowledge_without_words_names_no_neuron():
    study = small_study(layer="second.1")
    other = replace(study, knowledge=replace(study.knowledge, kind="embedding"))
    assert "which has no words to name" in words_of(study_report_html(other))


def test_a_neurons_picture_is_lit_where_it_is_excited():
    image = Image.new("RGB", (40, 20), (200, 0, 0))
    values = np.zeros((4, 4), np.float32)
    values[:, 3] = 0.5
    shown = lit(image, values, (0.25, 0.0, 0.75, 1.0))
    assert shown.size == (20, 20)
    assert shown.getpixel((19, 10)) == (200, 0, 0)
    assert shown.getpixel((0, 10)) == (round(0.4 * 59.8),) * 3
    assert lit(image, np.zeros((4, 4), np.float32), (0.25, 0.0, 0.75, 1.0)).getpixel((19, 10)) == shown.getpixel(
        (0, 10)
    )


def test_the_same_study_gives_the_same_bytes_and_is_left_whole(tmp_path):
    study = small_study(layer="second.1")
    path = write_study_report(study, tmp_path / "deep" / "study.html")
    assert path.read_text("utf-8") == study_report_html(study)
    assert [item.name for item in path.parent.iterdir()] == ["study.html"]
    with pytest.raises(NiwtError, match="that is a folder"):
        write_study_report(study, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(NiwtError, match="cannot write"):
        write_study_report(study, tmp_path / "file" / "study.html")
