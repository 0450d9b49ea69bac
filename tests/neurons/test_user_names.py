"""A person's own names: said, undone, kept in a file of theirs, and never part of the study."""

import os
import stat

import pytest

from niwt_core import NiwtError
from niwt_core.explain.explanation import explain
from niwt_core.neurons.user_names import LONGEST, MARK, NOTHING_SAID, UserNames, names_file, read_names, write_names
from niwt_core.report.dictionary_data import dictionary_csv
from tests.support.small_study import small_study


def test_a_neuron_is_called_by_ones_own_name_with_a_mark_and_without_it_again():
    neuron = small_study().neurons[3]
    names = NOTHING_SAID.named(3, "  drooping   tail ")
    called = names.of(neuron)
    assert (called.label, called.name, called.status, called.trust) == (
        f"drooping tail {MARK}", f"drooping tail {MARK}", "yours", "yours",
    )  # fmt: skip
    assert called.is_named
    assert not called.contested
    assert names.of(small_study().neurons[2]) is small_study().neurons[2]
    assert names.without(3).of(neuron) is neuron


def test_a_name_that_is_called_wrong_is_none():
    neuron = next(item for item in small_study().neurons if item.label)
    called = NOTHING_SAID.rejected(neuron.index).of(neuron)
    assert (called.name, called.status, called.is_named) == ("unnamed", "rejected", False)
    assert called.label == neuron.label  # what was rejected can still be said


@pytest.mark.parametrize("name", ["", "   ", "x" * (LONGEST + 1), "a\u202eb", "a\x07b"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(NiwtError, match="neuron 3"):
        NOTHING_SAID.named(3, name)


def test_names_come_back_from_their_file_and_go_with_the_last(tmp_path):
    path = tmp_path / "deep" / "names.json"
    names = NOTHING_SAID.named(3, "schöner Schwanz").rejected(5)
    write_names(path, "study", names)
    assert read_names(path, "study", neurons=24) == names
    assert read_names(path, "another", neurons=24) == NOTHING_SAID  # its neurons are others
    write_names(path, "study", names.without(3).without(5))
    assert not path.exists()
    assert read_names(path, "study", neurons=24) == NOTHING_SAID


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"study": "s"}', '{"study": "s", "names": {"99": "x"}}', '{"study": "s", "names": {"1": 2}}', "[" * 99999],
)  # fmt: skip
def test_a_damaged_file_is_said(tmp_path, text):
    path = tmp_path / "names.json"
    path.write_text(text)
    with pytest.raises(NiwtError, match="your names of neurons cannot be read"):
        read_names(path, "s", neurons=24)


def test_names_lie_beside_a_study_of_ones_own_and_at_home_for_one_that_came_with_the_program(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    private = tmp_path / "studies" / "cub"
    private.mkdir(parents=True)
    assert names_file(private, "abc") == tmp_path / "studies" / "cub.names.json"
    shipped = tmp_path / "app" / "assets" / "aviary"
    shipped.mkdir(parents=True)
    (tmp_path / "app" / "app.py").touch()
    home = tmp_path / "home" / "choose-your-neuron" / "names" / "abc.json"
    assert names_file(shipped, "abc") == home
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert names_file(private, "abc") == home


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NiwtError):
        write_names(tmp_path / "file" / "names.json", "s", NOTHING_SAID.named(1, "x"))
    assert stat.S_ISREG((tmp_path / "file").stat().st_mode)


def test_explanations_and_the_table_say_them():
    study = small_study()
    answer = study.classifier().classify(study.gallery.image(0))
    before = explain(answer)
    first, second = before.supporting[0].index, before.supporting[1].index
    names = NOTHING_SAID.named(first, "drooping tail").rejected(second)
    after = explain(answer, names=names)
    assert after.supporting[0].neuron.label == f"drooping tail {MARK}"
    assert f"{first} (“drooping tail {MARK}”)" in after.sentence
    assert after.supporting[1].neuron.status == "rejected"
    assert before.supporting[0].neuron.status != "yours"
    statuses = [part.neuron.status for part in after.contrast.neurons if part.index in (first, second)]
    assert set(statuses) <= {"yours", "rejected"}
    rows = [line.split(",") for line in dictionary_csv(study, names).splitlines()]
    assert rows[0][-2:] == ["your_name", "you_call_it_wrong"]
    assert rows[1 + first][-2:] == ["drooping tail", ""]
    assert rows[1 + second][-2:] == ["", "yes"]
    assert dictionary_csv(study, UserNames()) == dictionary_csv(study)
    assert "drooping" not in dictionary_csv(study)
