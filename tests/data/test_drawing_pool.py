"""Drawing in processes: every job once, and a script without a main guard is told what it lacks."""

import subprocess
import sys
from pathlib import Path

import pytest

from niwt_core.data.aviary.drawing_pool import drawn

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
from niwt_core import NiwtError
from niwt_core.data.aviary.drawing_pool import drawn
import sys
try:
    print(sorted(drawn(abs, [-1, 2], workers=2)))
except NiwtError as error:
    sys.exit(str(error))
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_is_done_once(workers):
    assert sorted(drawn(abs, [-3, 1, -2], workers=workers)) == [1, 2, 3]


def test_a_script_that_starts_its_work_while_it_is_imported_is_told_what_to_do(tmp_path):
    script = tmp_path / "no_guard.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, script], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    assert "if __name__ == '__main__'" in done.stderr.splitlines()[-1]
