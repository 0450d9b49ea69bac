"""Words that a newcomer does not know are explained where they stand, from one table, by markup that everyone can use."""

import re
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from niwt_core import Recipe
from pages.components.build.link import to_text
from pages.components.shared import glossary

ROOT = Path(__file__).resolve().parents[2]


class Read(HTMLParser):
    """Text outside of meanings, buttons with their targets, and meanings by id."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.shown, self.targets, self.meanings, self.names = "", [], {}, []
        self._inside: list[tuple[str, str]] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._inside.append((tag, values.get("id") or ""))
        if tag == "button":
            assert values["type"] == "button"
            self.targets.append(values["popovertarget"])
            self.names.append("")
        if "popover" in values:
            assert values["id"] not in self.meanings
            self.meanings[values["id"]] = ""

    def handle_endtag(self, tag: str) -> None:
        assert self._inside.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        meaning = next((name for _, name in self._inside if name), "")
        if meaning:
            self.meanings[meaning] += data
            return
        self.shown += data
        if any(tag == "button" for tag, _ in self._inside):
            self.names[-1] += data


def test_documentation_and_app_say_the_same() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), re.M)
    assert rows[1:] == [(term.name, term.meaning) for term in glossary.terms().values()]


def test_no_form_belongs_to_two_words() -> None:
    forms = [form for term in glossary.terms().values() for form in term.forms]
    assert len(forms) == len(set(forms))
    assert all(form and form == form.strip() for form in forms)


@given(st.text(max_size=30), st.text(max_size=30))
def test_words_are_kept_whatever_they_hold(before: str, after: str) -> None:
    words = f"{before} gamma {after} AUROC <b>"
    words = words.replace("\x00", "").replace("\r", "")
    read = Read(glossary.explained(words, "gamma", "AUROC", "study"))
    assert read.shown == words
    assert set(read.targets) == set(read.meanings)
    assert {"gamma", "auroc"} <= {name.lower() for name in read.names}


def test_a_word_opens_its_own_meaning() -> None:
    read = Read(
        glossary.explained("Photographed, described or built by you", "seen class", "described class", "built class")
    )
    assert read.names == ["Photographed", "described", "built by you"]
    assert [read.meanings[target] for target in read.targets] == [
        f"{name} {glossary.terms()[name].meaning}" for name in ("seen class", "described class", "built class")
    ]


def test_only_whole_words_and_letters_as_they_are_written() -> None:
    assert Read(glossary.explained("Use gammas or undescribed ones", "U", "gamma", "described class")).targets == []
    assert Read(glossary.label("U")).names == ["U"]
    assert Read(glossary.label("Anything else")).targets == []


def test_help_is_plain_text_a_line_each() -> None:
    assert glossary.help_for("ZSL", "p").split("  \n") == [
        glossary.terms()["ZSL"].sentence,
        glossary.terms()["p"].sentence,
    ]


PLACES = (  # pages as they open, by their own rooms
    ("start", {}),
    ("dictionary", {}),
    ("dictionary", {"neuron": "3"}),
    ("build", {"class": to_text(Recipe("Mine", {"crown color": "red", "bill shape": "needle"}))}),
    ("classify", {}),
    ("measure", {}),
)


def test_every_word_is_explained_on_a_page(page, study_folder) -> None:
    met: set[str] = set()
    for name, query in PLACES:
        at = page(name, **query)
        markup = [element.proto.body for element in at.get("html")]
        helps = [str(getattr(element.proto, "help", "")) for element in (*at.caption, *at.slider)]
        on_page = {term for body in markup for term in meanings(body)}
        on_page |= {term.name for term in glossary.terms().values() if any(term.sentence in text for text in helps)}
        assert on_page, name
        ids = re.findall(r' id="(term-[^"]+)"', "".join(markup))
        assert len(ids) == len(set(ids)), (name, ids)
        met |= on_page
    assert set(glossary.terms()) - met == set()


def meanings(body: str) -> list[str]:
    return list(re.findall(r'class="cyn-meaning" role="note"><b>([^<]+)</b>', body))
