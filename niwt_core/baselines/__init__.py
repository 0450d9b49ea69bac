"""Zero-shot rivals in closed form, on the same features and folds as the transfer."""

from niwt_core.baselines.eszsl import Eszsl
from niwt_core.baselines.protocol import Baseline
from niwt_core.baselines.sae import Sae

BASELINES: tuple[type[Eszsl] | type[Sae], ...] = (Eszsl, Sae)

__all__ = ["BASELINES", "Baseline", "Eszsl", "Sae"]
