"""Each case runs in a fresh interpreter: what is tested is the state of the process before any import."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BROKEN = "import importlib.machinery as m; m.EXTENSION_SUFFIXES[:] = []; "  # no compiled library can be found


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("prefix", ["", BROKEN], ids=["as installed", "without compiled operators"])
def test_torchvision_and_what_needs_it_can_be_imported(prefix):
    run(
        f"import torch\n{prefix}\n"
        "from niwt_core.backbones.torchvision_import import ensure_torchvision\n"
        "ensure_torchvision()\nimport captum, torchvision, transformers\n"
        "assert torchvision.models.list_models() and hasattr(torch.ops.torchvision, 'nms')\n"
    )


def test_missing_operators_are_defined_once():
    run(
        f"import torch\n{BROKEN}\nfrom niwt_core.backbones import torchvision_import as compat\n"
        "compat.ensure_torchvision()\nassert len(compat.defined) == 1\n"
        "compat.ensure_torchvision()\nassert len(compat.defined) == 1\nimport torchvision.models\n"
    )


def test_compiled_operators_are_used_where_they_fit():
    run(
        "import torch\nfrom niwt_core.backbones import torchvision_import as compat\ncompat.ensure_torchvision()\n"
        "import torchvision\nfrom torchvision.extension import _has_ops\nassert len(compat.defined) == (0 if _has_ops() else 1)\n"
    )


def test_an_import_that_failed_before_is_recovered():
    run(
        "try:\n    import torchvision\nexcept RuntimeError:\n    pass\n"
        "from niwt_core.backbones.torchvision_import import ensure_torchvision\nensure_torchvision()\n"
        "import torchvision; torchvision.models.resnet18(num_classes=2)\n"
    )


def test_operators_that_exist_are_left_alone():
    run(
        "import torch\nfrom niwt_core.backbones import torchvision_import as compat\n"
        "library = torch.library.Library('torchvision', 'DEF')\n"
        "[library.define(name + compat.SCHEMA) for name in compat.OPERATORS]\n"
        "compat.ensure_torchvision()\nassert compat.defined == []\n"
    )


def test_nothing_happens_without_torchvision():
    run(
        "import sys, torch\nsys.modules['torchvision'] = None\nfrom niwt_core.backbones import torchvision_import as compat\n"
        "compat.ensure_torchvision()\nassert compat.defined == []\n"
    )


def test_many_threads_define_it_once():
    run(
        f"import torch\n{BROKEN}\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "from niwt_core.backbones import torchvision_import as compat\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    tasks = [pool.submit(compat.ensure_torchvision) for _ in range(32)]\n"
        "    [task.result() for task in tasks]\n"
        "assert len(compat.defined) == 1\nimport torchvision\n"
    )
