"""The pictures of one session: each is read and encoded once, and kept so small that a thousand uploads leave memory as it was.

What stays of a picture is what the network saw (bytes, a 128th of a 12-megapixel photograph), its features, and a JPEG to look at. Of all but the
last hundred what the network saw is packed without loss (some 70 kB), and shown in place of the JPEG. Activations, which maps need, are kept for
the last few and made again for others from the very same bytes.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from niwt_core import Classifier, EncodedPicture, NiwtError
from niwt_core.backbones import Preprocess
from niwt_core.classify.classifier import KEPT_SIDE
from niwt_core.explain import overlay
from niwt_core.images import image_hash, open_image
from niwt_core.neurons.exemplars import jpeg_bytes
from pages.components.shared import session
from pages.components.shared.memory import settle
from pages.serving import policy

KEPT, READY, WHOLE = (
    1000,
    100,
    3,
)  # pictures in the uploads; of these the ones that are not packed; and the ones with their activations
SHOWN_SIDE, THUMB_SIDE = 768, 160  # pixels


def most_kept() -> int:
    """Pictures that a session keeps."""
    limits = policy.limits()
    return KEPT if limits is None else min(KEPT, limits.pictures)


def sample_key(item: int) -> str:
    """The key of a gallery picture in the uploads."""
    return f"sample-{item}"


def is_sample(key: str) -> bool:
    """The picture is the study's own."""
    return key.startswith("sample-")


def is_mine(key: str) -> bool:
    """The person brought the picture: it is neither the study's nor drawn by the app."""
    return not key.startswith(("sample-", "drawn-"))


@dataclass(frozen=True, eq=False)
class Upload:
    """A picture in the uploads: ``key`` (hash of its file), ``pixels`` (3,s,s) uint8 that the network saw, or the same ``packed`` as lossless WebP,
    ``features`` (D,), ``pooled`` (N,) mean activations, JPEG files to show; ``ground_truth``: its class where that is known; ``ratio``:
    width over height of what the network saw."""

    key: str
    name: str
    pixels: Tensor | None
    features: Tensor
    pooled: Tensor
    jpeg: bytes
    thumb: bytes
    ground_truth: str = ""
    packed: bytes = b""
    ratio: float = 1.0

    @property
    def seen(self) -> Tensor:
        """(3,s,s) uint8 that the network saw."""
        if self.pixels is not None:
            return self.pixels
        with Image.open(io.BytesIO(self.packed)) as image:
            return torch.from_numpy(np.array(image.convert("RGB")).transpose(2, 0, 1).copy())

    @property
    def shown(self) -> bytes:
        """A picture file to look at."""
        return self.jpeg or self.packed

    def light(self) -> Upload:
        """The same picture in a third of the memory."""
        if self.pixels is None:
            return self
        buffer = io.BytesIO()
        image = Image.fromarray(self.pixels.numpy().transpose(1, 2, 0))
        image.save(buffer, "WEBP", lossless=True, quality=0, method=0)
        return replace(self, pixels=None, jpeg=b"", packed=buffer.getvalue())


class Uploads:
    """Pictures in the order they came; the oldest leave when there are more than KEPT. For one study and one session."""

    def __init__(self, study_id: str) -> None:
        self.study_id = study_id
        self.items: OrderedDict[str, Upload] = OrderedDict()
        self.chosen = ""
        self.awaited = ""
        self.lock = threading.Lock()  # while pictures that the browser kept come back
        self.kept_pictures: OrderedDict[str, EncodedPicture] = OrderedDict()

    @property
    def current(self) -> Upload | None:
        """The picture that is looked at."""
        return self.items.get(self.chosen)

    @property
    def mine(self) -> list[Upload]:
        """The pictures that the person brought, in the order they came."""
        return [upload for key, upload in self.items.items() if is_mine(key)]

    def choose(self, key: str) -> None:
        """Looks at a picture of the uploads."""
        if key in self.items:
            self.chosen = key

    def wait_for(self, key: str) -> None:
        """Looks at no picture, but at this one once it comes back."""
        self.chosen, self.awaited = "", key

    def remove(self, key: str) -> None:
        """Takes a picture out; the one before it is looked at next."""
        keys = list(self.items)
        if key in self.items:
            at = keys.index(key)
            del self.items[key]
            self.kept_pictures.pop(key, None)
            if self.chosen == key:
                rest = list(self.items)
                self.chosen = rest[max(at - 1, 0)] if rest else ""

    def hold(
        self, key: str, name: str, picture: EncodedPicture, preprocess: Preprocess, *, ground_truth: str = ""
    ) -> Upload:
        """Keeps an encoded picture, and looks at it."""
        if key not in self.items:
            self.items[key] = Upload(
                key,
                name,
                pixels_of(picture.input, preprocess),
                picture.features,
                picture.pooled.clone(),
                jpeg_bytes(picture.image, side=SHOWN_SIDE, quality=85),
                jpeg_bytes(picture.image, side=THUMB_SIDE),
                ground_truth,
                ratio=ratio_of(picture),
            )
            self._keep_picture(key, picture)
            while len(self.items) > most_kept():
                old, _ = self.items.popitem(last=False)
                self.kept_pictures.pop(old, None)
            if len(self.items) > READY:
                old = next(islice(reversed(self.items), READY, None))
                self.items[old] = self.items[old].light()
        self.chosen = key
        return self.items[key]

    def encoded(self, upload: Upload, classifier: Classifier) -> EncodedPicture:
        """The whole picture again, activations included."""
        if upload.key not in self.kept_pictures:
            study = classifier.study
            values = input_of(upload.seen, study.preprocess)
            with torch.inference_mode():
                activations = study.network.stem(values)
            image = Image.open(io.BytesIO(upload.shown)).convert("RGB")
            box = study.preprocess.seen_box(*image.size)
            if not upload.jpeg:  # what is shown is what the network saw, in its square
                image, box = image.resize((round(image.height * upload.ratio), image.height)), overlay.WHOLE
            self._keep_picture(upload.key, EncodedPicture(image, values, activations.clone(), upload.features, box))
        self.kept_pictures.move_to_end(upload.key)
        return self.kept_pictures[upload.key]

    def _keep_picture(self, key: str, picture: EncodedPicture) -> None:
        self.kept_pictures[key] = picture
        while len(self.kept_pictures) > WHOLE:
            self.kept_pictures.popitem(last=False)


