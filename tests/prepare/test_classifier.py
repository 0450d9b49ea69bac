"""A trained classifier as it is: head untouched, logits of its own library, with and without photographs."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

from niwt_core import NiwtError, load_study
from niwt_core.backbones import InputOptions, load_backbone
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.backbones.torchvision_models import library_preprocess
from niwt_core.classify.recipe import Recipe
from niwt_core.cli.main import main
from niwt_core.data.photographs import read_photographs
from niwt_core.evaluation.bias_by_row import bias_by_row
from niwt_core.explain.detector import Detectors
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.method.transfer.exact import fit_transfer
from niwt_core.prepare.classifier import ClassifierSettings, prepare_classifier
from niwt_core.prepare.described_table import described_row, described_table
from niwt_core.study.evaluate_classifier import classifier_json, evaluate_classifier, figures_of

CLASSES = tuple(f"thing {c}" for c in range(14))
NAMES = ("color::red", "color::blue", "shape::round", "shape::long", "place::sea", "place::wood")


def table() -> Knowledge:
    """Fourteen classes of the head in six words, and one that it lacks."""
    values = np.random.default_rng(0).integers(0, 3, (15, 6)) / 2
    return Knowledge("attributes", (*CLASSES, "described"), NAMES, values.astype(np.float32), scale=1.0)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory) -> Path:
    """Two pictures of each class, named by index."""
    folder, random = tmp_path_factory.mktemp("photographs"), np.random.default_rng(1)
    for c in range(len(CLASSES)):
        for i in range(2):
            Image.fromarray(random.integers(0, 255, (70, 90, 3), np.uint8)).save(folder / f"{c}_{i}.png")
    return folder


def tiny_timm(monkeypatch):
    """A small timm network under a name that the registry knows, with a head of fourteen classes."""
    ensure_torchvision()
    import timm

    real = timm.create_model
    monkeypatch.setattr(timm, "create_model", lambda name, **more: real(name, num_classes=len(CLASSES), **more))
    return load_backbone("timm:tf_efficientnet_lite0", weights="none")


@pytest.fixture
def split(monkeypatch):
    network, preprocess = tiny_timm(monkeypatch)
    return network, preprocess


def prepared(split, out: Path, **more):
    network, preprocess = split
    knowledge, seen = described_table(table(), CLASSES, {})
    return prepare_classifier("own", network, preprocess, knowledge, seen, out, **more)


def test_the_head_stays_bit_for_bit_and_nothing_needs_a_picture(split, tmp_path):
    rows, biases = (value.detach().clone() for value in (split[0].head.weight, split[0].head.bias))
    study = prepared(split, tmp_path / "study")
    assert torch.equal(study.head.rows, rows)
    assert torch.equal(study.head.offsets(), biases)
    assert study.unseen_classes == ("described",)
    assert (len(study.labels), len(study.gallery)) == (0, 0)
    built = study.classifier().add("New", {"color": "red", "place": ["sea", "wood"]})
    assert built.values.tolist() == [1, 0, 0, 0, 1, 1]  # what is not said is nothing; each value counts in full
    with pytest.raises(NiwtError, match="keeps no photographs"):
        evaluate_classifier(study)


def test_photographs_calibrate_and_evaluate(split, tmp_path, photographs):
    folder = read_photographs(photographs, CLASSES)
    assert folder.labelled
    study = prepared(split, tmp_path / "study", photographs=folder, settings=ClassifierSettings(share=0.1))
    assert study.calibration == "stolen share"
    logits = study.full_head.logits(study.features.float())
    assert (
        float((logits.argmax(1) == len(CLASSES)).float().mean()) <= 0.15
    )  # the described class takes its share, of which halves are few
    actual = classifier_json(study, evaluate_classifier(study))
    assert json.loads(json.dumps(actual)) == actual
    assert actual["loo"]["ways"] == len(CLASSES)
    assert actual["U"] is None
    assert torch.equal(load_study(study.folder).head.rows, study.head.rows)


def test_figures_may_be_all_that_is_kept(split, tmp_path, photographs):
    settings = ClassifierSettings(share=0.1, keep="figures")
    folder = read_photographs(photographs, CLASSES)
    study = prepared(split, tmp_path / "study", photographs=folder, settings=settings)
    complete = prepared(split, tmp_path / "whole", photographs=folder, settings=ClassifierSettings(share=0.1))
    assert (len(study.features), len(study.gallery)) == (0, 0)
    assert torch.equal(study.stolen_share.biases, complete.stolen_share.biases)
    built, by_row = study.classifier().add("New", {"color": "red"}), study.stolen_share.by_row
    assert by_row is not None
    assert built.bias - study.transferred_bias == bias_by_row(built.weights, study.head.rows, by_row)
    again = load_study(study.folder)
    assert again.classifier().add("New", {"color": "red"}).bias == built.bias
    assert complete.stolen_share.by_row is None  # it counts on the photographs themselves
    at_anchor = replace(study, stolen_share=replace(study.stolen_share, by_row=None))  # as older studies are
    assert at_anchor.classifier().add("New", {"color": "red"}).bias == pytest.approx(study.typical_bias)
    assert study.temperature == complete.temperature
    assert figures_of(study)["loo"] == figures_of(complete)["loo"]
    assert figures_of(study)["study_id"] == study.id
    novelty = study.provenance["novelty"]
    assert study.novelty_limit is not None
    assert set(novelty["auroc"]) == set(novelty["refused"]) >= {"noise", "textures", "patterns", "tiles"}
    assert figures_of(study)["novelty"] == novelty
    assert load_study(study.folder).novelty_limit == study.novelty_limit
    assert complete.novelty_limit is None  # it has the photographs' own features to compare with
    kept, fitted = Detectors.of(study), Detectors.of(complete)
    assert kept.decided == pytest.approx(fitted.decided)
    pooled = complete.pooled.float()
    torch.testing.assert_close(kept.score(pooled), fitted.score(pooled), atol=2e-3, rtol=2e-3)


def test_features_may_be_kept_without_pictures(split, tmp_path, photographs):
    settings = ClassifierSettings(share=0.1, keep="features", half=True)
    folder = read_photographs(photographs, CLASSES)
    study = prepared(split, tmp_path / "study", photographs=folder, settings=settings)
    assert (len(study.features), len(study.gallery)) == (len(folder.paths), 0)
    assert classifier_json(study, evaluate_classifier(study))["loo"]["ways"] == len(CLASSES)
    stored = safetensors.torch.load_file(study.folder / "network.safetensors")
    assert {value.dtype for value in stored.values() if value.is_floating_point()} == {torch.float16}
    assert set(safetensors.torch.load_file(study.folder / "pictures.safetensors")) == {"features"}
    built = study.classifier().add("New", {"color": "red"})
    assert built.bias != pytest.approx(study.typical_bias)


@pytest.mark.parametrize("keep", ["pictures", "features", "figures"])
def test_samples_are_shown_and_never_measured_on(split, tmp_path, photographs, keep):
    samples = tmp_path / "samples"
    samples.mkdir()
    for name in ("described", "thing-3"):
        Image.fromarray(np.random.default_rng(5).integers(0, 255, (40, 60, 3), np.uint8)).save(samples / f"{name}.png")
    shown = read_photographs(samples, (*CLASSES, "described"))
    settings, folder = ClassifierSettings(share=0.1, keep=keep), read_photographs(photographs, CLASSES)
    study = prepared(split, tmp_path / "study", photographs=folder, samples=shown, settings=settings)
    without = prepared(split, tmp_path / "without", photographs=folder, settings=settings)
    assert [study.classes[c] for c in study.labels[study.split == "sample"]] == ["described", "thing 3"]
    assert study.gallery.pictures[-2:].tolist() == [len(study.paths) - 2, len(study.paths) - 1]
    assert study.gallery.image(len(study.gallery) - 1).size == (60, 40)
    assert torch.equal(study.stolen_share.biases, without.stolen_share.biases)
    assert study.calibration_pictures.sum() == without.calibration_pictures.sum()
    if keep == "figures":
        with pytest.raises(NiwtError, match="keeps no photographs"):
            evaluate_classifier(study)
    else:
        assert (
            classifier_json(study, evaluate_classifier(study))["loo"]
            == classifier_json(without, evaluate_classifier(without))["loo"]
        )


def test_what_follows_from_the_rest_is_not_written_and_comes_back(split, tmp_path, photographs):
    network = split[0]
    study = prepared(split, tmp_path / "study", photographs=read_photographs(photographs, CLASSES))
    assert "head.rows" not in safetensors.torch.load_file(study.folder / "model.safetensors")
    rows, biases = network.head.weight.detach(), network.head.bias.detach()
    assert torch.equal(study.head.rows, rows)
    assert torch.equal(study.head.biases, biases)
    torch.testing.assert_close(study.targets, rows / rows.norm(dim=1, keepdim=True))
    affine = fit_transfer(rows, biases, None, mu=0.0).affine(study.mapping)
    torch.testing.assert_close(study.affine.P, affine.P)
    oracle = study.mapping.offset + study.mapping.weight.T @ torch.ones(len(NAMES))
    torch.testing.assert_close(
        study.affine.direction(torch.ones(len(NAMES))) / affine.norm, oracle, atol=1e-4, rtol=1e-4
    )


def test_logits_are_those_of_timm(monkeypatch):
    twin, preprocess = tiny_timm(monkeypatch)
    import timm

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = timm.create_model("tf_efficientnet_lite0").eval()
    transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=model))
    picture = Image.fromarray(np.random.default_rng(2).integers(0, 255, (301, 417, 3), np.uint8))
    inputs = transform(picture)[None]
    torch.testing.assert_close(preprocess(picture)[None], inputs, atol=1e-6, rtol=0)
    with torch.no_grad():
        torch.testing.assert_close(twin(inputs), model(inputs), atol=1e-4, rtol=1e-4)


def test_logits_are_those_of_torchvision_its_crop_included():
    ensure_torchvision()
    from torchvision import models

    picture = Image.fromarray(np.random.default_rng(2).integers(0, 255, (301, 417, 3), np.uint8))
    transform = models.get_model_weights("mobilenet_v2").DEFAULT.transforms()
    wanted = transform(picture)
    torch.testing.assert_close(library_preprocess("mobilenet_v2")(picture), wanted, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("recipe", "wanted"),
    [
        (Recipe("A", {"color": "red"}), [1, 0, 0, 0, 0, 0]),
        (Recipe("A", {"color": "blue"}, like="thing 3"), None),
        (Recipe("A", caption="a red thing, long"), [1, 0, 0, 1, 0, 0]),
    ],
)
def test_a_recipe_is_a_row_by_attributes_or_likeness(recipe, wanted):
    row = described_row(table(), recipe)
    if wanted is None:
        wanted = [0, 1, *table().of("thing 3")[2:].tolist()]
    assert row.tolist() == wanted


def convnext_folder(folder: Path) -> str:
    """A small transformers ConvNeXt with fourteen named classes."""
    ensure_torchvision()
    from transformers import ConvNextConfig, ConvNextForImageClassification

    names = dict(enumerate(CLASSES))
    config = ConvNextConfig(
        hidden_sizes=[8, 12], depths=[1, 1], num_stages=2, id2label=names, label2id={n: i for i, n in names.items()}
    )
    torch.manual_seed(0)
    ConvNextForImageClassification(config).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text('{"size": {"shortest_edge": 64}}')
    return f"hf:{folder}"


@pytest.mark.parametrize("library", ["timm", "transformers", "torchvision"])
def test_one_command_for_networks_of_every_library(library, monkeypatch, tmp_path):
    ensure_torchvision()
    import timm

    real, small = timm.create_model, {"depth": 2, "embed_dim": 16, "num_heads": 2, "num_classes": len(CLASSES)}
    monkeypatch.setattr(timm, "create_model", lambda name, **more: real(name, **small, **more))
    words = tmp_path / "words.csv"
    rows = [(name, *map(str, row)) for name, row in zip(table().classes, table().values, strict=True)]
    words.write_text("\n".join(map(",".join, [("class", *NAMES), *rows])))
    (tmp_path / "classes.txt").write_text("\n".join(CLASSES))
    named = ["--classes", str(tmp_path / "classes.txt")]
    options = {
        "timm": ["--backbone", "timm:vit_tiny_patch16_224", "--weights", "none", "--size", "64", *named],
        "transformers": [
            "--backbone",
            convnext_folder(tmp_path),
            "--mean",
            "0.4,0.5,0.6",
        ],  # its configuration names the classes
        "torchvision": ["--backbone", "mobilenet_v2", "--weights", str(tmp_path / "weights.pth"), *named],
    }[library]
    if library == "torchvision":
        from torchvision import models

        torch.save(models.mobilenet_v2(num_classes=len(CLASSES)).state_dict(), tmp_path / "weights.pth")
    out = tmp_path / "study"
    with pytest.raises(SystemExit) as stop:
        main(["prepare", "classifier", "--knowledge", str(words), "--out", str(out), *options])
    assert stop.value.code == 0
    study = load_study(out)
    weights = options[options.index("--weights") + 1] if "--weights" in options else None
    network, _ = load_backbone(
        options[1], weights=weights, inputs=InputOptions(size=64) if library == "timm" else None, own_head=True
    )
    assert torch.equal(study.head.rows, network.head.weight)
    assert torch.equal(study.head.offsets(), network.head.bias)
    assert study.unseen_classes == ("described",)
    assert study.preprocess.size == {"timm": 64, "transformers": 64, "torchvision": 224}[library]
    assert library != "transformers" or study.preprocess.mean == (0.4, 0.5, 0.6)
    side = study.preprocess.size
    answer = study.classifier().classify(Image.fromarray(np.full((side, side, 3), 90, np.uint8)))
    with torch.no_grad():
        logits = network(answer.picture.input)[0]
    actual = {item.name: item.score for item in answer.ranking if item.kind == "seen"}
    wanted = dict(zip(CLASSES, logits.tolist(), strict=True))
    assert actual == pytest.approx(wanted, rel=1e-3, abs=1e-3)


def test_a_recipe_that_says_nothing_is_refused():
    with pytest.raises(NiwtError, match="nothing describes"):
        described_row(table(), Recipe("A", {"color": False}))


def test_a_class_without_a_row_and_one_described_twice_are_refused():
    with pytest.raises(NiwtError, match="not in the table"):
        described_table(table(), (*CLASSES, "unknown"), {})
    with pytest.raises(NiwtError, match="described twice"):
        described_table(table(), CLASSES, {"Thing 3": np.ones(6, np.float32)})


def test_photographs_are_labelled_by_folder_name_index_or_identifier(tmp_path):
    for name in ("thing 2/a.png", "5/b.png", "n07_x.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    actual = read_photographs(tmp_path, CLASSES, tuple(f"n{c:02}" for c in range(14)))
    assert dict(zip(actual.paths, actual.labels.tolist(), strict=True)) == {
        "thing 2/a.png": 2,
        "5/b.png": 5,
        "n07_x.png": 7,
    }
    with pytest.raises(NiwtError, match="no such folder"):
        read_photographs(tmp_path / "none", CLASSES)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "no --backbone"),
        (["--backbone", "timm:no_such_model"], "timm has no model"),
        (["--backbone", "mobilenet_v2", "--weights", "none", "--share", "70"], "a share of 70 %"),
        (["--backbone", "mobilenet_v2", "--weights", "none", "--knowledge", "missing.csv"], "no table"),
    ],
)
def test_mistakes_are_one_line(options, words, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["prepare", "classifier", "--out", str(tmp_path / "study"), *options])
    assert stop.value.code == 2
    assert words in capsys.readouterr().err
