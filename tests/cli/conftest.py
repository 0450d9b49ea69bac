"""The command line in this process, and things to give it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from niwt_core.cli.main import main
from tests.support.small_study import small_dataset, small_study


@dataclass(frozen=True)
class Outcome:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        """The one JSON object on stdout; asserts that there is nothing else."""
        assert self.code == 0, self.err
        assert self.out.count("\n") == 1
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    def one_error(self, *words: str) -> str:
        """Asserts that this is a user's mistake, said in one line that has these words; returns the line."""
        assert (self.code, self.out) == (2, ""), self
        assert self.err.startswith("error: ")
        assert self.err.count("\n") == 1
        assert self.err.endswith("\n")
        assert "Traceback" not in self.err
        for word in words:
            assert word in self.err
        return self.err


def listing(*folders: Path) -> dict[str, int]:
    """Everything below some folders, hidden files too, with sizes."""
    return {str(path): path.stat().st_size for folder in folders for path in folder.rglob("*")}


@pytest.fixture
def niwt(capfd) -> Callable[..., Outcome]:
    """niwt("classify", study, photo): runs a command in this process."""

    def run(*arguments: object) -> Outcome:
        capfd.readouterr()
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Outcome(int(stop.value.code or 0), out, err)

    return run


@pytest.fixture
def refused(niwt, tmp_path) -> Callable[..., str]:
    """refused("classify", ..., words=("no such file",)): as `niwt`, for what must fail in one line and write nothing."""

    def run(*arguments: object, words: tuple[str, ...] = ()) -> str:
        before = listing(tmp_path)
        line = niwt(*arguments).one_error(*words)
        assert listing(tmp_path) == before
        return line

    return run


@pytest.fixture(scope="session")
def study() -> Path:
    """The folder of the small study; not to be changed."""
    folder = small_study(layer="second.1").folder
    assert folder is not None
    return folder


@pytest.fixture
def study_copy(study, tmp_path) -> Path:
    """A copy of it, to be spoiled."""
    return Path(shutil.copytree(study, tmp_path / "study"))


@pytest.fixture(scope="session")
def photo() -> Path:
    """A picture of the small set."""
    dataset = small_dataset()
    return dataset.root / dataset.paths[0]


@pytest.fixture
def recipe(tmp_path) -> Path:
    """A recipe for the small study."""
    path = tmp_path / "bird.yaml"
    path.write_text("name: Ruby Testbird\nattributes: {crown color: red}\n")
    return path


def write_set(root: Path) -> Path:
    """The small set as a user's own folder."""
    dataset = small_dataset()
    for path, label in zip(dataset.paths, dataset.labels, strict=True):
        folder = root / "images" / dataset.classes[label]
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(dataset.root / path, folder / path)
    useful = np.flatnonzero(dataset.knowledge.values.std(0) > 0)
    rows = [",".join(["class", *(dataset.knowledge.names[k] for k in useful)])]
    rows += [",".join([name, *(f"{dataset.knowledge.of(name)[k]:g}" for k in useful)]) for name in dataset.classes]
    (root / "attributes.csv").write_text("\n".join(rows) + "\n")
    (root / "unseen.txt").write_text("\n".join(dataset.unseen_classes) + "\n")
    (root / "captions").mkdir()
    for name in dataset.classes:
        words = [dataset.knowledge.labels[k] for k in np.flatnonzero(dataset.knowledge.of(name))]
        (root / "captions" / f"{name}.txt").write_text(f"A bird with {', '.join(words)}.\n")
    return root


@pytest.fixture
def own_set(tmp_path) -> Path:
    return write_set(tmp_path / "birds")


@pytest.fixture
def quick(monkeypatch) -> None:
    """Preparation with few folds of few settings."""
    from tests.support.quick import QUICK

    monkeypatch.setattr("niwt_core.prepare.settings.REPEATS", 1)
    monkeypatch.setattr("niwt_core.prepare.settings.GRID", QUICK)
