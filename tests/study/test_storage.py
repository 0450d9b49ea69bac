"""A study on disk: equal after a round trip, refused when damaged, replaced as a whole, mapped and not copied."""

import csv
import json
import os
import shutil
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from niwt_core import NiwtError, Study, load_study, save_study
from niwt_core.explain.detector import Detectors
from niwt_core.study.storage import TABLES, TENSORS, check_target, check_unchanged, is_study
from niwt_core.study.storage.csv_tables import read_neurons
from tests.support.small_study import small_study

FILES = ("study.json", *TABLES, *TENSORS)


@pytest.fixture
def copy(tmp_path) -> Path:
    """A copy of the small study, to be spoiled."""
    return Path(shutil.copytree(small_study(layer="second.1").folder, tmp_path / "study"))


def listing(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*")}


def equal(one: object, other: object) -> bool:
    """Deep equality of what a study holds."""
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return one.dtype.kind == other.dtype.kind and np.array_equal(one, other)
    if isinstance(one, torch.nn.Module):
        return one.data == other.data and all(
            torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items()
        )
    if hasattr(one, "__dataclass_fields__"):
        return all(equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return one == other


@pytest.mark.parametrize("layer", ["third.1", "second.1"])
def test_round_trip(layer, tmp_path):
    study = small_study(layer=layer)
    again = save_study(study, tmp_path / "deep" / "study")
    assert again.id == study.id
    for field in fields(Study):
        if field.name != "folder":
            assert equal(getattr(study, field.name), getattr(again, field.name)), field.name
    assert sorted(os.listdir(tmp_path / "deep")) == ["study"]
    assert {path.name for path in again.folder.iterdir()} == set(FILES)


def test_what_was_prepared_is_what_is_loaded(tmp_path):
    """Nothing that a person sees is lost in text: values of the table to the bit, statistics to nine digits."""
    study = small_study()
    odd = replace(
        study,
        knowledge=replace(study.knowledge, values=study.knowledge.values * np.float32(1 / 3)),
        neurons=tuple(replace(neuron, p=neuron.p / 3 + 1e-300, auroc=1 / 3) for neuron in study.neurons),
        paths=tuple(f'odd "name", with\n{path}' for path in study.paths),
    )
    again = save_study(odd, tmp_path / "study")
    assert np.array_equal(again.knowledge.values, odd.knowledge.values)
    assert again.paths == odd.paths
    for one, other in zip(again.neurons, odd.neurons, strict=True):
        assert one.p == pytest.approx(other.p, rel=1e-8)
        assert one.auroc == pytest.approx(other.auroc, rel=1e-8)


def test_a_moved_study_is_the_same(copy):
    moved = load_study(shutil.move(copy, copy.parent / "another place"))
    original = small_study(layer="second.1")
    assert moved.id == original.id
    assert torch.equal(moved.full_head.rows, original.full_head.rows)
    assert moved.gallery.image(0).size == original.gallery.image(0).size


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("where", [0.0, 0.5, 1.0])
def test_one_flipped_bit_is_found_and_the_file_named(copy, name, where):
    data = bytearray((copy / name).read_bytes())
    data[int(where * (len(data) - 1))] ^= 0x10
    (copy / name).write_bytes(data)
    if name == "study.json" and where == 1.0:
        (copy / name).write_bytes(data[:-1])  # a changed line end is no damage; a missing brace is
        data = data[:-2]
        (copy / name).write_bytes(data)
    with pytest.raises(NiwtError) as caught:
        load_study(copy)
    assert name in str(caught.value)
    assert str(copy) in str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_or_empty_file_is_named(copy, name):
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(b"")
    with pytest.raises(NiwtError, match=name):
        load_study(copy)
    (copy / name).unlink()
    with pytest.raises(NiwtError, match="no study there" if name == "study.json" else f"{name} is missing"):
        load_study(copy)
    (copy / name).write_bytes(content)
    load_study(copy)


def spoil(copy: Path, change) -> None:
    manifest = json.loads((copy / "study.json").read_text())
    change(manifest)
    (copy / "study.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(schema=99), "schema 99"),
        (lambda m: m.update(seed=5), "study.json is damaged"),
        (lambda m: m["choices"].update(gamma=0.0), "study.json is damaged"),
        (lambda m: m["hashes"].update({"../secret": "0"}), "study.json is damaged"),
        (lambda m: m.pop("seal"), "study.json is damaged"),
        (lambda m: m.pop("schema"), "is not a study's"),
        (lambda m: m.pop("hashes"), "study.json is damaged"),
    ],
)
def test_a_changed_manifest_is_refused(copy, change, message):
    spoil(copy, change)
    with pytest.raises(NiwtError, match=message):
        load_study(copy)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 5000, '{"schema": 1}', "\x00"])
