"""What was understood of a description in words."""

from __future__ import annotations

from collections.abc import Sequence

from niwt_core import Study
from niwt_core.knowledge.from_text import Proposal, Proposals
from pages.components.shared import names
from pages.components.shared.language import tr
from pages.components.shared.style import text

SHOWN = 110  # letters of each list of words


def markup(study: Study, parsed: Proposals) -> str:
    """Markup of what was understood: some words of each kind, the others folded, so that the live panel stays in sight."""

    def called(item: Proposal) -> str:
        return names.of_attribute(study, item.attribute, item.label)

    kinds = (
        (tr("Understood"), [_said_of(study, item) for item in parsed.proposals if item.source == "said"]),
        (tr("Guessed by meaning"), [called(item) for item in parsed.proposals if item.source == "guessed"]),
        (tr("Goes with it, so half set"), [called(item) for item in parsed.proposals if item.source == "implied"]),
        (tr("Not understood"), list(parsed.unknown)),
    )  # fmt: skip
    return "".join(folded(title, words) for title, words in kinds if words or title == kinds[0][0])


def _said_of(study: Study, item: Proposal) -> str:
    word = names.of_attribute(study, item.attribute, item.label)
    return word if item.present else tr("{word} (not)", word=word)


def folded(title: str, words: Sequence[str]) -> str:
    """Markup of a list of words in one line or two; what is beyond `SHOWN` letters opens when it is pressed."""
    shown = len(words)
    while shown > 1 and len("; ".join(words[:shown])) > SHOWN:
        shown -= 1
    line = f"{title}: {text('; '.join(words[:shown]))}"
    if shown == len(words):
        return f'<p class="cyn-sub">{line}.</p>'
    rest = text("; ".join(words[shown:]))
    return f'<details class="cyn-folded"><summary>{line}; <u>{tr("{count} more", count=len(words) - shown)}</u></summary><p>{rest}.</p></details>'
