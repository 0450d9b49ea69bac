"""Zero-shot baselines of the transfer, on the same features and folds, in the order in which they are shown."""

from niwt_core.evaluation.baselines.ale import Ale
from niwt_core.evaluation.baselines.conse import Conse
from niwt_core.evaluation.baselines.costa import Costa
from niwt_core.evaluation.baselines.devise import Devise
from niwt_core.evaluation.baselines.eszsl import Eszsl
from niwt_core.evaluation.baselines.icis import Icis
from niwt_core.evaluation.baselines.protocol import Baseline, TrainingData
from niwt_core.evaluation.baselines.ridge import Ridge
from niwt_core.evaluation.baselines.sae import Sae
from niwt_core.evaluation.baselines.sje import Sje

BASELINES: tuple[type[Baseline], ...] = (Eszsl, Sae, Ale, Devise, Sje, Conse, Costa, Ridge, Icis)

__all__ = [
    "BASELINES",
    "Ale",
    "Baseline",
    "Conse",
    "Costa",
    "Devise",
    "Eszsl",
    "Icis",
    "Ridge",
    "Sae",
    "Sje",
    "TrainingData",
]