def session_uploads() -> Uploads:
    """This session's uploads for the current study; another study starts an empty one."""
    study = session.current_study()
    upload = st.session_state.get("uploads")
    if not isinstance(upload, Uploads) or upload.study_id != study.id:
        upload = st.session_state["uploads"] = Uploads(study.id)
    return upload


def take_in(
    files: Iterable[tuple[str, bytes]],
    classifier: Classifier,
    upload: Uploads,
    *,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[list[str], list[NiwtError]]:
    """Reads and encodes files (name, bytes) into the uploads and looks at the first.

    Returns the keys of the pictures, and what could not be read: the rest goes on.
    """
    files = iter(files)
    errors: list[NiwtError] = []
    taken: list[str] = []
    limits = policy.limits()
    for done, (name, data, opened) in enumerate(_opened(islice(files, None if limits is None else limits.pictures)), 1):
        key = image_hash(data)
        try:
            if key not in upload.items:
                if isinstance(opened, NiwtError):
                    raise opened
                upload.hold(key, name, classifier.encode(opened), classifier.study.preprocess)
            taken.append(key)
        except NiwtError as error:
            errors.append(NiwtError(error.what, where=name, fix=error.fix))
        progress(done)
    left = sum(1 for _ in files)
    if left:
        errors.append(NiwtError(f"{left} more pictures were left out", fix="give fewer at a time"))
    upload.choose(next(iter(taken), ""))
    settle()
    return taken, errors


def _opened(files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes, Image.Image | NiwtError]]:
    """Each file with its picture, or with what is wrong with it; one is decoded ahead while another is encoded."""

    def read(data: bytes) -> Image.Image | NiwtError:
        try:
            return open_image(data, at_least=KEPT_SIDE)
        except NiwtError as error:
            return error

    waiting = iter(files)
    with ThreadPoolExecutor(max_workers=1) as pool:
        ahead = next(waiting, None)
        future = pool.submit(read, ahead[1]) if ahead else None
        while ahead is not None and future is not None:
            (name, data), opened = ahead, future.result()
            ahead = next(waiting, None)
            future = pool.submit(read, ahead[1]) if ahead else None
            yield name, data, opened


def ratio_of(picture: EncodedPicture) -> float:
    """Width over height of the part of a picture that the network saw."""
    left, top, right, bottom = picture.box
    return (right - left) * picture.image.width / ((bottom - top) * picture.image.height)


def pixels_of(values: Tensor, preprocess: Preprocess) -> Tensor:
    """Network input (1,3,s,s) -> the (3,s,s) uint8 that it was made from."""
    mean, std = _moments(preprocess)
    pixels = (values[0].numpy() * std + mean) * 255
    return torch.from_numpy(pixels.round().clip(0, 255).astype(np.uint8))


def input_of(pixels: Tensor, preprocess: Preprocess) -> Tensor:
    """(3,s,s) uint8 -> network input (1,3,s,s), the same bits as ``Preprocess`` gives."""
    mean, std = _moments(preprocess)
    values = np.multiply(pixels.numpy(), 1 / (255 * std), dtype=np.float32)
    values -= mean / std
    return torch.from_numpy(values)[None]


def _moments(preprocess: Preprocess) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(preprocess.mean, np.float32).reshape(3, 1, 1), np.asarray(preprocess.std, np.float32).reshape(
        3, 1, 1
    )
