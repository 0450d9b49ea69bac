"""Names of attributes in another language: what a table gives, what it lacks, and what is no table of names."""

from pathlib import Path

import pytest

from niwt_core import NiwtError, load_study
from niwt_core.data.aviary import PART_OF_GROUP
from niwt_core.knowledge.attribute_names import attribute_key, group_of
from niwt_core.study.translated_names import LONGEST, TranslatedNames, names_file, read_translated_names

ROOT = Path(__file__).resolve().parents[2]


def table(folder, text, language="de"):
    names_file(folder, language).write_text(text, encoding="utf-8")
    return read_translated_names(folder, language)


def test_groups_values_of_one_group_and_values_of_all_groups(tmp_path):
    names = table(
        tmp_path,
        "name,translation\nbill shape,Schnabelform\nbill shape::needle,Nadel\nred,rot\nwing_color::red,rötlich\n",
    )
    assert names.label("bill shape::needle") == "Schnabelform: Nadel"
    assert names.label("has_bill_shape::needle") == "Schnabelform: Nadel"  # as CUB spells it
    assert names.label("crown color::red") == "crown color: rot"  # the group is not there
    assert names.label("wing color::red") == "wing color: rötlich"  # its own before everybody's
    assert names.label("bill shape::spoon") == "Schnabelform: spoon"
    assert names.label("longneck") == "longneck"
    assert (names.word("red"), names.word("blue")) == ("rot", "")
    assert (names.group("bill shape"), names.group("crest")) == ("Schnabelform", "crest")


def test_without_a_table_names_stay_as_they_are(tmp_path):
    names = read_translated_names(tmp_path, "de")
    assert not names
    assert names.label("crown_color::red") == "crown color: red"


def test_an_empty_translation_is_none_yet(tmp_path):
    assert table(tmp_path, "name,translation\nred,\n") == TranslatedNames()


def test_a_language_is_no_path(tmp_path):
    (tmp_path / "names...csv").write_text("name,translation\nred,rot\n")
    assert not read_translated_names(tmp_path, ".")
    assert not read_translated_names(tmp_path, "../de")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("name,german\nred,rot\n", "its columns are"),
        ("name,translation\nred,rot\nRED,rubin\n", "twice"),
        ("name,translation\nred,rot,noch\n", "cells"),
        (f"name,translation\nred,{'r' * (LONGEST + 1)}\n", "translation"),
        ("name,translation\nred,r\x07t\n", "translation"),
        ("name,translation\n,rot\n", "no name"),
    ],
)
def test_what_is_no_table_of_names_is_said(tmp_path, text, what):
    with pytest.raises(NiwtError, match=what):
        table(tmp_path, text)


@pytest.mark.parametrize("language", ["de", "es"])
@pytest.mark.parametrize("shipped", ["aviary", "photographs"])
def test_the_studies_that_ship_are_translated_in_full(shipped, language):
    study = load_study(ROOT / "assets" / shipped)
    names = read_translated_names(study.folder, language)
    known = set(names.table)
    for name in study.knowledge.names:
        group, value = group_of(name), name.split("::", 1)[1]
        assert attribute_key(group) in known
        assert {attribute_key(name), attribute_key(value)} & known, name
    if shipped == "aviary":
        assert {attribute_key(part) for part in PART_OF_GROUP.values()} <= known
    labels = [names.label(name) for name in study.knowledge.names]
    assert len(set(labels)) == len(labels)  # two attributes are never called the same
