"""niwt photos: a folder of one's own photographs beside a study, from the command line."""

from pathlib import Path

import pytest

from niwt_core.neurons import user_photographs as stores
from tests.support.small_study import photographs_in, small_study


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    stores._STORES.clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return photographs_in(tmp_path / "mine", 7)


def test_a_folder_is_read_and_asked(niwt, folder: Path) -> None:
    study = small_study().folder
    result = niwt("photos", study, folder, "--json").json
    assert result["photographs"] == 7
    assert [item["path"] for item in result["unreadable"]] == ["broken.jpg"]
    assert Path(result["cache"]).is_relative_to(folder.parent / "cache")
    assert not list(Path(study).glob("*photograph*"))
    strongest = niwt("photos", study, "--neuron", 3, "--top", 4, "--json").json["strongest"]
    assert len(strongest) == 4
    assert [item["value"] for item in strongest] == sorted((item["value"] for item in strongest), reverse=True)
    taken = [
        item["path"]
        for name in small_study().classes
        for item in niwt("photos", study, "--class", name, "--json").json["strongest"]
    ]
    assert sorted(taken) == sorted(f"bird-{i}.png" for i in range(7))  # each is taken for one class
    attribute = small_study().knowledge.names[0]
    assert isinstance(niwt("photos", study, "--attribute", attribute, "--json").json["strongest"], list)
    listed = niwt("photos", study, folder)
    assert "7 photographs" in listed.out
    assert "broken.jpg" in listed.err


def test_forgetting_and_mistakes(niwt, folder: Path) -> None:
    study = small_study().folder
    niwt("photos", study).one_error("no photographs were read", "niwt photos STUDY FOLDER")
    niwt("photos", study, folder / "nowhere").one_error("no such folder")
    niwt("photos", study, folder, "--json")
    niwt("photos", study, folder, "--forget").one_error("--forget")
    niwt("photos", study, "--neuron", 1, "--class", "x").one_error("more than one question")
    niwt("photos", study, "--neuron", 4096).one_error("no neuron 4096")
    assert niwt("photos", study, "--forget", "--json").json["forgotten"]
    niwt("photos", study).one_error("no photographs were read")
