"""The paper's pipeline on the small study: what it leaves, beside what the modules give one by one."""

import json
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from niwt_core.errors import NiwtError
from niwt_core.method.importance import importance
from niwt_core.method.transfer.paper import PaperSettings, paper_loss, seen_centred
from niwt_core.paper import MapSettings, PaperOptions, load_paper, run_paper, save_paper
from niwt_core.paper.pictures import picture_importances, random_activations
from niwt_core.paper.result import EXACT, LOOP, head_with, paper_json, paper_metrics, paper_table
from niwt_core.prepare.extraction import Pictures
from niwt_core.study.calibration import with_gamma
from niwt_core.study.evaluate import evaluate
from niwt_core.study.storage import load_study
from tests.support.small_study import small_dataset, small_study

LAMBDA = 1e-7
OPTIONS = PaperOptions(
    images="seen",
    count=20,
    map=MapSettings(learning_rate=0.05, epochs=6, batch=8),
    transfer=PaperSettings(learning_rate=10.0, regularisation=LAMBDA, iterations=15, pairs=8),  # rows of length 800
)


@cache
def made():
    """(study, result, stages that were reported); one run for all tests."""
    study, stages = small_study(layer="second.1"), []
    work = study.folder.parent / ".work"
    result = run_paper(study, small_dataset(), OPTIONS, work, progress=lambda stage, done, total: stages.append(stage))
    assert not work.exists()
    return study, result, stages


def test_what_it_leaves():
    study, result, stages = made()
    loop, exact, retrained = result.ways
    assert (loop.name, exact.name) == (LOOP, EXACT)
    assert loop.rows.shape == exact.rows.shape == (2, study.head.rows.shape[1])
    assert loop.iterations == len(result.losses) == 15
    assert loop.stopped == "iterations"
    torch.testing.assert_close(retrained.rows, study.full_head.rows[torch.from_numpy(~study.seen)])
    assert retrained.gamma == study.choices.gamma  # one for all: the paper knows no other calibration
    assert loop.gamma is not None
    assert "1 of the study's folds" in result.gamma_note
    assert exact.norm == pytest.approx(study.affine.norm / study.stolen_share.norm, rel=1e-5)  # the mean seen norm
    assert {"importances of pictures", "random images", "map", "transfer loop", "map of fold 1"} <= set(stages)
    assert result.map["pictures"] == 30
    assert result.map["held_out_loss"]["least possible"] <= min(result.map["held_out_loss"].values()) + 1e-6


def test_the_figures_are_those_of_the_loss_by_itself():
    study, result, _ = made()
    pool = random_activations(
        study.network, "seen", 20, small_dataset(), study.preprocess, np.flatnonzero(study.split == "train"),
        seed=0, device=torch.device("cpu"), on_picture=lambda done, total: None,
    )  # fmt: skip
    for way in result.ways:
        losses = paper_loss(
            study.network, pool.split(8), way.rows, result.targets, study.head.rows.mean(0), regularisation=LAMBDA
        )
        assert way.loss == pytest.approx(float(losses.mean()), abs=1e-4)
        distance = (way.rows - study.head.rows.mean(0)).square().sum(1).mean()
        assert way.cosine == pytest.approx(1 + LAMBDA / 2 * float(distance) - way.loss, abs=1e-4)
    start = seen_centred(study.head.rows, 2, seed=0)
    before = paper_loss(
        study.network, pool.split(8), start, result.targets, study.head.rows.mean(0), regularisation=LAMBDA
    )
    assert result.ways[0].loss < float(before.mean())


def test_metrics_are_those_of_a_head_with_its_rows():
    study, result, _ = made()
    plain, calibrated = paper_metrics(study, result.way(LOOP))
    test = np.flatnonzero(study.split != "train")
    logits = head_with(study, result.way(LOOP).rows).logits(study.features[test].float()).numpy()
    labels = study.labels[test]
    for figures, gamma in ((plain, 0.0), (calibrated, result.way(LOOP).gamma)):
        right = (logits - gamma * study.seen).argmax(1) == labels
        per_class = [right[labels == c].mean() for c in range(len(study.classes))]
        wanted = [100 * np.mean([per_class[c] for c in np.flatnonzero(side)]) for side in (~study.seen, study.seen)]
        np.testing.assert_allclose([figures.U, figures.S], wanted)
    expected, _ = paper_metrics(study, result.ways[2])
    assert expected.zsl == pytest.approx(evaluate(with_gamma(study)).metrics.zsl)


