"""The editor's JavaScript under Node, by itself and on vectors of the engine: no browser is needed for numbers."""

import base64
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from niwt_core import Recipe, Study, build_class
from pages.components.build import editor_tables
from tests.support.small_study import small_study

NODE = shutil.which("node")
RECIPES = (
    Recipe("one", {"crown color": "red", "bill shape": {"needle": 0.7, "hooked": 0.25}, "wing color: blue": 0.4}),
    Recipe("two", {"bill shape": "needle", "tail shape": "forked"}),
)


def read_off_its_row(study: Study) -> Study:
    """The same study without calibration pictures; what stands for them differs from class to class."""
    mean = study.features.float().mean(0) - study.head.mean
    read = torch.cat([mean, torch.tensor([0.8, -0.6, 0.1])])
    stolen = replace(study.stolen_share, best_seen=torch.zeros(0), by_row=read)
    choices = replace(study.choices, calibration="stolen share")
    changed = replace(study, id="read off its row", stolen_share=stolen, choices=choices)
    biases = [build_class(changed, recipe).bias for recipe in RECIPES]
    assert abs(biases[0] - biases[1]) > 1e-3
    return changed


@pytest.mark.skipif(NODE is None, reason="NOT TESTED: the editor's JavaScript, since node is not installed")
@pytest.mark.parametrize(("layer", "by_row"), [("third.1", False), ("second.1", False), ("third.1", True)])
def test_score(layer, by_row, tmp_path):
    """``by_row``: in a study that reads a built class's bias off its row, the editor's class has the built one's own."""
    study = small_study(layer=layer)
    if by_row:
        study = read_off_its_row(study)
    tables = editor_tables.prepare(study)
    pictures = study.features[study.gallery.pictures[editor_tables.sample_pictures(study)]].float()
    cases = []
    for recipe in RECIPES:
        built = build_class(study, recipe)
        scores = (pictures - study.head.mean) @ built.weights + (built.bias if by_row else study.typical_bias)
        cases.append(
            {
                "values": built.values.tolist(),
                "scores": scores.tolist(),
                "nearest": [[study.classes.index(name), cosine] for name, cosine in built.nearest],
                "importances": built.importances[tables.matrices.neurons].tolist(),
            }
        )
    vectors = tmp_path / "vectors.json"
    vectors.write_text(json.dumps({"tables": base64.b64encode(tables.payload).decode(), "cases": cases}))
    script = Path(__file__).with_name("score.test.mjs")
    environment = os.environ | {"ENGINE_VECTORS": str(vectors)}
    done = subprocess.run(
        [str(NODE), "--test", str(script)], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# skipped 0" in done.stdout
