"""A recipe in words."""

from __future__ import annotations

from collections.abc import Iterator

from niwt_core import Recipe, Study
from niwt_core.knowledge.class_names import display_name
from niwt_core.study.translated_names import TranslatedNames
from pages.components.shared import names
from pages.components.shared.language import tr

SHOWN = 8  # attributes


def recipe_in_words(study: Study, recipe: Recipe) -> str:
    """A recipe in one line, in the words of its study."""
    return recipe_text(
        recipe, names.of(study), full=study.knowledge.scale, from_nothing=not study.encoder.average.any()
    )


def recipe_text(
    recipe: Recipe, called: TranslatedNames = names.NONE, *, full: float = 1.0, from_nothing: bool = False
) -> str:
    """A recipe in one line: "crown color red, bill shape needle; otherwise like Cardinal".

    full: the amount of an attribute that is there entirely; from_nothing: what a recipe of this study does not mention is not there, and not as in
    the average class.
    """
    if recipe.caption:
        return recipe.caption
    words = list(_attributes(recipe, called, full))
    shown = ", ".join(words[:SHOWN])
    if len(words) > SHOWN:
        shown = tr("{words} and {count} more", words=shown, count=len(words) - SHOWN)
    if from_nothing and not recipe.like:
        return f"{shown}." if words else tr("Nothing is described.")
    start = tr("like {like}", like=display_name(recipe.like)) if recipe.like else tr("like the average class")
    return tr("{words}; otherwise {start}.", words=shown, start=start) if words else tr("Exactly {start}.", start=start)


def _attributes(recipe: Recipe, called: TranslatedNames, full: float) -> Iterator[str]:
    for name, value in recipe.attributes.items():
        if isinstance(value, bool | float):  # an amount of one attribute
            word = called.label(name.replace(": ", "::", 1)).replace(": ", " ", 1)
            amount = (full if value else 0.0) if isinstance(value, bool) else value
            if amount == 0:
                yield tr("{word} (not)", word=word)
            else:
                yield word if amount == full else f"{word} {amount / full:.0%}"
        elif isinstance(value, dict):
            parts = (f"{called.value(f'{name}::{part}')} ({amount:g})" for part, amount in value.items())
            yield f"{called.group(name)} {tr(' and ').join(parts)}"
        else:
            several = value if isinstance(value, list | tuple) else [value]
            yield f"{called.group(name)} {tr(' and ').join(called.value(f'{name}::{part}') for part in several)}"
