"""The attribute table that ships, its synonyms, the recipes that use its words, and what is wrong in a broken one."""

import re
from pathlib import Path

import numpy as np
import pytest

from niwt_core.classify.recipe import read_recipe
from niwt_core.data.imagenet import AttributeTable, read_attribute_table, read_shown
from niwt_core.errors import NiwtError
from niwt_core.images import open_image
from niwt_core.study.storage import load_study

ASSETS = Path(__file__).resolve().parents[2] / "assets"
RECIPES = sorted((ASSETS / "recipes").glob("*.yaml"))
PERSON_VALUES = 15  # least number of values of a recipe


@pytest.fixture(scope="module")
def table() -> AttributeTable:
    return read_attribute_table(ASSETS / "imagenet-attributes")


def column(table: AttributeTable, value: str) -> np.ndarray:
    """(C,) amounts of a value."""
    return table.knowledge.values[:, [name.split("::")[1] for name in table.knowledge.names].index(value)]


def test_the_table_has_every_class_once(table: AttributeTable) -> None:
    assert len(table.knowledge.classes) == len(set(table.ids)) == 1000
    assert table.ids[0] == "n01440764"
    assert list(table.ids) == sorted(table.ids)  # ImageNet-1k is in the order of WordNet ids
    assert table.knowledge.classes[388] == "giant panda"
    assert set(np.unique(table.knowledge.values)) == {0, 0.5, 1}


def test_every_class_is_described_and_every_value_is_used(table: AttributeTable) -> None:
    present = table.knowledge.values > 0
    assert present.sum(1).min() >= 12
    assert present.sum(0).min() >= 3
    kinds = table.knowledge.groups["kind"]
    assert present[:, kinds].any(1).all()


def test_of_every_group_it_is_known_how_surely_a_photograph_shows_it(table: AttributeTable) -> None:
    assert set(table.knowledge.shown) == set(table.knowledge.groups)
    assert set(table.knowledge.shown.values()) == {"always", "mostly", "seldom"}
    assert table.knowledge.shown["kind"] == "always"
    assert table.knowledge.shown["setting"] == "seldom"  # a dog is in grassland or it is not


@pytest.mark.parametrize(
    ("line", "problem"),
    [("kind\tnow and then\t1\t0", "'now and then' of 'kind'"), ("mood\talways\t1\t0", "no group 'mood'")],
)
def test_a_wrong_line_of_what_is_shown_is_named(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "shown.tsv"
    path.write_text(f"group\tshown\tjudged true\tjudged false\n{line}\n")
    with pytest.raises(NiwtError, match=problem) as raised:
        read_shown(path, {"animal": "kind"})
    assert "line 2" in str(raised.value)


def test_no_two_classes_are_told_apart_by_name_alone_too_often(table: AttributeTable) -> None:
    assert len(np.unique(table.knowledge.values, axis=0)) == 1000


@pytest.mark.parametrize(
    ("family", "value"),
    [
        ("dog", "paws"),
        ("bird", "wings"),
        ("bird", "feathers"),
        ("fish", "fins"),
        ("fish", "no legs"),
        ("snake", "no legs"),
        ("elephant", "trunk"),
        ("cat", "whiskers"),
        ("butterfly or moth", "wings"),
        ("insect", "many legs"),
        ("railway vehicle", "transport on rail"),
        ("musical instrument", "playing music"),
        ("mushroom", "fungus"),
    ],
)
def test_relatives_agree(table: AttributeTable, family: str, value: str) -> None:
    members = column(table, family) == 1
    assert (column(table, value)[members] == 1).all()


def test_every_value_has_synonyms_that_are_no_values(table: AttributeTable) -> None:
    assert set(table.knowledge.synonyms) == set(table.knowledge.names)
    values = {name.split("::")[1] for name in table.knowledge.names}
    words = [word for synonyms in table.knowledge.synonyms.values() for word in synonyms]
    assert min(map(len, table.knowledge.synonyms.values())) >= 2
    assert not values & set(words)
    assert len(words) == len(set(words))  # a word means one value
    assert all(word == word.strip() and word for word in words)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("antlers", "head::horns"),
        ("owl", "creature::bird of prey"),
        ("ocean", "setting::sea"),
        ("four wheels", "part::wheels"),
        ("eight legs", "limbs::many legs"),
        ("gray", "color::grey"),
        ("beak", "head::short bill"),
        ("plumage", "covering::feathers"),
        ("beverage", "kind::drink"),
        ("automobile", "object::car"),
    ],
)
def test_everyday_words_mean_a_value(table: AttributeTable, word: str, name: str) -> None:
    assert word in table.knowledge.synonyms[name]


