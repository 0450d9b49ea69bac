"""CLIP beside the transfer: a tiny random one against transformers' own logits, its prompts, and folders that cannot be used."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from niwt_core.errors import NiwtError
from niwt_core.evaluation.baselines.clip import Clip
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.study.clip import clip_zero_shot
from niwt_core.study.clip_prompts import (
    SENTENCES,
    STRONGEST,
    class_prompts,
    strongest_attributes,
    study_captions,
)
from niwt_core.study.clip_result import NOTE, clip_json
from tests.support.small_study import small_dataset, small_study
from tests.support.tiny_clip import WORDS, tiny_clip, tokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def clip(folder):
    return Clip(str(folder))


@pytest.fixture(scope="module")
def library(folder):
    """transformers' own model and processors, read apart from ours."""
    from transformers import CLIPImageProcessor, CLIPModel

    return CLIPModel.from_pretrained(folder).eval(), tokenizer(), CLIPImageProcessor.from_pretrained(folder)


@torch.no_grad()
def logits_per_image(library, texts, pictures):
    model, words, processor = library
    tokens = words(texts, padding=True, truncation=True, max_length=WORDS, return_tensors="pt")
    return model(**tokens, **processor(images=pictures, return_tensors="pt"))


def pictures(count=5):
    dataset = small_dataset()
    return [dataset.picture(i) for i in range(0, 4 * count, 4)]


def test_logits_are_those_of_transformers(clip, library):
    texts = ["a photo of a bird.", "red", "a photo of a bird with a long, long tail " * 9]  # the last is cut off
    expected = logits_per_image(library, texts, pictures()).logits_per_image
    actual = clip.scale * clip.encode_pictures(pictures()) @ clip.encode_texts(texts).T
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-4)
    assert expected.std() > 0.05


def test_a_text_does_not_depend_on_its_neighbours(clip):
    texts = [f"a photo of a {'bird ' * (i % 7)}" for i in range(40)]  # several batches, of several lengths
    together = clip.encode_texts(texts)
    alone = torch.cat([clip.encode_texts([text]) for text in texts])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)


def test_a_class_is_the_mean_of_its_prompts(clip, library):
    prompts = {"a": ("red bird", "a long tail", "x"), "b": ("blue",)}
    actual = clip.encode_pictures(pictures()) @ clip.encode_classes(prompts).T
    for c, texts in enumerate(prompts.values()):
        answer = logits_per_image(library, list(texts), pictures())
        cosines = answer.logits_per_image / library[0].logit_scale.exp()
        length = answer.text_embeds.mean(0).norm()
        torch.testing.assert_close(actual[:, c], cosines.mean(1) / length, rtol=1e-4, atol=1e-5)


def test_the_figures_of_a_study_by_plain_loops(clip, library):
    """Every test picture by itself through transformers, class-averaged with no code of ours."""
    study, dataset, steps = small_study(), small_dataset(), []
    result = clip_zero_shot(study, dataset, clip, progress=lambda *step: steps.append(step))
    tests = np.flatnonzero(study.split != "train")
    rows = clip.encode_classes(result.prompts)
    right: dict[tuple[str, int], list[bool]] = {}
    unseen = np.flatnonzero(~study.seen)
    with torch.no_grad():
        for i in tests:
            image = logits_per_image(library, ["x"], [dataset.picture(int(i))]).image_embeds[0]
            cosines = (rows @ image).numpy()
            c = int(study.labels[i])
            right.setdefault(("S" if study.seen[c] else "U", c), []).append(cosines.argmax() == c)
            if not study.seen[c]:
                right.setdefault(("zsl", c), []).append(unseen[cosines[unseen].argmax()] == c)
    expected = {
        key: 100 * np.mean([np.mean(hits) for (kind, _), hits in right.items() if kind == key])
        for key in ("U", "S", "zsl")
    }
    for key, value in expected.items():
        assert getattr(result.metrics, key) == pytest.approx(value)
    assert result.metrics.gamma == 0
    assert (result.pictures, steps[-1]) == (len(tests), (len(tests), len(tests)))
    figures = clip_json(result)
    assert (figures["model"], figures["note"]) == (clip.source, NOTE)
    assert list(figures["prompts"]) == list(study.classes)
    assert "may have met the unseen classes" in NOTE


