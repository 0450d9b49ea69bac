"""Markup by Jinja2: templates hold all of it, Python only values, and every value is escaped on its way in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from niwt_core.report.numbers import number, percent, percentage
from niwt_core.report.wording import ENGLISH

SIGNS = {"seen": "●", "unseen": "◆", "built": "★"}
MEANING = {
    "seen": "the network was trained on photographs of it",
    "unseen": "known by description only",
    "built": "described by a person",
}
PERSONAL = {"yours": "a name of your own, which nobody tested", "rejected": "you said that the name is wrong"}
TRUST = {
    "verified": "the test confirms the name",
    "weak": "better than chance in the test, though not by much",
    "contested": "better than chance, but another word fits clearly better in the same test",
}


@cache
def environment() -> Environment:
    """The templates of this folder, with the filters and tables that they share; a name that is not there is an error."""
    made = Environment(
        loader=PackageLoader("niwt_core.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "number": number,
        "percent": percent,
        "percentage": percentage,
    }
    made.globals |= {"SIGNS": SIGNS, "MEANING": MEANING, "TRUST": TRUST | PERSONAL, "english": ENGLISH}
    return made


def render(template: str, **values: Any) -> str:
    """The text of a template."""
    return environment().get_template(template).render(**values)


def fragment(name: str) -> Callable[..., str]:
    """The macro ``name`` of ``fragments.jinja`` as a function that gives markup."""

    def rendered(*values: Any, **named: Any) -> str:
        return str(getattr(environment().get_template("fragments.jinja").module, name)(*values, **named))

    return rendered
