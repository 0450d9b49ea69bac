"""A CLIP of four numbers a layer, with a tokenizer of single letters, made from a seed: its answers mean nothing, its arithmetic is CLIP's."""

from pathlib import Path
from typing import Any

import torch
from tokenizers.pre_tokenizers import ByteLevel

from niwt_core.backbones.torchvision_import import ensure_torchvision

WORDS = 64  # tokens that it reads


def tokenizer() -> Any:
    ensure_torchvision()
    from transformers import CLIPTokenizer

    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=[])


def tiny_clip(folder: Path, *, seed: int = 0) -> Path:
    """Writes weights, tokenizer and preprocessor into ``folder``."""
    words = tokenizer()
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    small = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {
        **small,
        "vocab_size": len(words),
        "max_position_embeddings": WORDS,
        "bos_token_id": words.bos_token_id,
        "eos_token_id": words.eos_token_id,
    }
    vision = {**small, "image_size": 32, "patch_size": 8}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=8))
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.ndim:  # all but the temperature
                    parameter.add_(0.3 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32).save_pretrained(folder)
    return folder
