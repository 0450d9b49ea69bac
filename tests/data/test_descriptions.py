"""Sentences of classes from JSON and from folders."""

import json

import pytest

from niwt_core.data.descriptions import read_descriptions
from niwt_core.errors import NiwtError

CLASSES = ("001.Black_footed_Albatross", "023.Brandt_Cormorant")


def test_json_spelled_as_people_do(tmp_path):
    path = tmp_path / "said.json"
    path.write_text(
        json.dumps({"Brandt's Cormorant": " a black bird ", "black-footed albatross": ["a", "", "b"], "Emu": []})
    )
    assert read_descriptions(path, CLASSES) == {CLASSES[0]: ("a", "b"), CLASSES[1]: ("a black bird",)}


def test_folder(tmp_path):
    for name in ("Black footed Albatross", "023.Brandt_Cormorant"):
        (tmp_path / f"{name}.txt").write_text("one\n\ntwo\n")
    assert read_descriptions(tmp_path, CLASSES)[CLASSES[0]] == ("one", "two")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON.*line 1"),
        ("[1]", "not a JSON object"),
        ('{"Emu": 5}', "not a list of sentences.*Emu"),
        (
            '{"Emu": ["x"], "Black-footed Albatross": [" "]}',
            "classes 001.Black_footed_Albatross, 023.Brandt_Cormorant not",
        ),
    ],
)
def test_wrong_files(tmp_path, text, message):
    (tmp_path / "said.json").write_text(text)
    with pytest.raises(NiwtError, match=message):
        read_descriptions(tmp_path / "said.json", CLASSES)


def test_missing_file(tmp_path):
    with pytest.raises(NiwtError, match="no such file"):
        read_descriptions(tmp_path / "none.json", CLASSES)


def test_the_real_file_covers_the_subset(shared_data):
    lines = (shared_data / "cub-subset/CUB_200_2011/classes.txt").read_text().splitlines()
    descriptions = read_descriptions(shared_data / "cub-descriptions.json", [line.split()[1] for line in lines])
    assert len(descriptions) == 200
    assert all(descriptions.values())
    assert "a seabird" in descriptions["001.Black_footed_Albatross"]


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a": ' * 50_000, '{"a": ' + "1" * 5000 + "}", '{"a": 1e999}', '{"a": "\\ud800"}', "\0", "NaN"],
)
def test_json_of_strangers(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(NiwtError) as caught:
        read_descriptions(path, ["a"])
    str(caught.value).encode()
