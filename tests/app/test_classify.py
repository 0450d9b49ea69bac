"""The Classify page: good and bad files, the choice of class and runner-up, calibration; and the whole story in a browser."""

import csv
import io
import re
from pathlib import Path

import pytest
import streamlit as st
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from niwt_core import NiwtError
from niwt_core.classify.answer import Answer
from niwt_core.images import image_hash
from pages.components.classify.reasons import explanation_of
from pages.components.classify.results import results_csv
from pages.components.classify.verdicts import verdicts
from pages.components.shared import uploads
from pages.components.shared.uploads import WHOLE, Uploads, input_of, pixels_of, sample_key, take_in
from tests.support.small_study import small_dataset, small_study

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _study(monkeypatch):
    monkeypatch.setenv("NIWT_STUDY", str(small_study().folder))
    monkeypatch.setattr("sys.argv", ["streamlit"])


def opened() -> AppTest:
    return checked(AppTest.from_file(ROOT / "pages" / "classify.py", default_timeout=60).run())


def checked(at: AppTest) -> AppTest:
    assert not at.exception, [item.value for item in at.exception]
    return at


def markup(at: AppTest) -> str:
    return "\n".join(item.body for item in at.get("html"))


def upload(at: AppTest, *files: tuple[str, bytes]) -> AppTest:
    at.segmented_control(key="picture_source").set_value("upload")
    checked(at.run())
    at.file_uploader[0].set_value([(name, data, "image/jpeg") for name, data in files])
    return checked(at.run())


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def bird(size: tuple[int, int] = (90, 70)) -> Image.Image:
    data = small_dataset()
    return data.picture(0).resize(size)


def errors(at: AppTest) -> str:
    return " ".join(item.value for item in (*at.error, *at.caption))


def test_the_first_visit_shows_a_sample_with_its_reasons():
    at = opened()
    assert re.search("The network (says|leans towards)", markup(at))
    assert at.selectbox(key="class_to_explain").value
    assert len(at.selectbox(key="class_to_compare").options) == len(small_study().classes) - 1
    assert not at.error


def rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(bird(), "JPEG", exif=exif)


GOOD = {
    "jpeg": lambda: encoded(bird(), "JPEG"),
    "cmyk": lambda: encoded(bird().convert("CMYK"), "JPEG"),
    "16-bit": lambda: encoded(Image.new("I;16", (80, 60), 30000)),
    "animated": lambda: encoded(bird(), "GIF", save_all=True, append_images=[bird().rotate(90)]),
    "rotated": rotated,
    "transparent": lambda: encoded(bird().convert("RGBA")),
    "grey": lambda: encoded(bird().convert("L")),
    "one pixel": lambda: encoded(Image.new("RGB", (1, 1))),
    "panorama": lambda: encoded(Image.new("RGB", (2000, 20), "teal")),
}


def huge_header() -> bytes:
    data = bytearray(encoded(Image.new("RGB", (8, 8))))
    data[16:24] = (60000).to_bytes(4, "big") * 2
    import zlib

    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


