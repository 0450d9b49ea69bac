"""Attribute values proposed from free text, for a person to correct."""

from niwt_core.knowledge.from_text.reading import (
    LONGEST_TEXT,
    Proposal,
    Proposals,
    attributes_from_text,
    read_attributes,
)

__all__ = ["LONGEST_TEXT", "Proposal", "Proposals", "attributes_from_text", "read_attributes"]
