"""Feature files of the published form, alone: read, prepared, evaluated; pictures are refused; files that do not fit are named."""

import csv

import numpy as np
import pytest
import torch
from scipy.io import savemat

from niwt_core import Classifier, NiwtError, Recipe, load_study
from niwt_core.backbones.of_features import network_of_features, reads_pictures
from niwt_core.cli.main import main
from niwt_core.data.published_features import read_features
from niwt_core.method.transfer.exact import fit_transfer
from niwt_core.prepare.prepare import Settings, prepare
from niwt_core.study.evaluate import evaluate
from tests.support.drawn_sets import cells
from tests.support.quick import QUICK

CLASSES = tuple(f"class+{letter}" for letter in "abcdefghijkl")
UNSEEN = (2, 7)  # of CLASSES
EACH, WIDTH, NAMES = 12, 16, ("furry", "striped", "winged", "horned", "aquatic", "tall")


def variables(seed: int = 0) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """(of res101.mat, of att_splits.mat): features that follow the attributes; classes stand in the file in another order than by name."""
    random = np.random.default_rng(seed)
    attributes = random.integers(0, 101, (len(CLASSES), len(NAMES))).astype(float)
    labels = random.permutation(np.repeat(np.arange(len(CLASSES)), EACH))
    features = np.abs(
        attributes[labels] / 100 @ random.normal(size=(len(NAMES), WIDTH))
        + 0.1 * random.normal(size=(len(labels), WIDTH))
    )
    of_unseen = np.isin(labels, UNSEEN)
    held_out = ~of_unseen & (np.arange(len(labels)) % 5 == 0)
    rows = {"trainval_loc": ~of_unseen & ~held_out, "test_seen_loc": held_out, "test_unseen_loc": of_unseen}
    splits = {name: np.flatnonzero(mask)[:, None] + 1.0 for name, mask in rows.items()}
    splits |= {
        "att": attributes.T / np.linalg.norm(attributes, axis=1),
        "original_att": attributes.T,
        "allclasses_names": cells(CLASSES),
    }
    files = cells(tuple(f"/somewhere/images/{CLASSES[c]}/{i}.jpg" for i, c in enumerate(labels)))
    return {"features": features.T, "labels": labels[:, None] + 1.0, "image_files": files}, splits


@pytest.fixture
def folder(tmp_path):
    """A folder with both files."""
    (tmp_path / "SUN").mkdir()
    write(tmp_path / "SUN", *variables())
    return tmp_path / "SUN"


def write(folder, features, splits):
    savemat(folder / "res101.mat", features)
    savemat(folder / "att_splits.mat", splits)


def test_what_is_read(folder):
    (features, splits), (dataset, actual) = variables(), read_features(folder)
    assert np.array_equal(actual, features["features"].T.astype(np.float32))
    assert dataset.classes == CLASSES
    assert dataset.unseen_classes == tuple(CLASSES[c] for c in UNSEEN)
    assert np.array_equal(dataset.labels, features["labels"].ravel() - 1)
    assert set(np.flatnonzero(dataset.train) + 1) == set(splits["trainval_loc"].ravel())
    assert dataset.paths[5] == f"{CLASSES[dataset.labels[5]]}/5.jpg"
    assert np.array_equal(dataset.knowledge.values, splits["original_att"].T)
    assert dataset.knowledge.scale == 100
    assert dataset.knowledge.names[0] == "attribute 1"
    assert "attributes have numbers for names" in dataset.notices[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("attributes.txt", "".join(f"{i} {name}\n" for i, name in enumerate(NAMES, 1))),
        ("predicates.txt", "".join(f"    {i}\t{name}\n" for i, name in enumerate(NAMES, 1))),
        ("attribute_names.txt", "".join(f"{name}\n" for name in NAMES)),
    ],
)
def test_names_of_attributes(folder, name, text):
    (folder / name).write_text(text)
    assert read_features(folder)[0].knowledge.names == NAMES
    (folder / name).write_text("1 one\n")
    with pytest.raises(NiwtError, match="1 attribute names for 6 columns"):
        read_features(folder)


def test_names_of_attributes_of_sun(folder):
    savemat(folder.parent / "attributes.mat", {"attributes": cells(NAMES)})
    assert read_features(folder)[0].knowledge.names == NAMES


def test_nobody_was_asked(folder):
    features, splits = variables()
    splits["original_att"][2, 3] = -1
    write(folder, features, splits)
    assert read_features(folder)[0].knowledge.values[3, 2] == 0


