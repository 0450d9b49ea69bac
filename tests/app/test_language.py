"""The app's pages in German and Spanish: every text is translated, true to its placeholders, and each session has its own language."""

import ast
import gettext
import re
import shutil
import string
from itertools import zip_longest

import pytest
from streamlit.testing.v1 import AppTest

from niwt_core.data.registry import SOURCES
from niwt_core.explain.sentence import UNFAMILIAR
from niwt_core.report.figures import METHOD_MEANING, METHOD_NAMES
from niwt_core.study.naming_notice import what_names_were_tested_on
from pages.components.shared import engine_words, glossary, language
from pages.components.shared.language import tr, trn
from tests.support import messages
from tests.support.opened import ROOT, page_text, went_well
from tests.support.small_study import small_study

OTHERS = [code for code in language.LANGUAGES if code != language.ENGLISH]
EXTRACTED = messages.extracted()


def pairs(code):
    """(English, translation) of every text, each form by itself; English plurals stand for all but the first form."""
    for message in messages.translated(code):
        if message.id:
            english = message.id if isinstance(message.id, tuple) else (message.id,)
            other = message.string if isinstance(message.string, tuple) else (message.string,)
            yield from zip_longest(english, other, fillvalue=english[-1])


def fields(text):
    """The {names} of a template, with their formats."""
    template = re.sub(r"%\{[^}]*\}", "", text)  # those are the charts' own
    return sorted((name, form) for _, name, form, _ in string.Formatter().parse(template) if name)


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_of_the_code_is_translated_and_no_other(code):
    """`make words` was run, and what it left empty was filled."""
    catalog = messages.translated(code)
    assert {message.id for message in catalog} == {message.id for message in EXTRACTED} | {""}
    assert not [english for english, other in pairs(code) if not other.strip()]
    assert not [message.id for message in catalog if message.fuzzy and message.id]


@pytest.mark.parametrize("code", OTHERS)
def test_translations_keep_placeholders_marks_and_the_blanks_around(code):
    for english, other in pairs(code):
        assert fields(other) == fields(english), (english, other)
        for kept in (r"</?\w+>", r"`[^`]*`", r":material/\w+:", r"^\s+|\s+$", r"%\{[^}]*\}"):
            assert re.findall(kept, other) == re.findall(kept, english), (english, other)


@pytest.mark.parametrize("code", OTHERS)
def test_what_the_app_reads_is_compiled_from_what_people_edit(code):
    with messages.file_of(code).with_suffix(".mo").open("rb") as file:
        read = gettext.GNUTranslations(file)
    for message in messages.translated(code):
        if isinstance(message.id, tuple):
            assert (read.ngettext(*message.id, 1), read.ngettext(*message.id, 2)) == message.string
        elif message.id:
            assert read.gettext(message.id) == message.string


@pytest.mark.parametrize("code", OTHERS)
def test_the_glossary_has_every_word_in_every_language(code):
    english, other = glossary.terms_in("en"), glossary.terms_in(code)
    assert list(other) == list(english)
    assert all(term.name and term.meaning and all(term.forms) for term in other.values())
    assert [term.key for term in other.values()] == list(english)


def test_texts_of_the_engine_are_marked_as_it_says_them():
    marked = {message.id for message in EXTRACTED}
    assert set(engine_words.METHODS) == {*METHOD_NAMES.values(), *METHOD_MEANING.values()}
    assert engine_words.UNFAMILIAR == (UNFAMILIAR,)
    assert what_names_were_tested_on(small_study()) in engine_words.TESTED_ON
    texts = {text for source in SOURCES.values() for text in (source.title, source.where) if text}
    assert texts - marked == {"CUB-200-2011", "Animals with Attributes 2"}  # names


def test_texts_in_the_templates_of_reports_are_marked():
    templates = "".join(path.read_text() for path in (ROOT / "niwt_core/report/templates").glob("*.jinja"))
    texts = set(re.findall(r'wording\.fixed\("([^"]+)"', templates))
    assert texts
    assert {text for text in texts if text not in EXTRACTED} == set()