def test_importances_in_one_pass_and_after_an_interruption(tmp_path, monkeypatch):
    study, _, _ = made()
    dataset = small_dataset()
    pictures = np.flatnonzero(study.split == "train")[:14]
    monkeypatch.setattr("niwt_core.paper.pictures.SHARD", 5)
    labels = torch.from_numpy(np.searchsorted(np.flatnonzero(study.seen), study.labels[pictures]))
    heads = [(study.head.rows, labels), (2 * study.head.rows.flip(0), labels)]

    def run(folder: Path, stop: int = 10**6):
        def report(done, total):
            if done >= stop:
                raise KeyboardInterrupt

        folder.mkdir(exist_ok=True)
        return picture_importances(study.network, dataset, study.preprocess, pictures, heads, folder, on_picture=report)

    (first, second), usable = run(tmp_path / "whole")
    assert usable.all()
    for row, alpha in ((heads[0], first), (heads[1], second)):
        for i, picture in enumerate(pictures):
            _, x, _ = Pictures(dataset, study.preprocess, [int(picture)])[0]
            with torch.no_grad():
                activations = study.network.stem(x.unsqueeze(0))
            wanted = importance(study.network, activations, row[0][row[1][i]])[0]
            torch.testing.assert_close(alpha[i], wanted, rtol=1e-4, atol=1e-6)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "stopped", stop=8)
    assert len(list((tmp_path / "stopped").glob("importances-*.safetensors"))) == 1
    (again, _), _ = run(tmp_path / "stopped")
    torch.testing.assert_close(again, first)


def test_unreadable_pictures_are_left_out(tmp_path):
    study, _, _ = made()
    dataset = small_dataset()
    copy = Path(shutil.copytree(dataset.root, tmp_path / "set"))
    broken = dataset.paths[int(np.flatnonzero(study.split == "train")[3])]
    (copy / broken).write_bytes(b"nothing")
    options = replace(OPTIONS, folds=0, images="noise", count=8)
    result = run_paper(study, replace(dataset, root=copy), options, tmp_path / "work")
    assert result.map["pictures"] == 29
    assert result.way(LOOP).gamma is None
    assert result.gamma_note == "not chosen: --folds 0"
    lost = replace(dataset, paths=tuple(path if path != broken else "gone.png" for path in dataset.paths))
    with pytest.raises(NiwtError, match=f"1 of the study's training pictures are not there, such as {broken}"):
        run_paper(study, lost, options, tmp_path / "work")


def test_the_closed_form_map_needs_no_pictures(tmp_path):
    study, _, _ = made()
    result = run_paper(study, small_dataset(), replace(OPTIONS, ridge=True, images="noise"), tmp_path / "work")
    assert result.map["kind"] == "ridge"
    encoded = torch.from_numpy(study.encoded_knowledge).float()
    torch.testing.assert_close(result.targets, study.mapping(encoded[~study.seen]))


def test_saved_and_loaded(tmp_path):
    study, result, _ = made()
    folder = Path(shutil.copytree(study.folder, tmp_path / "study"))
    opened = load_study(folder)
    assert load_paper(opened) is None  # a study from before
    save_paper(result, folder)
    opened = load_study(folder)  # its own files are as they were
    assert opened.id == study.id
    again = load_paper(opened)
    assert json.dumps(paper_json(opened, again)) == json.dumps(json.loads(json.dumps(paper_json(study, result))))
    header, rows = paper_table(paper_json(opened, again))
    assert len(rows) == 3
    assert all(len(row) == len(header) for row in rows)
    torch.testing.assert_close(again.losses, result.losses)
    content = json.loads((folder / "paper.json").read_text())
    (folder / "paper.json").write_text(json.dumps(content | {"study": "0" * 16}))
    with pytest.raises(NiwtError, match="for another study"):
        load_paper(opened)
    (folder / "paper.json").write_text(json.dumps(content))
    (folder / "paper.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(NiwtError, match="has changed"):
        load_paper(opened)
    (folder / "paper.json").write_text("{}")
    with pytest.raises(NiwtError, match="cannot be read"):
        load_paper(opened)


def test_random_images_from_a_folder_pass_over_what_is_none(tmp_path):
    study, _, _ = made()
    dataset = small_dataset()
    for i in range(3):
        shutil.copyfile(dataset.root / dataset.paths[i], tmp_path / f"{i}.png")
    (tmp_path / "broken.png").write_bytes(b"nothing")

    def pool(source):
        return random_activations(
            study.network, source, 10, dataset, study.preprocess, np.arange(5), seed=0,
            device=torch.device("cpu"), on_picture=lambda done, total: None,
        )  # fmt: skip

    assert len(pool(str(tmp_path))) == 3
    assert len(pool("seen")) == 5
    assert len(pool("noise")) == 10
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(NiwtError, match="no readable picture"):
        pool(str(empty))
