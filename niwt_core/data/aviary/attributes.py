"""What can be said of a bird: 16 groups, 61 values, and the part of the bird that shows each group."""

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np

from niwt_core.errors import NiwtError

ATTRIBUTE_GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "bill shape": ("needle", "hooked", "cone", "curved", "spoon"),
        "bill color": ("black", "yellow", "red", "blue"),
        "crest": ("none", "pointed", "fan"),
        "crown color": ("red", "yellow", "blue", "black", "white"),
        "nape color": ("orange", "green", "black", "white"),
        "eye ring": ("none", "white", "orange"),
        "breast color": ("white", "yellow", "red", "grey", "blue"),
        "breast pattern": ("solid", "spotted", "striped"),
        "back color": ("brown", "green", "blue", "black"),
        "wing color": ("brown", "green", "blue", "red", "white"),
        "wing pattern": ("solid", "spotted", "barred"),
        "tail shape": ("forked", "fan", "pointed", "square"),
        "tail color": ("black", "white", "red", "yellow"),
        "leg length": ("short", "long"),
        "leg color": ("black", "yellow", "red", "blue"),
        "body shape": ("round", "slender", "long-necked"),
    }
)

ATTRIBUTE_NAMES: tuple[str, ...] = tuple(
    f"{group}::{value}" for group, values in ATTRIBUTE_GROUPS.items() for value in values
)

PARTS: tuple[str, ...] = ("crown", "nape", "face", "eye", "bill", "breast", "back", "wing", "tail", "legs")
"""Parts whose masks never overlap. The crown includes the crest, the breast all underparts, the eye its ring."""

BODY: tuple[str, ...] = ("nape", "breast", "back", "wing")
"""Parts that together make the mask named "body": what shows a body's shape."""

PART_OF_GROUP: Mapping[str, str] = MappingProxyType(
    {
        "bill shape": "bill",
        "bill color": "bill",
        "crest": "crown",
        "crown color": "crown",
        "nape color": "nape",
        "eye ring": "eye",
        "breast color": "breast",
        "breast pattern": "breast",
        "back color": "back",
        "wing color": "wing",
        "wing pattern": "wing",
        "tail shape": "tail",
        "tail color": "tail",
        "leg length": "legs",
        "leg color": "legs",
        "body shape": "body",
    }
)


def choose_attributes(wanted: Mapping[str, object], *, seed: int) -> dict[str, str]:
    """One value for every group: as wanted where that says it, by chance where it does not.

    `wanted` maps a group to a value ("crown color": "red") or to weights ("crown color": {"red": 0.7, "blue": 0.3}),
    or a full name to a weight ("crown color::red": 0.7). Weights need not sum to one; a group whose weights are all
    zero counts as left open. A group's choice depends on `seed` and that group's weights alone, so that changing one
    group leaves the others as they were. Raises NiwtError for a name that does not exist or a weight below zero.
    """
    weights = _weights(wanted)
    chances = np.random.default_rng(np.random.SeedSequence((seed, 1))).random(len(ATTRIBUTE_GROUPS))
    chosen = {}
    for (group, values), chance in zip(ATTRIBUTE_GROUPS.items(), chances, strict=True):
        fraction = np.array([weights.get(group, {}).get(value, 0.0) for value in values])
        fraction = fraction if fraction.sum() > 0 else np.ones(len(values))
        at = np.searchsorted(np.cumsum(fraction) / fraction.sum(), chance, side="right")
        chosen[group] = values[min(int(at), len(values) - 1)]
    return chosen


def binary_attributes(attributes: Mapping[str, str]) -> np.ndarray:
    """The attributes as a (K,) float32 vector of zeros and ones, in the order of ATTRIBUTE_NAMES."""
    return np.array(
        [attributes.get(group) == value for group, values in ATTRIBUTE_GROUPS.items() for value in values],
        dtype=np.float32,
    )


def nearest(name: str, names: Iterable[str]) -> str:
    """The one of `names` that is spelled most like `name`."""
    return difflib.get_close_matches(name, list(names), n=1, cutoff=0.0)[0]


def _weights(wanted: Mapping[str, object]) -> dict[str, dict[str, float]]:
    weights: dict[str, dict[str, float]] = {}
    for key, value in wanted.items():
        group, _, named = str(key).partition("::")
        entries = {named: value} if named else value if isinstance(value, Mapping) else {value: 1.0}
        if group not in ATTRIBUTE_GROUPS:
            fix = f"did you mean {nearest(group, ATTRIBUTE_GROUPS)!r}? The groups are {', '.join(ATTRIBUTE_GROUPS)}"
            raise NiwtError(f"no attribute group is called {group!r}", where="attributes of the bird", fix=fix)
        for entry, weight in entries.items():
            weights.setdefault(group, {})[_value(group, str(entry))] = _weight(group, str(entry), weight)
    return weights


def _value(group: str, value: str) -> str:
    values = ATTRIBUTE_GROUPS[group]
    if value not in values:
        fix = f"did you mean {nearest(value, values)!r}? It can be {', '.join(values)}"
        raise NiwtError(f"no {group} is called {value!r}", where="attributes of the bird", fix=fix)
    return value


def _weight(group: str, value: str, weight: object) -> float:
    number = float(weight) if isinstance(weight, int | float | np.number) else float("nan")
    if not 0 <= number < float("inf"):
        raise NiwtError(
            f"the weight {weight!r} of '{group}::{value}' is not a number from 0 up",
            where="attributes of the bird",
            fix="give a number such as 0.7",
        )
    return number
