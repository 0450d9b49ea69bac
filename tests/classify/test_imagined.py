"""What the network imagines of a built class: its own score rises above the others', the same picture each time, and it can be stopped."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from niwt_core.classify import imagined as module
from niwt_core.classify.classifier import Classifier
from niwt_core.classify.imagined import imagined, settings_for
from niwt_core.neurons.synthesis import OF_CLASS
from tests.support.small_study import SIZE, small_study


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OF_CLASS", replace(OF_CLASS, side=SIZE, steps=40, rate=0.1, jitter=2, zoom=(1.0, 1.0)))


@pytest.mark.parametrize("layer", ["third.1", "second.1"])
def test_the_class_wins_its_own_picture(layer: str) -> None:
    study = small_study(layer=layer)
    classifier = Classifier(study)
    built = classifier.add("Ruby Needlebill", {"crown color": "red", "bill shape": "needle"})

    def margin(picture: np.ndarray) -> float:
        """The class's score less the best of the others', by the classifier itself."""
        answer = classifier.classify(Image.fromarray(picture))
        scores = {item.name: item.score for item in answer.ranking}
        return scores.pop(built.name) - max(scores.values())

    picture = imagined(study, built)
    noise = np.random.default_rng(0).integers(0, 255, picture.shape).astype(np.uint8)
    grey = np.full_like(picture, 128)
    assert picture.shape == (SIZE, SIZE, 3)
    assert margin(picture) > max(margin(noise), margin(grey)) + 0.1
    np.testing.assert_array_equal(picture, imagined(study, built))


def test_it_says_how_far_it_is_and_stops() -> None:
    class Cancelled(Exception):
        pass

    steps: list[tuple[int, int]] = []

    def report(step: int, total: int) -> None:
        steps.append((step, total))
        if step == 5:
            raise Cancelled

    study = small_study()
    with pytest.raises(Cancelled):
        imagined(study, Classifier(study).add("X", {"crown color": "red"}), progress=report)
    assert steps == [(i, 40) for i in range(1, 6)]


def test_a_network_of_one_size_gets_pictures_of_that_size() -> None:
    class OneSize(torch.nn.Module):
        """Takes 48 pixels alone, as vision transformers do."""

        def __init__(self) -> None:
            super().__init__()
            self.head, self.tail = torch.nn.Linear(2, 2), torch.nn.Identity()

        def stem(self, x: torch.Tensor) -> torch.Tensor:
            if x.shape[-1] != 48:
                raise ValueError("48 pixels")
            return x

    how = settings_for(OneSize(), 48)  # type: ignore[arg-type]
    assert (how.side, how.zoom) == (48, (1.0, 1.0))
