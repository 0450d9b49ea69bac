"""What every table of descriptions must be, whatever it was read from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from niwt_core.errors import NiwtError
from niwt_core.knowledge.class_names import listing


def check_table(classes: Sequence[str], names: Sequence[str], values: np.ndarray) -> None:
    """Raises NiwtError on sizes of ``values`` (C,K) that disagree with C classes and K names, on repeated names, on values that are not finite."""
    if values.shape != (len(classes), len(names)):
        what = f"a table of shape {values.shape} for {len(classes)} classes and {len(names)} names"
        raise NiwtError(what, fix="give one row a class and one column a name")
    for what, of_kind in (("class", classes), ("attribute", names)):
        repeated = [name for name, count in Counter(of_kind).items() if count > 1]
        if repeated:
            raise NiwtError(f"{what} {listing(repeated)} appears more than once", fix="keep one of them")
    for c, k in np.argwhere(~np.isfinite(values))[:1]:
        where = f"class {classes[c]}, {names[k]}"
        raise NiwtError(f"value {values[c, k]} is not a number", where=where, fix="fill in a finite number")
