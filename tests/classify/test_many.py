"""Many files: the answers of one at a time, in order, with little in memory."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from niwt_core.classify import many
from niwt_core.classify.many import classify_files
from tests.support.small_study import small_dataset, small_study


def files(count: int) -> list[Path]:
    dataset = small_dataset()
    return [dataset.root / dataset.paths[i % len(dataset)] for i in range(count)]


@pytest.mark.parametrize("batch", [1, 7, 32])
def test_the_answers_are_those_of_one_at_a_time(batch):
    classifier, paths = small_study().classifier(), files(20)
    classifier.add("Built", {"crown color": "red"})
    actual = list(classify_files(classifier, paths, top=4, batch=batch))
    assert [answer.path for answer in actual] == paths
    for answer in actual:
        alone = classifier.classify(answer.path)
        assert [item.name for item in answer.ranking] == [item.name for item in alone.ranking[:4]]
        np.testing.assert_allclose([i.score for i in answer.ranking], [i.score for i in alone.ranking[:4]], atol=1e-3)
        np.testing.assert_allclose(answer.ranking[0].probability, alone.best.probability, atol=1e-4)
        assert (answer.familiar, answer.novelty) == (alone.familiar, pytest.approx(alone.novelty, abs=2e-3))
        torch.testing.assert_close(answer.pooled, alone.picture.pooled, atol=1e-4, rtol=1e-4)


def test_a_file_that_cannot_be_read_costs_no_other_its_answer(tmp_path):
    good, data = files(1)[0], files(1)[0].read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    (tmp_path / "text.jpg").write_text("words")
    paths = [tmp_path / "cut.png", good, tmp_path / "text.jpg", tmp_path / "missing.jpg", good]
    actual = list(classify_files(small_study().classifier(), paths, batch=2))
    assert [answer.error is None for answer in actual] == [False, True, False, False, True]
    assert "cannot read the picture" in str(actual[0].error)
    assert actual[1].ranking == actual[4].ranking


def test_only_a_few_batches_are_in_memory(tmp_path, monkeypatch):
    Image.new("RGB", (64, 64)).save(tmp_path / "one.png")
    opened = []
    monkeypatch.setattr(many, "open_image", lambda path, **more: opened.append(path) or Image.new("RGB", (64, 64)))
    answers = classify_files(small_study().classifier(), (tmp_path / "one.png" for _ in range(1000)), batch=4)
    for done in range(1, 101):
        next(answers)
        assert len(opened) <= done + many.AHEAD * 4
    answers.close()
    assert len(opened) <= 100 + many.AHEAD * 4
