"""The birds that ImageNet lacks: every word of theirs is one of the shipped study's, and a sentence is read as a person's is."""

from pathlib import Path

from benchmarks.birds import read_birds, recipe_of
from niwt_core import load_study
from niwt_core.classify.build import describe
from niwt_core.knowledge.class_names import class_key


def test_every_bird_can_be_built_either_way():
    study = load_study(Path(__file__).resolve().parents[2] / "assets" / "photographs")
    birds = read_birds()
    assert len(birds) == 15
    for bird in birds:
        assert class_key(bird.name) not in {class_key(name) for name in study.seen_classes}
        values = describe(study, recipe_of(study, bird, sentence=False))
        named = {word.removesuffix("?"): 0.5 if word.endswith("?") else 1.0 for word in bird.words}
        assert len(named) == len(bird.words)
        shown = dict(zip(study.knowledge.labels, values.tolist(), strict=True))
        assert {label.partition(": ")[2]: value for label, value in shown.items() if value} == named
        assert (describe(study, recipe_of(study, bird, sentence=True)) > 0).sum() >= 8
