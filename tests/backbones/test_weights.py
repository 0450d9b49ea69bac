"""Weights files, good and bad."""

import argparse
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from niwt_core.backbones import load_backbone
from niwt_core.backbones.weights import fit_weights, read_weights
from niwt_core.errors import NiwtError


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 5))


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    return model().state_dict()


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".pt"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.bfloat16])
def test_kinds_and_types(tmp_path, state, suffix, dtype):
    path = tmp_path / f"weights{suffix}"
    half = {name: value.to(dtype) if value.is_floating_point() else value for name, value in state.items()}
    save_file(half, path) if suffix == ".safetensors" else torch.save(half, path)
    actual = read_weights(path)
    assert actual.keys() == state.keys()
    for name, value in actual.items():
        assert value.dtype == state[name].dtype
        torch.testing.assert_close(value, state[name], rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("key", ["state_dict", "model", None])
@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", ""])
def test_checkpoints_are_unwrapped(tmp_path, state, key, prefix):
    wrapped = {prefix + name: value for name, value in state.items()}
    torch.save({key: wrapped, "epoch": 3} if key else wrapped, tmp_path / "checkpoint.pth")
    assert read_weights(tmp_path / "checkpoint.pth").keys() == state.keys()


@pytest.mark.parametrize("prefix", ["module.module.", "_orig_mod.module.", "model.", "model._orig_mod."])
def test_wrappers_in_wrappers_are_unwrapped(tmp_path, state, prefix):
    torch.save({prefix + name: value for name, value in state.items()}, tmp_path / "checkpoint.pth")
    assert read_weights(tmp_path / "checkpoint.pth").keys() == state.keys()


def test_a_prefix_that_only_some_names_have_belongs_to_them(tmp_path, state):
    torch.save({"model.a": torch.rand(2), "b": torch.rand(2)}, tmp_path / "weights.pth")
    assert set(read_weights(tmp_path / "weights.pth")) == {"model.a", "b"}


def test_safetensors_by_another_name_are_read(tmp_path, state):
    save_file(state, tmp_path / "weights.pth")
    assert read_weights(tmp_path / "weights.pth").keys() == state.keys()


UNUSUAL = {
    "sparse": lambda w: w.to_sparse(),
    "sparse rows": lambda w: w.to_sparse_csr(),
    "meta": lambda w: w.to("meta"),
    "nested": lambda w: torch.nested.nested_tensor([w, w]),
    "int8": lambda w: w.to(torch.int8),
    "bool": lambda w: w > 0,
    "complex": lambda w: w.to(torch.complex64),
}


@pytest.mark.parametrize("kind", UNUSUAL)
@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support", "ignore:The PyTorch API of nested tensors")
def test_what_is_no_plain_weight_is_refused_by_name(tmp_path, state, kind):
    torch.save(state | {"0.weight": UNUSUAL[kind](state["0.weight"].flatten(1))}, tmp_path / "weights.pth")
    with pytest.raises(NiwtError, match=r"0\.weight is|cannot read the weights") as caught:
        read_weights(tmp_path / "weights.pth")
    assert "\n" not in str(caught.value)


def test_two_sets_of_weights_must_be_chosen_from(tmp_path, state):
    torch.save({"model": state, "model_ema": state}, tmp_path / "checkpoint.pth")
    with pytest.raises(NiwtError, match="two sets of weights"):
        read_weights(tmp_path / "checkpoint.pth")
    torch.save({"model_ema": state}, tmp_path / "checkpoint.pth")
    assert read_weights(tmp_path / "checkpoint.pth").keys() == state.keys()


def test_objects_beside_the_weights_are_said_with_what_to_save(tmp_path, state):
    torch.save({"model": state, "args": argparse.Namespace(lr=0.1)}, tmp_path / "checkpoint.pth")
    with pytest.raises(NiwtError, match=r"torch\.save\(model\.state_dict\(\), FILE\)"):
        read_weights(tmp_path / "checkpoint.pth")


def test_the_number_of_classes_is_the_files(state):
    state["3.weight"], state["3.bias"] = torch.rand(9, 4), torch.rand(9)
    target = model()
    fit_weights(target, state, where="file")
    assert torch.equal(target[3].weight, state["3.weight"])


@pytest.mark.parametrize("change", ["absent", "narrow"])
def test_a_classifier_that_does_not_fit_is_drawn_anew(state, change):
    if change == "absent":
        del state["3.weight"], state["3.bias"]
    else:
        state["3.weight"] = torch.rand(5, 3)
    heads = []
    for seed in (1, 1, 2):
        target = model()
        fit_weights(target, state, where="file", seed=seed)
        assert torch.equal(target[0].weight, state["0.weight"])
        heads.append(target[3].weight)
    assert heads[0].shape == (5, 4)
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])


