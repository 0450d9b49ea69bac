"""Zero-shot rivals of the transfer, on the same features and folds, in the order in which they are shown."""

from niwt_core.baselines.ale import Ale
from niwt_core.baselines.conse import Conse
from niwt_core.baselines.costa import Costa
from niwt_core.baselines.devise import Devise
from niwt_core.baselines.eszsl import Eszsl
from niwt_core.baselines.icis import Icis
from niwt_core.baselines.protocol import Baseline, Lesson
from niwt_core.baselines.ridge import Ridge
from niwt_core.baselines.sae import Sae
from niwt_core.baselines.sje import Sje

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
    "Lesson",
    "Ridge",
    "Sae",
    "Sje",
]
