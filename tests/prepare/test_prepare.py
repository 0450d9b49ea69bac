"""Preparation: the same study every time, after an interruption, and on two processes; unreadable pictures are named."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from niwt_core import NiwtError, load_study
from niwt_core.data.dataset import Dataset
from niwt_core.prepare.prepare import Settings, prepare
from niwt_core.prepare.training import TrainingSettings
from niwt_core.study.evaluate import evaluate
from tests.support.quick import QUICK
from tests.support.small_study import small_dataset, tiny_network
from tests.support.two_processes import make

TRAINED = Settings(probe_count=8, training=TrainingSettings(epochs=3, batch=8, rate=1e-4, head_rate=1e-3))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Few folds of few settings, and shards of sixteen pictures."""
    monkeypatch.setattr("niwt_core.prepare.settings.REPEATS", 1)
    monkeypatch.setattr("niwt_core.prepare.extraction.SHARD", 16)
    monkeypatch.setattr("niwt_core.prepare.settings.GRID", replace(QUICK, mu=(0.1, 1.0)))


@pytest.fixture
def pictures(tmp_path) -> Dataset:
    """The small set in a folder of this test's own."""
    dataset = small_dataset()
    for path in dataset.paths:
        (tmp_path / path).write_bytes((dataset.root / path).read_bytes())
    return replace(dataset, root=tmp_path)


def run(out: Path, *, dataset=None, settings=None, layer="second.1", seed=0, progress=None):
    network, preprocess = tiny_network(layer=layer, seed=seed)
    return prepare(
        dataset or small_dataset(),
        network,
        preprocess,
        out,
        settings=settings or Settings(probe_count=8, seed=seed),
        progress=progress,
    )


def stop_at(stage: str, done: int):
    """A progress callback that interrupts."""

    def report(name: str, at: int, total: int) -> None:
        if name.startswith(stage) and at >= done:
            raise KeyboardInterrupt

    return report


def test_the_same_seed_gives_the_same_study_and_another_one_does_not(tmp_path):
    one, again, other = (run(tmp_path / str(i), seed=seed) for i, seed in enumerate((0, 0, 1)))
    assert one.id == again.id != other.id
    files = {path.name for path in one.folder.iterdir()} - {"study.json"}
    for name in files:
        assert (one.folder / name).read_bytes() == (again.folder / name).read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["0", "1", "2"]  # no work is left beside them


def test_the_study_does_not_depend_on_where_it_goes_or_what_is_remembered(tmp_path):
    network, preprocess = tiny_network()
    one = prepare(small_dataset(), network, preprocess, tmp_path / "a", provenance={"command": "niwt prepare"})
    other = prepare(small_dataset(), tiny_network()[0], preprocess, tmp_path / "b" / "c")
    assert one.id == other.id
    assert one.provenance["command"] == "niwt prepare"


def test_interrupted_reading_resumes_and_gives_the_same(tmp_path, monkeypatch):
    complete = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "study", progress=stop_at("reading", 32))
    assert sorted(os.listdir(tmp_path)) == [".study.partial", "whole"]
    read, picture = [], Dataset.picture
    monkeypatch.setattr(Dataset, "picture", lambda self, i, **more: read.append(i) or picture(self, i, **more))
    assert run(tmp_path / "study").id == complete.id
    assert read[: len(small_dataset()) - 32] == list(range(32, len(small_dataset())))  # two shards of sixteen were kept
    assert sorted(os.listdir(tmp_path)) == ["study", "whole"]


