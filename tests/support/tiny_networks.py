"""Tiny seeded networks of several designs, for oracles in float64: milliseconds each, nothing downloaded."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn

from niwt_core.backbones import SplitNetwork, load_backbone
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.backbones.trace import split_model

SIZE = 32  # pixels


class Plain(nn.Module):
    """Two convolutions, then the tail of a design; SiLU, since finite differences want no kinks."""

    def __init__(self, *tail: nn.Module, features: int, classes: int = 5) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 6, 5, stride=4), nn.BatchNorm2d(6), nn.SiLU())
        self.second = nn.Sequential(nn.Conv2d(6, 9, 3, padding=1), nn.SiLU())
        self.tail, self.head = nn.Sequential(*tail), nn.Linear(features, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.tail(self.second(self.first(x))))


class Residual(nn.Module):
    """A residual block between the layers, as in a ResNet."""

    def __init__(self, width: int = 8, classes: int = 5) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 5, stride=4), nn.SiLU())
        self.block = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.SiLU(), nn.Conv2d(width, width, 3, padding=1)
        )
        self.act, self.last = nn.SiLU(), nn.Conv2d(width, 11, 1)
        self.pool, self.head = nn.AdaptiveAvgPool2d(1), nn.Linear(11, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return self.head(self.pool(self.last(self.act(self.block(x) + x))).flatten(1))


def _vgg_tail() -> list[nn.Module]:
    return [
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(9 * 9, 14),
        nn.SiLU(),
        nn.Dropout(0.5),
        nn.Linear(14, 7),
        nn.SiLU(),
    ]


# design -> (model, pattern of its layers, the layers to cut at)
DESIGNS: dict[str, tuple[Callable[[], nn.Module], str, tuple[str, ...]]] = {
    "pooled": (
        lambda: Plain(nn.AdaptiveAvgPool2d(1), nn.Flatten(), features=9),
        r"(first|second)\.\d",
        ("first.2", "second.0", "second.1"),
    ),
    "vgg": (lambda: Plain(*_vgg_tail(), features=7), r"(first|second)\.\d", ("first.2", "second.1")),
    "normed": (
        lambda: Plain(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(9), features=9),
        r"(first|second)\.\d",
        ("second.1",),
    ),
    "residual": (Residual, r"stem\.1|act|last", ("stem.1", "act", "last")),
}
CUTS = [(design, layer) for design, (_, _, layers) in DESIGNS.items() for layer in layers] + [("vit", "vit.layers.0")]


def tiny(design: str, layer: str, *, seed: int = 0) -> SplitNetwork:
    """A network of `DESIGNS`, or a "vit", in float64 and evaluation mode, cut at `layer`."""
    if design == "vit":
        return _vit(seed).at(layer)
    build, pattern, _ = DESIGNS[design]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = build()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):  # as if it had seen pictures
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
    return split_model(model, pattern, name=design, size=SIZE).double().eval().requires_grad_(False).at(layer)


@cache
def _vit(seed: int) -> SplitNetwork:
    ensure_torchvision()
    from transformers import AutoModelForImageClassification, ViTConfig

    config = ViTConfig(
        hidden_size=12,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=16,
        image_size=SIZE,
        patch_size=8,
        num_labels=5,
    )
    with torch.random.fork_rng(), TemporaryDirectory() as folder:
        torch.manual_seed(seed)
        model = AutoModelForImageClassification.from_config(config)
        for parameter in model.parameters():
            parameter.data += 0.2 * torch.randn_like(parameter)
        model.save_pretrained(folder)
        Path(folder, "preprocessor_config.json").write_text('{"size": 32}')
        network, _ = load_backbone(f"hf:{folder}")
    return network.double().eval().requires_grad_(False)


def activations(network: SplitNetwork, count: int, *, seed: int = 0) -> Tensor:
    """Dictionary activations (count, N, ...) of noise."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 3, SIZE, SIZE, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        return network.stem(x)


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Standard normal float64 numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