def test_prompts_name_what_stands_out():
    study = small_study()
    strongest = strongest_attributes(study)
    assert list(strongest) == list(study.classes)
    seen = study.knowledge.values[study.seen].astype(np.float64)
    for name, labels in strongest.items():
        assert 0 < len(labels) <= STRONGEST
        assert len({label.partition(": ")[0] for label in labels}) == len(labels)  # one of a group
        columns = [study.knowledge.labels.index(label) for label in labels]
        assert study.knowledge.of(name)[columns].all()  # what the class has
        away = study.knowledge.of(name)[columns] - seen[:, columns].mean(0)
        assert (np.diff(away) <= 1e-6).all()  # strongest first
    for name, prompts in class_prompts(study).items():
        assert len(prompts) == 2
        assert all(prompt.startswith(f"a photo of a {name}") for prompt in prompts)
        assert " with " in prompts[1]
        assert " no " not in prompts[1]


def test_prompts_of_other_knowledge():
    study = small_study()
    table = Knowledge("embedding", study.classes, ("x", "y"), np.ones((len(study.classes), 2)))
    name = study.classes[0]
    vectors = replace(study, knowledge=table)
    assert class_prompts(vectors)[name] == (f"a photo of a {name}.",)
    prompts_ = class_prompts(vectors, {name: tuple(f"sentence {i}" for i in range(30))})[name]
    assert (len(prompts_), prompts_[1]) == (1 + SENTENCES, f"a photo of a {name}: sentence 0")
    bare = Knowledge("attributes", study.classes, ("furry",), np.eye(len(study.classes))[:, :1])
    assert class_prompts(replace(study, knowledge=bare))[name][1:] == (f"a photo of a {name}: furry.",)


def test_captions_are_read_from_where_the_study_had_them(tmp_path):
    study, dataset = small_study(), replace(small_dataset(), root=tmp_path / "images")
    (tmp_path / "captions").mkdir()
    file = tmp_path / "captions.json"
    file.write_text(json.dumps({name: f"A bird called {name}." for name in study.classes}))
    for name in study.classes:
        (tmp_path / "captions" / f"{name}.txt").write_text("Beside the pictures.\n")

    def of(source):
        return study_captions(
            replace(study, provenance={"captions": {}, "source": {"knowledge": str(source)}}), dataset
        )

    assert study_captions(study, dataset) == {}  # attributes alone
    assert of("captions")[study.classes[0]] == ("Beside the pictures.",)
    assert of(f"attributes+{file}")[study.classes[1]] == (f"A bird called {study.classes[1]}.",)
    assert of(tmp_path / "gone.json") == {}


@pytest.fixture
def copy(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copy")


def test_what_cannot_be_had(tmp_path):
    with pytest.raises(NiwtError, match=r"no such folder, .*nowhere"):
        Clip(str(tmp_path / "nowhere"))
    with pytest.raises(NiwtError, match=r"CLIP cannot be loaded: .*nobody/no-such-clip.*hub id while the network"):
        Clip("nobody/no-such-clip")
    with pytest.raises(NiwtError, match="CLIP cannot be loaded"):
        Clip(str(tmp_path))


def test_another_model(tmp_path):
    from transformers import ViTConfig

    ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2).save_pretrained(tmp_path)
    with pytest.raises(NiwtError, match="the model is a vit, not CLIP"):
        Clip(str(tmp_path))


def test_weights_that_are_not_safetensors_or_not_whole(copy):
    from safetensors.torch import load_file, save_file

    state = load_file(copy / "model.safetensors")
    save_file({name: value for name, value in state.items() if name != "visual_projection.weight"},
              copy / "model.safetensors", metadata={"format": "pt"})  # fmt: skip
    with pytest.raises(NiwtError, match=r"lacks weights: visual_projection\.weight"):
        Clip(str(copy))
    (copy / "model.safetensors").unlink()
    torch.save(state, copy / "pytorch_model.bin")
    with pytest.raises(NiwtError, match="CLIP cannot be loaded"):
        Clip(str(copy))


def test_a_tokenizer_that_is_missing_or_anothers(copy):
    for file in copy.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(NiwtError, match="its tokenizer is missing"):
        Clip(str(copy))
    config = json.loads((copy / "config.json").read_text())
    config["text_config"]["eos_token_id"] = 5
    (copy / "config.json").write_text(json.dumps(config))
    tokenizer().save_pretrained(copy)
    with pytest.raises(NiwtError, match="or that of another model"):
        Clip(str(copy))


def test_loading_is_silent(folder, capfd):
    Clip(str(folder))
    assert capfd.readouterr() == ("", "")
