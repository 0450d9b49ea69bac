"""How well each class of a study can be predicted from its description."""

from __future__ import annotations

import numpy as np

from niwt_core.classify.build import build_class
from niwt_core.classify.recipe import LONGEST_NAME, Recipe
from niwt_core.study.study import Study


def expected_predictability(study: Study) -> np.ndarray:
    """(C,) cosine: measured by leaving the class out for seen ones, that of the nearest seen descriptions for others."""
    known = study.predictability
    return np.array(
        [
            known[name]
            if name in known
            else build_class(study, Recipe(name=name[:LONGEST_NAME], like=name)).expected_predictability
            for name in study.classes
        ]
    )
