"""A recipe in words."""

from __future__ import annotations

from niwt_core import Recipe
from niwt_core.knowledge.class_names import display_name
from niwt_core.study.translated_names import TranslatedNames
from pages.components.shared import names
from pages.components.shared.language import tr


def recipe_text(recipe: Recipe, called: TranslatedNames = names.NONE) -> str:
    """A recipe in one line: "crown color red, bill shape needle; otherwise like Cardinal"."""
    words = []
    for name, value in recipe.attributes.items():
        if isinstance(value, dict):
            value = tr(" and ").join(f"{part} ({amount:g})" for part, amount in value.items())
        group = called.group(name) if called else name
        if isinstance(value, float):
            words.append(f"{group} {value:g}")
        else:
            words.append(f"{group} {called.value(f'{name}::{value}') if called else value}")
    start = tr("like {like}", like=display_name(recipe.like)) if recipe.like else tr("like the average class")
    if recipe.caption:
        return recipe.caption
    shown = ", ".join(words[:8])
    if len(words) > 8:
        shown = tr("{words} and {count} more", words=shown, count=len(words) - 8)
    return tr("{words}; otherwise {start}.", words=shown, start=start) if words else tr("Exactly {start}.", start=start)
