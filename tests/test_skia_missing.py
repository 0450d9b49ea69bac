"""Without skia's system libraries, all works that draws no birds."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
class Broken:
    def find_spec(self, name, path=None, target=None):
        if name == "skia":
            raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")
sys.meta_path.insert(0, Broken())
from niwt_core.cli.main import main
import niwt_core.data.aviary.renderer as renderer
from niwt_core import NiwtError
from niwt_core.data.aviary import draw, species
from niwt_core.study.evaluate import evaluate
from pages.components.build import editor_tables
try:
    draw(species()[0].attributes, seed=0, size=32)
except NiwtError as error:
    print(error)
"""


def test_the_reason_and_the_package_are_named():
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "birds cannot be drawn: libGL.so.1" in done.stdout
    assert "libgl1" in done.stdout
