"""The pages Start, Neuron dictionary, Measure and Studies, and what happens on them when something is amiss."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from niwt_core import Recipe
from niwt_core.audit.ground_truth import measure_ground_truth
from niwt_core.knowledge.class_names import display_name
from niwt_core.study.evaluate import evaluate
from pages.components.measure import audits, baselines, built_classes, ground_truth
from pages.components.studies import study_list
from tests.support.opened import ROOT, charts_of, page_text, went_well, with_classes
from tests.support.shapes import SHAPES, shape
from tests.support.small_study import UNSEEN, small_study
from tests.support.tiny_aviary import tiny_aviary

Open = Callable[..., AppTest]


def press(at: AppTest, label: str) -> AppTest:
    """Presses the button of that name."""
    buttons = [button for button in at.button if label in button.label]
    assert buttons, f"no button {label!r} among {[button.label for button in at.button]}"
    return went_well(buttons[-1].click().run())


def test_app_opens_on_start(study_folder: Path) -> None:
    at = went_well(AppTest.from_file(ROOT / "app.py", default_timeout=60).run())
    assert "Choose your neuron" in page_text(at)


def test_a_link_to_a_neuron_opens_its_page(study_folder: Path) -> None:
    at = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    at.query_params["neuron"] = "3"
    assert "Neuron 3" in page_text(went_well(at.run()))


def test_start_tells_the_four_steps_and_leads_on(page: Open) -> None:
    at = page("start")
    for step in ("Describe", "Choose neurons", "Transfer", "Recognise"):
        assert f"</b>{step}</h3>" in page_text(at)
    assert [
        key
        for key in ("dictionary", "build", "classify")
        if any(button.key == f"open-door-{key}" for button in at.button)
    ] == [
        "dictionary",
        "build",
        "classify",
    ]


def test_first_run_builds_a_class_and_tries_it(page: Open) -> None:
    at = page("start")
    assert "kept away from training" in page_text(at)
    press(at, "Transfer weights")
    assert "is in your classifier" in page_text(at)
    assert "pictures that it never saw are recognised" in page_text(at)
    assert "kept away from training" not in page_text(at)


def test_dictionary_searches_by_word_number_and_trust(page: Open) -> None:
    at = page("dictionary")
    at.segmented_control(key="trust").set_value("All")
    at = went_well(at.text_input(key="words").set_value("7").run())
    assert [button.label for button in at.button if button.label.startswith("Open neuron")] == [
        button.label for button in at.button if button.label.startswith("Open neuron 7:")
    ]
    at = went_well(at.text_input(key="words").set_value("<b>no such word</b>").run())
    assert "No neuron answers to that" in page_text(at)
    assert "<b>no such word" not in page_text(at)


def test_dictionary_shows_a_class_for_and_against(page: Open) -> None:
    at = page("dictionary")
    at.segmented_control(key="trust").set_value("All")
    unseen = small_study().unseen_classes[0]
    at = went_well(at.selectbox(key="of_class").set_value(unseen).run())
    assert "Speak for it" in page_text(at)
    assert "predicted from its description" in page_text(at)


def test_a_neurons_page_shows_all_it_promises_and_ablates(page: Open) -> None:
    at = page("dictionary", neuron="3")
    for part in ("Neuron 3", "How strongly it answers", "Which classes it speaks for", "Ablate it", "Related neurons"):
        assert part in page_text(at)
    bars = next(trace for chart in charts_of(at) for trace in chart["data"] if trace["type"] == "bar")
    assert len(bars["text"]) == len(small_study().classes)  # one bar a class
    at = went_well(at.segmented_control(key="ablate-3").set_value("This neuron").run())
    assert "harmonic mean" in page_text(at)
    assert "its strongest picture" in page_text(at)


@pytest.mark.parametrize("asked", ["99999", "-1", "<script>", "3.5"])
def test_a_neuron_that_is_not_there_says_so(page: Open, asked: str) -> None:
    at = page("dictionary", neuron=asked)
    assert "No neuron" in at.error[0].value
    assert "use 0 to" in page_text(at).replace("\\", "").casefold()
    assert "<script>" not in at.error[0].value


def test_measure_shows_figures_and_moves_gamma(page: Open) -> None:
    at = page("measure")
    result = evaluate(small_study()).metrics
    assert f"{result.H:.1f} %" in page_text(at)
    assert {"Figure for print (SVG)", "Figure for print (PDF)"} <= {item.label for item in at.get("download_button")}
    at = went_well(at.slider(key="gamma").set_value(at.slider(key="gamma").max).run())
    assert any(button.key == "gamma_back" for button in at.button)
    at = press(at, "Back to the study")
    assert not any(button.key == "gamma_back" for button in at.button)


def test_measure_maps_classes_and_confusions(page: Open) -> None:
    study, charts = small_study(), charts_of(page("measure"))
    heat = next(trace for chart in charts for trace in chart["data"] if trace["type"] == "heatmap")
    assert len(heat["x"]) == len(study.classes)
    marks = [
        trace
        for chart in charts
        for trace in chart["data"]
        if trace["type"] == "scatter" and trace.get("mode") == "markers"
    ]
    assert sum(len(trace["text"]) for trace in marks if trace["name"] == "unseen") == 2 * len(
        study.unseen_classes
    )  # two charts have them


def test_the_dictionary_has_a_map(page: Open) -> None:
    at = page("dictionary")
    at = went_well(at.segmented_control(key="trust").set_value("All").run())
    at = went_well(at.segmented_control(key="dictionary_view").set_value("Map").run())
    (chart,) = charts_of(at)
    assert sum(len(trace["text"]) for trace in chart["data"]) == len(small_study().neurons)


def test_measure_runs_the_baselines_in_the_background(page: Open) -> None:
    baselines.run_of.clear()  # whatever ran before
    at = page("measure")
    assert "ESZSL" not in page_text(at)
    press(at, "Run the others")
    run = baselines.run_of(small_study().id, small_study())
    assert run.thread is not None
    run.thread.join(120)
    assert run.error == ""
    assert run.result is not None
    assert "ESZSL" in page_text(went_well(at.run()))
    baselines.run_of.clear()  # other tests begin without a result


def test_measure_says_what_a_percentage_means_and_audits_its_claims(page: Open) -> None:
    audits.run_of.clear()  # whatever ran before
    at = page("measure")
    assert "Expected calibration error" in page_text(at)
    reliability = next(chart for chart in charts_of(at) if chart["data"][-1]["name"] == "with the temperature")
    assert [trace["name"] for trace in reliability["data"]][:2] == ["ideal", "as the head has it"]
    assert "Strange pictures" not in page_text(at)
    press(at, "Audit it")
    run = audits.run_of(small_study().id, small_study())
    assert run.thread is not None
    run.thread.join(120)
    assert run.error == ""
    at = went_well(at.run())
    for part in ("the right class", "the runner-up", "a network with shuffled weights", "Strange pictures", "noise"):
        assert part in page_text(at)
    audits.run_of.clear()  # other tests begin without a result


def test_measure_holds_the_aviarys_claims_against_the_truth(
    monkeypatch: pytest.MonkeyPatch, page: Open, tmp_path: Path
) -> None:
    assert "Against the truth" not in page_text(page("measure"))  # nobody wrote the truth of other pictures down
    study = tiny_aviary()
    monkeypatch.setenv("NIWT_STUDY", str(study.folder))
    monkeypatch.setattr(ground_truth, "measure_ground_truth", partial(measure_ground_truth, per_class=1))
    at = page("measure")
    assert "Against the truth" in page_text(at)
    at = press(at, "Check the claims")
    run = ground_truth.run_of(study.id, study)
    assert run.thread is not None
    run.thread.join(120)
    assert run.error == ""
    at = went_well(at.run())
    assert "Words true of the picture, unseen species" in page_text(at)
    assert "the centre" in page_text(at)


def test_studies_lists_the_open_one_and_writes_the_command(page: Open, tmp_path: Path) -> None:
    at = page("studies")
    assert "Open now" in page_text(at)
    assert f"{UNSEEN} unseen" in page_text(at)
    (tmp_path / "pictures of mine" / "images" / "wren").mkdir(parents=True)
    (tmp_path / "pictures of mine" / "unseen.txt").touch()
    at = went_well(at.segmented_control(key="source").set_value("folder").run())
    at = went_well(at.text_input(key="root").set_value(str(tmp_path / "pictures of mine")).run())
    assert f"--root '{tmp_path / 'pictures of mine'}'" in at.code[0].value
    assert "neither attributes.csv nor a folder captions" in page_text(at)
    at = went_well(at.text_input(key="root").set_value(str(tmp_path / "nowhere")).run())
    assert "there is no such folder" in page_text(at)


def test_a_folder_that_nothing_describes_is_described_in_the_grid(
    page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIWT_NEW_STUDIES", str(tmp_path / "studies"))
    for name in SHAPES:
        (tmp_path / "shapes" / "images" / name).mkdir(parents=True)
        (tmp_path / "shapes" / "images" / name / "1.jpg").write_bytes(shape(name, 1))
    at = page("studies")
    at = went_well(at.segmented_control(key="source").set_value("folder").run())
    at = went_well(at.text_input(key="root").set_value(str(tmp_path / "shapes")).run())
    assert "no attribute yet" in page_text(at)
    typed = next(item for item in at.text_input if item.key.startswith("attributes-"))
    at = went_well(typed.set_value("red, blue, green").run())
    assert "described alike" in page_text(at)
    assert {path.name for path in (tmp_path / "shapes").iterdir()} == {"images"}  # nothing is written yet


def test_paths_are_said_from_here_or_from_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert study_list.shown(tmp_path / "project" / "assets" / "aviary") == "assets/aviary"
    assert study_list.shown(tmp_path / "birds") == "~/birds"
    assert study_list.shown(Path("/nowhere/else")) == str(Path("/nowhere/else"))


def test_opening_what_is_no_study_says_why_and_stays(page: Open, tmp_path: Path) -> None:
    at = page("studies")
    at.text_input(key="elsewhere_folder").set_value(str(tmp_path / "nothing"))
    at = press(at, "Open")
    assert "No study there" in at.error[0].value
    assert "study_folder" not in at.session_state


def test_opening_another_study_without_restarting(page: Open, tmp_path: Path) -> None:
    shutil.copytree(small_study().folder, tmp_path / "copy")
    at = page("studies")
    at.text_input(key="elsewhere_folder").set_value(str(tmp_path / "copy"))
    at = press(at, "Open")
    assert at.session_state["study_folder"] == str(tmp_path / "copy")
    assert str(tmp_path / "copy") in page_text(at)


def test_a_damaged_study_leads_to_the_studies_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(small_study().folder, tmp_path / "broken")
    with open(tmp_path / "broken" / "neurons.csv", "a", encoding="utf-8") as file:
        file.write("x")
    monkeypatch.setenv("NIWT_STUDY", str(tmp_path / "broken"))
    monkeypatch.setattr("sys.argv", ["app.py"])
    at = went_well(AppTest.from_file(ROOT / "app.py", default_timeout=60).run())
    assert "damaged" in at.error[0].value
    assert "Prepare another" in page_text(at)


def test_no_study_at_all_leads_to_the_studies_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIWT_STUDY", str(tmp_path / "nowhere"))
    monkeypatch.setattr("sys.argv", ["app.py"])
    at = went_well(AppTest.from_file(ROOT / "app.py", default_timeout=60).run())
    assert "No study there" in at.error[0].value


def test_names_typed_by_people_are_text() -> None:
    from pages.components.shared import style

    recipe = Recipe(name="<img src=x onerror=alert(1)>", like=small_study().unseen_classes[0])
    assert "<img" not in style.chip("built", recipe.name)
    assert display_name("a") in style.chip("built", "a")


def test_dictionary_reads_other_words_and_classes(page: Open) -> None:
    at = page("dictionary")
    at.segmented_control(key="trust").set_value("All")
    at = went_well(at.text_input(key="words").set_value("scarlet").run())
    assert "was read as" in page_text(at)
    name = display_name(small_study().unseen_classes[0])
    at = went_well(at.text_input(key="words").set_value(name).run())
    assert "those that matter most to the class" in page_text(at)
    assert any(button.label.startswith("Open neuron") for button in at.button)


def test_a_built_class_matters_to_neurons_too(page: Open) -> None:
    at = page("dictionary")
    history = with_classes(Recipe("Mine", {"crown color": "red"}))
    at.session_state["class_histories"] = {small_study().id: history}
    at.segmented_control(key="trust").set_value("All")
    at = went_well(at.run())
    at = went_well(at.selectbox(key="of_class").set_value("Mine").run())
    assert "predicted from your description" in page_text(at)
    assert "Speak for it" in page_text(at)
    at = went_well(at.selectbox(key="of_class").set_value(None).run())
    at = went_well(at.text_input(key="words").set_value("mine").run())
    assert "★ Mine" in page_text(at)


def test_measure_shows_what_built_classes_take(page: Open) -> None:
    study = small_study()
    history = with_classes(Recipe("Mine", like=study.unseen_classes[0]))
    at = page("measure")
    assert "Your classes" not in page_text(at)
    at.session_state["class_histories"] = {study.id: history}
    at = went_well(at.run())
    taken = built_classes.taken_by(history.classifier)["Mine"]
    tests = [i for i, split in enumerate(study.split) if split.startswith("test")]
    best = [
        history.classifier.candidates[int(history.classifier.logits(study.features[i].float()).argmax())].name
        for i in tests
    ]
    assert taken.count == best.count("Mine")
    assert taken.total == len(tests)
    assert f"{taken.count} of {taken.total}" in page_text(at)
    assert "Your classes" in page_text(at)
