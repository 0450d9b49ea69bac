"""Recipes: what is read, what is refused, and that one line is said."""

from pathlib import Path

import pytest

from niwt_core.classify.recipe import LARGEST_FILE, Recipe, parse_recipe, read_recipe, write_recipe
from niwt_core.errors import NiwtError

GOOD = {
    "attributes": "name: Ruby Needlebill\nattributes: {crown color: red, bill shape: needle}\n",
    "amounts": "name: A\nattributes: {crown color: {red: 0.7, black: 0.3}, has_crest::none: false}\n",
    "caption": "name: B\ncaption: |\n  a small red bird\n  with a long bill\n",
    "like": "name: C\nlike: Cardinal\n",
    "umlaut": "name: Grünspecht 2\nlike: Specht\n",
    "number as a name": "name: 12\nlike: Cardinal\n",
    "digits as a study": "name: D\nlike: x\nstudy: 1234567890123456\n",
    "empty entries": "name: D\nlike: x\ncaption:\nattributes:\n",
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD.keys())
def test_round_trip(text, tmp_path):
    recipe = parse_recipe(text)
    path = tmp_path / "deep" / "recipe.yaml"
    write_recipe(recipe, path)
    assert read_recipe(path) == recipe
    assert parse_recipe(recipe.to_yaml()) == recipe
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    assert [file.name for file in path.parent.iterdir()] == ["recipe.yaml"]


def test_what_was_read():
    recipe = parse_recipe(GOOD["attributes"])
    assert recipe == Recipe("Ruby Needlebill", {"crown color": "red", "bill shape": "needle"})
    assert parse_recipe(GOOD["digits as a study"]).study == "1234567890123456"


BAD = {
    "nothing": "",
    "a list": "- name: A\n",
    "a text": "just words",
    "not yaml": "name: [unclosed\n",
    "tabs": "name: A\nattributes:\n\tcrown: red\n",
    "python tag": "name: !!python/object/apply:os.system ['true']\nlike: x\n",
    "python tag below": "name: A\nattributes: {crown color: !!python/name:os.system }\n",
    "no name": "like: x\n",
    "empty name": "name: '  '\nlike: x\n",
    "name of control characters": 'name: "a\\u0007b"\nlike: x\n',
    "name too long": f"name: {'a' * 81}\nlike: x\n",
    "undescribed": "name: A\n",
    "blank caption": "name: A\ncaption: '  '\n",
    "unknown entry": "name: A\nattribute: {crown color: red}\n",
    "attributes no mapping": "name: A\nattributes: [red]\n",
    "caption no text": "name: A\ncaption: [a, b]\n",
    "study no text": "name: A\nlike: x\nstudy: [1]\n",
    "very long number": f"name: A\nattributes: {{crown: {'9' * 5000}}}\n",
    "mapping as a key": "name: A\nattributes: {? {a: b} : c}\n",
    "unhashable key": "name: A\n? [a, b]\n: c\n",
    "deep nesting": "name: A\nattributes: " + "[" * 2000 + "]" * 2000,
    "two documents": "name: A\nlike: x\n---\nname: B\n",
    "undefined alias": "name: *who\n",
    "billion laughs": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "name: A\nattributes: {crown color: *i}\n",
    "laughs in place": "name: A\nattributes:\n  crown color: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"  {b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    "alias to itself": "name: A\nattributes: &a\n  crown color: *a\n",
    "null character": 'name: "a\\0"\nlike: x\n',
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_bad_recipes_are_refused_in_one_short_line(text):
    with pytest.raises(NiwtError) as caught:
        parse_recipe(text, where="bird.yaml")
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    assert caught.value.where
    assert caught.value.fix


@pytest.mark.timeout(20)
def test_bad_files(tmp_path):
    cases = {
        "missing.yaml": ("no such recipe", None),
        "binary.yaml": ("cannot read the recipe", bytes(range(256))),
        "utf16.yaml": ("cannot read the recipe", "name: A\nlike: x\n".encode("utf-16")),
        "huge.yaml": ("too large", b"name: A\nlike: x\n" + b"# \n" * LARGEST_FILE),
    }
    for name, (message, content) in cases.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(NiwtError, match=message) as caught:
            read_recipe(tmp_path / name)
        assert name in str(caught.value)
    with pytest.raises(NiwtError, match="cannot read the recipe"):
        read_recipe(tmp_path)


def test_a_recipe_that_cannot_be_written_leaves_nothing(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(NiwtError, match="cannot write"):
        write_recipe(Recipe("A", like="x"), Path(blocked, "recipe.yaml"))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_words_that_yaml_takes_for_something_else():
    recipe = parse_recipe("name: No\nattributes: {tail: no, legs: 4, on: off, born: 2001-01-31}\ncaption: 12\n")
    assert (recipe.name, recipe.caption) == ("No", "12")
    assert recipe.attributes == {"tail": "no", "legs": 4, "on": "off", "born": "2001-01-31"}
    assert parse_recipe(recipe.to_yaml()) == recipe
    assert parse_recipe("name: 2001-99-99\nlike: 1e3\nstudy: 1234567890123e45\n") == Recipe(
        "2001-99-99", like="1e3", study="1234567890123e45"
    )


@pytest.mark.parametrize("value", ["\ud800", "a\0", "\x1b[31m"])
def test_words_that_no_page_can_show_are_refused(value):
    for recipe in ({"attributes": {value: True}}, {"attributes": {"a": value}}, {"attributes": {"a": [value]}}, {"caption": value},
                   {"like": value}, {"study": value}, {"name": value}):  # fmt: skip
        with pytest.raises(NiwtError) as caught:
            Recipe.from_dict({"name": "A", "like": "b", **recipe})
        str(caught.value).encode()  # can be written anywhere