def test_without_names_of_pictures_and_percentages(folder):
    features, splits = variables()
    del features["image_files"], splits["original_att"]
    write(folder, features, splits)
    dataset, _ = read_features(folder)
    assert dataset.paths[:2] == ("picture 1", "picture 2")
    assert np.allclose(dataset.knowledge.values, splits["att"].T)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda f, s: f.pop("labels"), "no labels in the file"),
        (lambda f, s: f.pop("features"), "no features in the file"),
        (lambda f, s: f.update(labels=f["labels"][:-1]), "features of shape"),
        (lambda f, s: f.update(labels=f["labels"] + 20), "labels that are not 1 to 12"),
        (lambda f, s: f.update(labels=f["labels"] * np.nan), "labels that are not 1 to 12"),
        (lambda f, s: f.update(features=f["features"] * np.inf), "not numbers"),
        (lambda f, s: f.update(features=f["features"] * 1e6), "beyond half precision"),
        (lambda f, s: f.update(features=f["features"][:, :50], labels=f["labels"][:50]), "a split of 144 pictures for 50 features"),
        (lambda f, s: s.update(trainval_loc=s["trainval_loc"][1:]), "does not name every picture once"),
        (lambda f, s: s.pop("allclasses_names"), "no allclasses_names"),
        (lambda f, s: s.update(test_unseen_loc=s["test_seen_loc"], test_seen_loc=s["test_unseen_loc"]), "unseen"),
    ],
)  # fmt: skip
def test_files_that_do_not_fit(folder, change, what):
    features, splits = variables()
    change(features, splits)
    write(folder, features, splits)
    with pytest.raises(NiwtError, match=what):
        read_features(folder)


@pytest.mark.parametrize("name", ["res101.mat", "att_splits.mat"])
def test_a_file_that_is_missing(folder, name):
    (folder / name).unlink()
    with pytest.raises(NiwtError, match="no such file"):
        read_features(folder)


def test_the_split_may_lie_elsewhere(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (folder / "att_splits.mat").rename(tmp_path / "elsewhere" / "att_splits.mat")
    assert read_features(folder, split_dir=tmp_path / "elsewhere")[0].unseen_classes == ("class+c", "class+h")


@pytest.fixture
def study(folder, tmp_path, monkeypatch):
    """A study without pictures, of those files."""
    monkeypatch.setattr("niwt_core.prepare.settings.REPEATS", 1)
    monkeypatch.setattr("niwt_core.prepare.settings.GRID", QUICK)
    dataset, features = read_features(folder)
    network, preprocess = network_of_features(features.shape[1])
    return prepare(
        dataset, network, preprocess, tmp_path / "study", settings=Settings(), features=torch.from_numpy(features)
    )


def test_a_study_without_pictures(study):
    again = load_study(study.folder)
    assert not reads_pictures(again.network)
    assert again.operator is None  # each feature is a neuron
    assert len(again.neurons) == again.features.shape[1] == WIDTH
    assert len(again.gallery) == 0
    actual = evaluate(again)
    assert actual.metrics.zsl > 75  # of two classes that the attributes tell apart
    built = Classifier(again).add_recipe(Recipe("Mine", like="class+c"))
    wanted = fit_transfer(
        again.head.rows, again.head.biases, None, mu=again.choices.mu, norm_factor=again.stolen_share.norm
    )
    assert torch.allclose(built.weights, wanted.weights(built.importances[None])[0], atol=1e-4)


def test_it_refuses_pictures(study, tmp_path, capsys):
    with pytest.raises(NiwtError, match="no network that could read a picture"):
        Classifier(study).classify(b"anything")
    with pytest.raises(SystemExit) as ended:
        main(["classify", str(study.folder), __file__])
    assert ended.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_commands_that_need_no_picture(study, tmp_path, capsys):
    for command in (["info"], ["neurons"], ["evaluate", "--json"], ["neurons", "--csv", str(tmp_path / "neurons.csv")]):
        with pytest.raises(SystemExit) as ended:
            main([command[0], str(study.folder), *command[1:]])
        assert ended.value.code == 0, capsys.readouterr()
    with open(tmp_path / "neurons.csv", encoding="utf-8-sig") as file:
        assert len(list(csv.reader(file))) == WIDTH + 1


@pytest.mark.parametrize("option", [["--backbone", "resnet18"], ["--epochs", "2"], ["--weights", "none"]])
def test_options_that_mean_nothing(folder, tmp_path, capsys, option):
    with pytest.raises(SystemExit) as ended:
        main(["prepare", "features", "--root", str(folder), "--out", str(tmp_path / "out"), *option])
    assert ended.value.code == 2
    assert "computed already" in capsys.readouterr().err
