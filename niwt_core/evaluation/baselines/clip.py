"""CLIP's zero-shot answers (Radford et al., 2021) on a study's test pictures, where the user has its weights.

CLIP learned from 400 million captioned pictures, and may have met the unseen classes among them: a reference beside the transfer, no zero-shot
result under the same rules. It sees the pictures themselves, not the study's features. There is no calibration: gamma makes up for classes that
were trained beside classes that were not, and CLIP was trained on neither, so gamma is 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.errors import NiwtError

ensure_torchvision()

from transformers import AutoConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer  # noqa: E402 - it imports torchvision
from transformers.utils import logging  # noqa: E402

BATCH = 16
_FIX = "give --clip a folder with config.json, model.safetensors, tokenizer and preprocessor, or a hub id while the network is there"
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")


class Clip:
    """A CLIP model of a hub id or a local folder, safetensors only, in float32; it gives unit vectors (n,D) on the CPU.

    Raises NiwtError when it cannot be had, is no CLIP model, or its files do not fit together.
    """

    def __init__(self, source: str, *, device: torch.device | str = "cpu") -> None:
        self.source, self.device = source, torch.device(device)
        if not Path(source).is_dir() and not _HUB_ID.fullmatch(source):
            raise NiwtError("no such folder", where=source, fix=_FIX)
        with _quiet():
            self._model, self._tokenizer, self._processor = _load(source)
        self._model.to(self.device)
        self._check_tokenizer()

    @property
    def scale(self) -> float:
        """What a cosine is multiplied by to be a logit: CLIP's learned temperature."""
        return float(self._model.logit_scale.detach().exp())

    @property
    def size(self) -> int:
        """Side of the picture that the network sees, in pixels."""
        return int(self._model.config.vision_config.image_size)

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> Tensor:
        """(n,D) unit vectors; what is beyond the tokens that CLIP reads is cut off."""
        rows = []
        for start in range(0, len(texts), BATCH):
            tokens = self._tokens(texts[start : start + BATCH]).to(self.device)
            pooled = self._model.text_model(
                input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]
            ).pooler_output
            rows.append(self._model.text_projection(pooled).cpu())
        return torch.nn.functional.normalize(torch.cat(rows), dim=1)

    @torch.inference_mode()
    def encode_pictures(self, pictures: Sequence[Image.Image]) -> Tensor:
        """(n,D) unit vectors of one batch."""
        pixels = self._processor(images=list(pictures), return_tensors="pt")["pixel_values"].to(self.device)
        embedded = self._model.visual_projection(self._model.vision_model(pixel_values=pixels).pooler_output)
        return torch.nn.functional.normalize(embedded, dim=1).cpu()

    def encode_classes(self, prompts: Mapping[str, Sequence[str]]) -> Tensor:
        """(C,D) unit vectors: of each class the mean over its prompts' unit vectors, as CLIP's authors ensemble theirs."""
        rows = self.encode_texts([text for texts in prompts.values() for text in texts])
        means = [part.mean(0) for part in rows.split([len(texts) for texts in prompts.values()])]
        return torch.nn.functional.normalize(torch.stack(means), dim=1)

    def _tokens(self, texts: Sequence[str]) -> Any:
        most = self._model.config.text_config.max_position_embeddings
        return self._tokenizer(list(texts), padding=True, truncation=True, max_length=most, return_tensors="pt")

    def _check_tokenizer(self) -> None:
        """A tokenizer without its files knows no word, and one of another model has no end where this one looks for it: neither is an error to
        transformers."""
        ids = self._tokens(["a photo of a bird."])["input_ids"][0].tolist()
        text = self._model.config.text_config
        words = set(ids) - set(self._tokenizer.all_special_ids)
        ends = (
            text.eos_token_id == 2 or text.eos_token_id in ids
        )  # 2: CLIP's first configurations, read by the highest id
        if not words or not ends or len(self._tokenizer) > text.vocab_size:
            what = "its tokenizer is missing, or that of another model"
            raise NiwtError(what, where=self.source, fix="put CLIP's own tokenizer.json beside the weights")


def _load(source: str) -> tuple[Any, Any, Any]:
    """(model, tokenizer, image processor). Raises NiwtError."""
    try:
        config = AutoConfig.from_pretrained(source)
        if config.model_type != "clip":
            raise NiwtError(f"the model is a {config.model_type}, not CLIP", where=source, fix=_FIX)
        options: dict[str, Any] = {"use_safetensors": True, "output_loading_info": True, "dtype": torch.float32}
        loaded: Any = CLIPModel.from_pretrained(source, config=config, **options)
        model, report = loaded
        tokenizer, processor = CLIPTokenizer.from_pretrained(source), CLIPImageProcessor.from_pretrained(source)
    except NiwtError:
        raise
    except Exception as error:  # transformers raises OSError, ValueError, HTTP errors and more
        reason = str(error).strip().partition("\n")[0][:200] or type(error).__name__
        raise NiwtError(f"CLIP cannot be loaded: {reason}", where=source, fix=_FIX) from error
    if report["missing_keys"]:
        missing = ", ".join(sorted(report["missing_keys"])[:3])
        raise NiwtError(
            f"the model lacks weights: {missing}", where=source, fix="use the weights of a whole CLIP model"
        )
    return model.eval(), tokenizer, processor


@contextmanager
def _quiet() -> Iterator[None]:
    """stderr is for the user's own progress and mistakes."""
    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()