def test_a_manifest_that_is_none(copy, text):
    (copy / "study.json").write_text(text)
    with pytest.raises(NiwtError, match=r"study\.json"):
        load_study(copy)


def test_sealed_nonsense_is_refused_too(copy):
    """Whoever seals a file again gets an error and no crash, and nothing of it is run."""
    from niwt_core.study.storage.manifest import seal

    for key in ("network", "choices", "preprocess", "maps", "knowledge"):
        manifest = json.loads((small_study(layer="second.1").folder / "study.json").read_text())
        manifest[key] = {"nonsense": 1}
        manifest["seal"] = seal(manifest)
        (copy / "study.json").write_text(json.dumps(manifest))
        with pytest.raises(NiwtError):
            load_study(copy)


def test_no_study(tmp_path):
    (tmp_path / "file").write_text("x")
    for place in (tmp_path, tmp_path / "missing", tmp_path / "file", Path("/proc/self/mem")):
        with pytest.raises(NiwtError, match="no study there"):
            load_study(place)
        assert not is_study(place)


def test_a_file_that_may_not_be_read(copy, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("niwt_core.study.storage.folder.file_hash", refuse)
    with pytest.raises(NiwtError, match="Permission denied"):
        load_study(copy)


def test_loading_maps_and_does_not_copy():
    study = load_study(small_study(layer="second.1").folder)
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("needs /proc")
    ranges = [
        [int(end, 16) for end in line.split()[0].split("-")]
        for line in maps.read_text().splitlines()
        if str(study.folder) in line
    ]
    weight = study.network.state_dict()["chain.0." + next(iter(study.network.chain[0].state_dict()))]
    for tensor in (study.features, study.operator, study.affine.P, study.gallery.jpegs, weight):
        assert any(low <= tensor.data_ptr() < high for low, high in ranges)


def test_a_study_replaces_a_study_as_a_whole(copy):
    (copy / "leftover.txt").write_text("of an older version")
    save_study(small_study(), copy)
    assert {path.name for path in copy.iterdir()} == set(FILES)
    assert load_study(copy).id == small_study().id
    assert os.listdir(copy.parent) == ["study"]


@pytest.mark.parametrize("call", range(1, 3))
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_crash_in_the_middle_leaves_the_old_study(copy, monkeypatch, call, error):
    before, real, calls = listing(copy), os.replace, []

    def fail(source, target):
        calls.append(source)
        if len(calls) == call:
            raise error
        real(source, target)

    monkeypatch.setattr("niwt_core.study.storage.folder.os.replace", fail)
    with pytest.raises(NiwtError if isinstance(error, OSError) else KeyboardInterrupt):
        save_study(small_study(), copy)
    assert listing(copy) == before
    assert load_study(copy).id == small_study(layer="second.1").id
    assert os.listdir(copy.parent) == ["study"]


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    real = Path.write_bytes

    def full(path, data):
        if path.name == "model.safetensors":
            raise OSError(28, "No space left on device")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(NiwtError, match="No space left"):
        save_study(small_study(), tmp_path / "study")
    assert os.listdir(tmp_path) == []


def test_where_a_study_may_go(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "photo.jpg").write_text("x")
    (tmp_path / "empty").mkdir()
    for name in ("empty", "new", "new/deeper/still"):
        check_target(tmp_path / name)
    for name, message in (("file", "in the way"), ("full", "other things"), ("file/study", "cannot write")):
        with pytest.raises(NiwtError, match=message):
            check_target(tmp_path / name)
        with pytest.raises(NiwtError, match=message):
            save_study(small_study(), tmp_path / name)
    with pytest.raises(NiwtError):
        check_target(tmp_path / ("x" * 300))
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # what a read-only folder says to anyone but root
    with pytest.raises(NiwtError, match="cannot write there"):
        check_target(tmp_path / "new")
    assert sorted(os.listdir(tmp_path)) == ["empty", "file", "full"]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that nobody may write")
def test_a_folder_that_nobody_may_write():
    with pytest.raises(NiwtError, match="cannot write"):
        save_study(small_study(), Path("/proc/study"))


def test_what_cannot_be_replaced_is_said_at_the_start(copy, tmp_path, monkeypatch):
    monkeypatch.chdir(copy)
    for name in (".", str(copy), os.path.relpath(copy)):
        with pytest.raises(NiwtError, match="the folder you are in"):
            check_target(Path(name))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == copy)
    with pytest.raises(NiwtError, match="a disk is mounted there"):
        check_target(copy)
    monkeypatch.setattr(os.path, "ismount", lambda path: False)

    def refuse(source, target):
        raise PermissionError(13, "The process cannot access the file", str(source))

    monkeypatch.setattr("niwt_core.study.storage.target.os.rename", refuse)  # Windows, while an app maps the files
    with pytest.raises(NiwtError, match="close the app"):
        check_target(copy)
    assert load_study(copy)


