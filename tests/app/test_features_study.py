"""The app on a study that was made from published features: every page stands, and a picture is refused in words."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from niwt_core import Recipe, load_study
from niwt_core.backbones.of_features import network_of_features
from niwt_core.data.published_features import read_features
from niwt_core.prepare.prepare import Settings, prepare
from pages.components.build.link import to_text
from tests.data.test_published_features import variables, write
from tests.support.opened import page_text
from tests.support.quick import QUICK


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study."""
    root = tmp_path_factory.mktemp("features")
    write(root, *variables())
    dataset, features = read_features(root)
    network, preprocess = network_of_features(features.shape[1])
    with pytest.MonkeyPatch.context() as quick:
        quick.setattr("niwt_core.prepare.settings.REPEATS", 1)
        quick.setattr("niwt_core.prepare.settings.GRID", QUICK)
        prepare(
            dataset,
            network,
            preprocess,
            root / "out" / "study",
            settings=Settings(),
            features=torch.from_numpy(features),
        )
    return root / "out" / "study"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("start", "Three ways in"),
        ("dictionary", "Neuron dictionary"),
        ("build", "Build a class"),
        ("classify", "Classify and explain"),
        ("measure", "Where the figures come from"),
        ("studies", "Prepare another"),
    ],
)
def test_every_page_stands(
    folder: Path, page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv("NIWT_STUDY", str(folder))
    at = page(name)
    assert text in page_text(at) or any(text == item.label for item in at.expander)
    assert not at.error


def test_a_neuron_and_a_class_are_shown(
    folder: Path, page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIWT_STUDY", str(folder))
    assert "Neuron 3" in page_text(page("dictionary", neuron="3"))


def test_nothing_is_imagined_where_no_network_is(
    folder: Path, page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIWT_STUDY", str(folder))
    study = load_study(folder)
    name = study.knowledge.names[0]
    at = page("build", **{"class": to_text(Recipe("Mine", {name: float(study.knowledge.scale)}))})
    labels = [button.label for button in at.button]
    assert "Remove" in labels  # it is built
    assert "What the network imagines" not in labels