@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_interrupted_training_resumes_and_gives_the_same(tmp_path, optimiser):
    settings = replace(TRAINED, training=replace(TRAINED.training, optimiser=optimiser), warm_start=True)
    complete = run(tmp_path / "whole", settings=settings)
    steps = 3 * (30 // 8)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "study", settings=settings, progress=stop_at("fine-tuning", 2 * steps // 3 + 1))
    seen = []
    resumed = run(tmp_path / "study", settings=settings, progress=lambda stage, at, total: seen.append((stage, at)))
    trained = [at for stage, at in seen if stage.startswith("fine-tuning")]
    assert trained == list(range(2 * steps // 3 + 1, steps + 1))  # the third epoch alone
    assert resumed.id == complete.id


def test_other_pictures_or_settings_start_anew(tmp_path, pictures):
    out = tmp_path / "out" / "study"
    with pytest.raises(KeyboardInterrupt):
        run(out, dataset=pictures, progress=stop_at("reading", 32))
    Image.new("RGB", (64, 64), (9, 200, 9)).save(tmp_path / pictures.paths[0])
    resumed = run(out, dataset=pictures)
    assert resumed.id == run(out.with_name("whole"), dataset=pictures).id


KILLED = """
import os, sys
from pathlib import Path
from dataclasses import replace
from niwt_core.prepare import extraction, settings
from tests.support.quick import QUICK
from tests.prepare.test_prepare import run
extraction.SHARD, settings.REPEATS, settings.GRID = 16, 1, replace(QUICK, mu=(0.1, 1.0))
run(Path(sys.argv[1]), progress=lambda stage, at, total: os._exit(9) if stage == sys.argv[2] else None)
"""


def test_a_killed_process_leaves_the_old_study_and_no_new_one(tmp_path):
    old = run(tmp_path / "study", seed=3)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "study"), "gallery"]
    done = subprocess.run(command, cwd=Path(__file__).resolve().parents[2], capture_output=True)
    assert done.returncode == 9
    assert load_study(tmp_path / "study").id == old.id
    assert run(tmp_path / "study").id == run(tmp_path / "whole").id
    assert sorted(os.listdir(tmp_path)) == ["study", "whole"]


@pytest.mark.slow
def test_two_processes_give_the_study_of_one(tmp_path):
    script = Path(__file__).resolve().parents[1] / "support" / "two_processes.py"
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [*launch, str(script), str(tmp_path)],
        cwd=script.parents[2],
        env=os.environ | {"PYTHONPATH": str(script.parents[2])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    frozen = make(tmp_path / "one", "frozen")
    assert load_study(tmp_path / "frozen").id == frozen.id  # to the bit: no picture sees another
    one, two = make(tmp_path / "one", "trained"), load_study(tmp_path / "trained")
    assert (one.choices.decay, one.choices.mu) == (two.choices.decay, two.choices.mu)
    features, spread = one.features.float(), float(one.features.float().std())
    assert not torch.allclose(features, frozen.features.float(), atol=0.1 * spread)  # training did something
    torch.testing.assert_close(two.features.float(), features, rtol=0.02, atol=0.02 * spread)
    assert np.isfinite(load_study(tmp_path / "odd").gamma)


@pytest.mark.parametrize("layer", ["third.1", "second.1"])
def test_a_picture_that_dies_at_decode_is_named_and_left_out(tmp_path, pictures, layer):
    """Its header is good; the study is the one of a set that never had it."""
    dead = int(np.flatnonzero(pictures.train)[4])
    path = tmp_path / pictures.paths[dead]
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    study = run(tmp_path / "out" / "study", dataset=pictures, layer=layer)
    (skipped,) = study.provenance["skipped"]
    assert skipped["path"] == pictures.paths[dead]
    assert "cannot read the picture" in skipped["reason"]
    assert len(study.paths) == len(pictures) - 1
    assert pictures.paths[dead] not in study.paths
    assert study.features.shape[0] == len(study.labels) == len(study.split) == len(study.paths)
    rest = [i for i in range(len(pictures)) if i != dead]
    assert study.labels.tolist() == pictures.labels[rest].tolist()
    alive = run(tmp_path / "out" / "alive", layer=layer)
    torch.testing.assert_close(study.features, alive.features[rest])
    if layer == "second.1":  # whole activations stay with their pictures: no class but its own changes
        drift = 1 - torch.cosine_similarity(study.targets, alive.targets)
        assert drift[[c for c in range(6) if c != pictures.labels[dead]]].max() < 0.2


def test_a_class_without_test_pictures_and_one_without_any(tmp_path):
    """A class that nobody photographed is what this is for: figures are finite, and it is skipped in them."""
    dataset = small_dataset()
    unseen = np.flatnonzero(~dataset.seen)
    keep = ~((dataset.labels == unseen[0]) | ((dataset.labels == 0) & ~dataset.train))
    study = run(tmp_path / "study", dataset=dataset.keep(keep))
    result = evaluate(study, baselines=True)
    assert np.isnan(result.per_class[dataset.classes[unseen[0]]])
    for metrics in (result.metrics, result.plain, *result.baselines.values()):
        assert np.isfinite([metrics.U, metrics.S, metrics.H, metrics.zsl]).all()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # baselines have nothing to divide by
def test_pictures_that_are_all_alike(tmp_path, pictures):
    for path in pictures.paths:
        Image.new("RGB", (64, 64), (120, 120, 120)).save(tmp_path / path)
    try:
        study = run(tmp_path / "out" / "study", dataset=pictures)
    except NiwtError:
        return
    assert np.isfinite([study.gamma, study.choices.cross_validated_H]).all()
    assert torch.isfinite(study.full_head.rows).all()
    assert {neuron.status for neuron in study.neurons} <= {"dead", "unnamed"}


def test_too_few_seen_classes_are_refused_before_any_work(tmp_path):
    dataset = small_dataset()
    few = np.isin(np.arange(8), [0, 1, 2])
    train = dataset.train & few[dataset.labels]
    with pytest.raises(NiwtError, match="3 seen classes are too few"):
        run(tmp_path / "study", dataset=replace(dataset, seen=few, train=train), progress=stop_at("reading", 0))


def test_an_output_that_cannot_be_is_refused_first(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "photo.jpg").write_text("x")
    with pytest.raises(NiwtError, match="holds other things"):
        run(tmp_path / "full", progress=stop_at("", 0))
    assert sorted(os.listdir(tmp_path)) == ["full"]


@pytest.mark.parametrize("probes", ["noise", "folder"])
def test_probes_that_are_not_the_studys_own(tmp_path, probes):
    source = str(small_dataset().root) if probes == "folder" else probes
    study = run(tmp_path / "study", settings=Settings(probes=source, probe_count=5))
    prepared = run(tmp_path / "own", settings=Settings(probe_count=5))
    assert study.operator.shape == prepared.operator.shape
    assert not torch.allclose(study.operator, prepared.operator)
    assert float(torch.cosine_similarity(study.operator.flatten(), prepared.operator.flatten(), dim=0)) > 0.3


HOLDING = """
import sys, time
from pathlib import Path
from niwt_core.files import only_writer
with only_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that writes to ``study``."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path / "study")],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_of_two_preparations_is_refused(tmp_path, holder):
    with pytest.raises(NiwtError, match=f"process {holder.pid} is writing there"):
        run(tmp_path / "study")
    assert os.listdir(tmp_path) == [".study.lock"]
    run(tmp_path / "another")


WAITING = """
import sys
from pathlib import Path
from dataclasses import replace
from niwt_core.prepare import settings
from tests.support.quick import QUICK
from tests.prepare.test_prepare import run
settings.REPEATS, settings.GRID = 1, replace(QUICK, mu=(0.1, 1.0))
def report(stage, at, total):
    if stage == "gallery":
        print("working", flush=True)
        sys.stdin.readline()
print(run(Path(sys.argv[1]), progress=report).id)
"""


def test_of_two_preparations_at_once_one_refuses_and_the_other_is_as_if_alone(tmp_path):
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", WAITING, str(tmp_path / "study")]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "working\n"
        second = subprocess.run(command, cwd=root, input="\n" * 1000, capture_output=True, text=True)
        assert second.returncode != 0
        assert f"NiwtError: process {first.pid} is writing there" in second.stderr
        actual, _ = first.communicate("\n" * 1000)
    assert first.returncode == 0
    complete = run(tmp_path / "whole")
    assert actual.splitlines()[-1] == complete.id
    for path in (tmp_path / "whole").iterdir():
        assert path.read_bytes() == (tmp_path / "study" / path.name).read_bytes() or path.name == "study.json"


TO_KILL = replace(TRAINED, training=replace(TRAINED.training, epochs=2), grid=replace(QUICK, mu=(0.1, 1.0)), repeats=1)
KILLED_BY_THE_SYSTEM = """
import sys
from pathlib import Path
from niwt_core.prepare import extraction
from tests.prepare.test_prepare import TO_KILL, run
extraction.SHARD = 16
print("ready", flush=True)
run(Path(sys.argv[1]), settings=TO_KILL)
"""


def killed(out: Path, after: float) -> bool:
    """Prepares ``out`` in a process of its own and kills it that many seconds after its imports; whether it was still at work."""
    command = [sys.executable, "-c", KILLED_BY_THE_SYSTEM, str(out)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        try:
            process.wait(timeout=after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_killed_at_any_moment_and_resumed_the_study_is_the_same_byte_for_byte(tmp_path):
    """Two moments here; ``python -m tests.fuzz.kills`` for many."""
    complete = contents(run(tmp_path / "whole", settings=TO_KILL).folder)
    kills = 0
    for moment in (0.4, 1.2):
        kills += killed(tmp_path / "study", moment)
        assert contents(run(tmp_path / "study", settings=TO_KILL).folder) == complete
        shutil.rmtree(tmp_path / "study")
        assert sorted(os.listdir(tmp_path)) == ["whole"]
    assert kills


def test_a_lock_ends_with_its_process(tmp_path, holder):
    holder.kill()
    holder.wait()
    assert os.listdir(tmp_path) == [".study.lock"]  # left by the killed process
    run(tmp_path / "study")
    assert os.listdir(tmp_path) == ["study"]


def test_shards_of_another_key_are_made_again(tmp_path):
    """What another run left or mixed in is not taken for this run's, whatever its name."""
    complete = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "study", progress=stop_at("reading", 48))
    shards = sorted((tmp_path / ".study.partial" / "pictures").glob("*.safetensors"))
    for shard, metadata in zip(shards, ({"key": "another"}, None), strict=False):
        foreign = {name: value + (name != "usable") for name, value in load_file(shard).items()}
        shard.unlink()
        save_file(foreign, shard, metadata=metadata)
    shards[2].write_bytes(shards[2].read_bytes()[:-7])
    assert run(tmp_path / "study").id == complete.id


def test_what_a_killed_save_left_is_removed(tmp_path):
    old = run(tmp_path / "study", seed=3)
    for name in (".study.0123abcd.new", ".study.0123abcd.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").write_text("")
    (tmp_path / ".study.mine").write_text("")
    run(tmp_path / "study")
    assert sorted(os.listdir(tmp_path)) == [".study.mine", "study"]
    os.rename(tmp_path / "study", tmp_path / ".study.89ab0123.old")  # killed between the two renames of a save
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "study", progress=stop_at("reading", 16))
    assert load_study(tmp_path / "study").id != old.id