def test_without_a_session_the_app_speaks_english():
    assert tr("Transfer weights") == "Transfer weights"
    assert tr("{seen:,} classes that were trained, {unseen:,} described", seen=1000, unseen=95).startswith("1,000 ")
    assert trn("{count} minute", "{count} minutes", 1) == "1 minute"
    assert trn("{count} minute", "{count} minutes", 3) == "3 minutes"


def spoken():
    import streamlit as st

    from pages.components.shared import language
    from pages.components.shared.language import tr, trn

    st.caption(tr("Transfer weights"))
    st.caption(trn("{count} minute", "{count} minutes", 3))
    st.caption(tr("{seen:,} classes that were trained, {unseen:,} described", seen=1000, unseen=95))
    language.switch()


def captions(at):
    return [item.value for item in at.caption]


def test_sessions_of_one_process_have_languages_of_their_own():
    german, spanish, english = (AppTest.from_function(spoken, default_timeout=60) for _ in range(3))
    german.session_state["language"], spanish.session_state["language"] = "de", "es"
    for _ in range(2):  # one after the other, and again
        assert captions(german.run()) == [
            "Gewichte übertragen",
            "3 Minuten",
            "1\u202f000 trainierte Klassen, 95 beschriebene",
        ]
        assert captions(spanish.run())[:2] == ["Transferir pesos", "3 minutos"]
        assert captions(english.run())[:2] == ["Transfer weights", "3 minutes"]