BAD = {
    "text": (lambda: b"I am a text, not a picture.\n" * 20, "not an image"),
    "empty": (lambda: b"", "empty"),
    "truncated": (lambda: encoded(bird((400, 300)), "JPEG")[:3000], "damaged"),
    "huge": (huge_header, "too large"),
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_picture_of_any_kind_is_ranked(kind):
    at = upload(opened(), (f"{kind}.jpg", GOOD[kind]()))
    assert not at.error
    assert f"{kind}.jpg" in markup(at)


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_named_and_the_rest_works(kind):
    make, message = BAD[kind]
    at = upload(opened(), ("bad.jpg", make()), ("good.jpg", GOOD["jpeg"]()))
    assert message in errors(at).replace("\\", "")
    assert "bad.jpg" in errors(at)
    assert "good.jpg" in markup(at)
    assert re.search("The network (says|leans towards)", markup(at))


def test_only_bad_files_leave_the_picture_at_hand():
    at = opened()
    before = at.selectbox(key="class_to_explain").options
    at = upload(at, ("a.jpg", b"x"), ("b.jpg", b""))
    assert [error.value for error in at.error] == ["**2 files were not taken**"]
    assert at.selectbox(key="class_to_explain").options == before


def test_many_bad_files_are_one_message_that_names_each():
    """Twelve messages in a column would push the answer off the screen."""
    bad = [(f"bad {number} <b>.jpg", b"x" * number) for number in range(12)]
    at = upload(opened(), *bad, ("good.jpg", GOOD["jpeg"]()))
    assert len(at.error) == 1
    shown = markup(at)
    assert [f"<code>bad {number} &lt;b&gt;.jpg</code>" in shown for number in range(12)] == [True] * 12
    assert "the file is empty" in shown
    assert "good.jpg" in shown


def test_the_uploader_lets_go_and_names_are_text():
    evil = "<img src=x onerror=alert(1)>.png"
    at = upload(opened(), (evil, encoded(bird())))
    assert evil not in markup(at)
    assert "&lt;img src=x" in markup(at)
    assert not at.file_uploader[0].value


def test_any_class_can_be_explained_and_compared():
    at = opened()
    other = at.selectbox(key="class_to_explain").options[4]
    index = 4
    name = at.session_state["uploads"].current and at.selectbox(key="class_to_explain").value
    at.button(key="rank-3").click()
    checked(at.run())
    third = at.selectbox(key="class_to_explain").value
    assert third != name
    assert "Could it be" in markup(at)
    at.selectbox(key="class_to_explain").select_index(index)
    checked(at.run())
    assert re.sub(r" \(.*", "", other)[2:] in markup(at)
    at.selectbox(key="class_to_compare").select_index(3)
    checked(at.run())
    assert f"Why not {at.selectbox(key='class_to_compare').value}?" in markup(at)


def test_gamma_moves_the_ranking_at_once_and_can_be_reset():
    at = opened()
    initial = at.slider(key="classify_gamma").value
    at.slider(key="classify_gamma").set_value(0.0)
    checked(at.run())
    seen = [option for option in at.selectbox(key="class_to_explain").options[:3] if "(seen" in option]
    at.slider(key="classify_gamma").set_value(at.slider(key="classify_gamma").max)
    checked(at.run())
    assert "(unseen" in at.selectbox(key="class_to_explain").options[0]
    assert seen
    at.button(key="gamma_reset").click()
    checked(at.run())
    assert at.slider(key="classify_gamma").value == pytest.approx(initial, abs=1e-6)


@pytest.fixture
def explained(monkeypatch):
    """The explanations that were computed."""
    made, explain = [], Answer.explain
    monkeypatch.setattr(
        Answer, "explain", lambda answer, *args, **kwargs: made.append(args) or explain(answer, *args, **kwargs)
    )
    st.cache_resource.clear()
    return made


def test_an_explanation_is_made_anew_only_when_what_it_rests_on_has_changed(explained):
    at = upload(opened(), ("bird.png", encoded(bird())))
    explained.clear()
    checked(at.run())
    at.segmented_control(key="map_method").set_value("integrated-gradients")
    checked(at.run())
    assert len(explained) == 0
    at.slider(key="classify_gamma").set_value(0.0)
    checked(at.run())
    assert len(explained) == 1


def test_all_sessions_share_what_is_said_of_a_sample(explained):
    for _ in range(2):
        opened()
    assert len(explained) == 1


def test_what_is_said_of_a_sample_beside_a_built_class_stays_in_its_session(explained):
    answer = small_study().classifier().classify(small_study().gallery.jpeg(0))
    answer.classifier.add("Mine", {}, like=small_study().unseen_classes[0])
    answer = answer.classifier.answer(answer.picture)
    for _ in range(2):
        explanation_of(answer, "Mine", versus="", key=sample_key(0))
    assert len(explained) == 1
    assert any("Mine" in asked for asked in st.session_state["explanations"])


def test_samples_turn_and_many_pictures_are_listed():
    at = opened()
    at.button(key="other_samples").click()
    checked(at.run())
    tile = next(button for button in at.button if (button.key or "").startswith("pick-sample"))
    tile.click()
    checked(at.run())
    assert "Your pictures" in markup(at)
    at.button(key="remove_picture").click()
    checked(at.run())
    assert "Your pictures" not in markup(at)


def test_every_method_draws_a_map():
    at = upload(opened(), ("bird.png", encoded(bird())))
    for method in ("integrated-gradients", "occlusion"):
        at.segmented_control(key="map_method").set_value(method)
        checked(at.run())
        assert any(method in key for key in at.session_state["importance_maps"])


def test_a_held_picture_is_the_very_same_again():
    study = small_study()
    classifier, session_uploads = study.classifier(), Uploads(study.id)
    files = [(f"{i}.png", encoded(bird((64 + i, 64)))) for i in range(WHOLE + 2)]
    keys, problems = take_in(files, classifier, session_uploads)
    assert (keys, problems) == ([image_hash(data) for _, data in files], [])
    first = session_uploads.items[image_hash(files[0][1])]
    complete = classifier.encode(files[0][1])
    torch.testing.assert_close(input_of(first.seen, study.preprocess), complete.input, rtol=0, atol=0)
    assert torch.equal(pixels_of(complete.input, study.preprocess), first.pixels)
    torch.testing.assert_close(session_uploads.encoded(first, classifier).activations, complete.activations)
    assert len(session_uploads.kept_pictures) == WHOLE


def test_what_is_packed_is_the_very_same(monkeypatch):
    monkeypatch.setattr(uploads, "READY", 2)
    study = small_study()
    classifier, session_uploads = study.classifier(), Uploads(study.id)
    files = [(f"{i}.png", encoded(bird((64 + i, 64)))) for i in range(5)]
    take_in(files, classifier, session_uploads)
    packed = [upload.pixels is None for upload in session_uploads.items.values()]
    assert packed == [True, True, True, False, False]
    for (_, data), upload in zip(files, session_uploads.items.values(), strict=True):
        complete = classifier.encode(data)
        torch.testing.assert_close(input_of(upload.seen, study.preprocess), complete.input, rtol=0, atol=0)
        again = session_uploads.encoded(upload, classifier)
        torch.testing.assert_close(again.activations, complete.activations)
        torch.testing.assert_close(upload.pooled, complete.pooled)


def test_the_tray_is_bounded_and_reads_each_file_once(monkeypatch):
    monkeypatch.setattr(uploads, "KEPT", 30)
    study = small_study()
    classifier, session_uploads = study.classifier(), Uploads(study.id)
    calls = []
    monkeypatch.setattr(
        classifier, "encode", lambda source, encode=classifier.encode: calls.append(1) or encode(source)
    )
    files = [(f"{i}.png", encoded(Image.new("RGB", (8, 8), (i, 0, 0)))) for i in range(35)]
    assert take_in([*files, files[-1]], classifier, session_uploads)[1] == []
    assert (len(session_uploads.items), len(calls)) == (30, 35)
    _, actual = take_in([("x.jpg", b"no picture")], classifier, session_uploads)
    assert isinstance(actual[0], NiwtError)
    assert actual[0].where == "x.jpg"


def test_many_pictures_are_a_table_with_all_that_the_answers_say():
    at = upload(opened(), *((f"{i}.png", encoded(bird((64 + i, 64)))) for i in range(14)))
    assert at.toggle(key="as_table").value  # more than a row of tiles
    (table,) = at.dataframe
    shown = table.value
    assert len(shown) == 15  # and the sample
    assert list(shown.columns) == ["", "picture", "class", "%", "familiar", "evidence"]
    study = small_study()
    classifier = study.classifier()
    for i in range(14):
        answer = classifier.classify(encoded(bird((64 + i, 64))))
        row = shown[shown["picture"] == f"{i}.png"].iloc[0]
        assert row["class"].endswith(answer.best.display)
        assert row["%"] == pytest.approx(100 * answer.best.probability, abs=1e-3)
        assert (row["familiar"] == "familiar") == answer.familiar
        evidence = answer.explain().evidence.terms
        best = study.knowledge.labels[int(evidence.argmax())]
        assert row["evidence"].startswith(best) == (evidence.max() > 0)
    at.toggle(key="as_table").set_value(False)
    checked(at.run())
    assert not at.dataframe
    assert any((button.key or "").startswith("pick-held") for button in at.button)


def test_the_csv_says_the_same():
    study = small_study()
    classifier, uploads = study.classifier(), Uploads(study.id)
    take_in([("=a.png", encoded(bird())), ("b.png", encoded(bird((64, 90))))], classifier, uploads)
    reported = verdicts(classifier, uploads)
    rows = list(csv.DictReader(io.StringIO(results_csv(reported, [0.5, 1.5], ["crown color: red +1.0", ""]))))
    assert [row["picture"] for row in rows] == ["b.png", "'=a.png"]  # nothing that a spreadsheet would run
    assert [row["familiar"] for row in rows] == ["yes", "no"]
    assert rows[0]["evidence"] == "crown color: red +1.0"
    assert float(rows[0]["probability"]) == pytest.approx(reported[0].probability, rel=1e-4)