def test_a_study_among_its_pictures(tmp_path, pictures):
    (tmp_path / "images" / "a").mkdir(parents=True)
    moved = [f"a/{path}" for path in pictures.paths]
    for path, target in zip(pictures.paths, moved, strict=True):
        os.rename(tmp_path / path, tmp_path / "images" / target)
    inside = replace(pictures, root=tmp_path / "images", paths=tuple(moved))
    with pytest.raises(NiwtError, match=r"among its pictures.*outside images"):
        run(tmp_path / "images" / "study", dataset=inside)
    assert os.listdir(tmp_path / "images") == ["a"]


def test_classes_described_alike(tmp_path):
    dataset = small_dataset()
    alike = replace(dataset.knowledge, values=np.ones_like(dataset.knowledge.values))
    with pytest.raises(NiwtError, match="all classes are described alike"):
        run(tmp_path / "study", dataset=replace(dataset, knowledge=alike))


def test_a_full_disk_while_shards_are_written(tmp_path, monkeypatch):
    def full(tensors, path, metadata=None):
        Path(path).write_bytes(b"half")
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("niwt_core.files.save_file", full)
    with pytest.raises(NiwtError, match=r"cannot write .*No space left"):
        run(tmp_path / "study")
    assert [path.name for path in (tmp_path / ".study.partial").rglob("*") if path.is_file()] == ["key"]
