"""The Aviary: a drawn world of birds in which everything that can be said of a picture is known."""

from niwt_core.data.aviary.attributes import (
    ATTRIBUTE_GROUPS,
    ATTRIBUTE_NAMES,
    BODY,
    PART_OF_GROUP,
    PARTS,
    binary_attributes,
    choose_attributes,
)
from niwt_core.data.aviary.backdrop import HABITATS
from niwt_core.data.aviary.caption import IN_VIEW, caption
from niwt_core.data.aviary.renderer import FACINGS, Picture, draw
from niwt_core.data.aviary.skeleton import POSES
from niwt_core.data.aviary.species import Species, species

__all__ = [
    "ATTRIBUTE_GROUPS",
    "ATTRIBUTE_NAMES",
    "BODY",
    "FACINGS",
    "HABITATS",
    "IN_VIEW",
    "PARTS",
    "PART_OF_GROUP",
    "POSES",
    "Picture",
    "Species",
    "binary_attributes",
    "caption",
    "choose_attributes",
    "draw",
    "species",
]
