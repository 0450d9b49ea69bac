"""What is timed. Networks of torchvision have random weights: speed does not depend on what they know."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from benchmarks.load import prepare_beside_others
from benchmarks.many import files_against_forward
from benchmarks.timing import Ratio, median_seconds, seconds
from niwt_core.backbones import load_backbone
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.evaluation.metrics import calibration_curve, metrics, score
from niwt_core.method.head import Head
from niwt_core.method.importance import importance, operator, unit
from niwt_core.method.mapping import fit_map
from niwt_core.method.transfer.exact import fit_transfer
from niwt_core.method.transfer.paper import PaperSettings, paper_loss, paper_transfer
from niwt_core.prepare.memory import keep_large_blocks
from niwt_core.study.storage import load_study
from niwt_core.study.study import Study

AVIARY = Path("assets/aviary")


def importance_against_forward() -> Ratio:
    """Importance of a batch from its pixels, beside a plain forward pass of that batch."""
    network, _ = load_backbone("resnet18", weights="none", layer="layer4.0")
    x, rows = torch.randn(16, 3, 224, 224), torch.randn(16, network.features)

    def ours() -> None:
        with torch.no_grad():
            activations = network.stem(x)
        importance(network, activations, rows)

    def forward() -> None:
        with torch.no_grad():
            network(x)

    mine, other = median_seconds(ours, forward, repeats=7)
    ratio = mine / other
    return Ratio(
        "importance of a batch (resnet18, layer4.0, 16 x 224 px)",
        "stem, tail and one backward pass through the tail",
        "plain forward pass",
        mine,
        other,
        ratio,
        "at most 1.3 x",
        ratio <= 1.3,
        7,
    )


def importance_against_captum(*, encoded: bool) -> Ratio:
    """The same beside Captum's LayerGradCam, from pixels, or of pictures that are already encoded."""
    ensure_torchvision()
    from captum.attr import LayerGradCam

    network, _ = load_backbone("resnet18", weights="none", layer="layer4.0")
    network.requires_grad_(True)  # as a model comes from the library
    x, rows = torch.randn(16, 3, 224, 224), torch.randn(16, network.features)
    classes = torch.arange(16)
    with torch.no_grad():
        activations = network.stem(x)

    def ours() -> None:
        if encoded:
            importance(network, activations, rows)
            return
        with torch.no_grad():
            stem_output = network.stem(x)
        importance(network, stem_output, rows)

    cam = LayerGradCam(network, network.dictionary)
    mine, other = median_seconds(ours, lambda: cam.attribute(x, target=classes), repeats=7)
    how = "already encoded pictures" if encoded else "from pixels"
    return Ratio(
        f"importance of a batch, {how}",
        "one backward pass through the tail",
        "captum LayerGradCam",
        mine,
        other,
        other / mine,
        "at least 2 x faster",
        other / mine >= 2,
        7,
    )


def classify_against_forward(study: Study) -> Ratio:
    """A hundred pictures through ``classify_many``, beside the bare network on tensors that are already there."""
    classifier = study.classifier()
    files = [study.gallery.jpeg(i % len(study.gallery)) for i in range(100)]
    inputs = torch.randn(100, 3, study.preprocess.size, study.preprocess.size)

    def bare() -> None:
        with torch.inference_mode():
            for part in inputs.split(16):
                study.network(part)

    mine, other = median_seconds(lambda: list(classifier.classify_many(files)), bare, repeats=7)
    return Ratio(
        "classify 100 pictures",
        "decode, encode, rank",
        "bare network, tensors ready",
        mine,
        other,
        other / mine,
        "at least 0.8 of its throughput",
        other / mine >= 0.8,
        7,
    )


def cold_classify() -> Ratio:
    """The command in a fresh process, beside a process that only imports torch; the ratio is the difference, in seconds."""
    with TemporaryDirectory() as folder:
        picture = Path(folder) / "bird.jpg"
        picture.write_bytes(load_study(AVIARY).gallery.jpeg(0))

        def run(*arguments: str) -> None:
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)

        mine, other = median_seconds(
            lambda: run("-m", "niwt_core", "classify", str(AVIARY), str(picture), "--json"),
            lambda: run("-c", "import torch"),
            repeats=7,
        )
    beyond = mine - other
    return Ratio(
        "`niwt classify` of one picture, cold (seconds beyond `import torch`)",
        "the command",
        "python -c 'import torch'",
        mine,
        other,
        beyond,
        "at most 0.5 s beyond, 4 s in all",
        beyond <= 0.5 and mine <= 4,
        7,
    )


