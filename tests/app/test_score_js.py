"""The editor's JavaScript under Node, by itself and on vectors of the engine: no browser is needed for numbers."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from niwt_core import Recipe, build_class
from pages.components.build import editor_tables
from tests.support.small_study import small_study

NODE = shutil.which("node")
RECIPES = (
    Recipe("one", {"crown color": "red", "bill shape": {"needle": 0.7, "hooked": 0.25}, "wing color: blue": 0.4}),
    Recipe("two", {"bill shape": "needle", "tail shape": "forked"}),
)


@pytest.mark.skipif(NODE is None, reason="NOT TESTED: the editor's JavaScript, since node is not installed")
@pytest.mark.parametrize("layer", ["third.1", "second.1"])
def test_score(layer, tmp_path):
    study = small_study(layer=layer)
    tables = editor_tables.prepare(study)
    pictures = study.features[study.gallery.pictures[editor_tables.sample_pictures(study)]].float()
    cases = []
    for recipe in RECIPES:
        built = build_class(study, recipe)
        scores = (pictures - study.head.mean) @ built.weights + study.typical_bias
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
