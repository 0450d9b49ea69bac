"""One visual language: a naturalist's field guide. Paper and ink; classes seen, unseen and built keep one colour and one sign each, everywhere.

The three class colours stay at least 14 Lab units apart for every kind of colour blindness (Machado et al., 2009) and read at
4.5:1 on both papers; the signs ● ◆ ★ say the same without colour. Neurons are plum.
CSS takes them as variables through ``light-dark()``, so that markup follows the theme without a rerun.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.components.shared import glossary, widget_words
from pages.components.shared.language import N_, tr

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage


@dataclass(frozen=True)
class Tone:
    """A colour on light and on dark paper."""

    light: str
    dark: str

    @property
    def css(self) -> str:
        return f"light-dark({self.light}, {self.dark})"


SEEN, UNSEEN, BUILT = Tone("#1d63b8", "#78aeef"), Tone("#a85a00", "#f2a65a"), Tone("#0b7a5b", "#7fe0b8")
NEURON = Tone("#7a2e5d", "#d78fbb")
INK, SOFT, FAINT = Tone("#23272b", "#ece8e0"), Tone("#5c6167", "#a9aeb4"), Tone("#8b8f94", "#7d838a")
PAPER, CARD, SUNK, LINE = (
    Tone("#fbf9f4", "#15181c"),
    Tone("#ffffff", "#1b1f24"),
    Tone("#f2eee4", "#1f242a"),
    Tone("#ddd6c8", "#363c44"),
)
KINDS = {"seen": SEEN, "unseen": UNSEEN, "built": BUILT}
SIGNS = {"seen": "●", "unseen": "◆", "built": "★"}
MEANING = {
    "seen": N_("the network was trained on pictures of it"),
    "unseen": N_("known by description only"),
    "built": N_("described by you in this session"),
}
TRUST = {
    "verified": N_("what had no part in the name confirms it (q < 0.05, AUROC 0.75 or more)"),
    "weak": N_("better than chance in the test, though not by much"),
    "contested": N_("better than chance, but another word fits clearly better in the same test"),
    "unnamed": N_("no word passed the test"),
    "dead": N_("never active"),
    "yours": N_("your own name for it, which nobody tested"),
    "rejected": N_("you said that its name is wrong"),
}
KIND_NAMES = {"seen": N_("seen"), "unseen": N_("unseen"), "built": N_("built")}
TRUST_NAMES = {
    "verified": N_("verified"),
    "weak": N_("weak"),
    "contested": N_("contested"),
    "unnamed": N_("unnamed"),
    "dead": N_("dead"),
    "yours": N_("yours"),
    "rejected": N_("rejected"),
}
TONES = {
    **KINDS, "neuron": NEURON, "ink": INK, "soft": SOFT, "faint": FAINT,
    "paper": PAPER, "card": CARD, "sunk": SUNK, "line": LINE,
}  # fmt: skip


def dark() -> bool:
    """The page is shown on dark paper; for what cannot follow by CSS."""
    return str(st.context.theme.type) == "dark"


def text(value: object) -> str:
    """Anything as text inside markup: what people typed can never be HTML."""
    return html.escape(str(value), quote=True)


def kind_name(kind: str) -> str:
    """ "seen", "unseen" or "built" in the session's language."""
    return tr(KIND_NAMES[kind])


def trust_name(status: str) -> str:
    """How far a neuron's name can be trusted, in a word of the session's language."""
    return tr(TRUST_NAMES[status])


def chip(kind: str, label: object = "") -> str:
    """Markup of a class's name with its sign, in the colour of its kind; without a label the kind itself."""
    meaning = f"{kind_name(kind)}: {tr(MEANING[kind])}"
    return f'<span class="cyn-chip cyn-{kind}" title="{text(meaning)}">{SIGNS[kind]} {text(label or kind_name(kind))}</span>'


def trust(status: str) -> str:
    """Markup of how far a neuron's name can be trusted."""
    return f'<span class="cyn-trust cyn-trust-{status}" title="{text(tr(TRUST[status]))}">{text(trust_name(status))}</span>'


def legend(*kinds: str) -> None:
    """What the three signs mean, in one line."""
    items = (
        f'<span class="cyn-chip cyn-{kind}">{SIGNS[kind]} {text(kind_name(kind))}</span> {text(tr(MEANING[kind]))}'
        for kind in kinds or KINDS
    )
    st.html(f'<div class="cyn-legend">{"".join(f"<span>{item}</span>" for item in items)}</div>')


@cache
def sheet() -> str:
    """The style sheet: variables from the tones above, then style.css."""
    tones = "".join(f"--cyn-{name}:{tone.css};" for name, tone in TONES.items())
    return f"<style>:root{{{tones}}}{Path(__file__).with_name('style.css').read_text(encoding='utf-8')}</style>"


def inject() -> None:
    """Puts the style sheet into the page; the entry script does it, once a run."""
    st.html(sheet() + widget_words.sheet())


def phone_menu(pages: Mapping[str, StreamlitPage]) -> None:
    """The pages by short names, in a row that a thumb can push sideways; style.css shows it on narrow screens only.

    It stands there for Streamlit's own drawer, which stays open over the page that was chosen.
    """
    with st.container(key="phone-menu", horizontal=True, wrap=False, gap=None):
        for label, page in pages.items():
            st.page_link(page, label=label)


def heading(title: str, words: str = "", *, level: int = 2, terms: tuple[str, ...] = ()) -> None:
    """A heading inside a page, with an optional line under it; ``terms`` of the glossary are explained where they are first met."""
    later = [name for name in terms if not glossary.holds(title, name)]
    line = f'<p class="cyn-sub">{glossary.explained(words, *later)}</p>' if words else ""
    st.html(f'<h{level} class="cyn-h{level}">{glossary.explained(title, *terms)}</h{level}>{line}')
