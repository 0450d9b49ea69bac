"""Seen, unseen and built classes ranked together; a picture is encoded once, and asked many questions.

classifier = study.classifier()
classifier.add("Ruby Needlebill", {"crown color": "red"})
answer = classifier.classify("bird.jpg")
answer.explain().sentence
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from niwt_core.backbones.of_features import reads_pictures
from niwt_core.backbones.split import SplitNetwork
from niwt_core.classify.answer import Answer, Candidate, ClassKind, EncodedPicture, Ranked
from niwt_core.classify.build import BuiltClass, build_class
from niwt_core.classify.recipe import Recipe
from niwt_core.errors import NiwtError
from niwt_core.evaluation.metrics import calibrated
from niwt_core.images import open_image
from niwt_core.knowledge.class_names import class_key, closest, listing
from niwt_core.study.study import Study
from niwt_core.study.temperature import temperature_of

Source = Any  # a path, bytes, a file object or a PIL image
KEPT_SIDE = 1024  # pixels of the longer side that an encoded picture keeps for showing


class Classifier:
    """A study's classes together with the ones built here. Not shared between people: each session has its own."""

    def __init__(self, study: Study, *, unseen: bool = True, device: torch.device | str = "cpu") -> None:
        self.study = study
        self.device = torch.device(device)
        self.gamma = study.gamma
        self._offered = frozenset(study.unseen_classes if unseen else ())
        self._built: dict[str, BuiltClass] = {}
        self.network = study.network.to(self.device)
        self._stack: tuple[tuple[Candidate, ...], Tensor, Tensor, Tensor] | None = None

    def __repr__(self) -> str:
        return f"<Classifier of {self.study.name}: {len(self.candidates)} classes, built here: {', '.join(self._built) or 'none'}>"

    @property
    def built(self) -> Mapping[str, BuiltClass]:
        """Classes built here, in the order they were added."""
        return dict(self._built)

    def add(
        self,
        name: str,
        attributes: Mapping[str, Any] | None = None,
        *,
        caption: str = "",
        like: str = "",
        share: float | None = None,
    ) -> BuiltClass:
        """Builds a class from a description and adds it; a built class of the same name is replaced.

        share: percent of the pictures of other classes that it may take away; the study's own by default. Raises NiwtError.
        """
        return self.add_recipe(Recipe(name=name, attributes=attributes or {}, caption=caption, like=like, share=share))

    def add_recipe(self, recipe: Recipe) -> BuiltClass:
        """Builds the class of a recipe and adds it. A seen class cannot be built again under its own name. Raises NiwtError."""
        self._refuse_seen(recipe.name)
        return self.hold(build_class(self.study, recipe))

    def hold(self, built: BuiltClass) -> BuiltClass:
        """Adds a class that is built already, such as one that confirmed pictures moved. Raises NiwtError."""
        self._refuse_seen(built.name)
        self._built[built.name] = built
        self._stack = None
        return built

    def _refuse_seen(self, called: str) -> None:
        key = class_key(called)
        for name in self.study.seen_classes:
            if class_key(name) == key:
                raise NiwtError(f"{called!r} is a seen class", where="recipe", fix="give the new class another name")

    def remove(self, name: str) -> BuiltClass:
        """Takes a built class out again. Raises NiwtError."""
        if name not in self._built:
            raise NiwtError(
                f"no built class {name!r}",
                where="classifier",
                fix=f"built are: {listing(tuple(self._built)) or 'none'}",
            )
        self._stack = None
        return self._built.pop(name)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All classes; a built class takes the place of the unseen class whose name it has."""
        return self._stacked()[0]

    def _stacked(self) -> tuple[tuple[Candidate, ...], Tensor, Tensor, Tensor]:
        """(candidates, rows (C,D), biases (C,), seen (C,) bool); built classes come first, so that they win exact ties."""
        if self._stack is None:
            study, head = self.study, self.study.full_head
            taken = {class_key(name) for name in self._built}
            candidates = [
                Candidate(item.name, ClassKind.BUILT, item.weights, item.bias) for item in self._built.values()
            ]
            for c, name in enumerate(study.classes):
                if study.seen[c] or (name in self._offered and class_key(name) not in taken):
                    candidates.append(
                        Candidate(
                            name,
                            ClassKind.SEEN if study.seen[c] else ClassKind.UNSEEN,
                            head.rows[c],
                            float(head.biases[c]),
                        )
                    )
            rows = torch.stack([item.row for item in candidates])
            biases = torch.tensor([item.bias for item in candidates])
            seen = torch.tensor([item.kind is ClassKind.SEEN for item in candidates])
            self._stack = (tuple(candidates), rows, biases, seen)
        return self._stack

    @property
    def offered(self) -> tuple[str, ...]:
        """The study's described classes that compete, in its order; the others are switched off."""
        return tuple(name for name in self.study.unseen_classes if name in self._offered)

    @property
    def switched_off(self) -> tuple[str, ...]:
        """The study's described classes that do not compete, in its order."""
        return tuple(name for name in self.study.unseen_classes if name not in self._offered)

    def offer(self, names: Iterable[str] | None = None) -> None:
        """Lets exactly these of the study's described classes compete; all of them without ``names``. Raises NiwtError on any other class."""
        study = self.study
        places = range(len(study.classes)) if names is None else [study.class_index(name) for name in names]
        for c in places if names is not None else ():
            if study.seen[c]:
                what = f"{study.classes[c]!r} is no described class"
                raise NiwtError(
                    what, where=f"study {study.name}", fix="only those known by description can be switched off"
                )
        self._offered = frozenset(study.classes[c] for c in places if not study.seen[c])
        self._stack = None

    def switch_off(self, names: Iterable[str]) -> None:
        """Takes some of the study's described classes out of the competition. Raises NiwtError on any other class."""
        before = self._offered
        self.offer(names)
        self.offer(before - self._offered)

    def candidate(self, name: str) -> Candidate:
        """A class by its name, official or as shown. Raises NiwtError with the closest names."""
        for item in self.candidates:
            if name in (item.name, item.display):
                return item
        for item in self.candidates:
            if class_key(name) == class_key(item.name):
                return item
        near = closest(name, [item.display for item in self.candidates])
        raise NiwtError(
            f"no class {name!r}", where="classifier", fix=f"did you mean {listing(near)}?" if near else "check the name"
        )

    def encode(self, source: Source) -> EncodedPicture:
        """Reads a picture and runs the network once. Raises NiwtError if it cannot be read."""
        return next(self.encode_many([source]))

    def encode_many(self, sources: Sequence[Source], *, batch: int = 16) -> Iterator[EncodedPicture]:
        """Encodes many pictures in batches; decoding runs ahead in threads while the network computes. Raises NiwtError."""
        if not reads_pictures(self.study.network):
            raise NiwtError(
                "the study was made from features: it has no network that could read a picture",
                where=f"study {self.study.name}",
                fix="prepare one from pictures",
            )
        preprocess, waiting = self.study.preprocess, iter(sources)

        def read(source: Source) -> tuple[Image.Image, Tensor]:
            image = (
                source
                if isinstance(source, Image.Image) and source.mode == "RGB"
                else open_image(source, at_least=KEPT_SIDE)
            )
            return _shrunk(image), preprocess(image)

        with ThreadPoolExecutor(max_workers=2) as pool:
            ahead = [pool.submit(read, source) for source in islice(waiting, 2 * batch)]
            while ahead:
                items, ahead = [future.result() for future in ahead[:batch]], ahead[batch:]
                ahead += [pool.submit(read, source) for source in islice(waiting, batch)]
                inputs = torch.stack([tensor for _, tensor in items])
                with torch.inference_mode():
                    activations = self.network.stem(inputs.to(self.device))
                    features = self.network.tail(activations)
                activations, features = activations.cpu().clone(), features.cpu().clone()
                for i, (image, _) in enumerate(items):
                    box = preprocess.seen_box(*image.size)
                    yield EncodedPicture(image, inputs[i : i + 1], activations[i : i + 1], features[i], box)

    @torch.inference_mode()
    def run(self, inputs: Tensor, network: SplitNetwork | None = None) -> tuple[Tensor, Tensor]:
        """Network inputs (B,3,s,s) -> features (B,D) and mean activations (B,N), on the CPU; by ``network``, one that computes the same.

        Channels last in memory: a third less time for MobileNetV2 on a CPU, the same sums in another order.
        """
        network = network or self.network
        activations = network.stem(inputs.to(self.device, memory_format=torch.channels_last))
        features = network.tail(activations)
        pooled = features if self.network.identity_tail else activations.flatten(2).mean(2)
        return features.cpu(), pooled.cpu()

    def logits(self, features: Tensor) -> Tensor:
        """(...,D) features -> (...,C) calibrated logits over ``candidates``."""
        _, rows, biases, seen = self._stacked()
        return calibrated((features - self.study.head.mean) @ rows.T + biases, seen, self.gamma)

    def probabilities(self, logits: Tensor) -> Tensor:
        """(...,C) calibrated logits -> (...,C) softmax at the study's temperature, so that the percentages mean something."""
        return torch.softmax(logits / temperature_of(self.study), -1)

    def classify(self, source: Source | EncodedPicture) -> Answer:
        """Ranks all classes for a picture. Raises NiwtError if it cannot be read."""
        picture = source if isinstance(source, EncodedPicture) else self.encode(source)
        return self.answer(picture)

    def classify_many(self, sources: Sequence[Source]) -> Iterator[Answer]:
        """Ranks all classes for each picture, in order."""
        return (self.answer(picture) for picture in self.encode_many(sources))

    def answer(self, picture: EncodedPicture) -> Answer:
        """Ranks all classes for an encoded picture: one small product, whatever was built or recalibrated since."""
        candidates = self.candidates
        logits = self.logits(picture.features)  # (C,)
        order = logits.argsort(descending=True, stable=True)
        scores, probabilities = logits[order].tolist(), self.probabilities(logits)[order].tolist()
        ranked = zip((candidates[c] for c in order.tolist()), scores, probabilities, strict=True)
        return Answer(
            self,
            picture,
            tuple(Ranked(c.name, c.display, c.kind, score, probability) for c, score, probability in ranked),
        )


def _shrunk(image: Image.Image) -> Image.Image:
    if max(image.size) <= KEPT_SIDE:
        return image
    small = image.copy()
    small.thumbnail((KEPT_SIDE, KEPT_SIDE))
    return small
