"""How the house is kept: imports where they can be seen, words of the field, rooms that a newcomer can count."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENGINE = sorted((ROOT / "niwt_core").rglob("*.py"))
# The promised shortcuts, which reach downstream, and optional extras, which may be absent.
IN_FUNCTIONS = {
    "classify/answer.py": {"niwt_core.explain.explanation"},
    "study/study.py": {"niwt_core.classify.classifier", "niwt_core.audit.simulate"},
    "explain/explanation.py": {"niwt_core.explain.figure"},
    "study/evaluate.py": {"niwt_core.study.figure"},
    "backbones/timm_models.py": {"timm", "timm.data"},
    "classify/export_formats.py": {"onnx", "onnxruntime"},
}
OLD_WORDS = [
    "passersby",
    "tray",
    "Tray",
    "shelf",
    "Spine",
    "telling_",
    "workbench",
    "Bench",
    "bank",
    "job",
    "weighing",
    "lesson",
    "rivals",
    "truth_lines",
    "muting",
    "word_map",
    "word_head",
    "unheard",
    "heard",
    "deaf",
    "silent",
    "turned",
    "dealt",
    "favourites",
    "own",
    "found",
    "held",
    "said",
    "told",
    "here",
    "fresh",
]


def imports_in_functions(path: Path) -> set[str]:
    """Modules that functions of a file import."""
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    inside = [node for function in functions for node in ast.walk(function)]
    plain = {alias.name for node in inside if isinstance(node, ast.Import) for alias in node.names}
    return plain | {str(node.module) for node in inside if isinstance(node, ast.ImportFrom)}


def test_imports_stand_at_the_top():
    hidden = {}
    for path in ENGINE:
        place = path.relative_to(ROOT / "niwt_core").as_posix()
        if path.name != "__init__.py" and not place.startswith("cli/"):
            hidden[place] = imports_in_functions(path)
    assert {place: modules for place, modules in hidden.items() if modules} == IN_FUNCTIONS


def test_rooms_can_be_counted():
    entries = [path for path in (ROOT / "niwt_core").iterdir() if path.name != "__pycache__"]
    assert len([path for path in entries if path.is_dir()]) <= 15
    assert len([path for path in entries if path.suffix == ".py" and not path.name.startswith("__")]) <= 6


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 120


@pytest.mark.parametrize("folder", ["niwt_core", "pages", "benchmarks", "tests"])
def test_names_say_what_they_hold(folder):
    """No variable, parameter, function or class is called by a word that says nothing."""
    used = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            stored = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            name = node.id if stored else node.arg if isinstance(node, ast.arg) else getattr(node, "name", None)
            if name in OLD_WORDS:
                used[f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', '')}"] = name
    assert not used


def test_no_private_name_crosses_modules():
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    crossing = []
    for name in listed or [str(path.relative_to(ROOT)) for path in ENGINE]:
        for node in ast.walk(ast.parse((ROOT / name).read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and re.match(r"niwt_core|pages|tests", node.module or ""):
                crossing += [f"{name}: {alias.name}" for alias in node.names if re.match(r"_[a-z]", alias.name)]
    assert not crossing