def transfer_against_paper(
    study: Study, *, layer: str, classes: int = 4, pictures: int = 32, iterations: int = 300
) -> Ratio:
    """The exact transfer beside the paper's loop, for some unseen classes of the study, at a layer that is not the last.

    Both get the same predicted importances. H is over the seen classes and these, at each one's best gamma, and the loop's rows are brought to
    the mean seen norm too, since the loop leaves the norm to chance. The paper's loss is taken at the loop's norm, and at our own.
    """
    network = study.network.at(layer)
    images = [study.gallery.image(i) for i in np.linspace(0, len(study.gallery) - 1, pictures).astype(int)]
    with torch.no_grad():
        activations = network.stem(torch.stack([study.preprocess(image) for image in images]))
    batches = list(activations.split(8))
    G = operator(network, batches)
    rows, biases, mean = study.head.rows, study.head.biases, study.head.rows.mean(0)
    knowledge = torch.from_numpy(study.encoded_knowledge).float()
    mapping = fit_map(knowledge[study.seen], unit(rows @ G.T))
    chosen = np.flatnonzero(~study.seen)[:classes]
    targets = mapping(knowledge[chosen])
    transfer = fit_transfer(rows, biases, G, mu=study.choices.mu)
    exact = transfer.weights(targets)
    mine = seconds(lambda: transfer.weights(targets), repeats=9, calls=50) / classes

    start = time.perf_counter()
    loop = paper_transfer(network, batches, targets, mean, settings=PaperSettings(iterations=iterations), seed=0)
    other = (time.perf_counter() - start) / classes

    regularisation = PaperSettings().regularisation
    matched = mean + unit(exact - mean) * (loop.weights - mean).norm(dim=1, keepdim=True)
    loss = {
        name: float(paper_loss(network, batches, weights, targets, mean, regularisation=regularisation).mean())
        for name, weights in (("loop", loop.weights), ("exact, own norm", exact), ("exact, loop's norm", matched))
    }
    h_exact, h_loop = (
        _best_h(study, chosen, weights, transfer.bias) for weights in (exact, transfer.norm * unit(loop.weights))
    )
    ratio = other / mine
    return Ratio(
        f"building a class ({study.name}, {layer})",
        "exact transfer",
        f"the paper's loop ({loop.iterations} iterations, stopped: {loop.stopped})",
        mine,
        other,
        ratio,
        "10,000 x faster, paper loss no higher, H no lower",
        ratio >= 10_000 and loss["exact, loop's norm"] <= loss["loop"] + 1e-3 and h_exact >= h_loop,
        9,
        {
            "H exact": round(h_exact, 2),
            "H loop": round(h_loop, 2),
            **{f"paper loss, {k}": round(v, 4) for k, v in loss.items()},
        },
    )


def _best_h(study: Study, chosen: np.ndarray, weights: torch.Tensor, bias: float) -> float:
    """H at the best gamma over the seen classes and the ``chosen`` unseen ones, whose rows are ``weights``."""
    classes = np.concatenate([np.flatnonzero(study.seen), chosen])
    head = Head(
        torch.cat([study.head.rows, weights]),
        torch.cat([study.head.biases, torch.full((len(chosen),), bias)]),
        study.head.mean,
    )
    test = np.flatnonzero((study.split != "train") & np.isin(study.labels, classes))
    order = np.argsort(classes)
    local = np.searchsorted(classes[order], study.labels[test])
    scored = score(head.logits(study.features[test].float())[:, order], local, study.seen[classes[order]])
    return metrics(scored, calibration_curve(scored).best_gamma()).H


def cases() -> Iterator[Ratio]:
    """Every case, the quick ones first."""
    keep_large_blocks()
    study = load_study(AVIARY)
    yield importance_against_forward()
    yield importance_against_captum(encoded=False)
    yield importance_against_captum(encoded=True)
    yield classify_against_forward(study)
    yield files_against_forward()
    yield cold_classify()
    yield prepare_beside_others()
    layers = study.network.layers
    layer = study.network.layer if not study.network.identity_tail else layers[-2]
    yield transfer_against_paper(study, layer=layer)
