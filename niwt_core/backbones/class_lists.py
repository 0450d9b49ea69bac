"""What a library calls the classes of its own heads."""

from __future__ import annotations

from niwt_core.backbones.torchvision_import import ensure_torchvision


def library_classes(backbone: str) -> tuple[str, ...] | None:
    """Names of a backbone's published head, in order, told apart where two are alike; None where the library has none."""
    ensure_torchvision()
    if backbone.startswith("hf:"):
        from transformers import AutoConfig

        labels = AutoConfig.from_pretrained(backbone.removeprefix("hf:")).id2label
        names = tuple(str(labels[c]) for c in range(len(labels)))
        return None if all(name == f"LABEL_{c}" for c, name in enumerate(names)) else _distinct(names)
    if backbone.startswith("timm:"):
        from timm.data import ImageNetInfo

        info = ImageNetInfo()
        return _distinct(tuple(info.index_to_description(c).split(",")[0] for c in range(info.num_classes())))
    from torchvision import models

    if backbone not in models.list_models():
        return None
    return _distinct(tuple(models.get_model_weights(backbone).DEFAULT.meta["categories"]))


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """ImageNet has two cranes and two maillots: the second of a name gets a number."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(out)
