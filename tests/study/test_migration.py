"""Studies of the first schema are read in today's words."""

import pytest

from niwt_core.study.storage.migration import migrated, migrated_neurons


def first_schema(command: str) -> dict:
    return {
        "schema": 1,
        "kind": "cub",
        "choices": {"ridge": 1.0, "rivals": {"SAE": {"gamma": 0.1}}},
        "provenance": {"command": command, "shuffled_names_share": 0.03, "aviary": {"seed": 0, "passersby": 9000}},
    }


def test_names_of_the_first_schema_become_todays():
    actual = migrated(first_schema("niwt prepare aviary --out x"))
    assert actual["choices"] == {"ridge": 1.0, "baselines": {"SAE": {"gamma": 0.1}}}
    assert actual["provenance"]["shuffled_names_fraction"] == 0.03
    assert actual["provenance"]["aviary"] == {"seed": 0, "random_birds": 9000}
    header, rows = migrated_neurons(["index", "strength"], [["0", "1.5"]])
    assert header == ["index", "score", "better", "better_label", "better_auroc"]
    assert rows == [["0", "1.5", "", "", "0"]]
    assert migrated_neurons(header, rows) == (header, rows)


@pytest.mark.parametrize("equals", ["--root '/my birds' --knowledge", "--root='/my birds' --knowledge"])
def test_the_source_is_read_from_the_command(equals):
    source = migrated(first_schema(f"niwt prepare cub {equals} captions --boxes --seed 3"))["provenance"]["source"]
    assert source == {"kind": "cub", "root": "/my birds", "boxes": True, "knowledge": "captions", "splits": ""}


def test_what_the_command_did_not_say_is_the_default():
    source = migrated(first_schema("niwt prepare cub --root birds"))["provenance"]["source"]
    assert (source["boxes"], source["knowledge"]) == (False, "attributes")


def test_todays_manifest_is_left_alone():
    manifest = {"schema": 2, "choices": {"rivals": 1}, "provenance": {}}
    assert migrated(manifest) is manifest
