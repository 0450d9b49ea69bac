"""Attribute values proposed from free text, for a person to correct."""

from niwt_core.knowledge.from_text.reading import LONGEST_TEXT, Proposal, Proposals, propose_attributes, read_attributes

__all__ = ["LONGEST_TEXT", "Proposal", "Proposals", "propose_attributes", "read_attributes"]