def test_recipes_describe_what_imagenet_lacks(table: AttributeTable) -> None:
    assert len(RECIPES) >= 64
    taken = {name.casefold() for name in table.knowledge.classes}
    names = [read_recipe(path).name for path in RECIPES]
    assert len(set(names)) == len(names)
    assert not {name.casefold() for name in names} & taken


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_can_be_read_and_names_its_nearest_classes(table: AttributeTable, path: Path) -> None:
    recipe = read_recipe(path)
    assert path.stem == re.sub("[^a-z]+", "-", recipe.name.casefold())
    row = table.knowledge.describe(recipe.attributes, base=np.zeros(len(table.knowledge.names)))
    assert PERSON_VALUES <= (row > 0).sum() <= 26
    first = path.read_text().splitlines()[0]
    nearest = first.removeprefix("# nearest: ").split(", ")
    assert first.startswith("# nearest: ")
    assert len(nearest) >= 2
    assert set(nearest) <= set(table.knowledge.classes)


def test_samples_are_small_and_credited() -> None:
    samples = sorted((ASSETS / "samples").glob("*.jpg"))
    credits = (ASSETS / "samples" / "CREDITS.md").read_text()
    assert len(samples) == 7
    for path in samples:
        assert f"`{path.name}`" in credits
        assert path.stat().st_size <= 120_000
        assert max(open_image(path).size) <= 640


def broken(folder: Path, vocabulary: str, attributes: str, synonyms: str = "value\tgroup\tsynonyms") -> Path:
    (folder / "vocabulary.txt").write_text(vocabulary)
    (folder / "attributes.tsv").write_text("index\twnid\tname\tattributes\n" + attributes)
    (folder / "synonyms.tsv").write_text(synonyms)
    return folder


@pytest.mark.parametrize(
    ("vocabulary", "attributes", "message"),
    [
        ("color: red, blue", "0\tn1\tcat\tred; bleu", "no value 'bleu'"),
        ("color: red, blue", "1\tn1\tcat\tred", "class '1' where 0 was due"),
        ("color: red, blue", "0\tn1\tcat", "3 cells, not 4"),
        ("color: red\nshape: red", "0\tn1\tcat\tred", "stands twice"),
        ("color red", "0\tn1\tcat\tred", "no group"),
        ("color: red", "", "no classes"),
    ],
)
def test_a_broken_table_is_refused(tmp_path: Path, vocabulary: str, attributes: str, message: str) -> None:
    with pytest.raises(NiwtError, match=message):
        read_attribute_table(broken(tmp_path, vocabulary, attributes))


def test_a_synonym_of_an_unknown_value_is_refused(tmp_path: Path) -> None:
    folder = broken(tmp_path, "color: red", "0\tn1\tcat\tred", "value\tgroup\tsynonyms\nblue\tcolor\tazure")
    with pytest.raises(NiwtError, match=r"synonyms\.tsv line 2"):
        read_attribute_table(folder)


def test_the_study_that_ships_reads_words_as_the_table_does(table: AttributeTable) -> None:
    study = load_study(ASSETS / "photographs")
    assert dict(study.knowledge.synonyms) == dict(table.knowledge.synonyms)
