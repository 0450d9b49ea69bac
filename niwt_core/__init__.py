"""Neuron Importance-Aware Weight Transfer: describe a class, choose its neurons, get its classifier.

    import niwt_core as niwt
    study = niwt.load_study("assets/aviary")
    classifier = study.classifier()
    classifier.add("Ruby Needlebill", {"crown color": "red", "bill shape": "needle"})
    answer = classifier.classify("bird.jpg")
    print(answer.explain().sentence)

Source: Selvaraju et al., "Choose Your Neuron: Incorporating Domain Knowledge through Neuron-Importance", ECCV 2018, arXiv 1808.02861.
"""

from niwt_core.build import BuiltClass, build_class, unheard_attributes
from niwt_core.classifier import Answer, Classifier, EncodedPicture
from niwt_core.errors import NiwtError
from niwt_core.recipe import Recipe, parse_recipe, read_recipe, write_recipe
from niwt_core.storage import load_study, save_study
from niwt_core.study import Study

__all__ = [
    "Answer",
    "BuiltClass",
    "Classifier",
    "EncodedPicture",
    "NiwtError",
    "Recipe",
    "Study",
    "build_class",
    "load_study",
    "parse_recipe",
    "read_recipe",
    "save_study",
    "unheard_attributes",
    "write_recipe",
]
__version__ = "0.1.0"
