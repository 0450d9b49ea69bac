"""Evaluating a study does not load the library of language models: CLIP is asked for by name."""

import subprocess
import sys
from pathlib import Path

CODE = "import sys; import niwt_core.study.evaluate, niwt_core.study.baselines; print('transformers' in sys.modules)"


def test_an_evaluation_loads_no_language_models():
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", CODE], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
