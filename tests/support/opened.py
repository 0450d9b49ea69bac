"""A page that AppTest has run: what it says, and that it went well."""

import json
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from niwt_core import Classifier, Recipe
from pages.components.shared import session
from tests.support.small_study import small_study

ROOT = Path(__file__).resolve().parents[2]


def page_text(at: AppTest) -> str:
    """All markup and text that a page shows."""
    texts = [item.body for item in at.get("html")]
    for kind in ("markdown", "caption", "error", "warning", "code"):
        texts += [item.value for item in at.get(kind)]
    return "\n".join(texts)


def went_well(at: AppTest) -> AppTest:
    """The run ended without an exception."""
    assert not at.exception, [item.value for item in at.exception]
    return at


def charts_of(at: AppTest) -> list[dict[str, Any]]:
    """The figures that a page explores by Plotly, as their JSON."""
    return [json.loads(item.proto.spec) for item in at.get("plotly_chart")]


def with_classes(*recipes: Recipe) -> session.ClassHistory:
    """What a session holds that has built these classes of the small study."""
    classifier = Classifier(small_study())
    for recipe in recipes:
        classifier.add_recipe(recipe)
    return session.ClassHistory(classifier, [session.Step("start", recipes)])
