"""Neuron Importance-Aware Weight Transfer: describe a class, choose its neurons, get its classifier.

    import niwt_core as niwt
    study = niwt.load_study("assets/aviary")
    classifier = study.classifier()
    classifier.add("Ruby Needlebill", {"crown color": "red", "bill shape": "needle"})
    answer = classifier.classify("bird.jpg")
    print(answer.explain().sentence)

Source: Selvaraju et al., "Choose Your Neuron: Incorporating Domain Knowledge through Neuron-Importance", ECCV 2018, arXiv 1808.02861.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from niwt_core.classify.answer import Answer, EncodedPicture
    from niwt_core.classify.build import BuiltClass, build_class, inert_attributes
    from niwt_core.classify.classifier import Classifier
    from niwt_core.classify.export import export
    from niwt_core.classify.recipe import Recipe, parse_recipe, read_recipe, write_recipe
    from niwt_core.errors import NiwtError
    from niwt_core.knowledge.from_text import attributes_from_text
    from niwt_core.study.evaluate import evaluate
    from niwt_core.study.storage import load_study, save_study
    from niwt_core.study.study import Study

__version__ = "0.1.0"
_HOME = {
    "BuiltClass": "niwt_core.classify.build",
    "build_class": "niwt_core.classify.build",
    "inert_attributes": "niwt_core.classify.build",
    "Answer": "niwt_core.classify.answer",
    "Classifier": "niwt_core.classify.classifier",
    "EncodedPicture": "niwt_core.classify.answer",
    "NiwtError": "niwt_core.errors",
    "Recipe": "niwt_core.classify.recipe",
    "parse_recipe": "niwt_core.classify.recipe",
    "read_recipe": "niwt_core.classify.recipe",
    "write_recipe": "niwt_core.classify.recipe",
    "load_study": "niwt_core.study.storage",
    "export": "niwt_core.classify.export",
    "evaluate": "niwt_core.study.evaluate",
    "attributes_from_text": "niwt_core.knowledge.from_text",
    "save_study": "niwt_core.study.storage",
    "Study": "niwt_core.study.study",
}
__all__ = [
    "Answer",
    "BuiltClass",
    "Classifier",
    "EncodedPicture",
    "NiwtError",
    "Recipe",
    "Study",
    "attributes_from_text",
    "build_class",
    "evaluate",
    "export",
    "inert_attributes",
    "load_study",
    "parse_recipe",
    "read_recipe",
    "save_study",
    "write_recipe",
]


def __getattr__(name: str) -> Any:
    """Public names are imported when they are asked for: `niwt --help` need not wait for torch."""
    if name not in _HOME:
        raise AttributeError(f"module 'niwt_core' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