def test_what_does_not_fit_is_named(state):
    del state["1.num_batches_tracked"]  # no forward pass reads it
    fit_weights(model(), state, where="file")
    with pytest.raises(NiwtError, match=r"lacks 0\.weight, file"):
        fit_weights(model(), {name: value for name, value in state.items() if name != "0.weight"}, where="file")
    with pytest.raises(NiwtError, match=r"unknown a, b, c and 1 more"):
        fit_weights(model(), state | dict.fromkeys("abcd", torch.rand(1)), where="file")
    with pytest.raises(NiwtError, match=r"another shape for 0\.bias"):
        fit_weights(model(), state | {"0.bias": torch.rand(5)}, where="file")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("keep", [0, 0.01, 0.5, 0.99])
def test_a_truncated_file(tmp_path, state, suffix, keep):
    path = tmp_path / f"weights{suffix}"
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    complete = path.read_bytes()
    path.write_bytes(complete[: int(keep * len(complete))])
    with pytest.raises(NiwtError, match="cannot read the weights") as caught:
        read_weights(path)
    assert "\n" not in str(caught.value)


def test_other_bad_files(tmp_path, state):
    with pytest.raises(NiwtError, match="no such weights file"):
        read_weights(tmp_path / "absent.pth")
    with pytest.raises(NiwtError, match="no such weights file"):
        read_weights(tmp_path)
    (tmp_path / "text.safetensors").write_text("hello " * 100)
    with pytest.raises(NiwtError, match="cannot read the weights"):
        read_weights(tmp_path / "text.safetensors")
    for name, content in {"list.pt": [1, 2], "numbers.pt": {"lr": 0.1}, "empty.pt": {}}.items():
        torch.save(content, tmp_path / name)
        with pytest.raises(NiwtError, match="no state dict"):
            read_weights(tmp_path / name)
    state["0.weight"][0] = float("nan")
    torch.save(state, tmp_path / "nan.pt")
    with pytest.raises(NiwtError, match=r"NaN or infinity: 0\.weight"):
        read_weights(tmp_path / "nan.pt")


def test_a_pickle_that_runs_code_is_not_run(tmp_path):
    path, trace = tmp_path / "evil.pth", tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return Path.touch, (trace,)

    torch.save({"0.weight": Evil()}, path)
    with pytest.raises(NiwtError, match="cannot read the weights"):
        read_weights(path)
    assert not trace.exists()


def test_weights_of_another_backbone(tmp_path):
    torch.save(load_backbone("mobilenet_v3_small", weights="none")[0].state_dict(), tmp_path / "other.pth")
    with pytest.raises(NiwtError, match=r"do not fit the backbone.*name the backbone"):
        load_backbone("mobilenet_v2", weights=tmp_path / "other.pth")


@torch.inference_mode()
def test_published_weights_recognise_photographs(shared_data):
    """The float16 ImageNet file is right on 78.0 % of the thousand probe photographs; here on every tenth of them."""
    weights = shared_data.parent / "weights" / "mobilenet_v2_imagenet.safetensors"
    network, preprocess = load_backbone("mobilenet_v2", weights=weights)
    photographs = sorted((shared_data / "probe-photos").iterdir())
    assert len(photographs) == 1000
    assert network.identity_tail
    right = []
    for label in range(0, 1000, 10):
        with Image.open(photographs[label]) as picture:
            x = preprocess(picture.convert("RGB"))[None]  # (1, 3, 224, 224)
        right.append(network(x).argmax().item() == label)
    assert 0.70 <= sum(right) / len(right) <= 0.88
