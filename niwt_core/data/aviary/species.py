"""The species of the Aviary.

The table was found by simulated annealing on a D-optimal design, so that every attribute can be learnt apart from the
others: over the 45 seen species each value occurs at least five times and in at least three families; any two species
differ in at least four groups; relatives share 10 groups of 16 on average.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from niwt_core.data.aviary.attributes import ATTRIBUTE_GROUPS


@dataclass(frozen=True)
class Species:
    """A kind of bird: its name, its family (the surname), one value for each attribute group."""

    name: str
    family: str
    attributes: Mapping[str, str]
    seen: bool

    @property
    def slug(self) -> str:
        """The name as a folder: "ruby-crowned-needlebill"."""
        return self.name.lower().replace(" ", "-")


@cache
def species() -> tuple[Species, ...]:
    """All species, family by family; the seen ones of a family come first."""
    with Path(__file__).with_name("species.csv").open(newline="", encoding="utf-8") as file:
        return tuple(_species(row) for row in csv.DictReader(file))


def _species(row: Mapping[str, str]) -> Species:
    attributes = MappingProxyType({group: row[group] for group in ATTRIBUTE_GROUPS})
    return Species(name=row["name"], family=row["family"], attributes=attributes, seen=row["role"] == "seen")
