"""The report stands alone, says what was said, and lets no name become markup."""

import csv
import io
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from niwt_core import NiwtError
from niwt_core.classify.answer import Answer
from niwt_core.explain.parts import AttributeScore, Contrast
from niwt_core.figures.palette import DARK, LIGHT
from niwt_core.report import explanation_json, report_files, report_html, report_zip, write_report
from niwt_core.report.document import what_would_change
from niwt_core.report.fragments import waterfall
from niwt_core.report.wording import ENGLISH
from pages.components.shared import style
from tests.support.small_study import small_study

EVIL = "=<img src=x onerror=alert(1)>"


def answered(name: str = EVIL) -> Answer:
    study = small_study()
    classifier = study.classifier()
    classifier.add(name, {"crown color": "red", "bill shape": "needle"})
    return classifier.classify(study.gallery.jpeg(3))


class Tags(HTMLParser):
    """Opens and closes every tag, and keeps what could load something."""

    VOID = ("meta", "img", "br", "link", "hr", "input")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.sources += [value or "" for key, value in attrs if key in ("src", "href", "srcset")]
        assert not any(key.startswith("on") for key, _ in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("place", [0, 1, -1])
def test_the_page_stands_alone_and_is_well_formed(place):
    answer = answered()
    page = report_html(answer, answer.explain(answer.ranking[place].name), picture_name="<b>bird</b>.jpg")
    parser = Tags()
    parser.feed(page)
    assert parser.open == []
    assert all(source.startswith("data:image/jpeg;base64,") for source in parser.sources)
    assert not parser.tags & {"script", "link", "iframe", "object"}
    assert "@import" not in page
    assert "url(" not in page
    assert "<img src=x" not in page
    assert "<b>bird" not in page
    assert "prefers-color-scheme:dark" in page


def test_it_explains_a_built_class_with_its_recipe():
    answer = answered()
    page = report_html(answer, answer.explain(EVIL))
    assert "crown color: red" in page
    assert re.search(r"Could it be|Why", page)


def test_both_palettes_are_those_of_the_app():
    for name in LIGHT:
        tone = style.TONES[name]
        assert (LIGHT[name], DARK[name]) == (tone.light, tone.dark)


def test_files(tmp_path):
    answer = answered()
    explanation = answer.explain()
    (tmp_path / "other.txt").write_text("mine")
    paths = write_report(answer, explanation, tmp_path, methods=("grad-cam", "occlusion"))
    names = {path.name for path in paths}
    assert paths[0].name == "report.html"
    assert {
        "explanation.json",
        "ranking.csv",
        "neurons.csv",
        "words.csv",
        "observations.csv",
        "picture.png",
        "figure.svg",
        "figure.pdf",
        "map-grad-cam.png",
        "map-occlusion.png",
    } <= names
    assert {f"neuron-{part.index}.png" for part in explanation.supporting} <= names
    assert {path.name for path in tmp_path.iterdir()} == names | {"other.txt"}
    for path in paths:
        if path.suffix == ".png":
            with Image.open(path) as image:
                assert image.size == (448, 448)


def test_tables_hold_everything_and_no_formula():
    answer = answered()
    explanation = answer.explain()
    files = report_files(answer, explanation)
    ranking = list(csv.DictReader(io.StringIO(files["ranking.csv"].decode())))
    assert [row["kind"] for row in ranking] == [item.kind for item in answer.ranking]
    assert f"'{EVIL}" in [row["name"] for row in ranking]
    neurons = list(csv.DictReader(io.StringIO(files["neurons.csv"].decode())))
    assert len(neurons) == len(answer.classifier.study.neurons)
    total = sum(float(row["contribution"]) for row in neurons)
    assert total == pytest.approx(float(explanation.contributions.sum()), abs=1e-3)
    assert files["words.csv"].decode().splitlines()[0] == "part,attribute,label,score,present"


def test_json_is_plain_and_complete():
    answer = answered()
    explanation = answer.explain()
    text = json.loads(json.dumps(explanation_json(answer, explanation), allow_nan=False))
    assert text["sentence"] == explanation.sentence
    assert len(text["ranking"]) == len(answer.ranking)
    assert text["contrast"]["flips"] == explanation.contrast.flips


def test_the_same_answer_gives_the_same_bytes():
    answer = answered()
    first, second = (report_zip(report_files(answer, answer.explain())) for _ in range(2))
    assert first == second
    assert zipfile.ZipFile(io.BytesIO(first)).testzip() is None


def test_a_full_disk_leaves_no_half_report(tmp_path, monkeypatch):
    answer = answered()
    real = Path.write_bytes

    def full(path, data):
        if "neurons.csv" in path.name:
            real(path, data[:3])
            raise OSError(28, "No space left on device")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(NiwtError, match="No space left"):
        write_report(answer, answer.explain(), tmp_path / "report")
    assert not list((tmp_path / "report").iterdir())


def test_mistakes_are_said(tmp_path):
    answer = answered()
    with pytest.raises(NiwtError, match="no method 'cam'"):
        write_report(answer, answer.explain(), tmp_path / "new", methods=("cam",))  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(NiwtError, match="a file is in the way"):
        write_report(answer, answer.explain(), tmp_path / "file")


@pytest.mark.parametrize(
    ("label", "present", "text"),
    [
        ("crown color: red", True, "take away the red crown"),
        ("crown color: red", False, "add a red crown"),
        ("crest: none", True, "add a crest"),
        ("crest: none", False, "take away the crest"),
        ("furry", True, "take away “furry”"),
        ("furry", False, "add “furry”"),
    ],
)
def test_a_change_is_said_as_what_to_do(label, present, text):
    assert ENGLISH.change(AttributeScore(label, label, 1.0, present)) == text


ONE_WORD = "one word of the description of Robin changed to what Wren has"


@pytest.mark.parametrize(
    ("taken", "about", "last"),
    [
        (1.25, f"With {ONE_WORD}, Wren would come first.", "Wren leads by"),
        (1.0 - 1e-7, f"With {ONE_WORD}, the two would be level: nothing else parts them.", "both are level"),
        (0.5, f"Even with {ONE_WORD}, Robin would stay ahead: ", "Robin still leads by"),
    ],
)
def test_what_would_have_to_change_is_told_from_what_its_change_leaves(taken, about, last):
    changed = AttributeScore("crown color::red", "crown color: red", taken)
    contrast = Contrast("Robin", "Wren", 1.0, (), (), (changed,), flips=taken > 1)
    assert what_would_change(contrast).startswith(about)
    assert waterfall(contrast)[0][-1].label == last