def test_results_that_all_sessions_share_are_in_no_language():
    """What `per_study` keeps has the study and the arguments in its key, not the visitor's language or theme."""
    speaking = []
    for path in (ROOT / "pages").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            marks = {ast.unparse(mark) for mark in getattr(node, "decorator_list", [])}
            if (
                marks & {"per_study", "session.per_study"} and node.name != "spoken"
            ):  # the language is its first argument
                calls = {ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
                spoken_by = {name for name in calls if name in ("tr", "trn") or name.startswith(("charts.", "names."))}
                speaking += [f"{path.name}: {node.name}"] * bool(spoken_by)
    assert speaking == []


def test_a_language_is_chosen_by_a_button_and_stays():
    at = AppTest.from_function(spoken, default_timeout=60).run()
    at.button(key="language-de").click().run()
    assert captions(at.run())[0] == "Gewichte übertragen"
    assert at.button(key="language-de").disabled
    assert not at.button(key="language-en").disabled


def addressed():
    import streamlit as st

    from pages.components.shared import language
    from pages.components.shared.language import tr

    language.begin()
    language.keep()
    st.caption(tr("Transfer weights"))


def test_the_address_chooses_a_language_and_keeps_it():
    at = AppTest.from_function(addressed, default_timeout=60)
    at.query_params["lang"] = "de"
    assert captions(at.run()) == ["Gewichte übertragen"]
    at.query_params.clear()  # as where a person goes to another page
    assert captions(at.run()) == ["Gewichte übertragen"]
    assert at.query_params["lang"] == "de"
    at.query_params["lang"] = "es"
    assert captions(at.run()) == ["Transferir pesos"]
    at.query_params["lang"] = "<b>"
    assert captions(at.run()) == ["Transferir pesos"]


def test_an_address_without_a_language_says_none():
    at = AppTest.from_function(addressed, default_timeout=60).run()
    assert "lang" not in at.query_params


PLACES = (
    ("start", {}),
    ("dictionary", {}),
    ("dictionary", {"neuron": "3"}),
    ("build", {}),
    ("classify", {}),
    ("measure", {}),
    ("studies", {}),
)


def opened(name, spoken, **query):
    """A page by its file's name, in a session of that language."""
    at = AppTest.from_file(ROOT / "pages" / f"{name}.py", default_timeout=60)
    at.session_state["language"] = spoken
    for key, value in query.items():
        at.query_params[key] = value
    return went_well(at.run())


def labels_of(at):
    """Headings, and the labels of what can be pressed or filled in."""
    headings = [text for body in at.get("html") for text in re.findall(r"<h[1-4][^>]*>(.*?)</h[1-4]>", body.proto.body)]
    plain = [re.sub(r"<span popover.*?</span>|<[^>]+>", "", text) for text in headings]
    kinds = (
        "button",
        "text_input",
        "selectbox",
        "segmented_control",
        "toggle",
        "slider",
        "expander",
        "multiselect",
        "text_area",
    )
    return [*plain, *(str(item.label) for kind in kinds for item in at.get(kind) if item.label)]


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize(("name", "query"), PLACES, ids=[f"{name}{''.join(query)}" for name, query in PLACES])
def test_a_page_has_no_english_heading_or_label(study_folder, code, name, query):
    english = {one for one, other in pairs(code) if one != other}
    texts = labels_of(opened(name, code, **query))
    assert len(texts) > 2
    mine = {other for _, other in pairs(code)}
    others = {text for spoken in OTHERS if spoken != code for _, text in pairs(spoken)} - mine
    assert [text for text in texts if text in english | others] == []  # nor what another session left in a cache
    assert set(texts) & {other for one, other in pairs(code) if one != other}


def test_english_is_what_it_was(study_folder):
    assert "Neuron dictionary" in labels_of(opened("dictionary", "en"))


def test_words_of_the_glossary_are_explained_in_german(study_folder):
    at = opened("measure", "de")
    markup = "".join(item.proto.body for item in at.get("html"))
    assert glossary.terms_in("de")["predictability"].meaning in markup
    assert glossary.terms_in("en")["predictability"].meaning not in markup


@pytest.fixture
def translated_study(study_folder, tmp_path, monkeypatch):
    """The small study with German names for two of its attributes."""
    folder = tmp_path / "study"
    shutil.copytree(study_folder, folder)
    (folder / "names.de.csv").write_text("name,translation\ncrown color,Scheitelfarbe\nred,rot\n", encoding="utf-8")
    monkeypatch.setenv("NIWT_STUDY", str(folder))
    return folder


def looked_up():
    import streamlit as st

    from pages.components.build import editor_tables
    from pages.components.shared import language, lookup, names, session

    study = session.current_study()
    red = study.knowledge.names.index("crown color::red")
    st.caption(names.label(study, red))
    for words in ("scheitelfarbe rot", "crown red"):
        st.caption(str(sorted(lookup.search(study, words, "", lookup.STATUSES).neurons)))
    st.caption(str(lookup.attribute_columns(study, "rot")))
    parts = editor_tables.parts(study, language.current())
    row = next(value for part in parts for group in part["groups"] for value in group["values"] if value["k"] == red)
    st.caption(f"{row['label']} {row['also']}")


def test_translated_names_are_shown_and_found_as_well_as_the_studys_own(translated_study):
    german, english = (AppTest.from_function(looked_up, default_timeout=60) for _ in range(2))
    german.session_state["language"], english.session_state["language"] = "de", "en"
    shown, plain = captions(went_well(german.run())), captions(went_well(english.run()))
    assert (shown[0], plain[0]) == ("Scheitelfarbe: rot", "crown color: red")
    assert shown[1] == shown[2] == plain[2]  # both names find the same neurons
    assert plain[3] == "[]"
    assert shown[3] != "[]"
    assert shown[4].startswith("rot ")
    assert "crown color: red" in shown[4]
    assert plain[4].startswith("red ")


def test_a_damaged_table_of_names_is_said_and_the_studys_own_names_stay(translated_study):
    (translated_study / "names.de.csv").write_text("name,german\nred,rot\n", encoding="utf-8")
    at = opened("dictionary", "de")
    assert "its columns are name, german" in page_text(at).lower()
    assert not list(opened("dictionary", "en").error)