def test_a_link_leads_to_the_new_study(copy, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(copy, target_is_directory=True)
    saved = save_study(small_study(), link)
    assert link.is_symlink()
    assert load_study(copy).id == load_study(link).id == saved.id
    assert sorted(os.listdir(tmp_path)) == ["link", "study"]
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(NiwtError):
        check_target(tmp_path / "loop")


@pytest.mark.parametrize("name", ["x" * 250, "a\0b", "\ud800"])
def test_names_that_no_study_can_have(tmp_path, name):
    """Too long for what is made beside it, or no name at all: said before any work."""
    with pytest.raises(NiwtError):
        check_target(tmp_path / name)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["copied over", "replaced", "deleted"])
def test_a_study_that_changes_while_it_is_open_is_noticed(copy, name, how):
    study = load_study(copy)
    check_unchanged(study)
    content = (copy / name).read_bytes()
    if how != "copied over":
        (copy / name).unlink()
    if how != "deleted":
        os.utime(copy, None)
        (copy / name).write_bytes(content)
        os.utime(copy / name, ns=(0, 0))
    with pytest.raises(NiwtError, match=r"changed since it was opened.*open it again"):
        check_unchanged(study)


def test_neurons_of_early_versions_are_read_without_contested_names(tmp_path):
    shutil.copytree(small_study().folder, tmp_path / "study")
    table = tmp_path / "study" / "neurons.csv"
    with table.open(newline="") as file:
        rows = list(csv.reader(file))
    early = [row[: rows[0].index("better")] for row in rows]
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(early)
    read = read_neurons(tmp_path / "study")
    assert [neuron.name for neuron in read] == [neuron.name for neuron in small_study().neurons]
    assert not any(neuron.contested for neuron in read)


def test_detectors_that_are_kept_come_back_and_spoiled_ones_are_refused(tmp_path):
    fitted = Detectors.of(small_study())
    assert fitted is not None
    scaling = torch.tensor([[1.0], [-0.5], [0.2]]).expand(3, len(fitted.offset)).contiguous()
    plain = save_study(replace(small_study(), detectors=fitted.tensors()), tmp_path / "plain")
    assert plain.detectors is not None
    assert "scaling" not in plain.detectors
    tensors = replace(fitted, scaling=scaling).tensors()
    study = save_study(replace(small_study(), detectors=tensors), tmp_path / "study")
    kept = Detectors.of(study)
    assert kept is not None
    torch.testing.assert_close(study.detectors, tensors, rtol=0, atol=0, equal_nan=True)
    assert (kept.seen_above, kept.decided) == pytest.approx((fitted.seen_above, fitted.decided))
    never = torch.full_like(tensors["above"], torch.inf)  # what no table of classes can tell of a picture
    barred = save_study(replace(small_study(), detectors={**tensors, "above": never}), tmp_path / "barred")
    assert Detectors.of(barred).above.isinf().all()
    early = {name: value for name, value in tensors.items() if name != "above"}
    assert Detectors.of(save_study(replace(small_study(), detectors=early), tmp_path / "early")).above is None
    for name, spoiled in (
        ("weight", tensors["weight"][1:]),
        ("offset", tensors["offset"] * float("nan")),
        ("strength", tensors["strength"][1:]),
        ("figures", tensors["figures"][1:]),
        ("figures", tensors["figures"] * float("nan")),
        ("scaling", tensors["scaling"][:2]),
        ("scaling", tensors["scaling"] * float("nan")),
        ("above", tensors["above"][1:]),
        ("above", tensors["above"] * float("nan")),
    ):
        with pytest.raises(NiwtError, match=f"detectors.{name}"):
            save_study(replace(small_study(), detectors={**tensors, name: spoiled}), tmp_path / "spoiled")
